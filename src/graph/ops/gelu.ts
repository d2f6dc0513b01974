// The Gaussian error function, and the activation made from it (Hendrycks and Gimpel 2016).
import type { Graph } from "../graph.ts";
import { expectOperands } from "../shape.ts";
import type { CompositeRules, PrimitiveRules, Value } from "../types.ts";

/** 2 / sqrt(pi) exp(-x^2) (x + 2/3 x^3 + 4/15 x^5 + ...): no term takes anything from another. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The share of a standard normal distribution below x: (1 + erf(x / sqrt(2))) / 2. */
function below(g: Graph, x: Value): Value {
  const half = g.apply("mul", [g.apply("erf", [g.apply("mul", [x, g.scalar(Math.SQRT1_2)])]), g.scalar(0.5)]);
  return g.apply("add", [half, g.scalar(0.5)]);
}

export const geluRules: {
  readonly primitive: Pick<PrimitiveRules, "erf">;
  readonly composite: Pick<CompositeRules, "gelu">;
} = {
  primitive: {
    erf: {
      infer(inputs) {
        expectOperands("erf", inputs, 1);
        return { dtype: inputs[0]!.dtype, shape: inputs[0]!.shape };
      },
      // 2 / sqrt(pi) exp(-x^2)
      gradient({ g, inputs, dy }) {
        const [x] = inputs as [Value];
        const bell = g.apply("exp", [g.apply("neg", [g.apply("mul", [x, x])])]);
        return [g.apply("mul", [dy, g.apply("mul", [bell, g.scalar(2 / Math.sqrt(Math.PI))])])];
      },
      reference: ([x]) => x!.data.map(erf),
    },
  },
  composite: {
    gelu: {
      infer(inputs) {
        expectOperands("gelu", inputs, 1);
        return { dtype: inputs[0]!.dtype, shape: inputs[0]!.shape };
      },
      // P(x) + x p(x), p being the density: exp(-x^2 / 2) / sqrt(2 pi)
      gradient({ g, inputs, dy }) {
        const [x] = inputs as [Value];
        const square = g.apply("mul", [x, x]);
        const bell = g.apply("exp", [g.apply("mul", [square, g.scalar(-0.5)])]);
        const density = g.apply("mul", [bell, g.scalar(1 / Math.sqrt(2 * Math.PI))]);
        const slope = g.apply("add", [below(g, x), g.apply("mul", [x, density])]);
        return [g.apply("mul", [dy, slope])];
      },
      expand: (g, [x]) => g.apply("mul", [x!, below(g, x!)]),
      reference: ([x]) => x!.data.map((value) => (value * (1 + erf(value * Math.SQRT1_2))) / 2),
    },
  },
};
