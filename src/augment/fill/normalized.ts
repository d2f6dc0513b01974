// Fills for images that are normalized before they are painted: what is told on the scale 0 to 1 is normalized too.
import type { Normalization } from "../image/normalize.ts";
import { colourOf, type Fill, isNoise } from "./fill.ts";

/**
 * Colours and noise in shares of white as the normalized image has them; all else is in its units already.
 * (share - mean) / std in each channel.
 */
export function normalizedFill(fill: Fill, { mean, std }: Normalization): Fill {
  const normalized = (share: number, c: number) => (share - mean[c]!) / std[c]!;
  if (isNoise(fill)) {
    if (fill.unit !== "white") return fill;
    return {
      ...fill,
      unit: { black: mean.map((_, c) => normalized(0, c)), white: mean.map((_, c) => normalized(1, c)) },
    };
  }
  if (typeof fill !== "object" || !("colour" in fill)) return fill;
  return colourOf(fill, mean.length).map(normalized);
}
