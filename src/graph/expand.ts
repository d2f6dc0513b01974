// Rewrites a graph so that only primitive operators are left, and nothing that no output needs.
import { type Expansion, Graph, reachable } from "./graph.ts";
import type { Value } from "./types.ts";

export function expand(graph: Graph, expansion: Expansion): Graph {
  const expanded = new Graph(expansion);
  const made = new Map<number, Value>();
  for (const [name, value] of graph.inputs)
    made.set(value.id, expanded.input(name, value.dtype, value.shape));
  for (const value of reachable(graph.outputs.values())) {
    const { source } = value;
    if (source.kind === "constant")
      made.set(value.id, expanded.constant(value.dtype, value.shape, source.data));
    if (source.kind === "operation") {
      const inputs = source.inputs.map((input) => made.get(input.id)!);
      made.set(value.id, expanded.applyWith(source.op, inputs, source.attrs));
    }
  }
  for (const [name, value] of graph.outputs) expanded.output(name, made.get(value.id)!);
  return expanded;
}
