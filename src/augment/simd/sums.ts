// Sums of many numbers.
import type { PixelArray } from "../image/layout.ts";
import { instantiate } from "./instance.ts";
import { sumsModule } from "./sums-module.ts";

/** Functions of sums.wat, which says what they do. Addresses are bytes of the memory. */
interface Functions {
  sumFloats(start: number, end: number): number;
  sumBytes(start: number, end: number): number;
}

/** The functions, and their memory whole, as bytes and floats. */
interface VectorSums extends Functions {
  readonly bytes: Uint8Array;
  readonly floats: Float32Array;
}

let loaded: VectorSums | null | undefined;

/** One for each thread; null where there is no WebAssembly with vectors. */
export function vectorSums(): VectorSums | null {
  if (loaded === undefined) {
    const exports = instantiate<Functions>(sumsModule);
    loaded = exports && {
      sumFloats: exports.sumFloats,
      sumBytes: exports.sumBytes,
      bytes: new Uint8Array(exports.memory.buffer),
      floats: new Float32Array(exports.memory.buffer),
    };
  }
  return loaded;
}

/** So many numbers are summed at once; what is copied for that stays in the processor's nearest cache. */
const pieceNumbers = 8192;
/** After so many, the single-precision sums go into the totals. A piece is a multiple of it. */
const blockNumbers = 1024;
const lanes = 16;

/**
 * Sum of numbers [start, end) of an array. Bytes exactly; floats to about 7 digits, and the same bits wherever it runs:
 * number i is added to sum i mod 16 in single precision, these every 1024 numbers in double precision.
 * @param simd null: by the plain loops
 */
export function sumOf(
  numbers: PixelArray,
  start: number,
  end: number,
  simd: VectorSums | null = vectorSums(),
): number {
  const whole = end - ((end - start) % lanes);
  let sum = 0;
  for (let at = start; at < whole; at += pieceNumbers) {
    sum += sumOfPiece(numbers, at, Math.min(whole, at + pieceNumbers), simd);
  }
  for (let at = whole; at < end; at++) sum += numbers[at]!;
  // Single precision ends at 3.4e38, which sums may reach before the numbers do.
  return Number.isFinite(sum) ? sum : sumInDoubles(numbers, start, end);
}

function sumOfPiece(numbers: PixelArray, start: number, end: number, simd: VectorSums | null): number {
  if (numbers instanceof Uint8Array) {
    if (simd === null) return sumInDoubles(numbers, start, end);
    simd.bytes.set(numbers.subarray(start, end));
    return simd.sumBytes(0, end - start);
  }
  if (simd === null) return sumInLanes(numbers, start, end);
  simd.floats.set(numbers.subarray(start, end));
  return simd.sumFloats(0, 4 * (end - start));
}

/** `sumFloats` of sums.wat, number by number. */
function sumInLanes(numbers: Float32Array, start: number, end: number): number {
  const sums = new Float32Array(lanes);
  let even = 0;
  let odd = 0;
  for (let block = start; block < end; block += blockNumbers) {
    sums.fill(0);
    const stop = Math.min(end, block + blockNumbers);
    for (let at = block; at < stop; at++) sums[(at - start) % lanes]! += numbers[at]!;
    for (let lane = 0; lane < lanes; lane += 2) {
      even += sums[lane]!;
      odd += sums[lane + 1]!;
    }
  }
  return even + odd;
}

function sumInDoubles(numbers: PixelArray, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += numbers[at]!;
  return sum;
}
