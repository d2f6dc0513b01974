// The plain runtime: every operator by its reference rule, in double precision. Slow; the oracle of the tests.
import { type Graph, reachable } from "../graph/graph.ts";
import { bytesOf } from "../graph/memory.ts";
import { ruleOf } from "../graph/rules.ts";
import type { ReferenceArray } from "../graph/types.ts";
import { type Tensor, tensor, zeros } from "../tensor.ts";
import { availableMemory } from "./available-memory.ts";
import { checkFeeds, type Runtime } from "./runtime.ts";

/** Outputs of a graph in double precision, from double-precision inputs. */
export function evaluateReference(
  graph: Graph,
  inputs: ReadonlyMap<string, ReferenceArray>,
): Map<string, ReferenceArray> {
  const known = new Map<number, ReferenceArray>();
  for (const value of reachable(graph.outputs.values())) {
    const { source, shape } = value;
    const data =
      source.kind === "input"
        ? inputs.get(source.name)!.data
        : source.kind === "constant"
          ? Float64Array.from(source.data)
          : ruleOf(source.op).reference(
              source.inputs.map((input) => known.get(input.id)!),
              source.attrs as never,
              value,
            );
    known.set(value.id, { shape, data });
  }
  return new Map([...graph.outputs].map(([name, value]) => [name, known.get(value.id)!]));
}

export const referenceRuntime: Runtime = {
  name: "reference",
  settle: async () => false,
  availableMemory,
  // It keeps every value, in double precision.
  memoryOf: (graph) => 2 * graph.values.reduce((sum, value) => sum + bytesOf(value), 0),
  async compile(graph) {
    return {
      fallbacks: [],
      async run(feeds, into = {}) {
        checkFeeds(graph, feeds);
        const inputs = new Map(
          [...graph.inputs.keys()].map((name) => {
            const { shape, data } = feeds[name]!;
            return [name, { shape, data: Float64Array.from(data) }];
          }),
        );
        const results: Record<string, Tensor> = {};
        for (const [name, { shape, data }] of evaluateReference(graph, inputs)) {
          const target = into[name] ?? zeros(graph.outputs.get(name)!.dtype, shape);
          target.data.set(data);
          results[name] = tensor(target.dtype, shape, target.data);
        }
        return results;
      },
      async close() {},
    };
  },
};
