// Noise in place of pixels: the numbers of a distribution, one after the other, and which pixels they become.
import type { Rng } from "../../rng.ts";
import { type BlackAndWhite, type NoiseFill, valuesOf } from "./fill.ts";

/** How the numbers of a distribution are drawn. Holes and masks do it each in their way, so that what was drawn before is drawn again. */
export interface Drawing {
  /** Normal numbers around 0. */
  readonly gaussian: (rng: Rng, std: number) => () => number;
  /** Whether bytes are uniform whole numbers, both ends too; else any, rounded afterwards. */
  readonly wholeBytes: boolean;
}

/** A function that draws one number for a channel. */
export function noiseSource(
  noise: NoiseFill,
  channels: number,
  bytes: boolean,
  rng: Rng,
  { gaussian, wholeBytes }: Drawing,
): (channel: number) => number {
  const unit = noise.unit === "white" && bytes ? 255 : 1;
  if ("normal" in noise) {
    const [mean, std] = noise.normal.map((value) => unit * value) as [number, number];
    const low = unit * (noise.clip?.[0] ?? -Infinity);
    const high = unit * (noise.clip?.[1] ?? Infinity);
    const draw = gaussian(rng, std);
    return () => Math.max(low, Math.min(high, draw() + mean));
  }
  const [low, high] = noise.uniform.map((end) => valuesOf(end, channels).map((value) => unit * value)) as [
    number[],
    number[],
  ];
  return wholeBytes && bytes && typeof noise.unit !== "object"
    ? (channel) => low[channel]! + Math.floor(rng.uniform() * (high[channel]! - low[channel]! + 1))
    : (channel) => low[channel]! + rng.uniform() * (high[channel]! - low[channel]!);
}

/** The drawn number as a share of the way from black to white. */
export function between({ black, white }: BlackAndWhite, share: number, channel: number): number {
  return black[channel]! + share * (white[channel]! - black[channel]!);
}
