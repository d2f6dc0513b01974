// Stochastic gradient descent with momentum, as graph transforms; the same numbers as PyTorch's SGD.
import { CutoutError } from "../error.ts";
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";

export interface SgdOptions {
  /** 0 to 1, 1 not included. */
  readonly momentum: number;
  /** Nesterov's form; needs a momentum above 0. */
  readonly nesterov: boolean;
  /** Strength of the L2 penalty, 0 or more. */
  readonly weightDecay: number;
  /** Whether biases and normalization parameters are decayed too. */
  readonly decayBiasAndNorm: boolean;
}

export interface Update {
  readonly parameter: Value;
  readonly velocity: Value;
}

/** @throws when an option is outside its range */
export function checkSgd({ momentum, nesterov, weightDecay }: SgdOptions): void {
  if (!(momentum >= 0 && momentum < 1))
    throw new CutoutError({
      where: "sgd",
      option: "momentum",
      what: "must be in [0, 1)",
      got: String(momentum),
    });
  if (nesterov && momentum === 0)
    throw new CutoutError({ where: "sgd", what: "Nesterov's form must have a momentum above 0", got: "0" });
  if (!(weightDecay >= 0))
    throw new CutoutError({
      where: "sgd",
      option: "weightDecay",
      what: "must be 0 or more",
      got: String(weightDecay),
    });
}

/** a x + y in one pass, and in y's memory where nothing else needs y. */
function scaledSum(g: Graph, a: number, x: Value, y: Value): Value {
  if (x.shape.length < 2) return g.apply("add", [g.apply("mul", [x, g.scalar(a)]), y]);
  const rows = x.shape[0]!;
  const every = (value: number) => g.apply("broadcast", [g.scalar(value)], { shape: [rows] });
  return g.apply("affine", [x, every(a), every(0), y], { activation: "identity" });
}

/** g + weightDecay p: the gradient with the penalty weightDecay / 2 |p|^2 added to the loss. */
function addDecay(g: Graph, gradient: Value, parameter: Value, weightDecay: number): Value {
  return weightDecay === 0 ? gradient : scaledSum(g, weightDecay, parameter, gradient);
}

/**
 * p' = p - learningRate d, with d = v', or g + momentum v' in Nesterov's form (Sutskever et al. 2013).
 * @param learningRate [1]
 * @param weightDecay of this parameter: 0 where it is not decayed
 */
export function sgdUpdate(
  g: Graph,
  { parameter, gradient, velocity }: Update & { readonly gradient: Value },
  learningRate: Value,
  { momentum, nesterov }: SgdOptions,
  weightDecay: number,
): Update {
  const decayed = addDecay(g, gradient, parameter, weightDecay);
  const next = g.apply("add", [g.apply("mul", [velocity, g.scalar(momentum)]), decayed]);
  const direction = nesterov ? scaledSum(g, momentum, next, decayed) : next;
  const moved = g.apply("sub", [parameter, g.apply("mul", [direction, learningRate])]);
  return { parameter: moved, velocity: next };
}
