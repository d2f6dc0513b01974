// Stochastic gradient descent with momentum, as graph transforms; the same numbers as PyTorch's SGD.
import { CutoutError } from "../error.ts";
import { addDecay, scaledSum } from "./arithmetic.ts";
import { checkOption, decayOf, type OptimizerRule } from "./rule.ts";

export interface SgdOptions {
  /** Left out it is this one. */
  readonly name?: "sgd";
  /** 0 to 1, 1 not included. */
  readonly momentum: number;
  /** Nesterov's form; needs a momentum above 0. */
  readonly nesterov: boolean;
  /** Strength of the L2 penalty, 0 or more. */
  readonly weightDecay: number;
  /** Whether biases and normalization parameters are decayed too. */
  readonly decayBiasAndNorm: boolean;
}

/**
 * v' = momentum v + g + weightDecay p; p' = p - learningRate d, with d = v', or g + weightDecay p + momentum v' in
 * Nesterov's form (Sutskever et al. 2013).
 */
export const sgd: OptimizerRule<SgdOptions, "sgd"> = {
  name: "sgd",
  summary: "stochastic gradient descent with momentum",
  learningRate: null,
  check({ momentum, nesterov, weightDecay }) {
    checkOption("sgd", "momentum", momentum, (value) => value >= 0 && value < 1, "in [0, 1)");
    if (nesterov && momentum === 0)
      throw new CutoutError({ where: "sgd", what: "Nesterov's form must have a momentum above 0", got: "0" });
    checkOption("sgd", "weightDecay", weightDecay, (value) => value >= 0, "0 or more");
  },
  slots: () => ["momentum"],
  scalars: () => null,
  update(g, { of, parameter, gradient, slots, learningRate }, options) {
    const { momentum, nesterov } = options;
    const decayed = addDecay(g, gradient, parameter, decayOf(of, options));
    const next = g.apply("add", [g.apply("mul", [slots.momentum!, g.scalar(momentum)]), decayed]);
    const direction = nesterov ? scaledSum(g, momentum, next, decayed) : next;
    const moved = g.apply("sub", [parameter, g.apply("mul", [direction, learningRate])]);
    return { parameter: moved, slots: { momentum: next } };
  },
};
