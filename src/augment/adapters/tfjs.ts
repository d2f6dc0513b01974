// TensorFlow.js: tensors to images and back. The library itself is not imported.
import { CutoutError } from "../../error.ts";
import type { Image, ImageBatch } from "../augmentation.ts";
import { checkShape, type PixelArray } from "../image/layout.ts";
import { inLayout } from "./arrays.ts";

/** What is used of a tensor. */
export interface TfjsTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  data(): Promise<Float32Array | Int32Array | Uint8Array | string[]>;
}

/** What is used of `tf`: the function that makes a tensor. */
export interface Tfjs<T> {
  tensor(values: Float32Array | Int32Array, shape: number[], dtype: "float32" | "int32"): T;
}

const where = "tfjs";

/**
 * An image out of a tensor [height, width, channels], as `tf.browser.fromPixels` makes it.
 * @returns `float32` as floats, `int32` as bytes
 * @throws Error when the tensor has other axes or another type, or integers are not from 0 to 255
 */
export async function imageFromTfjs(tensor: TfjsTensor): Promise<Image> {
  const [height, width, channels] = axes(tensor, ["height", "width", "channels"]);
  const shape = { height: height!, width: width!, channels: channels! };
  checkShape(where, shape);
  return { ...shape, layout: "HWC", pixels: await pixelsOf(tensor) };
}

/**
 * A batch out of a tensor [count, height, width, channels], without labels. See {@link imageFromTfjs}.
 * @throws Error when the tensor has other axes or another type, or integers are not from 0 to 255
 */
export async function batchFromTfjs(tensor: TfjsTensor): Promise<ImageBatch> {
  const [count, height, width, channels] = axes(tensor, ["count", "height", "width", "channels"]);
  const shape = { height: height!, width: width!, channels: channels! };
  checkShape(where, shape);
  return { ...shape, layout: "HWC", count: count!, labels: null, pixels: await pixelsOf(tensor) };
}

/**
 * A tensor out of an image, [height, width, channels], or out of a batch, [count, height, width, channels]. Floats
 * become `float32`, bytes `int32`.
 * @param tf the library: `import * as tf from "@tensorflow/tfjs"`
 * @throws Error when the array does not fit the shape
 */
export function toTfjs<T>(tf: Tfjs<T>, images: Image | ImageBatch): T {
  const { pixels, height, width, channels } = inLayout(images, "HWC");
  const shape = [...("count" in images ? [images.count] : []), height, width, channels];
  // A copy: tensors of the CPU backend keep the array they are given.
  return pixels instanceof Float32Array
    ? tf.tensor(pixels.slice(), shape, "float32")
    : tf.tensor(Int32Array.from(pixels), shape, "int32");
}

function axes({ shape }: TfjsTensor, names: readonly string[]): readonly number[] {
  if (shape.length !== names.length) {
    throw new CutoutError({
      where,
      what: `the tensor must be [${names.join(", ")}]`,
      got: `[${shape.join(", ")}]`,
    });
  }
  return shape;
}

async function pixelsOf(tensor: TfjsTensor): Promise<PixelArray> {
  const values = await tensor.data();
  if (tensor.dtype === "float32" && values instanceof Float32Array) return values;
  if (tensor.dtype !== "int32" || !(values instanceof Int32Array)) {
    throw new CutoutError({ where, what: "the tensor must be float32 or int32", got: tensor.dtype });
  }
  const wrong = values.find((value) => value < 0 || value > 255);
  if (wrong !== undefined)
    throw new CutoutError({ where, option: "integers", what: "must be from 0 to 255", got: String(wrong) });
  return Uint8Array.from(values);
}
