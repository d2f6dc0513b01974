// Resizing of 8-bit images, bilinear with antialiasing, in whole numbers: the same bits with and without vectors.

import { type Kernels, kernels } from "../simd/kernels.ts";
import type { ImageShape } from "./layout.ts";

/** Part of an image, in pixels and fractions of pixels. */
export interface Part {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Weights are whole numbers with this sum. */
const one = 1 << 14;
/** After the rows are blended numbers have 7 more bits than bytes; after the columns 21. */
const rowBits = 7;
const columnBits = 21;

/** The pixels of an axis that make the pixels of the result. */
interface Taps {
  /** First pixel of each. */
  readonly first: Int32Array;
  /** [resized, 2 * pairs]; zeros behind the last. */
  readonly weights: Int16Array;
  readonly pairs: number;
  /** From the first pixel that counts to the one after the last. */
  readonly begin: number;
  readonly end: number;
}

/**
 * The part of an image, resized: each pixel of the result is the mean of the pixels around its place, weighed by a
 * triangle that reaches one pixel of the result (at least one of the image) to each side. The sides may change by
 * different factors. At the border what is there counts for what is not.
 * @param pixels [height, width, channels]
 * @param part lies in the image
 * @param simd null: by plain loops
 * @returns [size.height, size.width, channels]
 */
export function resizeBytes(
  pixels: Uint8Array,
  shape: ImageShape,
  part: Part,
  size: { readonly height: number; readonly width: number },
  simd: Kernels | null = kernels(),
): Uint8Array {
  const rows = tapsOf(shape.height, part.top, part.height, size.height);
  const columns = tapsOf(shape.width, part.left, part.width, size.width);
  const result = new Uint8Array(size.height * size.width * shape.channels);
  if (simd === null || shape.channels !== 3 || !resizeByVectors(simd, pixels, shape, rows, columns, result)) {
    resizePlainly(pixels, shape, rows, columns, result);
  }
  return result;
}

function tapsOf(extent: number, start: number, length: number, resized: number): Taps {
  const scale = length / resized;
  const reach = Math.max(1, scale);
  const pairs = Math.ceil((Math.ceil(2 * reach) + 1) / 2);
  const first = new Int32Array(resized);
  const weights = new Int16Array(resized * 2 * pairs);
  let end = 0;
  for (let index = 0; index < resized; index++) {
    const centre = start + (index + 0.5) * scale;
    const from = Math.max(0, Math.floor(centre - reach + 0.5));
    const to = Math.max(from + 1, Math.min(extent, Math.floor(centre + reach + 0.5)));
    first[index] = from;
    end = Math.max(end, to);
    const triangle = (pixel: number) => Math.max(0, 1 - Math.abs(pixel + 0.5 - centre) / reach);
    let total = 0;
    for (let pixel = from; pixel < to; pixel++) total += triangle(pixel);
    // Rounded sums, not rounded weights: so the whole is exactly one.
    let sum = 0;
    let rounded = 0;
    for (let pixel = from; pixel < to; pixel++) {
      sum += triangle(pixel);
      const next = Math.round((one * sum) / total);
      weights[index * 2 * pairs + pixel - from] = next - rounded;
      rounded = next;
    }
  }
  return { first, weights, pairs, begin: first[0]!, end };
}

/** By kernels.wat; false where there is no room. */
function resizeByVectors(
  simd: Kernels,
  pixels: Uint8Array,
  { width }: ImageShape,
  rows: Taps,
  columns: Taps,
  result: Uint8Array,
): boolean {
  const height = rows.first.length;
  const resized = columns.first.length;
  const row = 3 * width;
  const sixteens = (bytes: number) => 16 * Math.ceil(bytes / 16);
  // One after the other: result, weights of the rows, taps of the columns, a row of blended rows, the image's rows.
  const lineBytes = 3 * (columns.end - columns.begin);
  const rowWeights = sixteens(result.length + 1);
  const columnTaps = rowWeights + sixteens(rows.weights.byteLength);
  const line = columnTaps + sixteens(4 * resized * (1 + columns.pairs));
  // What lies behind the last tap is read, with a weight of 0.
  const image = line + 2 * sixteens(lineBytes) + sixteens(12 * columns.pairs + 16);
  const after = image + (rows.end - rows.begin + 2 * rows.pairs) * row + 16;
  if (!simd.reserve(after)) return false;
  const { bytes, words, integers } = simd;
  bytes.set(pixels.subarray(rows.begin * row, rows.end * row), image);
  words.set(rows.weights, rowWeights / 2);
  for (let x = 0, at = columnTaps / 4; x < resized; x++) {
    integers[at++] = 6 * (columns.first[x]! - columns.begin);
    for (let pair = x * columns.pairs; pair < (x + 1) * columns.pairs; pair++) {
      integers[at++] = (columns.weights[2 * pair]! & 0xffff) | (columns.weights[2 * pair + 1]! << 16);
    }
  }
  for (let y = 0; y < height; y++) {
    const from = image + (rows.first[y]! - rows.begin) * row + 3 * columns.begin;
    simd.blendRows(line, from, row, rowWeights + 4 * y * rows.pairs, rows.pairs, lineBytes);
    simd.blendColumns(3 * y * resized, line, columnTaps, columns.pairs, resized);
  }
  result.set(bytes.subarray(0, result.length));
  return true;
}

function resizePlainly(
  pixels: Uint8Array,
  { width, channels }: ImageShape,
  rows: Taps,
  columns: Taps,
  result: Uint8Array,
): void {
  const resized = columns.first.length;
  const row = width * channels;
  const line = new Int16Array(row);
  for (let y = 0, to = 0; y < rows.first.length; y++) {
    for (let at = columns.begin * channels; at < columns.end * channels; at++) {
      line[at] = blend(pixels, rows.first[y]! * row + at, row, rows, y, rowBits);
    }
    for (let x = 0; x < resized; x++) {
      for (let c = 0; c < channels; c++, to++) {
        result[to] = blend(line, columns.first[x]! * channels + c, channels, columns, x, columnBits);
      }
    }
  }
}

/** The weighted sum for pixel `index` of the result, without the last `bits`, rounded. */
function blend(
  numbers: Uint8Array | Int16Array,
  start: number,
  step: number,
  { weights, pairs }: Taps,
  index: number,
  bits: number,
): number {
  let sum = 1 << (bits - 1);
  for (let tap = 2 * pairs * index, at = start; tap < 2 * pairs * (index + 1); tap++, at += step) {
    // Behind the end of the image there is nothing, and a weight of 0.
    if (weights[tap] !== 0) sum += weights[tap]! * numbers[at]!;
  }
  return sum >> bits;
}
