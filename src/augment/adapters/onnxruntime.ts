// ONNX Runtime: tensors of onnxruntime-node and onnxruntime-web to images and back. Neither is imported.
import { CutoutError } from "../../error.ts";
import type { Image, ImageBatch } from "../augmentation.ts";
import { checkPixels, type ImageLayout, type PixelArray } from "../image/layout.ts";

/** What is used of a tensor. */
export interface OnnxTensor {
  readonly type: string;
  readonly dims: readonly number[];
  /** Where the data may lie on a GPU; brings it here. */
  getData(): Promise<unknown>;
}

/** What is used of `ort`: the class of tensors. */
export interface OnnxRuntime<T> {
  readonly Tensor: new (type: "float32" | "uint8", data: PixelArray, dims: readonly number[]) => T;
}

const where = "onnxruntime";

/**
 * A batch out of a tensor [count, channels, height, width], or [count, height, width, channels] with the layout `HWC`,
 * without labels. Nothing is copied when the tensor lies in the main memory.
 * @returns `float32` as floats, `uint8` as bytes
 * @throws Error when the tensor has other axes or another type
 */
export async function batchFromOnnx(
  tensor: OnnxTensor,
  layout: ImageLayout["layout"] = "CHW",
): Promise<ImageBatch> {
  const { dims, type } = tensor;
  if (type !== "float32" && type !== "uint8") {
    throw new CutoutError({ where, what: "the tensor must be float32 or uint8", got: type });
  }
  if (dims.length !== 4) {
    const wanted = layout === "CHW" ? "count, channels, height, width" : "count, height, width, channels";
    throw new CutoutError({ where, what: `the tensor must be [${wanted}]`, got: `[${dims.join(", ")}]` });
  }
  const [count, ...rest] = dims as readonly [number, number, number, number];
  const [height, width, channels] = layout === "CHW" ? [rest[1], rest[2], rest[0]] : rest;
  const pixels = (await tensor.getData()) as PixelArray;
  const batch = { height, width, channels, layout, count, labels: null, pixels };
  checkPixels(where, pixels, batch, count);
  return batch;
}

/**
 * A tensor out of a batch, or out of one image as a batch of one: [count, channels, height, width] or
 * [count, height, width, channels], as it lies. Nothing is copied.
 * @param ort the library: `import * as ort from "onnxruntime-web"`
 * @throws Error when the array does not fit the shape
 */
export function toOnnx<T>(ort: OnnxRuntime<T>, images: Image | ImageBatch): T {
  const { pixels, height, width, channels, layout } = images;
  const count = "count" in images ? images.count : 1;
  checkPixels(where, pixels, images, count);
  const dims = layout === "CHW" ? [count, channels, height, width] : [count, height, width, channels];
  return new ort.Tensor(pixels instanceof Float32Array ? "float32" : "uint8", pixels, dims);
}
