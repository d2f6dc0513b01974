// Local response normalization across channels (Krizhevsky et al. 2012, section 3.3).
import { CutoutError } from "../../error.ts";
import { sizeOf } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import { expectOperands, reshape, show } from "../shape.ts";
import type { CompositeAttrs, CompositeRules, Value, ValueType } from "../types.ts";

type Settings = CompositeAttrs["localResponseNorm"];

/**
 * The mean over each channel and its neighbours of x [C, ...], channels outside counting as 0: one product with a band.
 * The band is symmetric, so this is its own gradient.
 */
function neighbours(g: Graph, x: Value, size: number): Value {
  const channels = x.shape[0]!;
  const reach = (size - 1) / 2;
  const band = Float32Array.from({ length: channels * channels }, (_, at) =>
    Math.abs(Math.floor(at / channels) - (at % channels)) <= reach ? 1 / size : 0,
  );
  const rows = reshape(g, x, [channels, sizeOf(x.shape.slice(1))]);
  const means = g.apply("matmul", [g.constant("float32", [channels, channels], band), rows], {
    transposeA: false,
    transposeB: false,
  });
  return reshape(g, means, x.shape);
}

/** s = k + alpha mean(x^2), and s^(-beta). */
function divisor(g: Graph, x: Value, { size, alpha, beta, k }: Settings) {
  const mean = neighbours(g, g.apply("mul", [x, x]), size);
  const sum = g.apply("add", [g.apply("mul", [mean, g.scalar(alpha)]), g.scalar(k)]);
  return { sum, power: g.apply("exp", [g.apply("mul", [g.apply("log", [sum]), g.scalar(-beta)])]) };
}

export const localResponseNormRules: Pick<CompositeRules, "localResponseNorm"> = {
  localResponseNorm: {
    infer(inputs, { size }) {
      expectOperands("localResponseNorm", inputs, 1);
      const [{ dtype, shape }] = inputs as [ValueType];
      if (size % 2 !== 1 || shape.length < 2) {
        const got = `${size} and ${show(shape)}`;
        throw new CutoutError({ where: "localResponseNorm", what: "needs an odd size and [C, ...]", got });
      }
      return { dtype, shape };
    },
    // y = x s^-beta:  dx = dy s^-beta - 2 alpha beta x mean(dy y / s)
    gradient({ g, inputs, attrs, output, dy }) {
      const [x] = inputs as [Value];
      const { sum, power } = divisor(g, x, attrs);
      const shares = neighbours(g, g.apply("div", [g.apply("mul", [dy, output]), sum]), attrs.size);
      const slope = g.apply("mul", [g.apply("mul", [x, shares]), g.scalar(2 * attrs.alpha * attrs.beta)]);
      return [g.apply("sub", [g.apply("mul", [dy, power]), slope])];
    },
    expand: (g, [x], attrs) => g.apply("mul", [x!, divisor(g, x!, attrs).power]),
    reference([x], { size, alpha, beta, k }) {
      const channels = x!.shape[0]!;
      const extent = x!.data.length / channels;
      const reach = (size - 1) / 2;
      return x!.data.map((value, flat) => {
        const channel = Math.floor(flat / extent);
        let squares = 0;
        for (let near = Math.max(0, channel - reach); near <= Math.min(channels - 1, channel + reach); near++)
          squares += x!.data[near * extent + (flat % extent)]! ** 2;
        return value / (k + (alpha / size) * squares) ** beta;
      });
    },
  },
};
