// Targeted Cutout, the early version of DeVries and Taylor (2017): what a feature map of the epoch before
// responds to most is masked.
import type { ImageShape } from "./image/layout.ts";

/** A feature map of an image's view, [height, width]. */
export interface FeatureMap {
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** Which part of the decoded image a view shows. */
export interface View {
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
  /** What lies beyond the image is its mirror image; nothing is there when left out. */
  readonly border?: "reflect";
}

/**
 * The map enlarged to the view (bilinear, pixels taken as areas, as PyTorch's `align_corners=False`) and thresholded at
 * the map's mean: 1 where it is larger, else 0. [height, width] of the view.
 */
export function targetedMask(
  { height: rows, width: columns, values }: FeatureMap,
  { height, width }: Pick<ImageShape, "height" | "width">,
): Uint8Array {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  const mask = new Uint8Array(height * width);
  const across = Array.from({ length: width }, (_, x) => between(x, width, columns));
  for (let y = 0; y < height; y++) {
    const down = between(y, height, rows);
    for (let x = 0; x < width; x++) {
      const { first, second, share } = across[x]!;
      const row = (at: number) =>
        values[at * columns + first]! * (1 - share) + values[at * columns + second]! * share;
      const value = row(down.first) * (1 - down.share) + row(down.second) * down.share;
      mask[y * width + x] = value > mean ? 1 : 0;
    }
  }
  return mask;
}

/** Between which two places of the small side a place of the large one lies, and how near to the second. */
function between(at: number, large: number, small: number) {
  const place = Math.max(0, ((at + 0.5) * small) / large - 0.5);
  const first = Math.min(Math.floor(place), small - 1);
  return { first, second: Math.min(first + 1, small - 1), share: place - first };
}

/**
 * Paints zeros over what a mask of one view covers in another view of the same image. What the first did not show is
 * left as it is.
 * @param target [channels, height, width] from `offset` on
 */
export function paintTargeted(
  target: Float32Array,
  offset: number,
  { channels, height, width }: ImageShape,
  { mask, of, now }: { readonly mask: Uint8Array; readonly of: View; readonly now: View },
): void {
  for (let y = 0; y < height; y++) {
    const row = now.top + y - of.top;
    if (row < 0 || row >= height) continue;
    for (let x = 0; x < width; x++) {
      const shown = now.left + (now.flip ? width - 1 - x : x) - of.left;
      if (shown < 0 || shown >= width) continue;
      if (mask[row * width + (of.flip ? width - 1 - shown : shown)] === 0) continue;
      for (let c = 0; c < channels; c++) target[offset + (c * height + y) * width + x] = 0;
    }
  }
}
