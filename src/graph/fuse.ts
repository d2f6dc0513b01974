// Operators that one pass over memory computes together: applied while a graph is expanded.
import type { Graph } from "./graph.ts";
import type { OpName, Value } from "./types.ts";

type Fusion = (g: Graph, inputs: readonly Value[]) => Value | null;

/** The operands of an affine map without activation or addend; null for any other value. */
function plainAffine({ source }: Value): readonly Value[] | null {
  if (source.kind !== "operation" || source.op !== "affine") return null;
  return source.attrs.activation === "identity" && source.inputs.length === 3 ? source.inputs : null;
}

/**
 * a + b, both affine maps, as operands of one; null otherwise. An addend that is needed elsewhere too would be
 * copied first, which costs more than the pass that is saved.
 */
function affineSum({ source, shape }: Value): readonly Value[] | null {
  if (source.kind !== "operation" || source.op !== "add") return null;
  const [a, b] = source.inputs as [Value, Value];
  if (a.shape.join() !== shape.join() || b.shape.join() !== shape.join()) return null;
  const first = plainAffine(a);
  return first && plainAffine(b) ? [...first, b] : null;
}

/** For each operator, the single operator that it makes together with its operand, where there is one. */
const fusions: { readonly [Op in OpName]?: Fusion } = {
  // The slope of a ReLU from the operands of its affine map: the ReLU's result need not be kept until then.
  step(g, [x]) {
    const { source } = x!;
    if (source.kind !== "operation" || source.op !== "affine" || source.inputs.length !== 3) return null;
    return source.attrs.activation === "relu"
      ? g.apply("affine", source.inputs, { activation: "step" })
      : null;
  },
  relu(g, [x]) {
    const operands = plainAffine(x!) ?? affineSum(x!);
    return operands && g.apply("affine", operands, { activation: "relu" });
  },
};

/** The fused form of an operator on these operands, or null. */
export const fused = (g: Graph, op: OpName, inputs: readonly Value[]): Value | null =>
  fusions[op]?.(g, inputs) ?? null;
