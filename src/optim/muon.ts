// Muon (Jordan et al. 2024): filters move along their momentum made orthogonal; all else has another optimizer.
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import { sizeOf } from "../tensor.ts";
import { adamw } from "./adam.ts";
import { mixture, scaledSum, shrunk } from "./arithmetic.ts";
import { checkOption, type Optimized, type OptimizerRule, type UpdateArguments } from "./rule.ts";
import { sgd } from "./sgd.ts";

export interface MuonOptions {
  readonly name: "muon";
  /** 0 to 1, 1 not included. */
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Newton-Schulz steps: how nearly orthogonal an update is. */
  readonly steps: number;
  /**
   * Of the weights themselves, times the learning rate: all parameters shrink alike, whatever their own rate, but with the
   * companion SGD, whose momentum has the decay in it too, those of the companion 1 / (1 - momentum) times as fast.
   */
  readonly weightDecay: number;
  readonly decayBiasAndNorm: boolean;
  /** Whether filters are scaled to the norm sqrt(C_out) before each update, as in airbench94. */
  readonly normalizeFilters: boolean;
  /** The optimizer of what is no filter: biases, normalization, linear layers. */
  readonly companion: "adamw" | "sgd";
  /** Its learning rate as a multiple of the schedule's. */
  readonly companionRate: number;
  /** The same for biases and normalization; null: `companionRate`. */
  readonly biasRate: number | null;
  /** Its momentum: Nesterov's of SGD, the first beta of AdamW. */
  readonly companionMomentum: number;
}

/** Convolution filters; a linear layer ends most networks, and Muon is not meant for the last layer. */
const isFilter = ({ shape, role }: Optimized): boolean => role === "weight" && shape.length === 4;

/** The companion AdamW's other numbers, as the authors have them. */
const companionAdamW = { secondBeta: 0.95, epsilon: 1e-10 };

/** The quintic a x + b x^3 + c x^5 that takes singular values from (0, 1] to about 1 fastest. */
const [a, b, c] = [3.4445, -4.775, 2.0315];

/** |x| as [1]. */
function norm(g: Graph, x: Value): Value {
  const square = g.apply("reduceSumSquare", [x], { axes: [...x.shape.keys()] });
  return g.apply("sqrt", [g.apply("reshape", [square], { shape: [1] })]);
}

/**
 * An approximation of the nearest matrix with orthonormal rows (or columns, where there are fewer): the Newton-Schulz
 * iteration X' = a X + (b A + c A^2) X with A = X X^T, in the smaller of the two products.
 */
function orthogonalized(g: Graph, matrix: Value, steps: number): Value {
  const [rows, columns] = matrix.shape as [number, number];
  const tall = rows > columns;
  let x = g.apply("div", [matrix, g.apply("add", [norm(g, matrix), g.scalar(1e-7)])]);
  for (let step = 0; step < steps; step++) {
    const gram = g.apply("matmul", [x, x], { transposeA: tall, transposeB: !tall });
    const plain = { transposeA: false, transposeB: false };
    const powers = scaledSum(g, c, g.apply("matmul", [gram, gram], plain), times(g, gram, b));
    const next = g.apply("matmul", tall ? [x, powers] : [powers, x], plain);
    x = scaledSum(g, a, x, next);
  }
  return x;
}

const times = (g: Graph, x: Value, factor: number): Value => g.apply("mul", [x, g.scalar(factor)]);

/** d = orthogonalized(m') max(1, rows / columns)^(1/2), m' the mean of the gradients (or Nesterov's form of it). */
function filterUpdate(
  g: Graph,
  { parameter, gradient, slots, learningRate }: UpdateArguments,
  { momentum, nesterov, steps, weightDecay, normalizeFilters }: MuonOptions,
) {
  const { shape } = parameter;
  const matrix = [shape[0]!, sizeOf(shape.slice(1))] as const;
  const next = mixture(g, momentum, slots.momentum!, gradient);
  const direction = nesterov ? mixture(g, momentum, next, gradient) : next;
  const flat = g.apply("reshape", [direction], { shape: matrix });
  const scale = Math.sqrt(Math.max(1, matrix[0] / matrix[1]));
  const turned = g.apply("reshape", [orthogonalized(g, flat, steps)], { shape });
  const rate = times(g, learningRate, scale);
  const start = normalizeFilters
    ? g.apply("mul", [parameter, g.apply("div", [g.scalar(Math.sqrt(shape[0]!)), norm(g, parameter)])])
    : shrunk(g, parameter, learningRate, weightDecay);
  const moved = g.apply("sub", [start, g.apply("mul", [turned, rate])]);
  return { parameter: moved, slots: { momentum: next } };
}

/** The companion with its options for a parameter, and what its learning rate is multiplied by. */
function companionOf(of: Optimized, options: MuonOptions) {
  const { companion, companionRate, biasRate, companionMomentum, weightDecay, decayBiasAndNorm } = options;
  const factor = of.role === "weight" ? companionRate : (biasRate ?? companionRate);
  const decay = { weightDecay: weightDecay / factor, decayBiasAndNorm };
  return companion === "adamw"
    ? ({
        factor,
        rule: adamw,
        options: {
          name: "adamw",
          betas: [companionMomentum, companionAdamW.secondBeta],
          epsilon: companionAdamW.epsilon,
          ...decay,
        },
      } as const)
    : ({
        factor,
        rule: sgd,
        options: { name: "sgd", momentum: companionMomentum, nesterov: companionMomentum > 0, ...decay },
      } as const);
}

export const muon: OptimizerRule<MuonOptions, "muon"> = {
  name: "muon",
  summary: "momentum made orthogonal for the filters, AdamW or SGD for the rest",
  learningRate: 0.02,
  check(options) {
    const fraction = (value: number) => value >= 0 && value < 1;
    checkOption("muon", "momentum", options.momentum, fraction, "in [0, 1)");
    checkOption("muon", "companionMomentum", options.companionMomentum, fraction, "in [0, 1)");
    const steps = (value: number) => Number.isInteger(value) && value >= 1 && value <= 20;
    checkOption("muon", "steps", options.steps, steps, "an integer from 1 to 20");
    checkOption("muon", "weightDecay", options.weightDecay, (value) => value >= 0, "0 or more");
    for (const option of ["companionRate", "biasRate"] as const) {
      const value = options[option];
      if (value !== null) checkOption("muon", option, value, (number) => number > 0, "above 0");
    }
  },
  slots(of, options) {
    if (isFilter(of)) return ["momentum"];
    const { rule, options: own } = companionOf(of, options);
    return rule.slots(of, own as never);
  },
  scalars(options) {
    const { rule, options: own } = companionOf({ shape: [1], role: "bias" }, options);
    return rule.scalars(own as never);
  },
  update(g, given, options) {
    if (isFilter(given.of)) return filterUpdate(g, given, options);
    const { rule, options: own, factor } = companionOf(given.of, options);
    const learningRate = times(g, given.learningRate, factor);
    return rule.update(g, { ...given, learningRate }, own as never);
  },
};
