// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), as graph transforms; the same numbers as PyTorch's.
import { addDecay, mixture, shrunk } from "./arithmetic.ts";
import { checkOption, decayOf, type OptimizerRule } from "./rule.ts";

interface Moments {
  /** Decay of the mean of the gradients, and of the mean of their squares: 0 to 1, 1 not included. */
  readonly betas: readonly [number, number];
  /** Added to the root of the second mean. */
  readonly epsilon: number;
  /** 0 or more. Adam: of an L2 penalty in the gradient. AdamW: of the weights themselves, times the learning rate. */
  readonly weightDecay: number;
  /** Whether biases and normalization parameters are decayed too. */
  readonly decayBiasAndNorm: boolean;
}

export interface AdamOptions extends Moments {
  readonly name: "adam";
}

export interface AdamWOptions extends Moments {
  readonly name: "adamw";
}

/**
 * m' = b1 m + (1 - b1) g; v' = b2 v + (1 - b2) g^2;
 * p' = p - learningRate m' / (1 - b1^t) / (sqrt(v' / (1 - b2^t)) + epsilon), in step t.
 */
function momentsRule<O extends Moments, Name extends string>(
  name: Name,
  summary: string,
  decoupled: boolean,
): OptimizerRule<O, Name> {
  return {
    name,
    summary,
    learningRate: 1e-3,
    check({ betas, epsilon, weightDecay }) {
      for (const beta of betas) {
        checkOption(name, "betas", beta, (value) => value >= 0 && value < 1, "in [0, 1) each");
      }
      checkOption(name, "epsilon", epsilon, (value) => value > 0, "above 0");
      checkOption(name, "weightDecay", weightDecay, (value) => value >= 0, "0 or more");
    },
    slots: () => ["exp_avg", "exp_avg_sq"],
    scalars:
      ({ betas: [first, second] }) =>
      (step) => ({
        firstCorrection: 1 / (1 - first ** step),
        secondCorrection: 1 / Math.sqrt(1 - second ** step),
      }),
    update(g, { of, parameter, gradient, slots, learningRate, scalars }, options) {
      const { betas, epsilon } = options;
      const decay = decayOf(of, options);
      const start = decoupled ? shrunk(g, parameter, learningRate, decay) : parameter;
      const slope = decoupled ? gradient : addDecay(g, gradient, parameter, decay);
      const mean = mixture(g, betas[0], slots.exp_avg!, slope);
      const square = mixture(g, betas[1], slots.exp_avg_sq!, g.apply("mul", [slope, slope]));
      const root = g.apply("mul", [g.apply("sqrt", [square]), scalars.secondCorrection!]);
      const direction = g.apply("div", [mean, g.apply("add", [root, g.scalar(epsilon)])]);
      const rate = g.apply("mul", [learningRate, scalars.firstCorrection!]);
      const moved = g.apply("sub", [start, g.apply("mul", [direction, rate])]);
      return { parameter: moved, slots: { exp_avg: mean, exp_avg_sq: square } };
    },
  };
}

export const adam = momentsRule<AdamOptions, "adam">("adam", "Adam, weight decay as an L2 penalty", false);
export const adamw = momentsRule<AdamWOptions, "adamw">("adamw", "Adam with decoupled weight decay", true);
