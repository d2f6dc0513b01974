// Max-pooling dropout (Wu and Gu 2015): while training, values are dropped before the largest in each window is taken; at
// test time each value has the weight of its chance to be that one.

import { sortingNetwork } from "../../graph/ops/sorting-network.ts";
import { chanceOfAll, poolingWeights, weightedPool } from "../../graph/ops/weighted-pool.ts";
import type { Pool2dAttrs } from "../../graph/types.ts";
import { outputSize } from "../../graph/window.ts";
import type { Exporter } from "../exporter.ts";
import { type FeatureShape, image, type LayerRule } from "../layer.ts";
import { refusal } from "../options.ts";
import { dropProbability, stepSeed } from "../random.ts";
import { square, type Windowed, windowFields } from "../window.ts";
import type { Layer } from "./index.ts";
import { maxPoolRule } from "./max-pool.ts";

export interface MaxPoolDropout extends Windowed {
  readonly probability: number;
}

/** The values of a window are put in order by comparisons: 25 values take 138 of them. */
const mostValues = 25;

const poolOf = ({ kernel, stride, padding }: Windowed): Pool2dAttrs => ({ kernel, stride, padding });

export const maxPoolDropoutRule: LayerRule<MaxPoolDropout> = {
  fields: { ...windowFields, probability: dropProbability },
  infer(layer, input, infer) {
    const { kernel } = layer;
    if (kernel[0] * kernel[1] > mostValues) {
      throw refusal({
        where: "max-pooling dropout",
        what: `a window must have at most ${mostValues} values`,
        got: kernel.join("x"),
      });
    }
    return maxPoolRule.infer(layer, input, infer);
  },
  forward(context, layer, x) {
    const { g, training, nextSalt } = context;
    const { probability } = layer;
    if (probability === 0) return g.apply("maxPool2d", [x], poolOf(layer));
    if (!training) return weightedPool(g, x, poolOf(layer), probability);
    const attrs = { probability, salt: nextSalt(), shared: [] };
    const pooled = g.apply("maxPool2d", [g.apply("dropout", [x, stepSeed(context)], attrs)], poolOf(layer));
    // The operator scales what is kept up, and the maximum with it.
    return g.apply("mul", [pooled, g.scalar(1 - probability)]);
  },
  export(exporter, layer, x, input) {
    const plain = (name: string) => maxPoolRule.export(exporter, layer, name, input, null);
    return layer.probability === 0 ? plain(x) : exportWeighted(exporter, layer, x, input, plain(x));
  },
};

/** The same as `weightedPool`, over [N, C, H, W]. */
function exportWeighted(
  exporter: Exporter,
  layer: MaxPoolDropout,
  x: string,
  input: FeatureShape,
  maximum: string,
): string {
  const { kernel, stride, padding, probability } = layer;
  const [, height, width] = image("max-pooling dropout", input);
  const output = outputSize({ ...layer, dilation: [1, 1] }, [height, width]);
  const [top, left, bottom, right] = padding;
  const positive = exporter.add("Relu", [x]);
  const padded = padding.some((side) => side > 0)
    ? exporter.add("Pad", [positive, exporter.integers([0, 0, top, left, 0, 0, bottom, right])])
    : positive;
  const sorted = Array.from({ length: kernel[0] * kernel[1] }, (_, at) => {
    const start = [Math.floor(at / kernel[1]), at % kernel[1]];
    const end = start.map((first, axis) => first + (output[axis]! - 1) * stride[axis]! + 1);
    return exporter.add("Slice", [padded, ...[start, end, [2, 3], stride].map(exporter.integers)]);
  });
  for (const [first, second] of sortingNetwork(sorted.length)) {
    const pair = [sorted[first]!, sorted[second]!];
    sorted[first] = exporter.add("Max", pair);
    sorted[second] = exporter.add("Min", pair);
  }
  const weights = poolingWeights(sorted.length, probability);
  const all = exporter.constant([1, 1, ...output], chanceOfAll(poolOf(layer), [height, width], probability));
  const below = exporter.add("Mul", [exporter.add("Min", [maximum, exporter.number(0)]), all]);
  return sorted
    .map((part, index) => exporter.add("Mul", [part, exporter.number(weights[index]!)]))
    .reduce((sum, part) => exporter.add("Add", [sum, part]), below);
}

/**
 * The largest of those values in each square window that are not dropped: [C, H, W] to [C, H', W'].
 * @param probability that a value is dropped, [0, 1)
 */
export const maxPoolDropout = (probability: number, size: number, stride = size): Layer => ({
  kind: "maxPoolDropout",
  ...square(size, stride, 0),
  probability,
});
