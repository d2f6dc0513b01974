// Horizontal flip: left and right exchanged.
import { CutoutError } from "../../error.ts";
import type { Rng } from "../../rng.ts";
import {
  checkPixels,
  emptyLike,
  type ImageLayout,
  imageStrides,
  type PixelArray,
  type PixelsOf,
} from "../image/layout.ts";

/** @throws Error unless the chance of a flip is a number from 0 to 1 */
export function checkFlip(probability: number): void {
  if (!(probability >= 0 && probability <= 1)) {
    throw new CutoutError({
      where: "flip",
      option: "probability",
      what: "must be from 0 to 1",
      got: String(probability),
    });
  }
}

/** Whether to flip. Draws one number also where the chance is 0 or 1, so what is drawn next stays the same. */
export function sampleFlip(rng: Rng, probability: number): boolean {
  checkFlip(probability);
  return rng.uniform() < probability;
}

/** A mirrored copy of one image of height x width x channels numbers, in the same layout. */
export function flipImage<A extends PixelArray>(image: A, shape: ImageLayout): PixelsOf<A> {
  checkPixels("flip", image, shape, 1);
  const result = emptyLike(image, image.length);
  const { row, column, channel } = imageStrides(shape);
  for (let c = 0; c < shape.channels; c++) {
    for (let y = 0; y < shape.height; y++) {
      const line = c * channel + y * row;
      for (let x = 0; x < shape.width; x++) {
        result[line + x * column] = image[line + (shape.width - 1 - x) * column]!;
      }
    }
  }
  return result;
}
