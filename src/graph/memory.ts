// How much memory a run of a graph takes: the largest sum of values that are alive at the same time.
import { type DType, sizeOf } from "../tensor.ts";
import { type Graph, operandsOf, reachable } from "./graph.ts";
import type { Value } from "./types.ts";

const bytesPerElement: { readonly [D in DType]: number } = { float32: 4, int32: 4, uint8: 1, bool: 1 };

/** Bytes of one value. */
export const bytesOf = ({ dtype, shape }: Value): number => sizeOf(shape) * bytesPerElement[dtype];

/** A reshape is a view of its operand: the operand that holds the numbers. */
function holder(value: Value): Value {
  return value.source.kind === "operation" && value.source.op === "reshape"
    ? holder(value.source.inputs[0]!)
    : value;
}

/**
 * Bytes that are in use at the worst moment when a primitive graph is computed in order: its inputs, constants and
 * outputs all the time, every other value from its computation to its last use.
 */
export function peakBytes(graph: Graph): number {
  const values = reachable([...graph.outputs.values(), ...graph.inputs.values()]);
  const lastUse = new Map<Value, number>();
  values.forEach((value, time) => {
    for (const operand of operandsOf(value)) lastUse.set(holder(operand), time);
  });
  const outputs = new Set([...graph.outputs.values()].map(holder));
  const freedAt = new Map<number, Value[]>();
  for (const [value, time] of lastUse) {
    if (value.source.kind !== "operation" || outputs.has(value)) continue;
    freedAt.set(time, [...(freedAt.get(time) ?? []), value]);
  }
  let live = 0;
  let peak = 0;
  values.forEach((value, time) => {
    if (holder(value) === value) live += bytesOf(value);
    peak = Math.max(peak, live);
    for (const freed of freedAt.get(time) ?? []) live -= bytesOf(freed);
  });
  return peak;
}
