// Sums of gathers: adding up scattered contributions without a scatter, so that the order of the sum is fixed.
import type { Graph } from "../graph.ts";
import type { Value } from "../types.ts";

/**
 * result[i] = sum of x[j] over all j with targets[j] = i, along `axis`; `extent` is the result's length there.
 * This is the adjoint of gathering with `targets`. Written as m gathers and m - 1 additions, where m is how
 * often the most wanted target occurs. Negative targets are dropped. When there are more targets than
 * elements along the axis, the elements are taken round and round: each is added in several places.
 */
export function scatterSum(g: Graph, x: Value, axis: number, targets: Int32Array, extent: number): Value {
  const zero = x.shape[axis]!;
  const tables: Int32Array[] = [];
  const used = new Int32Array(extent);
  targets.forEach((target, index) => {
    if (target < 0) return;
    const round = used[target]!++;
    tables[round] ??= new Int32Array(extent).fill(zero);
    tables[round]![target] = index % zero;
  });
  const padded = tables.some((table) => table.includes(zero))
    ? g.apply("pad", [x], {
        before: x.shape.map(() => 0),
        after: x.shape.map((_, index) => (index === axis ? 1 : 0)),
        value: 0,
      })
    : x;
  const parts = tables.map((table) =>
    g.apply("gather", [padded, g.constant("int32", [extent], table)], { axis }),
  );
  return parts.reduce((sum, part) => g.apply("add", [sum, part]));
}
