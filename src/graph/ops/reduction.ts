// Reductions over axes (which stay with extent 1), and softmax.
import { CutoutError } from "../../error.ts";
import { type Shape, sizeOf } from "../../tensor.ts";
import { broadcastStrides, expectOperands, forEachPosition, offsetOf, show } from "../shape.ts";
import type { GradientContext, PrimitiveRules, ReferenceArray, Rule, Value, ValueType } from "../types.ts";

type Reductions = Pick<
  PrimitiveRules,
  "reduceSum" | "reduceMean" | "reduceSumSquare" | "reduceMax" | "softmax" | "logSoftmax"
>;
type Axes = { readonly axes: readonly number[] };
type Axis = { readonly axis: number };

const reducedShape = (shape: Shape, axes: readonly number[]) =>
  shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));

function reduction(
  name: string,
  start: number,
  combine: (sum: number, x: number) => number,
  finish: (sum: number, count: number) => number,
  gradient: (context: GradientContext<Axes>, x: Value, count: number) => Value,
): Rule<Axes> {
  return {
    infer(inputs, { axes }) {
      expectOperands(name, inputs, 1);
      const [x] = inputs as [ValueType];
      if (axes.length === 0 || axes.some((axis) => !(axis >= 0 && axis < x.shape.length))) {
        throw new CutoutError({
          where: name,
          option: "axes",
          what: `must be among those of ${show(x.shape)}`,
          got: show(axes),
        });
      }
      return { dtype: x.dtype, shape: reducedShape(x.shape, axes) };
    },
    gradient: (context) => {
      const x = context.inputs[0]!;
      return [gradient(context, x, sizeOf(x.shape) / sizeOf(context.output.shape))];
    },
    reference([x], _, output) {
      const sums = new Float64Array(sizeOf(output.shape)).fill(start);
      const strides = broadcastStrides(output.shape, x!.shape);
      forEachPosition(x!.shape, (position, flat) => {
        const at = offsetOf(position, strides);
        sums[at] = combine(sums[at]!, x!.data[flat]!);
      });
      const count = sizeOf(x!.shape) / sums.length;
      return sums.map((sum) => finish(sum, count));
    },
  };
}

const spread = ({ g, dy }: GradientContext<Axes>, x: Value) => g.apply("broadcast", [dy], { shape: x.shape });

function softmaxRule(
  name: string,
  finish: (x: number, max: number, sum: number) => number,
  gradient: (context: GradientContext<Axis>) => Value,
): Rule<Axis> {
  return {
    infer(inputs, { axis }) {
      expectOperands(name, inputs, 1);
      const [x] = inputs as [ValueType];
      if (!(axis >= 0 && axis < x.shape.length))
        throw new CutoutError({ where: name, what: `axis ${axis} is not in ${show(x.shape)}` });
      return { dtype: x.dtype, shape: x.shape };
    },
    gradient: (context) => [gradient(context)],
    reference: ([x], { axis }) => alongAxis(x!, axis, finish),
  };
}

function alongAxis(x: ReferenceArray, axis: number, finish: (x: number, max: number, sum: number) => number) {
  const rows = sizeOf(reducedShape(x.shape, [axis]));
  const strides = broadcastStrides(reducedShape(x.shape, [axis]), x.shape);
  const max = new Float64Array(rows).fill(Number.NEGATIVE_INFINITY);
  const sum = new Float64Array(rows);
  const row = new Int32Array(x.data.length);
  forEachPosition(x.shape, (position, flat) => {
    row[flat] = offsetOf(position, strides);
  });
  x.data.forEach((value, flat) => {
    max[row[flat]!] = Math.max(max[row[flat]!]!, value);
  });
  x.data.forEach((value, flat) => {
    sum[row[flat]!]! += Math.exp(value - max[row[flat]!]!);
  });
  return x.data.map((value, flat) => finish(value, max[row[flat]!]!, sum[row[flat]!]!));
}

export const reductionRules: Reductions = {
  reduceSum: reduction(
    "reduceSum",
    0,
    (sum, x) => sum + x,
    (sum) => sum,
    spread,
  ),
  reduceMean: reduction(
    "reduceMean",
    0,
    (sum, x) => sum + x,
    (sum, count) => sum / count,
    (context, x, count) => {
      const { g, dy } = context;
      const share = g.apply("mul", [dy, g.scalar(1 / count)]);
      return g.apply("broadcast", [share], { shape: x.shape });
    },
  ),
  reduceSumSquare: reduction(
    "reduceSumSquare",
    0,
    (sum, x) => sum + x * x,
    (sum) => sum,
    ({ g, dy }, x) => g.apply("mul", [x, g.apply("mul", [dy, g.scalar(2)])]),
  ),
  // Equal maxima share the gradient.
  reduceMax: reduction(
    "reduceMax",
    Number.NEGATIVE_INFINITY,
    Math.max,
    (max) => max,
    ({ g, attrs, output, dy }, x) => {
      const isMax = g.apply("cast", [g.apply("equal", [x, output])], { to: "float32" });
      const ties = g.apply("reduceSum", [isMax], attrs);
      return g.apply("mul", [isMax, g.apply("div", [dy, ties])]);
    },
  ),
  // dx = y (dy - sum(dy y))
  softmax: softmaxRule(
    "softmax",
    (x, max, sum) => Math.exp(x - max) / sum,
    ({ g, attrs, output, dy }) => {
      const dot = g.apply("reduceSum", [g.apply("mul", [dy, output])], { axes: [attrs.axis] });
      return g.apply("mul", [output, g.apply("sub", [dy, dot])]);
    },
  ),
  // dx = dy - softmax(x) sum(dy)
  logSoftmax: softmaxRule(
    "logSoftmax",
    (x, max, sum) => x - max - Math.log(sum),
    ({ g, attrs, inputs, dy }) => {
      const sum = g.apply("reduceSum", [dy], { axes: [attrs.axis] });
      return g.apply("sub", [dy, g.apply("mul", [g.apply("softmax", [inputs[0]!], attrs), sum])]);
    },
  ),
};
