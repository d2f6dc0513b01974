// How much arithmetic a primitive graph takes, by estimate.
import { sizeOf } from "../tensor.ts";
import { directOperations } from "./conv/inventory.ts";
import { specOf } from "./conv/spec.ts";
import { type Graph, reachable } from "./graph.ts";
import type { Operation, Value } from "./types.ts";

/** Length of the sums of a product: the rows of a transposed first factor, or the columns of a plain one. */
function lengthOfSums(a: Value, attrs: Extract<Operation, { op: "matmul" }>["attrs"]): number {
  if (!attrs.transposeA) return a.shape.at(-1)!;
  return attrs.swapA ? a.shape[0]! : a.shape.at(-2)!;
}

function operationsOf({ shape, source }: Value): number {
  if (source.kind !== "operation" || source.op === "reshape") return 0;
  if (source.op === "matmul") return 2 * sizeOf(shape) * lengthOfSums(source.inputs[0]!, source.attrs);
  if (source.op === "filterBank") return 2 * sizeOf(shape) * sizeOf(source.inputs[1]!.shape.slice(1));
  return sizeOf(shape);
}

/** Multiplications and additions of a primitive graph's products and filters, and one for every other element. */
export const countOperations = (graph: Graph): number =>
  reachable(graph.outputs.values()).reduce((sum, value) => sum + operationsOf(value), 0);

/** Multiplications with an addition of the convolutions and products of a graph that is not expanded, as they are defined. */
export const countMultiplyAdds = (graph: Graph): number =>
  reachable(graph.outputs.values()).reduce((sum, { shape, source }) => {
    if (source.kind !== "operation") return sum;
    if (source.op === "matmul") return sum + sizeOf(shape) * lengthOfSums(source.inputs[0]!, source.attrs);
    if (source.op === "conv2d") return sum + directOperations(specOf.conv2d(source.inputs, source.attrs)) / 2;
    return sum;
  }, 0);
