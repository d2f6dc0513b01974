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

/**
 * The chance of a flip, 0 to 1; or in every other epoch, which half of the images in the first being drawn once (Jordan
 * 2024, "94 % on CIFAR-10 in 3.29 seconds", section 3.6).
 */
export type Flip = number | typeof alternating;
export const alternating = "alternating";

/** @throws Error unless it is a chance from 0 to 1, or "alternating" */
export function checkFlip(flip: Flip): void {
  if (flip !== alternating && !(flip >= 0 && flip <= 1)) {
    throw new CutoutError({
      where: "flip",
      what: `must be a probability from 0 to 1, or ${alternating}`,
      got: String(flip),
    });
  }
}

/** What alternating flips go by. */
export interface Turn {
  readonly epoch: number;
  /** A stream of the image, the same in each epoch. */
  readonly ofImage: () => Rng;
}

/**
 * Whether to flip. Draws one number also where nothing is left to chance, so what is drawn next stays the same.
 * @throws Error when flips alternate and it is not told whose turn it is
 */
export function sampleFlip(rng: Rng, flip: Flip, turn?: Turn): boolean {
  checkFlip(flip);
  const drawn = rng.uniform();
  if (flip !== alternating) return drawn < flip;
  if (turn === undefined)
    throw new CutoutError({
      where: "augment",
      option: "turn",
      what: "must be the epoch and a stream of the image with alternating flips",
    });
  return turn.ofImage().uniform() < 0.5 === (turn.epoch % 2 === 0);
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
