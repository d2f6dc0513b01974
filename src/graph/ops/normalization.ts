// Normalization over [C, ...]: every axis but the first is averaged. Batch normalization (Ioffe and Szegedy 2015).
import { CutoutError } from "../../error.ts";
import { sameShape, sizeOf } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import { expectOperands, reshape, show } from "../shape.ts";
import type {
  Activation,
  CompositeRules,
  PrimitiveRules,
  ReferenceArray,
  Value,
  ValueType,
} from "../types.ts";

/** [C] as [C, 1, ...], to broadcast over x. */
const perChannel = (g: Graph, vector: Value, x: Value) =>
  reshape(
    g,
    vector,
    x.shape.map((extent, axis) => (axis === 0 ? extent : 1)),
  );

const otherAxes = ({ shape }: ValueType) => shape.map((_, axis) => axis).slice(1);
const elementsPerChannel = ({ shape }: ValueType) => sizeOf(shape.slice(1));

function expectChannels(where: string, inputs: readonly ValueType[], count: number): ValueType {
  expectOperands(where, inputs, count);
  const [x, ...vectors] = inputs as [ValueType, ...ValueType[]];
  if (x.shape.length < 2 || vectors.some(({ shape }) => shape.length !== 1 || shape[0] !== x.shape[0])) {
    throw new CutoutError({
      where,
      what: "needs [C, ...] and vectors [C]",
      got: inputs.map(({ shape }) => show(shape)).join(", "),
    });
  }
  return { dtype: x.dtype, shape: x.shape };
}

interface Moments {
  readonly mean: number;
  readonly variance: number;
}

/** Mean and (biased) variance of each channel. */
function momentsOf({ shape, data }: ReferenceArray): Moments[] {
  const extent = data.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, index) => {
    const channel = data.subarray(index * extent, (index + 1) * extent);
    const mean = channel.reduce((sum, x) => sum + x, 0) / extent;
    return { mean, variance: channel.reduce((sum, x) => sum + (x - mean) ** 2, 0) / extent };
  });
}

/** f(x, channel) for every element. */
function mapChannels(
  { shape, data }: ReferenceArray,
  f: (x: number, channel: number) => number,
): Float64Array {
  const extent = data.length / shape[0]!;
  return data.map((x, flat) => f(x, Math.floor(flat / extent)));
}

/**
 * Sums over each channel that a gradient through standardization needs, xhat being standardize(x):
 * sum(dy) and sum(dy xhat), as [C, 1, ...].
 */
function channelSums(g: Graph, dy: Value, xhat: Value) {
  return {
    plain: g.apply("reduceSum", [dy], { axes: otherAxes(dy) }),
    weighted: g.apply("channelDot", [dy, xhat]),
  };
}

/** scale (dy - mean(dy) - xhat mean(dy xhat)), scale being [C, 1, ...]: one pass, and the scale apart. */
function throughStandardization(g: Graph, dy: Value, xhat: Value, scale: Value): Value {
  const { plain, weighted } = channelSums(g, dy, xhat);
  const share = g.scalar(-1 / elementsPerChannel(dy));
  const [slope, shift] = [weighted, plain].map((sum) =>
    reshape(g, g.apply("mul", [sum, share]), [dy.shape[0]!]),
  ) as [Value, Value];
  const inner = g.apply("affine", [xhat, slope, shift, dy], { activation: "identity" });
  return g.apply("mul", [inner, scale]);
}

const activations: { readonly [A in Activation]: (x: number) => number } = {
  identity: (x) => x,
  relu: (x) => (x > 0 ? x : x * 0),
  step: (x) => (x > 0 ? 1 : 0),
  reached: (x) => (x >= 0 ? 1 : 0),
};

/** dy through the activation; null where it stops. */
function throughActivation(g: Graph, activation: Activation, output: Value, dy: Value): Value | null {
  if (activation === "step" || activation === "reached") return null;
  return activation === "identity" ? dy : g.apply("mul", [dy, g.apply("step", [output])]);
}

export const normalizationRules: {
  readonly primitive: Pick<
    PrimitiveRules,
    "standardize" | "inverseDeviation" | "channelMean" | "channelDot" | "affine"
  >;
  readonly composite: Pick<CompositeRules, "batchNorm" | "batchNormInference">;
} = {
  primitive: {
    standardize: {
      infer: (inputs) => expectChannels("standardize", inputs, 1),
      gradient({ g, inputs, attrs, output, dy }) {
        return [throughStandardization(g, dy, output, g.apply("inverseDeviation", [inputs[0]!], attrs))];
      },
      reference([x], { epsilon }) {
        const moments = momentsOf(x!);
        return mapChannels(x!, (value, channel) => {
          const { mean, variance } = moments[channel]!;
          return (value - mean) / Math.sqrt(variance + epsilon);
        });
      },
    },

    inverseDeviation: {
      infer(inputs) {
        const { dtype, shape } = expectChannels("inverseDeviation", inputs, 1);
        return { dtype, shape: shape.map((extent, axis) => (axis === 0 ? extent : 1)) };
      },
      // r = (variance + epsilon)^(-1/2):  dr/dx = -r^2 xhat / M
      gradient({ g, inputs, attrs, output, dy }) {
        const xhat = g.apply("standardize", [inputs[0]!], attrs);
        const square = g.apply("mul", [output, output]);
        const slope = g.apply("mul", [g.apply("mul", [dy, square]), g.scalar(-1 / elementsPerChannel(xhat))]);
        return [g.apply("mul", [xhat, slope])];
      },
      reference: ([x], { epsilon }) =>
        Float64Array.from(momentsOf(x!), ({ variance }) => 1 / Math.sqrt(variance + epsilon)),
    },

    channelMean: {
      infer(inputs) {
        const { dtype, shape } = expectChannels("channelMean", inputs, 1);
        return { dtype, shape: shape.map((extent, axis) => (axis === 0 ? extent : 1)) };
      },
      gradient({ g, inputs, dy }) {
        const share = g.apply("mul", [dy, g.scalar(1 / elementsPerChannel(inputs[0]!))]);
        return [g.apply("broadcast", [share], { shape: inputs[0]!.shape })];
      },
      reference: ([x]) => Float64Array.from(momentsOf(x!), ({ mean }) => mean),
    },

    channelDot: {
      infer(inputs) {
        expectOperands("channelDot", inputs, 2);
        const [a, b] = inputs as [ValueType, ValueType];
        if (a.shape.length < 2 || !sameShape(a.shape, b.shape)) {
          throw new CutoutError({
            where: "channelDot",
            what: "needs [C, ...] twice",
            got: `${show(a.shape)} and ${show(b.shape)}`,
          });
        }
        return { dtype: a.dtype, shape: a.shape.map((extent, axis) => (axis === 0 ? extent : 1)) };
      },
      gradient({ g, inputs, dy }) {
        const [a, b] = inputs as [Value, Value];
        return [g.apply("mul", [b, dy]), g.apply("mul", [a, dy])];
      },
      reference([a, b], _, { shape }) {
        const sums = new Float64Array(shape[0]!);
        const extent = a!.data.length / shape[0]!;
        a!.data.forEach((x, flat) => {
          sums[Math.floor(flat / extent)]! += x * b!.data[flat]!;
        });
        return sums;
      },
    },

    affine: {
      infer(inputs) {
        const [x, , , addend] = inputs;
        if (addend && !sameShape(x!.shape, addend.shape)) {
          throw new CutoutError({
            where: "affine",
            what: `the addend must be ${show(x!.shape)}`,
            got: show(addend.shape),
          });
        }
        return expectChannels("affine", inputs.slice(0, 3), 3);
      },
      gradient({ g, inputs, attrs, output, dy }) {
        const [x, scale, , addend] = inputs as [Value, Value, Value, Value?];
        const through = throughActivation(g, attrs.activation, output, dy);
        if (!through) return inputs.map(() => null);
        const { plain, weighted } = channelSums(g, through, x);
        return [
          g.apply("mul", [through, perChannel(g, scale, x)]),
          reshape(g, weighted, scale.shape),
          reshape(g, plain, scale.shape),
          ...(addend ? [through] : []),
        ];
      },
      reference([x, scale, shift, addend], { activation }) {
        const sums = mapChannels(
          x!,
          (value, channel) => value * scale!.data[channel]! + shift!.data[channel]!,
        );
        return sums.map((sum, flat) => activations[activation](sum + (addend?.data[flat] ?? 0)));
      },
    },
  },

  composite: {
    batchNorm: {
      infer: (inputs) => expectChannels("batchNorm", inputs, 3),
      // xhat = standardize(x), r = 1 / sqrt(variance + epsilon):
      // dgamma = sum(dy xhat),  dbeta = sum(dy),  dx = gamma r (dy - mean(dy) - xhat mean(dy xhat))
      gradient({ g, inputs, attrs, dy }) {
        const [x, gamma] = inputs as [Value, Value, Value];
        const xhat = g.apply("standardize", [x], attrs);
        const inverse = g.apply("inverseDeviation", [x], attrs);
        const { plain, weighted } = channelSums(g, dy, xhat);
        const scale = g.apply("mul", [perChannel(g, gamma, x), inverse]);
        return [
          throughStandardization(g, dy, xhat, scale),
          reshape(g, weighted, gamma.shape),
          reshape(g, plain, gamma.shape),
        ];
      },
      expand(g, inputs, attrs) {
        const [x, gamma, beta] = inputs as [Value, Value, Value];
        return g.apply("affine", [g.apply("standardize", [x], attrs), gamma, beta], {
          activation: "identity",
        });
      },
      reference([x, gamma, beta], { epsilon }) {
        const moments = momentsOf(x!);
        return mapChannels(x!, (value, channel) => {
          const { mean, variance } = moments[channel]!;
          return (
            ((value - mean) / Math.sqrt(variance + epsilon)) * gamma!.data[channel]! + beta!.data[channel]!
          );
        });
      },
    },

    batchNormInference: {
      infer: (inputs) => expectChannels("batchNormInference", inputs, 5),
      gradient({ g, inputs, attrs, dy }) {
        const [x, gamma, , mean, variance] = inputs as [Value, Value, Value, Value, Value];
        const deviation = g.apply("sqrt", [g.apply("add", [variance, g.scalar(attrs.epsilon)])]);
        const scale = g.apply("div", [gamma, deviation]);
        const centered = g.apply("sub", [x, perChannel(g, mean, x)]);
        const { plain, weighted } = channelSums(g, dy, centered);
        const dbeta = reshape(g, plain, gamma.shape);
        const moment = reshape(g, weighted, gamma.shape);
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
      // y = x s + (beta - mean s),  s = gamma / sqrt(variance + epsilon)
      expand(g, inputs, { epsilon }) {
        const [x, gamma, beta, mean, variance] = inputs as [Value, Value, Value, Value, Value];
        const scale = g.apply("div", [
          gamma,
          g.apply("sqrt", [g.apply("add", [variance, g.scalar(epsilon)])]),
        ]);
        const shift = g.apply("sub", [beta, g.apply("mul", [mean, scale])]);
        return g.apply("affine", [x, scale, shift], { activation: "identity" });
      },
      reference: ([x, gamma, beta, mean, variance], { epsilon }) =>
        mapChannels(x!, (value, channel) => {
          const scale = gamma!.data[channel]! / Math.sqrt(variance!.data[channel]! + epsilon);
          return (value - mean!.data[channel]!) * scale + beta!.data[channel]!;
        }),
    },
  },
};

/** Mean and unbiased variance of each channel, [C]: what the running statistics follow, as in PyTorch. */
export function batchStatistics(g: Graph, x: Value, epsilon: number): { mean: Value; variance: Value } {
  const count = elementsPerChannel(x);
  const channels = [x.shape[0]!];
  const inverse = g.apply("inverseDeviation", [x], { epsilon });
  const raised = g.apply("div", [g.scalar(1), g.apply("mul", [inverse, inverse])]);
  const variance = g.apply("sub", [raised, g.scalar(epsilon)]);
  return {
    mean: reshape(g, g.apply("channelMean", [x], { epsilon }), channels),
    variance: reshape(g, g.apply("mul", [variance, g.scalar(count / Math.max(1, count - 1))]), channels),
  };
}
