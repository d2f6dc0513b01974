// Host tensors: a dtype, a shape, and the numbers in row-major order.
import { CutoutError } from "./error.ts";

/** Array type that holds each element type. Booleans are one byte each (0 or 1). */
export interface DataOf {
  float32: Float32Array;
  int32: Int32Array;
  uint8: Uint8Array;
  bool: Uint8Array;
}

export type DType = keyof DataOf;
export type Shape = readonly number[];

export interface Tensor<D extends DType = DType> {
  readonly dtype: D;
  readonly shape: Shape;
  readonly data: DataOf[D];
}

const arrays: { [D in DType]: new (length: number) => DataOf[D] } = {
  float32: Float32Array,
  int32: Int32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
};

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Distance in elements between neighbours along each axis. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  let stride = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = stride;
    stride *= shape[axis]!;
  }
  return strides;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

/** A tensor over existing data. Throws when shape and data disagree. */
export function tensor<D extends DType>(dtype: D, shape: Shape, data: DataOf[D]): Tensor<D> {
  if (data.length !== sizeOf(shape)) {
    throw new CutoutError({
      where: "tensor",
      what: `shape [${shape.join(", ")}] holds ${sizeOf(shape)} numbers`,
      got: String(data.length),
    });
  }
  return { dtype, shape, data };
}

export function zeros<D extends DType>(dtype: D, shape: Shape): Tensor<D> {
  return tensor(dtype, shape, new arrays[dtype](sizeOf(shape)));
}
