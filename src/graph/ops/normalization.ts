// Batch normalization (Ioffe and Szegedy 2015) over [C, ...]: every axis but the first is averaged.
import type { Graph } from "../graph.ts";
import { expectOperands, reshape, show } from "../shape.ts";
import type { CompositeRules, ReferenceArray, Value, ValueType } from "../types.ts";

type Normalizations = Pick<CompositeRules, "batchNorm" | "batchNormInference">;

/** [C] as [C, 1, 1, 1], to broadcast over x. */
const perChannel = (g: Graph, vector: Value, x: Value) =>
  reshape(
    g,
    vector,
    x.shape.map((extent, axis) => (axis === 0 ? extent : 1)),
  );

const otherAxes = (x: Value) => x.shape.map((_, axis) => axis).slice(1);

/** x - mean, 1 / sqrt(variance + epsilon) of the batch, and the number of elements of a channel. */
export function batchStatistics(g: Graph, x: Value, epsilon: number) {
  const axes = otherAxes(x);
  const count = x.shape.slice(1).reduce((product, extent) => product * extent, 1);
  const mean = g.apply("reduceMean", [x], { axes });
  const centered = g.apply("sub", [x, mean]);
  const squares = g.apply("reduceSumSquare", [centered], { axes });
  const variance = g.apply("mul", [squares, g.scalar(1 / count)]);
  const deviation = g.apply("sqrt", [g.apply("add", [variance, g.scalar(epsilon)])]);
  return { count, mean, centered, variance, inverse: g.apply("div", [g.scalar(1), deviation]) };
}

function expectChannels(where: string, inputs: readonly ValueType[], count: number): ValueType {
  expectOperands(where, inputs, count);
  const [x, ...vectors] = inputs as [ValueType, ...ValueType[]];
  if (x.shape.length < 2 || vectors.some(({ shape }) => shape.length !== 1 || shape[0] !== x.shape[0])) {
    throw new Error(
      `${where}: needs [C, ...] and vectors [C], got ${inputs.map(({ shape }) => show(shape)).join(", ")}`,
    );
  }
  return { dtype: x.dtype, shape: x.shape };
}

function normalized(
  x: ReferenceArray,
  statistics: (channel: Float64Array, index: number) => { mean: number; variance: number },
  gamma: ReferenceArray,
  beta: ReferenceArray,
  epsilon: number,
): Float64Array {
  const extent = x.data.length / x.shape[0]!;
  return x.data.map((value, flat) => {
    const index = Math.floor(flat / extent);
    const { mean, variance } = statistics(x.data.subarray(index * extent, (index + 1) * extent), index);
    return ((value - mean) / Math.sqrt(variance + epsilon)) * gamma.data[index]! + beta.data[index]!;
  });
}

export const normalizationRules: Normalizations = {
  batchNorm: {
    infer: (inputs) => expectChannels("batchNorm", inputs, 3),
    // xhat = (x - mean) r,  r = 1 / sqrt(variance + epsilon),  M elements a channel
    // dgamma = sum(dy xhat),  dbeta = sum(dy),  dx = gamma r (dy - dbeta / M - xhat dgamma / M)
    gradient({ g, inputs, attrs, dy }) {
      const [x, gamma] = inputs as [Value, Value];
      const axes = otherAxes(x);
      const { count, centered, inverse } = batchStatistics(g, x, attrs.epsilon);
      const dbeta = g.apply("reduceSum", [dy], { axes });
      const moment = g.apply("reduceSum", [g.apply("mul", [dy, centered])], { axes });
      const dgamma = g.apply("mul", [moment, inverse]);
      const scale = g.apply("mul", [perChannel(g, gamma, x), inverse]);
      const share = g.scalar(1 / count);
      const slope = g.apply("mul", [g.apply("mul", [dgamma, inverse]), share]);
      const inner = g.apply("sub", [
        g.apply("sub", [dy, g.apply("mul", [dbeta, share])]),
        g.apply("mul", [centered, slope]),
      ]);
      return [
        g.apply("mul", [inner, scale]),
        reshape(g, dgamma, gamma.shape),
        reshape(g, dbeta, gamma.shape),
      ];
    },
    expand(g, inputs, { epsilon }) {
      const [x, gamma, beta] = inputs as [Value, Value, Value];
      const { centered, inverse } = batchStatistics(g, x, epsilon);
      const scale = g.apply("mul", [perChannel(g, gamma, x), inverse]);
      return g.apply("add", [g.apply("mul", [centered, scale]), perChannel(g, beta, x)]);
    },
    reference([x, gamma, beta], { epsilon }) {
      const known = new Map<number, { mean: number; variance: number }>();
      return normalized(
        x!,
        (channel, index) => {
          const found = known.get(index);
          if (found) return found;
          const mean = channel.reduce((sum, value) => sum + value, 0) / channel.length;
          const variance = channel.reduce((sum, value) => sum + (value - mean) ** 2, 0) / channel.length;
          known.set(index, { mean, variance });
          return { mean, variance };
        },
        gamma!,
        beta!,
        epsilon,
      );
    },
  },

  batchNormInference: {
    infer: (inputs) => expectChannels("batchNormInference", inputs, 5),
    gradient({ g, inputs, attrs, dy }) {
      const [x, gamma, , mean, variance] = inputs as [Value, Value, Value, Value, Value];
      const axes = otherAxes(x);
      const deviation = g.apply("sqrt", [g.apply("add", [variance, g.scalar(attrs.epsilon)])]);
      const scale = g.apply("div", [gamma, deviation]);
      const centered = g.apply("sub", [x, perChannel(g, mean, x)]);
      const dbeta = reshape(g, g.apply("reduceSum", [dy], { axes }), gamma.shape);
      const moment = reshape(
        g,
        g.apply("reduceSum", [g.apply("mul", [dy, centered])], { axes }),
        gamma.shape,
      );
      const dvariance = g.apply("div", [
        g.apply("mul", [g.apply("mul", [moment, scale]), g.scalar(-0.5)]),
        g.apply("mul", [deviation, deviation]),
      ]);
      return [
        g.apply("mul", [dy, perChannel(g, scale, x)]),
        g.apply("div", [moment, deviation]),
        dbeta,
        g.apply("neg", [g.apply("mul", [dbeta, scale])]),
        dvariance,
      ];
    },
    // One multiplication and one addition per element: y = x s + (beta - mean s),  s = gamma / sqrt(variance + epsilon)
    expand(g, inputs, { epsilon }) {
      const [x, gamma, beta, mean, variance] = inputs as [Value, Value, Value, Value, Value];
      const scale = g.apply("div", [gamma, g.apply("sqrt", [g.apply("add", [variance, g.scalar(epsilon)])])]);
      const shift = g.apply("sub", [beta, g.apply("mul", [mean, scale])]);
      return g.apply("add", [g.apply("mul", [x, perChannel(g, scale, x)]), perChannel(g, shift, x)]);
    },
    reference: ([x, gamma, beta, mean, variance], { epsilon }) =>
      normalized(
        x!,
        (_, index) => ({ mean: mean!.data[index]!, variance: variance!.data[index]! }),
        gamma!,
        beta!,
        epsilon,
      ),
  },
};
