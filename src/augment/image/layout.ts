// How the pixels of an image lie in an array: sizes, order of the axes, and the checks of both.
import { CutoutError } from "../../error.ts";

/** Arrays of pixels: floats of any scale, or bytes 0 to 255. A Node `Buffer` is a `Uint8Array`. */
export type PixelArray = Float32Array | Uint8Array;

/** The plain array type that holds a copy of `A`: a `Buffer` is copied into a `Uint8Array`. */
export type PixelsOf<A extends PixelArray> = A extends Float32Array ? Float32Array : Uint8Array;

export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A shape and the order of its axes, outermost first: `HWC` (decoders, canvas) or `CHW` (networks). */
export interface ImageLayout extends ImageShape {
  readonly layout: "HWC" | "CHW";
}

/** Distance in elements between neighbours along each axis. */
export interface ImageStrides {
  readonly row: number;
  readonly column: number;
  readonly channel: number;
}

const stridesByLayout: { readonly [L in ImageLayout["layout"]]: (shape: ImageShape) => ImageStrides } = {
  CHW: ({ height, width }) => ({ row: width, column: 1, channel: height * width }),
  HWC: ({ width, channels }) => ({ row: width * channels, column: channels, channel: 1 }),
};

export function imageStrides(shape: ImageLayout): ImageStrides {
  return stridesByLayout[shape.layout](shape);
}

/** Number of elements of one image. */
export function imageSize({ height, width, channels }: ImageShape): number {
  return height * width * channels;
}

/** Throws unless every extent is an integer >= 1. */
export function checkShape(where: string, shape: ImageShape): void {
  if (shape === null || typeof shape !== "object") {
    throw new CutoutError({
      where,
      option: "image",
      what: "must have height, width and channels",
      got: String(shape),
    });
  }
  for (const axis of ["height", "width", "channels"] as const) {
    const extent = shape[axis];
    if (!Number.isInteger(extent) || extent < 1) {
      throw new CutoutError({ where, option: axis, what: "must be an integer >= 1", got: String(extent) });
    }
  }
}

/** Throws unless `pixels` holds exactly `count` images of this shape and layout. */
export function checkPixels(where: string, pixels: PixelArray, shape: ImageLayout, count: number): void {
  checkShape(where, shape);
  if (!Object.hasOwn(stridesByLayout, shape.layout)) {
    throw new CutoutError({
      where,
      option: "layout",
      what: 'must be "HWC" or "CHW"',
      got: JSON.stringify(shape.layout),
    });
  }
  if (!Number.isInteger(count) || count < 1) {
    throw new CutoutError({ where, option: "count", what: "must be an integer >= 1", got: String(count) });
  }
  if (!(pixels instanceof Float32Array || pixels instanceof Uint8Array)) {
    throw new CutoutError({
      where,
      option: "pixels",
      what: "must be a Float32Array or a Uint8Array",
      got: kindOf(pixels),
    });
  }
  const expected = count * imageSize(shape);
  if (pixels.length !== expected) {
    const { height, width, channels } = shape;
    throw new CutoutError({
      where,
      what: `${count} x ${height} x ${width} x ${channels} pixels hold ${expected} numbers`,
      got: String(pixels.length),
    });
  }
}

/** @throws Error unless every float is finite */
export function checkFinite(where: string, pixels: PixelArray): void {
  if (pixels instanceof Uint8Array) return;
  for (let index = 0; index < pixels.length; index++) {
    if (!Number.isFinite(pixels[index])) {
      throw new CutoutError({
        where,
        option: "pixels",
        what: "must be finite",
        got: `${pixels[index]} at index ${index}`,
      });
    }
  }
}

/** Zeros, in an array of the same kind. */
export function emptyLike<A extends PixelArray>(pixels: A, length: number): PixelsOf<A> {
  return (pixels instanceof Float32Array ? new Float32Array(length) : new Uint8Array(length)) as PixelsOf<A>;
}

/** A copy. Plain arrays by their `slice`, which does not write zeros first; a Node Buffer's would share the memory. */
export function copyOf<A extends PixelArray>(pixels: A): PixelsOf<A> {
  if (pixels.constructor === Float32Array || pixels.constructor === Uint8Array) {
    return pixels.slice() as PixelsOf<A>;
  }
  const copy = emptyLike(pixels, pixels.length);
  copy.set(pixels);
  return copy;
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== "object") return String(value);
  return value.constructor?.name ?? "an object";
}
