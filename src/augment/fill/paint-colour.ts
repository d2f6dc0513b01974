// Holes of one colour, painted into images: the inner loops.
import { forEachRun, type Hole } from "../cutout/hole.ts";
import { type ImageLayout, imageStrides, type PixelArray } from "../image/layout.ts";

/** Paints a hole of the image that begins at `offset`, with `values[c]` in channel c. */
export type HolePainter = (target: PixelArray, offset: number, hole: Hole, values: ArrayLike<number>) => void;

/** Fills a run of numbers of every line from `start` to `end`, `stride` numbers apart; `width` is at least 1. */
type FillLines = (start: number, end: number, stride: number, width: number, value: number) => void;

/** From this many bytes on, the engine's own fill is faster than a loop. */
const longRun = 48;

/** Prepares what all images of one shape share. */
export function holePainter(shape: ImageLayout): HolePainter {
  const { row, column, channel } = imageStrides(shape);
  const { channels } = shape;
  // A batch is painted image by image: views of it are made once.
  let prepared: PixelArray | null = null;
  let fillLines: FillLines = () => {};
  const paint = (offset: number, hole: Hole, width: number, value: number) => {
    const { top, bottom, left, right, runs } = hole;
    if (runs === undefined) {
      if (right === left) return;
      const start = offset + left * width;
      fillLines(start + top * row, start + bottom * row, row, (right - left) * width, value);
      return;
    }
    for (let index = 0; index < runs.length; index += 3) {
      const start = offset + runs[index]! * row + runs[index + 1]! * width;
      const length = (runs[index + 2]! - runs[index + 1]!) * width;
      if (length > 0) fillLines(start, start + 1, 1, length, value);
    }
  };
  return (target, offset, hole, values) => {
    if (target !== prepared) {
      prepared = target;
      fillLines = target instanceof Float32Array ? fillFloats(target) : fillBytes(target);
    }
    if (column === 1) {
      for (let c = 0; c < channels; c++) paint(offset + c * channel, hole, 1, values[c]!);
      return;
    }
    let grey = true;
    for (let c = 1; c < channels; c++) grey &&= values[c] === values[0];
    if (grey) paint(offset, hole, channels, values[0]!);
    else {
      forEachRun(hole, (y, start, end) => {
        const line = offset + y * row;
        const last = line + end * channels;
        for (let at = line + start * channels; at < last; at += channels) {
          for (let c = 0; c < channels; c++) target[at + c] = values[c]!;
        }
      });
    }
  };
}

function fillBytes(target: Uint8Array): FillLines {
  return (start, end, stride, width, value) => {
    for (let line = start; line < end; line += stride) {
      if (width >= longRun) target.fill(value, line, line + width);
      else for (let at = line; at < line + width; at++) target[at] = value;
    }
  };
}

const twice = new Float64Array(1);
const twoFloats = new Float32Array(twice.buffer);

/** Writes floats two at a time, as if they were doubles. */
function fillFloats(target: Float32Array): FillLines {
  // The views begin at a multiple of eight bytes, which may be one float earlier.
  const earlier = (target.byteOffset >> 2) & 1;
  const begin = target.byteOffset - 4 * earlier;
  const numbers = target.length + earlier;
  const bits = new Int32Array(target.buffer, begin, numbers);
  const pairs = new Float64Array(target.buffer, begin, numbers >> 1);
  return (start, end, stride, width, value) => {
    twoFloats[0] = value;
    twoFloats[1] = value;
    if (!Number.isFinite(twoFloats[0])) {
      // Such a pair would be no number as a double, whose bits an engine may change.
      for (let line = start; line < end; line += stride) target.fill(value, line, line + width);
      return;
    }
    fillPairs(bits, pairs, start + earlier, end + earlier, stride, width, twice[0]!);
  };
}

const pairBits = new Int32Array(twice.buffer);

/** A plain function of integers: as a closure it runs at half the speed once there is a second target. */
function fillPairs(
  bits: Int32Array,
  pairs: Float64Array,
  start: number,
  end: number,
  stride: number,
  width: number,
  pair: number,
): void {
  const bit = pairBits[0]!;
  for (let line = start | 0; line < end; line = (line + stride) | 0) {
    const after = (line + width) | 0;
    bits[line] = bit;
    bits[after - 1] = bit;
    const stop = after >> 1;
    for (let at = (line + 1) >> 1; at < stop; at = (at + 1) | 0) pairs[at] = pair;
  }
}
