// Convolution as one matrix product with the patches of the image laid out as columns. Fits every geometry.
import type { Graph } from "../graph.ts";
import { scatterSum } from "../ops/gather.ts";
import { reshape } from "../shape.ts";
import type { Value } from "../types.ts";
import { padSides, windowIndices } from "../window.ts";
import { type ConvAlgorithm, type ConvSpec, turnedSpec, turnedWeights } from "./spec.ts";

const isPointwise = ({ kernel, stride, padding }: ConvSpec) =>
  kernel[0] === 1 &&
  kernel[1] === 1 &&
  stride[0] === 1 &&
  stride[1] === 1 &&
  padding.every((side) => side === 0);

const product = (g: Graph, a: Value, b: Value, transposeA: boolean, transposeB: boolean) =>
  g.apply("matmul", [a, b], { transposeA, transposeB });

/** Rows of one group's channels as a matrix; with several groups a batch of matrices. */
function grouped(g: Graph, x: Value, groups: number, rows: number, columns: number): Value {
  return reshape(g, x, groups === 1 ? [rows, columns] : [groups, rows / groups, columns]);
}

/** [C,H,W,N] -> [C * kh * kw, Ho * Wo * N]: the pixels that meet each weight. */
function columnsOf(g: Graph, x: Value, spec: ConvSpec): Value {
  const { kernel, output, padding, inChannels, batch, groups } = spec;
  const positions = kernel[0] * kernel[1];
  const pixels = output[0] * output[1];
  const [top, left, bottom, right] = padding;
  const size = [spec.input[0] + top + bottom, spec.input[1] + left + right] as const;
  if (isPointwise(spec)) return grouped(g, x, groups, inChannels, pixels * batch);
  const padded = reshape(g, padSides(g, x, padding, 0), [inChannels, size[0] * size[1], batch]);
  const indices = windowIndices({ ...spec, padding: [0, 0, 0, 0] }, size, output);
  const patches = g.apply("gather", [padded, g.constant("int32", [indices.length], indices)], { axis: 1 });
  return grouped(g, patches, groups, inChannels * positions, pixels * batch);
}

const weightMatrix = (g: Graph, w: Value, { groups, outChannels }: ConvSpec) =>
  grouped(g, w, groups, outChannels, w.shape[1]! * w.shape[2]! * w.shape[3]!);

const outputMatrix = (g: Graph, y: Value, { groups, outChannels, output, batch }: ConvSpec) =>
  grouped(g, y, groups, outChannels, output[0] * output[1] * batch);

function forward(g: Graph, x: Value, w: Value, spec: ConvSpec): Value {
  const y = product(g, weightMatrix(g, w, spec), columnsOf(g, x, spec), false, false);
  return reshape(g, y, [spec.outChannels, ...spec.output, spec.batch]);
}

/** The transposed product gives a column for each patch; overlapping patches are added up. */
function inputGradByColumns(g: Graph, dy: Value, w: Value, spec: ConvSpec): Value {
  const { inChannels, kernel, input, output, batch } = spec;
  const columns = product(g, weightMatrix(g, w, spec), outputMatrix(g, dy, spec), true, false);
  const shape = [inChannels, ...input, batch];
  if (isPointwise(spec)) return reshape(g, columns, shape);
  const rows = reshape(g, columns, [inChannels, kernel[0] * kernel[1] * output[0] * output[1], batch]);
  return reshape(g, scatterSum(g, rows, 1, windowIndices(spec, input, output), input[0] * input[1]), shape);
}

export const im2col: ConvAlgorithm = {
  applies: () => true,
  forward,
  inputGrad(g, dy, w, spec) {
    const turned = turnedSpec(spec);
    if (isPointwise(spec) || !turned) return inputGradByColumns(g, dy, w, spec);
    return forward(g, dy, turnedWeights(g, w, spec), turned);
  },
  weightGrad(g, x, dy, spec) {
    const dw = product(g, outputMatrix(g, dy, spec), columnsOf(g, x, spec), false, true);
    return reshape(g, dw, [spec.outChannels, spec.inChannels / spec.groups, ...spec.kernel]);
  },
};
