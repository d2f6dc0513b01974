// Batch augmentation (Hoffer et al. 2019, "Augment your batch: better training with larger batches"): m copies of each image.
import { CutoutError } from "../../error.ts";
import type { Augmentation, BatchAugmentation, Image } from "../augmentation.ts";
import { emptyLike, imageSize, type PixelArray } from "../image/layout.ts";
import { checkRng } from "../options.ts";
import { checkBatch, checkBatchShape } from "./image-batch.ts";

export interface BatchAugmentationOptions<Parameters> {
  /** Copies of each image in a batch (M), >= 1. The paper takes 2 to 64. */
  readonly copies: number;
  /** What makes the copies different: parameters are drawn for each one. */
  readonly augmentation: Augmentation<Parameters>;
}

/** For each image its copies' parameters: [count][copies]. */
export interface BatchAugmentationParameters<Parameters> {
  readonly images: readonly (readonly Parameters[])[];
}

const where = "batch-augmentation";

/**
 * A batch of B images becomes one of B * m: the copies of an image follow each other, each augmented on its own.
 * Draws the parameters image by image, copy by copy.
 * @throws Error when `copies` is wrong
 */
export function batchAugmentation<Parameters>(
  options: BatchAugmentationOptions<Parameters>,
): BatchAugmentation<BatchAugmentationParameters<Parameters>> {
  const { copies, augmentation } = (options ?? {}) as typeof options;
  if (!Number.isSafeInteger(copies) || copies < 1) {
    throw new CutoutError({ where, option: "copies", what: "must be an integer >= 1", got: String(copies) });
  }
  if (typeof augmentation?.apply !== "function") {
    throw new CutoutError({
      where,
      option: "augmentation",
      what: "must be one that was made",
      got: String(augmentation),
    });
  }
  return {
    name: where,
    sample(rng, input, progress) {
      checkRng(where, rng);
      checkBatchShape(where, input);
      const { height, width, channels } = input;
      const shape = { height, width, channels };
      const images = Array.from({ length: input.count }, () =>
        Array.from({ length: copies }, () => augmentation.sample(rng, shape, progress)),
      );
      return { images };
    },
    apply(batch, parameters) {
      checkBatch(where, batch);
      const images = parameters?.images;
      if (!Array.isArray(images) || !images.every(Array.isArray)) {
        throw new CutoutError({
          where,
          option: "parameters",
          what: "must be { images } with a list for each image",
          got: "others",
        });
      }
      if (images.length !== batch.count || images.some((drawn) => drawn.length !== copies)) {
        throw new CutoutError({
          where,
          option: "parameters",
          what: `must be for ${batch.count} images x ${copies} copies`,
          got: `${images.length} x ${images.find((drawn) => drawn.length !== copies)?.length ?? copies}`,
        });
      }
      const { height, width, channels, layout, labels } = batch;
      const shape = augmentation.outputShape({ height, width, channels });
      const [size, newSize] = [imageSize(batch), imageSize(shape)];
      const count = batch.count * copies;
      const pixels: PixelArray = emptyLike(batch.pixels, count * newSize);
      images.forEach((drawn, image) => {
        const own: Image = {
          height,
          width,
          channels,
          layout,
          pixels: batch.pixels.subarray(image * size, (image + 1) * size),
        };
        drawn.forEach((parameters, copy) => {
          pixels.set(augmentation.apply(own, parameters).pixels, (image * copies + copy) * newSize);
        });
      });
      return {
        ...shape,
        layout,
        pixels: pixels as typeof batch.pixels,
        count,
        labels: labels && repeated(labels, batch.count, copies),
      };
    },
  };
}
batchAugmentation.about = { kind: "batch" } as const;

/** Each row `copies` times, one after the other. */
function repeated(labels: Float32Array, count: number, copies: number): Float32Array {
  const classes = labels.length / count;
  const result = new Float32Array(labels.length * copies);
  for (let row = 0; row < count * copies; row++) {
    const image = Math.floor(row / copies);
    result.set(labels.subarray(image * classes, (image + 1) * classes), row * classes);
  }
  return result;
}
