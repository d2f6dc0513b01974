// Resizing a part of an image, one axis after the other.
import type { Image } from "../augmentation.ts";
import { emptyImage, rounding } from "../image/image.ts";
import { imageStrides, type PixelArray } from "../image/layout.ts";
import type { Interpolation } from "./warp.ts";

/** Rows [top, top + height) and columns [left, left + width). */
export interface Region {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

export interface ResizeOptions {
  readonly height: number;
  readonly width: number;
  readonly interpolation: Interpolation;
  /** With `bilinear`: where it shrinks, take the mean over all pixels that fall together, not over two. */
  readonly antialias: boolean;
}

/** Which pixels of an axis make one pixel of the result, and how much each counts. */
interface Tap {
  readonly start: number;
  readonly weights: readonly number[];
}

/** The region of the image, resized. Nothing outside the region is looked at. */
export function resizeRegion<A extends PixelArray>(
  image: Image<A>,
  region: Region,
  options: ResizeOptions,
): Image<A> {
  const columns = taps(region.width, options.width, options);
  const rows = taps(region.height, options.height, options);
  const { channels } = image;
  const input = imageStrides(image);
  const result = emptyImage(image, options);
  const output = imageStrides(result);
  const target = rounding(result.pixels);
  const line = options.width * channels;
  // Every row of the region made narrower or wider: [region.height, options.width, channels].
  const between = new Float32Array(region.height * line);
  for (let y = 0; y < region.height; y++) {
    const rowStart = (region.top + y) * input.row + region.left * input.column;
    columns.forEach(({ start, weights }, x) => {
      for (let c = 0; c < channels; c++) {
        let at = rowStart + start * input.column + c * input.channel;
        let sum = 0;
        for (const weight of weights) {
          sum += weight * image.pixels[at]!;
          at += input.column;
        }
        between[y * line + x * channels + c] = sum;
      }
    });
  }
  rows.forEach(({ start, weights }, y) => {
    for (let x = 0; x < options.width; x++) {
      for (let c = 0; c < channels; c++) {
        let at = start * line + x * channels + c;
        let sum = 0;
        for (const weight of weights) {
          sum += weight * between[at]!;
          at += line;
        }
        target[y * output.row + x * output.column + c * output.channel] = sum;
      }
    }
  });
  return result;
}

/**
 * Pixel i of the result stands at (i + 1/2) scale in the input. Bilinear weighs the pixels around it by a triangle
 * that reaches one pixel to each side, with `antialias` at least one pixel of the result; at the border what is there
 * counts for what is not.
 */
function taps(extent: number, resized: number, { interpolation, antialias }: ResizeOptions): Tap[] {
  const scale = extent / resized;
  const reach = antialias ? Math.max(1, scale) : 1;
  return Array.from({ length: resized }, (_, index) => {
    const centre = (index + 0.5) * scale;
    if (interpolation === "nearest") return { start: Math.min(extent - 1, Math.floor(centre)), weights: [1] };
    const start = Math.max(0, Math.floor(centre - reach + 0.5));
    const end = Math.min(extent, Math.floor(centre + reach + 0.5));
    const raw = Array.from({ length: end - start }, (_, tap) =>
      Math.max(0, 1 - Math.abs(start + tap + 0.5 - centre) / reach),
    );
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return { start, weights: raw.map((weight) => weight / total) };
  });
}
