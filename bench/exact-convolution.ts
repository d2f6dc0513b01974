// A convolution and its gradients at some places, by the sum that defines them, in double precision.
import type { ConvSpec } from "../src/graph/conv/spec.ts";

/** What a convolution and its gradients are computed from. */
export interface Operands {
  readonly spec: ConvSpec;
  /** [C,H,W,N] */
  readonly x: Float32Array;
  /** [K,C/groups,kh,kw] */
  readonly w: Float32Array;
  /** Gradient by the output, [K,Ho,Wo,N]. */
  readonly dy: Float32Array;
}

export const passes = ["forward", "inputGrad", "weightGrad"] as const;

/** What is computed of a convolution: the result, the gradient by its input, the gradient by its weights. */
export type Pass = (typeof passes)[number];

/** Adds the sum at one place to `row`. */
type AddAt = (operands: Operands, place: number, row: Float64Array) => void;

/** Flat index to the indices along axes of these extents, the first axis of any length. */
function unravel(flat: number, ...extents: readonly number[]): number[] {
  const indices: number[] = [];
  let rest = flat;
  for (const extent of extents.toReversed()) {
    indices.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return [rest, ...indices];
}

/** The input's row or column that a tap of the kernel meets at an output's; outside of the image for padding. */
const inputAt = ({ stride, dilation, padding }: ConvSpec, axis: 0 | 1, output: number, tap: number) =>
  output * stride[axis] + tap * dilation[axis] - padding[axis];

/** Both taps of a kernel in turn. */
function forEachTap({ kernel }: ConvSpec, visit: (i: number, j: number, tap: number) => void): void {
  for (let i = 0; i < kernel[0]; i++) for (let j = 0; j < kernel[1]; j++) visit(i, j, i * kernel[1] + j);
}

const inside = (row: number, column: number, size: readonly [number, number]) =>
  row >= 0 && row < size[0] && column >= 0 && column < size[1];

function addScaled(row: Float64Array, factor: number, from: Float32Array, start: number): void {
  for (let n = 0; n < row.length; n++) row[n]! += factor * from[start + n]!;
}

const addForward: AddAt = ({ spec, x, w }, place, row) => {
  const { input, output, kernel, groups, batch } = spec;
  const [k, oy, ox] = unravel(place, ...output) as [number, number, number];
  const inner = spec.inChannels / groups;
  const group = Math.floor(k / (spec.outChannels / groups));
  for (let c = 0; c < inner; c++) {
    forEachTap(spec, (i, j, tap) => {
      const [y, x0] = [inputAt(spec, 0, oy, i), inputAt(spec, 1, ox, j)];
      if (!inside(y, x0, input)) return;
      const start = (((group * inner + c) * input[0] + y) * input[1] + x0) * batch;
      addScaled(row, w[(k * inner + c) * kernel[0] * kernel[1] + tap]!, x, start);
    });
  }
};

const addInputGrad: AddAt = ({ spec, w, dy }, place, row) => {
  const { input, output, kernel, groups, stride, dilation, padding, batch } = spec;
  const [channel, y, x] = unravel(place, ...input) as [number, number, number];
  const [inner, outer] = [spec.inChannels / groups, spec.outChannels / groups];
  const group = Math.floor(channel / inner);
  for (let k = group * outer; k < (group + 1) * outer; k++) {
    forEachTap(spec, (i, j, tap) => {
      const oy = (y + padding[0] - i * dilation[0]) / stride[0];
      const ox = (x + padding[1] - j * dilation[1]) / stride[1];
      if (!Number.isInteger(oy) || !Number.isInteger(ox) || !inside(oy, ox, output)) return;
      const weight = w[(k * inner + (channel % inner)) * kernel[0] * kernel[1] + tap]!;
      addScaled(row, weight, dy, ((k * output[0] + oy) * output[1] + ox) * batch);
    });
  }
};

const addWeightGrad: AddAt = ({ spec, x, dy }, place, row) => {
  const { input, output, groups, batch } = spec;
  const [inner, outer] = [spec.inChannels / groups, spec.outChannels / groups];
  const [k, c, i, j] = unravel(place, inner, ...spec.kernel) as [number, number, number, number];
  const channel = Math.floor(k / outer) * inner + c;
  let sum = 0;
  for (let oy = 0; oy < output[0]; oy++) {
    for (let ox = 0; ox < output[1]; ox++) {
      const [y, x0] = [inputAt(spec, 0, oy, i), inputAt(spec, 1, ox, j)];
      if (!inside(y, x0, input)) continue;
      const from = ((channel * input[0] + y) * input[1] + x0) * batch;
      const to = ((k * output[0] + oy) * output[1] + ox) * batch;
      for (let n = 0; n < batch; n++) sum += x[from + n]! * dy[to + n]!;
    }
  }
  row[0]! += sum;
};

const addAt: { readonly [P in Pass]: AddAt } = {
  forward: addForward,
  inputGrad: addInputGrad,
  weightGrad: addWeightGrad,
};

/**
 * The sums at some places of a pass. A product of two float32 is exact in double precision, so that only the additions
 * round, by about 1e-16.
 * @param places flat indices into the result; of [C,H,W,N] without the last axis: all N images are computed
 * @returns one row after the other: [places, N], of a gradient by weights [places]
 */
export function exactRows(operands: Operands, pass: Pass, places: ArrayLike<number>): Float64Array {
  const length = pass === "weightGrad" ? 1 : operands.spec.batch;
  const rows = new Float64Array(places.length * length);
  for (let at = 0; at < places.length; at++) {
    addAt[pass](operands, places[at]!, rows.subarray(at * length, (at + 1) * length));
  }
  return rows;
}
