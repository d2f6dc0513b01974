// The gradient of max pooling over [C, H, W, N] without a scatter: dy is dealt to the positions of the window, and
// every pixel adds up what it got as one position or another.
import { sizeOf } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import { reshape } from "../shape.ts";
import type { Pool2dAttrs, Value } from "../types.ts";
import { padSides, type Window, windowIndices } from "../window.ts";

type Range = readonly [start: number, end: number];

/** What is dealt to each position of the window, in row order: [channels, outputs (+ 1), N] each. */
interface Dealt {
  readonly positions: readonly Value[];
  /** Where in them there is a zero; null where it is not needed. */
  readonly zero: number | null;
}

/**
 * The gradient takes many passes over arrays of y's size. Done for a few channels at a time they stay in the cache,
 * which is more than twice as fast as main memory: this many elements at once.
 */
const elementsAtOnce = 2 ** 22;

function channelRanges({ shape }: Value): Range[] {
  const channels = shape[0]!;
  const atOnce = Math.max(1, Math.floor((elementsAtOnce * channels) / sizeOf(shape)));
  return Array.from({ length: Math.ceil(channels / atOnce) }, (_, index) => [
    index * atOnce,
    Math.min(channels, (index + 1) * atOnce),
  ]);
}

const extents = ({ shape }: Value) => shape as readonly [number, number, number, number];

/** Each channel's pixels as rows: [C, H, W, N] -> [C * H * W, N]. */
function pixelRows(g: Graph, x: Value): Value {
  const [channels, height, width, count] = extents(x);
  return reshape(g, x, [channels * height * width, count]);
}

/** Pixels of some channels, of rows that have `pixels` for each channel: [channels, places, N]. */
function pick(
  g: Graph,
  rows: Value,
  [start, end]: Range,
  pixels: number,
  places: Int32Array,
  zeroRow: number,
): Value {
  const all = new Int32Array((end - start) * places.length);
  for (let channel = start; channel < end; channel++) {
    const at = (channel - start) * places.length;
    places.forEach((place, index) => {
      all[at + index] = place < 0 ? zeroRow : channel * pixels + place;
    });
  }
  const same = all.length === rows.shape[0] && all.every((row, index) => row === index);
  const picked = same ? rows : g.apply("gather", [rows, g.constant("int32", [all.length], all)], { axis: 0 });
  return reshape(g, picked, [end - start, places.length, rows.shape[1]!]);
}

/**
 * dy of some channels dealt to the window positions: each output's share goes to the first position that holds its
 * maximum, in row order.
 * @param withZero whether one more output is to be added, to which nothing was given
 */
export function dealToFirstMaximum(
  g: Graph,
  [x, y, dy]: readonly [Value, Value, Value],
  { kernel, stride, padding }: Pool2dAttrs,
  range: Range,
  withZero: boolean,
): Dealt {
  const padded = padSides(g, x, padding, Number.NEGATIVE_INFINITY);
  const [channels, height, width] = extents(padded);
  const [, outHeight, outWidth] = extents(y);
  const outputs = outHeight * outWidth;
  const window: Window = { kernel, stride, padding: [0, 0, 0, 0], dilation: [1, 1] };
  const indices = windowIndices(window, [height, width], [outHeight, outWidth]);
  const more = (places: Int32Array, last: number) => (withZero ? Int32Array.from([...places, last]) : places);

  const every = Int32Array.from({ length: outputs }, (_, index) => index);
  const maxima = pick(g, pixelRows(g, y), range, outputs, more(every, 0), 0);
  const rows = pixelRows(g, dy);
  const slopes = withZero ? g.apply("pad", [rows], { before: [0, 0], after: [1, 0], value: 0 }) : rows;
  let remaining = pick(g, slopes, range, outputs, more(every, -1), channels * outputs);

  const count = range[1] - range[0];
  const constant = (value: number) => g.constant("float32", [count], new Float32Array(count).fill(value));
  const positions = Array.from({ length: kernel[0] * kernel[1] }, (_, position) => {
    if (position === kernel[0] * kernel[1] - 1) return remaining;
    const places = more(indices.subarray(position * outputs, (position + 1) * outputs), 0);
    const part = pick(g, pixelRows(g, padded), range, height * width, places, 0);
    const isMaximum = g.apply("affine", [maxima, constant(-1), constant(0), part], { activation: "reached" });
    const dealt = g.apply("mul", [remaining, isMaximum]);
    remaining = g.apply("sub", [remaining, dealt]);
    return dealt;
  });
  return { positions, zero: withZero ? outputs : null };
}

/** Pixels that stand at the same place between the strides: they get their sums from the same window positions. */
interface Phase {
  readonly pixels: readonly number[];
  /** For each of these window positions, the output from which each of the pixels gets something; -1 for none. */
  readonly sources: readonly { readonly position: number; readonly outputs: Int32Array }[];
}

const upTo = (count: number, start = 0, step = 1) =>
  Array.from({ length: Math.max(0, Math.ceil((count - start) / step)) }, (_, index) => start + index * step);

function phasesOf(x: Value, y: Value, { kernel, stride, padding }: Pool2dAttrs): Phase[] {
  const [, height, width] = extents(x);
  const [, outHeight, outWidth] = extents(y);
  // The output whose window has this pixel at this place, along one axis.
  const along = (pixel: number, place: number, axis: 0 | 1, outputs: number) => {
    const output = (pixel + padding[axis] - place) / stride[axis];
    return output >= 0 && output < outputs ? output : -1;
  };
  const phases = upTo(stride[0]).flatMap((down) =>
    upTo(stride[1]).map((right) => {
      const rows = upTo(height).filter((row) => (row + padding[0]) % stride[0] === down);
      const columns = upTo(width).filter((column) => (column + padding[1]) % stride[1] === right);
      const sources = upTo(kernel[0], down, stride[0]).flatMap((i) =>
        upTo(kernel[1], right, stride[1]).map((j) => ({
          position: i * kernel[1] + j,
          outputs: Int32Array.from(
            rows.flatMap((row) => {
              const y = along(row, i, 0, outHeight);
              return columns.map((column) => {
                const x = along(column, j, 1, outWidth);
                return y < 0 || x < 0 ? -1 : y * outWidth + x;
              });
            }),
          ),
        })),
      );
      return { pixels: rows.flatMap((row) => columns.map((column) => row * width + column)), sources };
    }),
  );
  return phases.filter(({ pixels }) => pixels.length > 0);
}

/** The gradient by x, where y is the maximum over each window. */
export function maxPoolGradient(g: Graph, x: Value, y: Value, dy: Value, attrs: Pool2dAttrs): Value {
  const [, height, width, count] = extents(x);
  const phases = phasesOf(x, y, attrs);
  const withZero = phases.some(({ sources }) => sources.some(({ outputs }) => outputs.includes(-1)));
  const parts = channelRanges(y).map((range) => {
    const channels = range[1] - range[0];
    const { positions, zero } = dealToFirstMaximum(g, [x, y, dy], attrs, range, withZero);
    const order = new Int32Array(height * width);
    let at = 0;
    const sums = phases.map(({ pixels, sources }) => {
      // Where one position gives to every pixel in its order, its deal is taken as it is, zero included.
      const [only] = sources;
      const whole = sources.length === 1 && only!.outputs.every((output, index) => output === index);
      const dealt = sources.map(({ position, outputs }) =>
        whole
          ? positions[position]!
          : g.apply(
              "gather",
              [
                positions[position]!,
                g.constant(
                  "int32",
                  [outputs.length],
                  outputs.map((output) => (output < 0 ? zero! : output)),
                ),
              ],
              { axis: 1 },
            ),
      );
      const sum =
        dealt.length === 0
          ? g.apply("broadcast", [g.scalar(0)], { shape: [channels, pixels.length, count] })
          : dealt.reduce((total, part) => g.apply("add", [total, part]));
      pixels.forEach((pixel, index) => {
        order[pixel] = at + index;
      });
      at += sum.shape[1]!;
      return sum;
    });
    const together = sums.length === 1 ? sums[0]! : g.apply("concat", sums, { axis: 1 });
    const image = g.apply("gather", [together, g.constant("int32", [order.length], order)], { axis: 1 });
    return reshape(g, image, [channels, height, width, count]);
  });
  return parts.length === 1 ? parts[0]! : g.apply("concat", parts, { axis: 0 });
}
