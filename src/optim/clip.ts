// Gradients cut to a length: all of them together, as PyTorch's `clip_grad_norm_` (Pascanu et al. 2013).
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";

/** g min(1, maxNorm / (|all gradients| + 1e-6)) */
export function clipped(g: Graph, gradients: readonly Value[], maxNorm: number): Value[] {
  const total = gradients
    .map((x) =>
      g.apply("reshape", [g.apply("reduceSumSquare", [x], { axes: [...x.shape.keys()] })], { shape: [1] }),
    )
    .reduce((sum, square) => g.apply("add", [sum, square]));
  const norm = g.apply("add", [g.apply("sqrt", [total]), g.scalar(1e-6)]);
  const factor = g.apply("minimum", [g.scalar(1), g.apply("div", [g.scalar(maxNorm), norm])]);
  return gradients.map((x) => g.apply("mul", [x, factor]));
}
