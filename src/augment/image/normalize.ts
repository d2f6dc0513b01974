// Normalization: bytes to floats of mean 0 and deviation 1 in each channel, and back to look at them.
import { CutoutError } from "../../error.ts";
import { checkPixels, type ImageShape, imageSize } from "./layout.ts";

/** Mean and standard deviation of each channel, on the scale 0 to 1. */
export interface Normalization {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** @throws Error unless there is one finite mean and one deviation above 0 a channel */
export function checkNormalization({ mean, std }: Normalization, channels: number): void {
  if (mean.length !== channels || !mean.every(Number.isFinite)) {
    throw new CutoutError({
      where: "normalize",
      option: "mean",
      what: `must hold ${channels} finite numbers`,
      got: `[${mean.join(", ")}]`,
    });
  }
  if (std.length !== channels || !std.every((value) => Number.isFinite(value) && value > 0)) {
    throw new CutoutError({
      where: "normalize",
      option: "std",
      what: `must hold ${channels} numbers above 0`,
      got: `[${std.join(", ")}] (0 means that every pixel of a channel is the same)`,
    });
  }
}

/** Normalization as a product and a sum, both in single precision: byte * scale[c] + shift[c]. */
export interface Affine {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** (byte / 255 - mean) / std: within 3 roundings of the larger of mean / std and the result. */
export function affineOf({ mean, std }: Normalization): Affine {
  return {
    scale: Float32Array.from(std, (deviation) => 1 / (255 * deviation)),
    shift: Float32Array.from(mean, (ofChannel, c) => -ofChannel / std[c]!),
  };
}

/** byte * scale + shift for each channel and each of the 256 bytes: [channels, 256]. */
export function normalizationTable(normalization: Normalization): Float32Array {
  const { scale, shift } = affineOf(normalization);
  return Float32Array.from({ length: scale.length * 256 }, (_, at) => {
    const c = at >> 8;
    return Math.fround((at & 255) * scale[c]!) + shift[c]!;
  });
}

/**
 * Bytes [height, width, channels] to normalized floats [channels, height, width].
 * @throws Error when the array does not fit the shape, or the statistics do not fit the channels
 */
export function normalizeImage(
  image: Uint8Array,
  shape: ImageShape,
  normalization: Normalization,
): Float32Array {
  checkPixels("normalize", image, { ...shape, layout: "HWC" }, 1);
  checkNormalization(normalization, shape.channels);
  const table = normalizationTable(normalization);
  const plane = shape.height * shape.width;
  const result = new Float32Array(image.length);
  for (let c = 0; c < shape.channels; c++) {
    for (let pixel = 0; pixel < plane; pixel++) {
      result[c * plane + pixel] = table[c * 256 + image[pixel * shape.channels + c]!]!;
    }
  }
  return result;
}

/**
 * Normalized floats [channels, height, width] back to bytes [height, width, channels], rounded and clipped
 * to 0 .. 255. Undoes `normalizeImage` exactly.
 * @throws Error when the array does not fit the shape, or the statistics do not fit the channels
 */
export function denormalize(
  image: Float32Array,
  shape: ImageShape,
  normalization: Normalization,
): Uint8Array {
  checkPixels("denormalize", image, { ...shape, layout: "CHW" }, 1);
  checkNormalization(normalization, shape.channels);
  const plane = shape.height * shape.width;
  const result = new Uint8ClampedArray(imageSize(shape)); // rounds and clips
  for (let c = 0; c < shape.channels; c++) {
    const mean = normalization.mean[c]!;
    const std = normalization.std[c]!;
    for (let pixel = 0; pixel < plane; pixel++) {
      result[pixel * shape.channels + c] = (image[c * plane + pixel]! * std + mean) * 255;
    }
  }
  return new Uint8Array(result.buffer);
}
