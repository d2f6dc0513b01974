// Moving an image by an affine map: every pixel of the result is looked up where it came from.
import type { Image } from "../augmentation.ts";
import { checkChannels, valuesOf } from "../fill/fill.ts";
import { emptyImage, rounding } from "../image/image.ts";
import { imageStrides, type PixelArray } from "../image/layout.ts";
import type { PerChannel } from "../options.ts";
import { inverse, type Matrix } from "./matrix.ts";

/** `nearest` takes the pixel that lies there; `bilinear` the mean of the four around it, weighted by closeness. */
export type Interpolation = "nearest" | "bilinear";

export const interpolations: readonly Interpolation[] = ["nearest", "bilinear"];

export interface WarpOptions {
  readonly height: number;
  readonly width: number;
  readonly interpolation: Interpolation;
  /** What lies outside the image, on the scale of the pixels. */
  readonly fill: PerChannel;
}

/**
 * The image as `matrix` (input to output) moves it, in a frame of height x width. Bilinear blends with `fill` at the
 * border, as if the image went on in that colour.
 * @throws Error when the map cannot be undone, or `fill` has another number of channels
 */
export function warp<A extends PixelArray>(image: Image<A>, matrix: Matrix, options: WarpOptions): Image<A> {
  checkChannels("warp", "fill", options.fill, image.channels);
  const fill = valuesOf(options.fill, image.channels);
  const result = emptyImage(image, options);
  samplers[options.interpolation](image, inverse(matrix), result, fill);
  return result;
}

type Sampler = (from: Image, back: Matrix, to: Image, fill: readonly number[]) => void;

const samplers: { readonly [I in Interpolation]: Sampler } = { nearest, bilinear };

/**
 * Added before rounding down, so that places on the edge between two pixels all go to the same side, whatever the
 * rounding errors: a quarter turn of 10 x 13 pixels consists of such places.
 */
const edge = 1e-7;

/**
 * For every pixel of a frame, row by row, the number of the pixel that lies there, or -1 where there is none.
 * @param back output to input
 */
export function sourcePixels([a, b, c, d, e, f]: Matrix, from: Frame, to: Frame): Int32Array {
  const sources = new Int32Array(to.height * to.width);
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      const column = Math.floor(a * (x + 0.5) + b * (y + 0.5) + c + edge);
      const row = Math.floor(d * (x + 0.5) + e * (y + 0.5) + f + edge);
      const inside = column >= 0 && column < from.width && row >= 0 && row < from.height;
      sources[y * to.width + x] = inside ? row * from.width + column : -1;
    }
  }
  return sources;
}

/** Pixels across and down. */
export interface Frame {
  readonly height: number;
  readonly width: number;
}

function nearest(from: Image, back: Matrix, to: Image, fill: readonly number[]): void {
  const target = rounding(to.pixels);
  const source = from.pixels;
  const input = imageStrides(from);
  const output = imageStrides(to);
  // Rows follow each other without a gap, so pixels can be numbered through in both layouts.
  sourcePixels(back, from, to).forEach((pixel, place) => {
    for (let k = 0; k < from.channels; k++) {
      target[place * output.column + k * output.channel] =
        pixel < 0 ? fill[k]! : source[pixel * input.column + k * input.channel]!;
    }
  });
}

function bilinear(from: Image, [a, b, c, d, e, f]: Matrix, to: Image, fill: readonly number[]): void {
  const target = rounding(to.pixels);
  const source = from.pixels;
  const input = imageStrides(from);
  const output = imageStrides(to);
  const lastColumn = from.width - 1;
  const lastRow = from.height - 1;
  for (let y = 0; y < to.height; y++) {
    for (let x = 0; x < to.width; x++) {
      // Between the centres of the pixels: half a pixel less than the place in the plane.
      const u = a * (x + 0.5) + b * (y + 0.5) + c - 0.5;
      const v = d * (x + 0.5) + e * (y + 0.5) + f - 0.5;
      const left = Math.floor(u);
      const top = Math.floor(v);
      const right = u - left;
      const bottom = v - top;
      const at = top * input.row + left * input.column;
      const put = y * output.row + x * output.column;
      const hasLeft = left >= 0 && left <= lastColumn;
      const hasRight = left >= -1 && left < lastColumn;
      const hasTop = top >= 0 && top <= lastRow;
      const hasBottom = top >= -1 && top < lastRow;
      for (let k = 0; k < from.channels; k++) {
        const here = at + k * input.channel;
        const below = here + input.row;
        const outside = fill[k]!;
        const topLeft = hasTop && hasLeft ? source[here]! : outside;
        const topRight = hasTop && hasRight ? source[here + input.column]! : outside;
        const bottomLeft = hasBottom && hasLeft ? source[below]! : outside;
        const bottomRight = hasBottom && hasRight ? source[below + input.column]! : outside;
        target[put + k * output.channel] =
          (1 - bottom) * ((1 - right) * topLeft + right * topRight) +
          bottom * ((1 - right) * bottomLeft + right * bottomRight);
      }
    }
  }
}
