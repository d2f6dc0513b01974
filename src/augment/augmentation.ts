// The interfaces that every augmentation has: draw parameters as plain data, apply them to what they concern.
import type { Rng } from "../rng.ts";
import type { ImageLayout, ImageShape, PixelArray } from "./image/layout.ts";
import type { Normalization } from "./image/normalize.ts";
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

/** What an augmentation changes: where pixels are, their colours, pixels that it paints over, or noise on them. */
export type AugmentationKind = "geometry" | "colour" | "mask" | "noise";

/**
 * What an augmentation is about, declared beside its factory: those who combine augmentations need not know it by name.
 */
export interface About {
  readonly kind: AugmentationKind;
  /**
   * The scale that its numbers mean something on: `unit`, the image from 0 to 1 (or bytes) before normalization;
   * `normalized`, any scale, that after normalization too, where 0 is the mean.
   */
  readonly scale: "unit" | "normalized";
  /** It takes a random part of the image itself: no other random crop is needed. Left out: it does not. */
  readonly crops?: true;
  /**
   * The options in a training whose network takes images of this size. Left out where none follows from it.
   * @param options as they were given, which may be from a file
   */
  sized?(options: never, size: { readonly height: number; readonly width: number }): unknown;
  /**
   * The options for bytes before normalization: what the image does not cover has the images' mean colour unless told
   * otherwise. Left out where the image covers everything.
   * @param options as they were given, which may be from a file
   * @param mean of each channel, 0 to 1
   */
  surrounded?(options: never, mean: readonly number[]): unknown;
  /**
   * The options for images that are normalized already: what they tell on the scale 0 to 1, as the colour of a fill, is
   * normalized. Left out where there is nothing of the kind.
   * @param options as they were given, which may be from a file
   */
  normalized?(options: never, normalization: Normalization): unknown;
}

/** Makes an augmentation; it checks the options it is given, whatever their type says: they may come from a file. */
export interface Factory {
  (options: never): Augmentation<unknown>;
  readonly about: About;
}

/** The same for what changes whole batches. */
export interface BatchFactory {
  (options: never): BatchAugmentation<unknown>;
  readonly about: { readonly kind: "batch" };
}

/** One way to change a batch, where images meet (Mixup, CutMix) or multiply (batch augmentation). */
export interface BatchAugmentation<Parameters> {
  readonly name: string;
  /** @param progress share of the training that is done, 0 to 1 */
  sample(rng: Rng, input: ImageShape & { readonly count: number }, progress: number): Parameters;
  /** A new batch; the input is never changed. */
  apply<A extends PixelArray>(batch: ImageBatch<A>, parameters: Parameters): ImageBatch<A>;
}
