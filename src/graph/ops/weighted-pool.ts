// Probabilistic weighted pooling (Wu and Gu 2015, section 3.3): what max-pooling dropout gives in the mean.
import type { Graph } from "../graph.ts";
import { reshape } from "../shape.ts";
import type { Pool2dAttrs, Value } from "../types.ts";
import { outputSize, padSides, windowIndices, windowParts } from "../window.ts";
import { heightWidth, windowOf } from "./pool.ts";
import { sortingNetwork } from "./sorting-network.ts";

/**
 * The weights of the values of a window, from the largest on: it is the maximum when it is kept and all larger ones are
 * dropped, q p^(i-1) for the i-th of n. What is missing to 1, p^n, is the weight of zero: all are dropped.
 */
export const poolingWeights = (count: number, probability: number): readonly number[] =>
  Array.from({ length: count }, (_, larger) => (1 - probability) * probability ** larger);

/**
 * For each position of the output the chance that nothing in its window is dropped; padding is not counted in.
 * [output height * output width]
 */
export function chanceOfAll(
  attrs: Pool2dAttrs,
  size: readonly [number, number],
  probability: number,
): Float32Array {
  const output = outputSize(windowOf(attrs), size);
  const area = output[0] * output[1];
  const chances = new Float64Array(area).fill(1);
  windowIndices(windowOf(attrs), size, output).forEach((pixel, at) => {
    if (pixel >= 0) chances[at % area]! *= 1 - probability;
  });
  return Float32Array.from(chances);
}

/**
 * The mean of max over (x_i kept with 1 - p, else 0), exactly. For values of 0 or more, as after a ReLU, it is the
 * paper's sum. Values below 0 lose to any that is dropped, and count only where a window has no others and keeps all.
 */
export function weightedPool(g: Graph, x: Value, attrs: Pool2dAttrs, probability: number): Value {
  const output = outputSize(windowOf(attrs), heightWidth(x));
  const positive = g.apply("relu", [x]);
  const sorted = windowParts(g, padSides(g, positive, attrs.padding, 0), windowOf(attrs), output);
  for (const [first, second] of sortingNetwork(sorted.length)) {
    const pair = [sorted[first]!, sorted[second]!];
    sorted[first] = g.apply("maximum", pair);
    sorted[second] = g.apply("minimum", pair);
  }
  const weights = poolingWeights(sorted.length, probability);
  const chances = chanceOfAll(attrs, heightWidth(x), probability);
  const all = reshape(g, g.constant("float32", [chances.length], chances), [1, ...output, 1]);
  const below = g.apply("minimum", [g.apply("maxPool2d", [x], attrs), g.scalar(0)]);
  return sorted
    .map((part, index) => g.apply("mul", [part, g.scalar(weights[index]!)]))
    .reduce((sum, part) => g.apply("add", [sum, part]), g.apply("mul", [below, all]));
}
