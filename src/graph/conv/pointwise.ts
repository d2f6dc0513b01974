// A 1x1 convolution is one matrix product over the channels, of the pixels that its stride keeps.
import type { Graph } from "../graph.ts";
import { placed } from "../ops/gather.ts";
import { reshape } from "../shape.ts";
import type { MatmulAttrs, Value } from "../types.ts";
import type { ConvAlgorithm, ConvSpec } from "./spec.ts";

const pixelsOf = ([height, width]: readonly [number, number]) => height * width;

/** Index of the input pixel behind each output pixel. */
function keptPixels({ input, output, stride }: ConvSpec): Int32Array {
  return Int32Array.from({ length: pixelsOf(output) }, (_, pixel) => {
    const [row, column] = [Math.floor(pixel / output[1]), pixel % output[1]];
    return row * stride[0] * input[1] + column * stride[1];
  });
}

const keepsAll = ({ input, output }: ConvSpec) => pixelsOf(input) === pixelsOf(output);

/** A matrix of all channels' pixels; with several groups a batch of them. */
function grouped(g: Graph, x: Value, { groups }: ConvSpec): Value {
  const columns = x.shape.slice(1).reduce((product, extent) => product * extent, 1);
  return reshape(g, x, groups === 1 ? [x.shape[0]!, columns] : [groups, x.shape[0]! / groups, columns]);
}

/** x [C,H,W,N] -> [C, Ho * Wo * N] */
function matrixOf(g: Graph, x: Value, spec: ConvSpec): Value {
  if (keepsAll(spec)) return grouped(g, x, spec);
  const pixels = reshape(g, x, [spec.inChannels, pixelsOf(spec.input), spec.batch]);
  const kept = keptPixels(spec);
  return grouped(g, g.apply("gather", [pixels, g.constant("int32", [kept.length], kept)], { axis: 1 }), spec);
}

const product = (g: Graph, a: Value, b: Value, how: Partial<MatmulAttrs> = {}) =>
  g.apply("matmul", [a, b], { transposeA: false, transposeB: false, ...how });

export const pointwise: ConvAlgorithm = {
  applies: ({ kernel, padding }) => pixelsOf(kernel) === 1 && padding.every((side) => side === 0),
  forward(g, x, w, spec) {
    const y = product(g, grouped(g, w, spec), matrixOf(g, x, spec));
    return reshape(g, y, [spec.outChannels, ...spec.output, spec.batch]);
  },
  inputGrad(g, dy, w, spec) {
    const dx = product(g, grouped(g, w, spec), grouped(g, dy, spec), { transposeA: true });
    const pixels = reshape(g, dx, [spec.inChannels, pixelsOf(spec.output), spec.batch]);
    const image = keepsAll(spec) ? pixels : placed(g, pixels, 1, keptPixels(spec), pixelsOf(spec.input));
    return reshape(g, image, [spec.inChannels, ...spec.input, spec.batch]);
  },
  weightGrad(g, x, dy, spec) {
    const dw = product(g, grouped(g, dy, spec), matrixOf(g, x, spec), { transposeB: true });
    return reshape(g, dw, [spec.outChannels, spec.inChannels / spec.groups, 1, 1]);
  },
};
