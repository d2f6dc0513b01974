// What masked pixels are painted with: a constant, the image's mean, or noise.
import { type Rng, stream } from "../../rng.ts";
import type { Image } from "../augmentation.ts";
import { copyImage, rounding } from "../image/image.ts";
import { imageStrides, type PixelArray } from "../image/layout.ts";
import type { Kind } from "../options.ts";

/**
 * Random numbers in place of pixels. `per: "pixel"`: one for each pixel and channel; `per: "channel"`: one for each
 * channel, that is a random colour for all masked pixels of an image.
 */
export type NoiseFill = {
  readonly per: "pixel" | "channel";
} & (
  | { readonly uniform: readonly [low: number, high: number] }
  | { readonly normal: readonly [mean: number, std: number] }
);

/**
 * - `zero`: 0; after normalization that is the data set's mean, on bytes it is black
 * - `imageMean`: the image's own mean over height, width and channels, one number
 * - `random`: a random number for each pixel and channel: uniform 0 to 255 in bytes, standard normal in floats
 *   (meant after normalization)
 * - `randomColour`: a random colour, drawn the same way
 * - a number, or one for each channel
 * - noise of a distribution of one's own, in the units of the pixels
 */
export type MaskFill =
  | "zero"
  | "imageMean"
  | "random"
  | "randomColour"
  | number
  | readonly number[]
  | NoiseFill;

const named: readonly unknown[] = ["zero", "imageMean", "random", "randomColour"];

/** As an option of an augmentation. */
export const maskFill: Kind<MaskFill> = {
  must:
    '"zero", "imageMean", "random", "randomColour", a number, a list with one number a channel, ' +
    '{ uniform: [low, high], per } or { normal: [mean, std], per } with per "pixel" or "channel"',
  read: (value) => {
    const numbers = Array.isArray(value) && value.length > 0 && value.every(Number.isFinite);
    return named.includes(value) || Number.isFinite(value) || numbers || isNoise(value)
      ? (value as MaskFill)
      : undefined;
  },
};

function isNoise(value: unknown): value is NoiseFill {
  if (typeof value !== "object" || value === null || Object.keys(value).length !== 2) return false;
  const { per, uniform, normal } = value as { readonly [key: string]: unknown };
  const [first, second] = isPair(uniform) ? uniform : isPair(normal) ? [0, normal[1]] : [1, 0];
  return (per === "pixel" || per === "channel") && first <= second;
}

function isPair(value: unknown): value is readonly [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
}

/** @throws Error unless constants for each channel are as many as the channels */
export function checkChannels(where: string, option: string, value: unknown, channels: number): void {
  if (Array.isArray(value) && value.length !== channels) {
    throw new Error(`${where}: ${option} must be ${channels} numbers, one a channel, got ${value.length}`);
  }
}

/**
 * A copy of one image in which the pixels of the mask have the fill's values; bytes are rounded and kept within 0 to
 * 255. Noise is drawn pixel by pixel, row by row, so both layouts get the same.
 * @param mask [height x width], not 0 where to paint
 * @param seed of the noise
 */
export function paintMask<A extends PixelArray>(
  image: Image<A>,
  mask: Uint8Array,
  fill: MaskFill,
  seed: number,
): Image<A> {
  const result = copyImage(image);
  const { height, width, channels } = image;
  const { row, column, channel } = imageStrides(image);
  const painted = rounding(result.pixels);
  const next = valuesOf(fill, image.pixels, channels, stream(seed, "fill"));
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at++) {
      if (mask[at] === 0) continue;
      const pixel = y * row + x * column;
      for (let c = 0; c < channels; c++) painted[pixel + c * channel] = next(c);
    }
  }
  return result;
}

/** The numbers that a pixel gets, channel by channel. */
function valuesOf(
  fill: MaskFill,
  pixels: PixelArray,
  channels: number,
  rng: Rng,
): (channel: number) => number {
  if (fill === "zero") return () => 0;
  if (fill === "imageMean") {
    let sum = 0;
    for (let index = 0; index < pixels.length; index++) sum += pixels[index]!;
    return () => sum / pixels.length;
  }
  if (typeof fill === "number") return () => fill;
  if (fill === "random" || fill === "randomColour") {
    const draw = pixels instanceof Float32Array ? () => rng.normal() : () => rng.integer(256);
    return noise(draw, fill === "random" ? "pixel" : "channel", channels);
  }
  if ("uniform" in fill) {
    const [low, high] = fill.uniform;
    return noise(() => low + (high - low) * rng.uniform(), fill.per, channels);
  }
  if ("normal" in fill) {
    const [mean, std] = fill.normal;
    return noise(() => mean + std * rng.normal(), fill.per, channels);
  }
  return (channel) => fill[channel]!;
}

function noise(draw: () => number, per: NoiseFill["per"], channels: number): (channel: number) => number {
  if (per === "pixel") return draw;
  const colour = Array.from({ length: channels }, draw);
  return (channel) => colour[channel]!;
}
