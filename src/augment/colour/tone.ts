// Changes of tone, each with a known strength: sharpness, posterize, solarize, automatic contrast, equalize.
import type { Image } from "../augmentation.ts";
import { copyImage, emptyImage, rounding, whiteOf } from "../image/image.ts";
import { imageStrides, type PixelArray } from "../image/layout.ts";
import { blended } from "./adjust.ts";

/**
 * Away from a smoothed image (or towards it): 0 is smoothed, 1 the image itself. Each pixel is smoothed with its eight
 * neighbours, itself counting five times; those at the border stay.
 */
export function adjustSharpness<A extends PixelArray>(image: Image<A>, factor: number): Image<A> {
  const { height, width, pixels } = image;
  const { row, column, channel } = imageStrides(image);
  const isByte = pixels instanceof Uint8Array;
  return blended(image, factor, (pixel, c) => {
    const y = Math.floor(pixel / width);
    const x = pixel % width;
    const at = y * row + x * column + c * channel;
    if (y === 0 || x === 0 || y === height - 1 || x === width - 1) return pixels[at]!;
    let sum = 4 * pixels[at]!;
    for (let down = -1; down <= 1; down++) {
      for (let right = -1; right <= 1; right++) sum += pixels[at + down * row + right * column]!;
    }
    return isByte ? Math.round(sum / 13) : sum / 13;
  });
}

/** Keeps the highest `bits` bits of 8 of each number: 2^bits levels are left. */
export function posterized<A extends PixelArray>(image: Image<A>, bits: number): Image<A> {
  const levels = 2 ** bits;
  const step = 256 / levels;
  return mapped(image, (value) =>
    image.pixels instanceof Uint8Array
      ? Math.floor(value / step) * step
      : Math.min(levels - 1, Math.floor(value * levels)) / levels,
  );
}

/** What is at least as bright as `threshold`, a share of white, becomes its negative. */
export function solarized<A extends PixelArray>(image: Image<A>, threshold: number): Image<A> {
  const white = whiteOf(image.pixels);
  return mapped(image, (value) => (value >= threshold * white ? white - value : value));
}

/** Each channel stretched so that its smallest number is black and its largest white. */
export function autoContrasted<A extends PixelArray>(image: Image<A>): Image<A> {
  const white = whiteOf(image.pixels);
  return mappedByChannel(image, (values) => {
    let least = Number.POSITIVE_INFINITY;
    let most = Number.NEGATIVE_INFINITY;
    for (const value of values) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
    return least === most ? (value) => value : (value) => ((value - least) / (most - least)) * white;
  });
}

/**
 * Each channel's histogram made flat, on 256 levels: a number becomes the count of smaller ones by the mean count of a
 * level. Floats are cut into 256 levels first.
 */
export function equalized<A extends PixelArray>(image: Image<A>): Image<A> {
  const isByte = image.pixels instanceof Uint8Array;
  const levelOf = (value: number) =>
    isByte ? value : Math.min(255, Math.max(0, Math.floor(value * 255.999)));
  return mappedByChannel(image, (values) => {
    const counts = new Array<number>(256).fill(0);
    for (const value of values) counts[levelOf(value)]! += 1;
    const brightest = counts.findLastIndex((count) => count > 0);
    const step = Math.floor((values.length - counts[brightest]!) / 255);
    // Too few pixels to fill the levels.
    if (step === 0) return (value) => (isByte ? value : levelOf(value) / 255);
    let smaller = 0;
    const table = counts.map((count) => {
      const level = Math.min(255, Math.floor((smaller + Math.floor(step / 2)) / step));
      smaller += count;
      return level;
    });
    return (value) => (isByte ? table[value]! : table[levelOf(value)]! / 255);
  });
}

function mapped<A extends PixelArray>(image: Image<A>, change: (value: number) => number): Image<A> {
  const result = copyImage(image);
  const target = rounding(result.pixels);
  for (let at = 0; at < target.length; at++) target[at] = change(target[at]!);
  return result;
}

/** @param changeOf the change of a channel, out of all its numbers */
function mappedByChannel<A extends PixelArray>(
  image: Image<A>,
  changeOf: (values: readonly number[]) => (value: number) => number,
): Image<A> {
  const result = emptyImage(image);
  const target = rounding(result.pixels);
  const { column: step, channel } = imageStrides(image);
  const count = image.height * image.width;
  for (let c = 0; c < image.channels; c++) {
    const values = Array.from({ length: count }, (_, pixel) => image.pixels[pixel * step + c * channel]!);
    const change = changeOf(values);
    values.forEach((value, pixel) => {
      target[pixel * step + c * channel] = change(value);
    });
  }
  return result;
}
