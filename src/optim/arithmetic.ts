// Sums of scaled tensors, in as few passes over memory as the runtimes have.
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";

/** a x + y in one pass, and in y's memory where nothing else needs y. */
export function scaledSum(g: Graph, a: number, x: Value, y: Value): Value {
  if (x.shape.length < 2) return g.apply("add", [g.apply("mul", [x, g.scalar(a)]), y]);
  const rows = x.shape[0]!;
  const every = (value: number) => g.apply("broadcast", [g.scalar(value)], { shape: [rows] });
  return g.apply("affine", [x, every(a), every(0), y], { activation: "identity" });
}

/** share x + (1 - share) y */
export function mixture(g: Graph, share: number, x: Value, y: Value): Value {
  return scaledSum(g, 1 - share, y, g.apply("mul", [x, g.scalar(share)]));
}

/** g + weightDecay p: the gradient with the penalty weightDecay / 2 |p|^2 added to the loss. */
export function addDecay(g: Graph, gradient: Value, parameter: Value, weightDecay: number): Value {
  return weightDecay === 0 ? gradient : scaledSum(g, weightDecay, parameter, gradient);
}

/** p - learningRate weightDecay p (decoupled decay, Loshchilov and Hutter 2019). */
export function shrunk(g: Graph, parameter: Value, learningRate: Value, weightDecay: number): Value {
  if (weightDecay === 0) return parameter;
  const loss = g.apply("mul", [learningRate, g.scalar(weightDecay)]);
  return g.apply("mul", [parameter, g.apply("sub", [g.scalar(1), loss])]);
}
