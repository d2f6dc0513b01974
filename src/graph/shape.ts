// Shape arithmetic shared by the rules: broadcasting, axes, and messages.
import { CutoutError } from "../error.ts";
import { type Shape, sizeOf, stridesOf } from "../tensor.ts";
import type { Graph } from "./graph.ts";
import type { Value, ValueType } from "./types.ts";

export const show = (shape: Shape): string => `[${shape.join(", ")}]`;

/** Shape two operands broadcast to, as in NumPy. Throws when they do not. */
export function broadcastShapes(where: string, a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[axis - rank + a.length] ?? 1;
    const y = b[axis - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) {
      throw new CutoutError({
        where,
        option: "shapes",
        what: "must broadcast",
        got: `${show(a)} and ${show(b)}`,
      });
    }
    return x === 1 ? y : x;
  });
}

/** Strides that read `shape` as if it were broadcast to `target`: 0 along repeated axes. */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const strides = stridesOf(shape);
  return target.map((_, axis) => {
    const own = axis - target.length + shape.length;
    return own < 0 || shape[own] === 1 ? 0 : strides[own]!;
  });
}

/** Sums a gradient over the axes along which `shape` was broadcast, and gives it that shape. */
export function sumTo(g: Graph, gradient: Value, shape: Shape): Value {
  const lead = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((extent, axis) =>
    axis < lead || (shape[axis - lead] === 1 && extent !== 1) ? [axis] : [],
  );
  const summed = axes.length > 0 ? g.apply("reduceSum", [gradient], { axes }) : gradient;
  return reshape(g, summed, shape);
}

export function reshape(g: Graph, x: Value, shape: Shape): Value {
  const same = x.shape.length === shape.length && x.shape.every((extent, axis) => extent === shape[axis]);
  return same ? x : g.apply("reshape", [x], { shape });
}

/** Checks the number of operands, and that they are floats where the operator computes. */
export function expectOperands(where: string, inputs: readonly ValueType[], count: number): void {
  if (inputs.length !== count)
    throw new CutoutError({ where, what: `takes ${count} operands`, got: String(inputs.length) });
}

export function expectRank(where: string, shape: Shape, rank: number): void {
  if (shape.length !== rank)
    throw new CutoutError({ where, what: `must have ${rank} axes`, got: show(shape) });
}

/** Calls `visit` with the position of every element of `shape`, last axis fastest. */
export function forEachPosition(
  shape: Shape,
  visit: (position: readonly number[], flat: number) => void,
): void {
  const position = shape.map(() => 0);
  const count = sizeOf(shape);
  for (let flat = 0; flat < count; flat++) {
    visit(position, flat);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      position[axis]!++;
      if (position[axis]! < shape[axis]!) break;
      position[axis] = 0;
    }
  }
}

export const offsetOf = (position: readonly number[], strides: readonly number[]): number =>
  position.reduce((offset, at, axis) => offset + at * strides[axis]!, 0);
