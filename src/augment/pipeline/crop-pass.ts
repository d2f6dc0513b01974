// The inner loops of the fused pass: crop, flip and normalization of one image.
import type { Hole } from "../cutout/hole.ts";
import { type HolePainter, holePainter } from "../fill/paint-colour.ts";
import { type ImageShape, imageSize } from "../image/layout.ts";
import { type Affine, affineOf, type Normalization, normalizationTable } from "../image/normalize.ts";
import { type Kernels, kernels } from "../simd/kernels.ts";

/**
 * The bits of floats. They are moved as 32-bit integers: the engine would otherwise widen each float to double
 * precision and narrow it again, which takes twice as long.
 */
function bitsOf(floats: Float32Array): Int32Array {
  return new Int32Array(floats.buffer, floats.byteOffset, floats.length);
}

/** The part of a crop that lies in the image, in elements. */
interface Window {
  readonly rows: number;
  readonly columns: number;
  /** First byte of the window's first pixel as the image has it. */
  readonly source: number;
  /** From a row of the image to the next. */
  readonly sourceRow: number;
  /** Whether each row is read from its right end. */
  readonly flip: boolean;
  /** Rows of the crop above the window. */
  readonly top: number;
  /** Columns of the crop to the left of the window. */
  readonly left: number;
  /** Width of the crop. */
  readonly width: number;
  /** Height times width of the crop. */
  readonly plane: number;
}

/**
 * Bytes through the table into floats.
 *
 * Plain functions that take an image whole: as closures over the shape, or called for each row, they run at half
 * the speed once there is a second pipeline.
 */
type CopyByTable = (
  image: Uint8Array,
  table: Int32Array,
  target: Int32Array,
  targetOffset: number,
  window: Window,
) => void;

/** Red, green and blue: each byte is touched once, in order, four pixels at a time. */
const copyColour: CopyByTable = (image, table, target, targetOffset, window) => {
  const { rows, columns, sourceRow, flip, top, left, width, plane } = window;
  const plane2 = (2 * plane) | 0;
  const step = flip ? -3 : 3;
  const source = window.source + (flip ? 3 * (columns - 1) : 0);
  for (let y = 0; y < rows; y++) {
    let from = (source + y * sourceRow) | 0;
    let to = (targetOffset + left + (top + y) * width) | 0;
    const end = (to + columns) | 0;
    for (const last = (end - 3) | 0; to < last; to = (to + 4) | 0) {
      const r0 = image[from]!;
      const g0 = image[from + 1]!;
      const b0 = image[from + 2]!;
      from = (from + step) | 0;
      const r1 = image[from]!;
      const g1 = image[from + 1]!;
      const b1 = image[from + 2]!;
      from = (from + step) | 0;
      const r2 = image[from]!;
      const g2 = image[from + 1]!;
      const b2 = image[from + 2]!;
      from = (from + step) | 0;
      const r3 = image[from]!;
      const g3 = image[from + 1]!;
      const b3 = image[from + 2]!;
      from = (from + step) | 0;
      target[to] = table[r0]!;
      target[to + 1] = table[r1]!;
      target[to + 2] = table[r2]!;
      target[to + 3] = table[r3]!;
      const green = (to + plane) | 0;
      target[green] = table[256 | g0]!;
      target[green + 1] = table[256 | g1]!;
      target[green + 2] = table[256 | g2]!;
      target[green + 3] = table[256 | g3]!;
      const blue = (to + plane2) | 0;
      target[blue] = table[512 | b0]!;
      target[blue + 1] = table[512 | b1]!;
      target[blue + 2] = table[512 | b2]!;
      target[blue + 3] = table[512 | b3]!;
    }
    for (; to < end; to = (to + 1) | 0) {
      target[to] = table[image[from]!]!;
      target[to + plane] = table[256 | image[from + 1]!]!;
      target[to + plane2] = table[512 | image[from + 2]!]!;
      from = (from + step) | 0;
    }
  }
};

/** Any number of channels, one after the other. */
const copyChannels =
  (channels: number): CopyByTable =>
  (image, table, target, targetOffset, window) => {
    const { rows, columns, sourceRow, flip, top, left, width, plane } = window;
    const step = flip ? -channels : channels;
    const source = window.source + (flip ? channels * (columns - 1) : 0);
    for (let c = 0; c < channels; c++) {
      const base = c << 8;
      for (let y = 0; y < rows; y++) {
        let from = (source + c + y * sourceRow) | 0;
        let to = (targetOffset + left + c * plane + (top + y) * width) | 0;
        for (const end = (to + columns) | 0; to < end; to = (to + 1) | 0) {
          target[to] = table[base | image[from]!]!;
          from = (from + step) | 0;
        }
      }
    }
  };

/** Where a crop lies in its image, and whether it is mirrored. */
interface View {
  readonly top: number;
  readonly left: number;
  readonly flip: boolean;
}

/** Holes of one colour: `values[c]` in channel c. */
export interface Painted {
  /** They have passed `checkHole`. */
  readonly holes: readonly Hole[];
  readonly values: ArrayLike<number>;
}

/** Writes one crop of the image that begins at `imageOffset` from `target[targetOffset]` on, then its holes. */
export type CropPass = (
  image: Uint8Array,
  imageOffset: number,
  view: View,
  target: Float32Array,
  targetOffset: number,
  painted: Painted,
) => void;

/**
 * A function that writes one crop: bytes [height, width, channels] become normalized floats [channels, height, width],
 * mirrored where asked for. Rows and columns outside the image become zero, then holes are painted.
 * @param input shape of the images
 * @param output shape of the crops, with as many channels
 * @param simd null: by the plain loops, which give the same bits
 */
export function cropPass(
  input: ImageShape,
  output: ImageShape,
  normalization: Normalization,
  simd: Kernels | null = kernels(),
): CropPass {
  const { height, width, channels } = output;
  const plane = height * width;
  const paintHole = holePainter({ ...output, layout: "CHW" });
  const copyPlainly = plainCopy(channels, bitsOf(normalizationTable(normalization)), paintHole);
  const copyByVectors =
    simd !== null && channels === 3
      ? vectorCopy(simd, input, output, affineOf(normalization), paintHole)
      : null;
  return (image, imageOffset, { top, left, flip }, target, targetOffset, painted) => {
    // Rows and, before the flip, columns [first, end) of the crop lie in the image. No Math.max: it gives -0.
    const firstRow = top < 0 ? Math.min(height, -top) : 0;
    const endRow = Math.max(firstRow, Math.min(height, input.height - top));
    const first = left < 0 ? Math.min(width, -left) : 0;
    const end = Math.max(first, Math.min(width, input.width - left));
    const window: Window = {
      rows: endRow - firstRow,
      columns: end - first,
      source: imageOffset + ((top + firstRow) * input.width + left + first) * channels,
      sourceRow: input.width * channels,
      flip,
      top: firstRow,
      left: flip ? width - end : first,
      width,
      plane,
    };
    if (copyByVectors?.(image, target, targetOffset, window, painted)) return;
    if (window.rows < height || window.columns < width) {
      target.fill(0, targetOffset, targetOffset + channels * plane);
    }
    copyPlainly(image, target, targetOffset, window, painted);
  };
}

type CopyWindow<Result> = (
  image: Uint8Array,
  target: Float32Array,
  targetOffset: number,
  window: Window,
  painted: Painted,
) => Result;

/** The window by a table, into a target that is zero around it. */
function plainCopy(channels: number, table: Int32Array, paintHole: HolePainter): CopyWindow<void> {
  const copy = channels === 3 ? copyColour : copyChannels(channels);
  // A batch is filled image by image; a view of it costs as much as a third of an image of 32 x 32.
  let batch: Float32Array | null = null;
  let bits: Int32Array = new Int32Array();
  return (image, target, targetOffset, window, { holes, values }) => {
    if (target !== batch) bits = bitsOf(target);
    batch = target;
    copy(image, table, bits, targetOffset, window);
    for (let index = 0; index < holes.length; index++) {
      paintHole(target, targetOffset, holes[index]!, values);
    }
  };
}

/** Narrower windows are not worth the four vectors of four pixels that are made together. */
const fewestColumns = 16;
/** A line of the processor's cache. */
const lineBytes = 64;

/** The whole crop by kernels.wat; false, and nothing written, where that cannot be. */
function vectorCopy(
  simd: Kernels,
  input: ImageShape,
  output: ImageShape,
  { scale, shift }: Affine,
  paintHole: HolePainter,
): CopyWindow<boolean> {
  const numbers = imageSize(output);
  // The crop lies first in the memory; the rows that it needs come after it.
  const rowsStart = 16 * Math.ceil(numbers / 4);
  const rowsBytes = Math.min(imageSize(input), output.height * input.width * 3);
  // Up to 7 bytes before them, see below, and the 4 after them that are read.
  const neededBytes = rowsStart + 7 + rowsBytes + 4;
  const [redScale, greenScale, blueScale] = scale as unknown as readonly [number, number, number];
  const [redShift, greenShift, blueShift] = shift as unknown as readonly [number, number, number];
  let memory: Uint8Array | null = null;
  let floats: Float32Array = new Float32Array();
  const paint = (hole: Hole, values: ArrayLike<number>, width: number, plane: number) => {
    const { top, bottom, left, right, runs } = hole;
    if (runs !== undefined) paintHole(floats, 0, hole, values);
    else if (bottom > top && right > left) {
      for (let c = 0; c < 3; c++) {
        const first = 4 * (c * plane + top * width + left);
        simd.fillRectangle(first, 4 * width, bottom - top, right - left, values[c]!);
      }
    }
  };
  return (image, target, targetOffset, window, { holes, values }) => {
    const { rows, columns, source, sourceRow, flip, top, left, width, plane } = window;
    if (columns < fewestColumns || rows === 0 || !simd.reserve(neededBytes)) return false;
    if (memory !== simd.bytes) {
      memory = simd.bytes;
      floats = simd.floats.subarray(0, numbers);
    }
    const sourceEnd = source + (rows - 1) * sourceRow + 3 * columns;
    fetch(image, source, sourceEnd);
    // Shared memory is copied eight bytes at a time only where both sides lie alike in their eights.
    const from = rowsStart + ((image.byteOffset + source) & 7);
    memory.set(image.subarray(source, sourceEnd), from);
    simd.cropColour(
      from,
      sourceRow,
      0,
      output.height,
      width,
      top,
      rows,
      left,
      columns,
      flip ? 1 : 0,
      redScale,
      greenScale,
      blueScale,
      redShift,
      greenShift,
      blueShift,
    );
    for (let index = 0; index < holes.length; index++) paint(holes[index]!, values, width, plane);
    target.set(floats, targetOffset);
    return true;
  };
}

/**
 * Reads a byte of each cache line: the processor waits for many of them at a time. The copy of shared memory, eight
 * bytes after eight, runs only a few lines ahead; from a random image of a large store it takes twice as long.
 * @returns of no use, but it keeps the reads
 */
function fetch(bytes: Uint8Array, start: number, end: number): number {
  let seen = 0;
  for (let at = start | 0; at < end; at = (at + lineBytes) | 0) seen |= bytes[at]!;
  return seen;
}
