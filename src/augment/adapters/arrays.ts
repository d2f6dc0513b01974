// Plain arrays: one augmentation for every image of a batch, and the other order of the axes.
import { CutoutError } from "../../error.ts";
import type { Rng } from "../../rng.ts";
import type { Augmentation, Image, ImageBatch } from "../augmentation.ts";
import {
  checkPixels,
  checkShape,
  emptyLike,
  type ImageLayout,
  imageSize,
  imageStrides,
  type PixelArray,
} from "../image/layout.ts";

/** A batch and what was drawn for each of its images. */
export interface AugmentedBatch<Parameters, A extends PixelArray> {
  readonly batch: ImageBatch<A>;
  readonly parameters: readonly Parameters[];
}

/**
 * Draws for every image of a batch and applies it. A batch [N, H, W, C] has the layout `HWC`, one [N, C, H, W] `CHW`.
 *
 * @example
 * const images = { pixels, count: 32, height: 64, width: 64, channels: 3, layout: "CHW", labels: null };
 * const { batch } = augmentEach(augmentation, images, (index) => stream(seed, "augment", epoch, first + index));
 *
 * @param random the stream of the image at this place in the batch. Made from the image's number in the data set it
 *   gives the same image the same draws, whatever the batch
 * @param progress share of the training that is done, 0 to 1
 * @returns a new batch; labels are those given
 * @throws Error when the array does not fit the shape, or what the augmentation throws
 */
export function augmentEach<Parameters, A extends PixelArray>(
  augmentation: Augmentation<Parameters>,
  batch: ImageBatch<A>,
  random: (index: number) => Rng,
  progress = 0,
): AugmentedBatch<Parameters, A> {
  checkShape("augmentEach", batch);
  checkPixels("augmentEach", batch.pixels, batch, batch.count);
  if (typeof random !== "function") {
    throw new CutoutError({
      where: "augmentEach",
      option: "random",
      what: "must be a function that gives the stream of an image",
      got: String(random),
    });
  }
  const { height, width, channels } = batch;
  const parameters = Array.from({ length: batch.count }, (_, index) =>
    augmentation.sample(random(index), { height, width, channels }, progress),
  );
  return { batch: applyEach(augmentation, batch, parameters), parameters };
}

/**
 * Applies parameters that were drawn before, one for each image.
 * @throws Error when there are more or fewer than images, the array does not fit the shape, or what the augmentation throws
 */
export function applyEach<Parameters, A extends PixelArray>(
  augmentation: Augmentation<Parameters>,
  batch: ImageBatch<A>,
  parameters: readonly Parameters[],
): ImageBatch<A> {
  checkShape("applyEach", batch);
  const { height, width, channels, layout, count, labels } = batch;
  checkPixels("applyEach", batch.pixels, batch, count);
  if (!Array.isArray(parameters) || parameters.length !== count) {
    const got = Array.isArray(parameters) ? parameters.length : String(parameters);
    throw new CutoutError({
      where: "applyEach",
      option: "parameters",
      what: `must be ${count}, one for each image`,
      got: String(got),
    });
  }
  const output = augmentation.outputShape({ height, width, channels });
  const [from, to] = [imageSize(batch), imageSize(output)];
  const pixels = emptyLike(batch.pixels, count * to) as PixelArray as A;
  parameters.forEach((drawn, index) => {
    const own = batch.pixels.subarray(index * from, (index + 1) * from) as A;
    const image = augmentation.apply({ pixels: own, height, width, channels, layout }, drawn);
    pixels.set(image.pixels, index * to);
  });
  const shape = { height: output.height, width: output.width, channels: output.channels };
  return { ...shape, layout, pixels, count, labels };
}

/**
 * The same image or batch with its axes in this order; itself where they already are.
 * @throws Error when the array does not fit the shape
 */
export function inLayout<T extends Image | ImageBatch>(images: T, layout: ImageLayout["layout"]): T {
  const count = "count" in images ? images.count : 1;
  checkPixels("inLayout", images.pixels, images, count);
  if (images.layout === layout) return images;
  const { height, width } = images;
  const result = { ...images, layout, pixels: emptyLike(images.pixels, images.pixels.length) };
  const [from, to] = [imageStrides(images), imageStrides(result)];
  const size = imageSize(images);
  for (let start = 0; start < count * size; start += size) {
    for (let c = 0; c < images.channels; c++) {
      for (let pixel = 0; pixel < height * width; pixel++) {
        // Rows follow each other without a gap in both layouts.
        result.pixels[start + pixel * to.column + c * to.channel] =
          images.pixels[start + pixel * from.column + c * from.channel]!;
      }
    }
  }
  return result;
}
