// The interfaces that every augmentation has: draw parameters as plain data, apply them to what they concern.
import type { Rng } from "../rng.ts";
import type { ImageLayout, ImageShape, PixelArray } from "./image/layout.ts";
import type { Effect } from "./targets/effect.ts";

/** One image with its pixels. */
export interface Image<A extends PixelArray = PixelArray> extends ImageLayout {
  readonly pixels: A;
}

/** A batch of images of one shape, one after the other. */
export interface ImageBatch<A extends PixelArray = PixelArray> extends ImageLayout {
  readonly pixels: A;
  readonly count: number;
  /** Share of each class in each image, [count, numClasses]: rows sum to 1. Null without labels. */
  readonly labels: Float32Array | null;
}

/**
 * One way to change an image.
 *
 * Parameters are plain JSON data: they can be stored and applied later, elsewhere, to the image, its mask, its boxes
 * and its key points. Whatever is random is drawn by `sample`; noise is drawn as a seed.
 */
export interface Augmentation<Parameters> {
  readonly name: string;
  /** Shape of what comes out. Throws when images of this shape cannot be augmented so. */
  outputShape(input: ImageShape): ImageShape;
  /** @param progress share of the training that is done, 0 to 1, for what follows a schedule */
  sample(rng: Rng, input: ImageShape, progress: number): Parameters;
  /** A new image of the same kind of array; the input is never changed. */
  apply<A extends PixelArray>(image: Image<A>, parameters: Parameters): Image<A>;
  /**
   * What these parameters do to positions in an image of this shape, in order: masks, boxes and key points follow it.
   * Left out by augmentations that change colours only.
   */
  effects?(parameters: Parameters, input: ImageShape): readonly Effect[];
}

/** One way to change a batch, where images meet (Mixup, CutMix) or multiply (batch augmentation). */
export interface BatchAugmentation<Parameters> {
  readonly name: string;
  /** @param progress share of the training that is done, 0 to 1 */
  sample(rng: Rng, input: ImageShape & { readonly count: number }, progress: number): Parameters;
  /** A new batch; the input is never changed. */
  apply<A extends PixelArray>(batch: ImageBatch<A>, parameters: Parameters): ImageBatch<A>;
}
