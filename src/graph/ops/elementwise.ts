// Operators that treat each element alone: one operand, two that broadcast, choice and casts.
import { CutoutError } from "../../error.ts";
import { sizeOf } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import {
  broadcastShapes,
  broadcastStrides,
  expectOperands,
  forEachPosition,
  offsetOf,
  sumTo,
} from "../shape.ts";
import type { None, PrimitiveRules, ReferenceArray, Rule, Value, ValueType } from "../types.ts";

type Elementwise = Pick<
  PrimitiveRules,
  | "neg"
  | "abs"
  | "sign"
  | "step"
  | "exp"
  | "log"
  | "sqrt"
  | "relu"
  | "sigmoid"
  | "tanh"
  | "add"
  | "sub"
  | "mul"
  | "div"
  | "maximum"
  | "minimum"
  | "greater"
  | "equal"
  | "where"
  | "cast"
>;

const binary = (g: Graph, op: "add" | "sub" | "mul" | "div", a: Value, b: Value) => g.apply(op, [a, b]);

/** y = f(x), with the gradient written from x, y and dy. */
function unary(
  name: string,
  f: (x: number) => number,
  gradient: "zero" | ((g: Graph, x: Value, y: Value, dy: Value) => Value),
): Rule<None> {
  return {
    infer(inputs) {
      expectOperands(name, inputs, 1);
      return { dtype: inputs[0]!.dtype, shape: inputs[0]!.shape };
    },
    gradient:
      gradient === "zero" ? "zero" : ({ g, inputs, output, dy }) => [gradient(g, inputs[0]!, output, dy)],
    reference: ([x]) => x!.data.map(f),
  };
}

/** z = f(a, b) with broadcasting; the gradients are summed back to the operands' shapes. */
function broadcasting(
  name: string,
  f: (a: number, b: number) => number,
  gradient: "zero" | ((g: Graph, a: Value, b: Value, dy: Value, z: Value) => readonly [Value, Value]),
  resultType?: ValueType["dtype"],
): Rule<None> {
  return {
    infer(inputs) {
      expectOperands(name, inputs, 2);
      const [a, b] = inputs as [ValueType, ValueType];
      if (a.dtype !== b.dtype)
        throw new CutoutError({
          where: name,
          option: "dtypes",
          what: "must agree",
          got: `${a.dtype} and ${b.dtype}`,
        });
      return { dtype: resultType ?? a.dtype, shape: broadcastShapes(name, a.shape, b.shape) };
    },
    gradient:
      gradient === "zero"
        ? "zero"
        : ({ g, inputs, output, dy }) => {
            const [a, b] = inputs as [Value, Value];
            const [da, db] = gradient(g, a, b, dy, output);
            return [sumTo(g, da, a.shape), sumTo(g, db, b.shape)];
          },
    reference: (inputs, _, output) => mapBroadcast(inputs, output, ([a, b]) => f(a!, b!)),
  };
}

function mapBroadcast(
  inputs: readonly ReferenceArray[],
  output: ValueType,
  f: (operands: readonly number[]) => number,
): Float64Array {
  const result = new Float64Array(sizeOf(output.shape));
  const strides = inputs.map((input) => broadcastStrides(input.shape, output.shape));
  forEachPosition(output.shape, (position, flat) => {
    result[flat] = f(inputs.map((input, index) => input.data[offsetOf(position, strides[index]!)]!));
  });
  return result;
}

/** The gradient of a choice: it flows to the operand that was taken. */
function chosen(g: Graph, takeA: Value, dy: Value): readonly [Value, Value] {
  const zero = g.scalar(0);
  return [g.apply("where", [takeA, dy, zero]), g.apply("where", [takeA, zero, dy])];
}

/**
 * dy where y is positive. Max pooling gives only to pixels that are as large as their maximum, so after it the slope
 * of the maximum does for all of them, which are a fraction of the pixels.
 */
function throughRelu(g: Graph, y: Value, dy: Value): Value {
  const sloped = (of: Value, slopes: Value) => binary(g, "mul", slopes, g.apply("step", [of]));
  const { source } = dy;
  if (source.kind !== "operation" || source.op !== "maxPool2dGrad" || source.inputs[0] !== y) {
    return sloped(y, dy);
  }
  const [, maxima, slopes] = source.inputs as [Value, Value, Value];
  return g.apply("maxPool2dGrad", [y, maxima, sloped(maxima, slopes)], source.attrs);
}

export const elementwiseRules: Elementwise = {
  neg: unary(
    "neg",
    (x) => -x,
    (g, _x, _y, dy) => g.apply("neg", [dy]),
  ),
  abs: unary("abs", Math.abs, (g, x, _y, dy) => binary(g, "mul", dy, g.apply("sign", [x]))),
  sign: unary("sign", Math.sign, "zero"),
  step: unary("step", (x) => (x > 0 ? 1 : 0), "zero"),
  exp: unary("exp", Math.exp, (g, _x, y, dy) => binary(g, "mul", dy, y)),
  log: unary("log", Math.log, (g, x, _y, dy) => binary(g, "div", dy, x)),
  sqrt: unary("sqrt", Math.sqrt, (g, _x, y, dy) => binary(g, "div", binary(g, "mul", dy, g.scalar(0.5)), y)),
  relu: unary(
    "relu",
    (x) => (x > 0 ? x : x * 0),
    (g, _x, y, dy) => throughRelu(g, y, dy),
  ),
  // s' = s (1 - s)
  sigmoid: unary(
    "sigmoid",
    (x) => 1 / (1 + Math.exp(-x)),
    (g, _x, y, dy) => binary(g, "mul", dy, binary(g, "mul", y, binary(g, "sub", g.scalar(1), y))),
  ),
  // tanh' = 1 - tanh^2
  tanh: unary("tanh", Math.tanh, (g, _x, y, dy) =>
    binary(g, "mul", dy, binary(g, "sub", g.scalar(1), binary(g, "mul", y, y))),
  ),

  add: broadcasting(
    "add",
    (a, b) => a + b,
    (_g, _a, _b, dy) => [dy, dy],
  ),
  sub: broadcasting(
    "sub",
    (a, b) => a - b,
    (g, _a, _b, dy) => [dy, g.apply("neg", [dy])],
  ),
  mul: broadcasting(
    "mul",
    (a, b) => a * b,
    (g, a, b, dy) => [binary(g, "mul", dy, b), binary(g, "mul", dy, a)],
  ),
  // d(a/b) = da / b - (a/b) db / b
  div: broadcasting(
    "div",
    (a, b) => a / b,
    (g, _a, b, dy, z) => {
      const da = binary(g, "div", dy, b);
      return [da, g.apply("neg", [binary(g, "mul", da, z)])];
    },
  ),
  // At a tie the gradient flows to b.
  maximum: broadcasting("maximum", Math.max, (g, a, b, dy) => chosen(g, g.apply("greater", [a, b]), dy)),
  minimum: broadcasting("minimum", Math.min, (g, a, b, dy) => chosen(g, g.apply("greater", [b, a]), dy)),
  greater: broadcasting("greater", (a, b) => (a > b ? 1 : 0), "zero", "bool"),
  equal: broadcasting("equal", (a, b) => (a === b ? 1 : 0), "zero", "bool"),

  where: {
    infer(inputs) {
      expectOperands("where", inputs, 3);
      const [condition, a, b] = inputs as [ValueType, ValueType, ValueType];
      if (condition.dtype !== "bool" || a.dtype !== b.dtype) {
        throw new CutoutError({
          where: "where",
          what: "takes (bool, T, T)",
          got: `(${condition.dtype}, ${a.dtype}, ${b.dtype})`,
        });
      }
      const shape = broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape));
      return { dtype: a.dtype, shape };
    },
    gradient({ g, inputs, dy }) {
      const [condition, a, b] = inputs as [Value, Value, Value];
      const [da, db] = chosen(g, condition, dy);
      return [null, sumTo(g, da, a.shape), sumTo(g, db, b.shape)];
    },
    reference: (inputs, _, output) =>
      mapBroadcast(inputs, output, ([condition, a, b]) => (condition! ? a! : b!)),
  },

  cast: {
    infer(inputs, { to }) {
      expectOperands("cast", inputs, 1);
      return { dtype: to, shape: inputs[0]!.shape };
    },
    gradient: ({ inputs, attrs, dy }) => [
      inputs[0]!.dtype === "float32" && attrs.to === "float32" ? dy : null,
    ],
    reference: ([x], { to }) =>
      x!.data.map(to === "bool" ? (v) => (v === 0 ? 0 : 1) : to === "float32" ? (v) => v : Math.trunc),
  },
};
