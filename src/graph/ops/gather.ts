// What is made of gathers: picking with gaps, and adding up scattered contributions without a scatter, so that the
// order of the sum is fixed.
import type { Graph } from "../graph.ts";
import type { Value } from "../types.ts";

/**
 * result[i] = sum of x[j] over all j with targets[j] = i, along `axis`; `extent` is the result's length there.
 * This is the adjoint of gathering with `targets`. Places that are wanted equally often are made together: m gathers
 * and m - 1 additions where each is wanted m times; then all are brought into their order. Negative targets are
 * dropped. When there are more targets than elements along the axis, the elements are taken round and round: each is
 * added in several places.
 */
export function scatterSum(g: Graph, x: Value, axis: number, targets: Int32Array, extent: number): Value {
  const sourcesOf = Array.from({ length: extent }, (): number[] => []);
  targets.forEach((target, index) => {
    if (target >= 0) sourcesOf[target]!.push(index % x.shape[axis]!);
  });
  const classes = new Map<number, number[]>();
  sourcesOf.forEach(({ length }, place) => {
    classes.set(length, [...(classes.get(length) ?? []), place]);
  });
  const sums = [...classes].map(([count, places]) => {
    if (count === 0) {
      const shape = x.shape.map((size, index) => (index === axis ? places.length : size));
      return g.apply("broadcast", [g.scalar(0)], { shape });
    }
    const parts = Array.from({ length: count }, (_, turn) =>
      picked(
        g,
        x,
        axis,
        Int32Array.from(places, (place) => sourcesOf[place]![turn]!),
      ),
    );
    return parts.reduce((sum, part) => g.apply("add", [sum, part]));
  });
  const together = sums.length === 1 ? sums[0]! : g.apply("concat", sums, { axis });
  const order = new Int32Array(extent);
  [...classes.values()].flat().forEach((place, at) => {
    order[place] = at;
  });
  return picked(g, together, axis, order);
}

/** x[indices[i]] along `axis`; x itself where the indices leave everything as it is. */
export function picked(g: Graph, x: Value, axis: number, indices: Int32Array): Value {
  const same = indices.length === x.shape[axis] && indices.every((index, at) => index === at);
  return same ? x : g.apply("gather", [x, g.constant("int32", [indices.length], indices)], { axis });
}

/** x[indices[i]] along `axis` for each i; zero where the index is -1. */
export function chosen(g: Graph, x: Value, axis: number, indices: Int32Array): Value {
  const extent = x.shape[axis]!;
  if (!indices.includes(-1)) return picked(g, x, axis, indices);
  const padded = g.apply("pad", [x], {
    before: x.shape.map(() => 0),
    after: x.shape.map((_, index) => (index === axis ? 1 : 0)),
    value: 0,
  });
  const filled = indices.map((index) => (index < 0 ? extent : index));
  return g.apply("gather", [padded, g.constant("int32", [filled.length], filled)], { axis });
}

/** x[i] at place `targets[i]` of `extent` places along `axis`, zero elsewhere. No target may come twice. */
export function placed(g: Graph, x: Value, axis: number, targets: Int32Array, extent: number): Value {
  const indices = new Int32Array(extent).fill(-1);
  targets.forEach((target, index) => {
    indices[target] = index;
  });
  return chosen(g, x, axis, indices);
}
