// What every augmentation of one image begins with: checks of its pixels, and an empty image to write into.
import { CutoutError } from "../../error.ts";
import type { Image } from "../augmentation.ts";
import { checkFinite, checkPixels, copyOf, emptyLike, imageSize, type PixelArray } from "./layout.ts";

/** @throws Error unless the array fits the shape and every float is finite */
export function checkImage(where: string, image: Image): void {
  if (image === null || typeof image !== "object") {
    throw new CutoutError({
      where,
      option: "image",
      what: "must be { pixels, height, width, channels, layout }",
      got: String(image),
    });
  }
  checkPixels(where, image.pixels, image, 1);
  checkFinite(where, image.pixels);
}

/** How far a float may lie outside 0 to 1: what rounding makes of a mean of such numbers. */
const slack = 1e-5;

/**
 * The same for what changes colours, where the scale matters.
 * @throws Error unless there are 1 (grey) or 3 (red, green, blue) channels, and floats lie from 0 to 1
 */
export function checkColours(where: string, image: Image): void {
  checkImage(where, image);
  checkColourChannels(where, image.channels);
  if (image.pixels instanceof Uint8Array) return;
  const wrong = image.pixels.find((value) => value < -slack || value > 1 + slack);
  if (wrong !== undefined) {
    throw new CutoutError({
      where,
      option: "floats",
      what: "must be from 0 to 1",
      got: `${wrong} (change colours before normalization, or divide by 255)`,
    });
  }
}

export function checkColourChannels(where: string, channels: number): void {
  if (channels !== 1 && channels !== 3) {
    throw new CutoutError({
      where,
      option: "channels",
      what: "must be 1 (grey) or 3 (red, green, blue)",
      got: String(channels),
    });
  }
}

/** The number that stands for white. */
export function whiteOf(pixels: PixelArray): number {
  return pixels instanceof Float32Array ? 1 : 255;
}

/** Zeros in the same kind of array and layout; of the same size unless another is given. */
export function emptyImage<A extends PixelArray>(
  { pixels, height, width, channels, layout }: Image<A>,
  size: { readonly height: number; readonly width: number } = { height, width },
): Image<A> {
  const shape = { height: size.height, width: size.width, channels, layout };
  // A Node Buffer gives a plain Uint8Array, which does for a Buffer here: nobody calls a Buffer's methods on pixels.
  return { ...shape, pixels: emptyLike(pixels, imageSize(shape)) as PixelArray as A };
}

export function copyImage<A extends PixelArray>(image: Image<A>): Image<A> {
  return { ...emptyImage(image), pixels: copyOf(image.pixels) as PixelArray as A };
}

/** The same memory to write computed numbers into: bytes are rounded and clipped to 0 .. 255. */
export function rounding(pixels: PixelArray): Float32Array | Uint8ClampedArray {
  if (pixels instanceof Float32Array) return pixels;
  return new Uint8ClampedArray(pixels.buffer, pixels.byteOffset, pixels.length);
}
