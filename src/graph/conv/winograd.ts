// Winograd's F(4x4, 3x3): 3x3 convolutions with stride 1 in 36 instead of 144 multiplications a tile
// (Lavin and Gray 2015, https://arxiv.org/abs/1509.09308).
import type { Graph } from "../graph.ts";
import { reshape } from "../shape.ts";
import type { MatmulAttrs, Value } from "../types.ts";
import { type ConvAlgorithm, type ConvSpec, turnedSpec, turnedWeights } from "./spec.ts";

/** Rows of B^T, G and A^T for tiles of 6x6 that give 4x4 outputs. */
const inputTransform = [
  [4, 0, -5, 0, 1, 0],
  [0, -4, -4, 1, 1, 0],
  [0, 4, -4, -1, 1, 0],
  [0, -2, -1, 2, 1, 0],
  [0, 2, -1, -2, 1, 0],
  [0, 4, 0, -5, 0, 1],
];
const kernelTransform = [
  [1 / 4, 0, 0],
  [-1 / 6, -1 / 6, -1 / 6],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 24, 1 / 12, 1 / 6],
  [1 / 24, -1 / 12, 1 / 6],
  [0, 0, 1],
];
const outputTransform = [
  [1, 1, 1, 1, 1, 0],
  [0, 1, -1, 2, -2, 0],
  [0, 1, 1, 4, 4, 0],
  [0, 1, -1, 8, -8, 1],
];

const tile = 4;
const patch = 6;
const positions = patch * patch;

/** The Kronecker product of a matrix with itself: the transform of both axes as one matrix. */
function kronecker(matrix: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(
    matrix.flatMap((a) => matrix.flatMap((b) => a.flatMap((x) => b.map((y) => x * y)))),
  );
}

const bothAxes = (g: Graph, matrix: readonly (readonly number[])[]): Value =>
  g.constant("float32", [matrix.length ** 2, matrix[0]!.length ** 2], kronecker(matrix));

/** The rows of that matrix as square filters. */
const filters = (g: Graph, matrix: readonly (readonly number[])[]): Value =>
  g.constant("float32", [matrix.length ** 2, matrix[0]!.length, matrix[0]!.length], kronecker(matrix));

const transposed = (matrix: readonly (readonly number[])[]) =>
  matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));

const product = (g: Graph, a: Value, b: Value, how: Partial<MatmulAttrs> = {}) =>
  g.apply("matmul", [a, b], { transposeA: false, transposeB: false, ...how });

const tilesOf = ({ output }: ConvSpec): readonly [number, number] => [
  Math.ceil(output[0] / tile),
  Math.ceil(output[1] / tile),
];

/** V = (B^T x B^T) patches(x): [C,H,W,N] -> [C, 36, T * N] */
function transformedPatches(g: Graph, x: Value, spec: ConvSpec): Value {
  const { inChannels, batch, input, padding } = spec;
  const [rows, columns] = tilesOf(spec);
  // Up to the end of the last tile, which may lie beyond the image.
  const [bottom, right] = [
    rows * tile + 2 - padding[0] - input[0],
    columns * tile + 2 - padding[1] - input[1],
  ];
  const transformed = g.apply("filterBank", [x, filters(g, inputTransform)], {
    stride: [tile, tile],
    padding: [padding[0], padding[1], bottom, right],
  });
  return reshape(g, transformed, [inChannels, positions, rows * columns * batch]);
}

/** U = (G x G) w: [K,C,3,3] -> [36, K, C] */
function transformedKernels(g: Graph, w: Value, { outChannels, inChannels }: ConvSpec): Value {
  const flat = reshape(g, w, [outChannels * inChannels, 9]);
  const transformed = product(g, bothAxes(g, kernelTransform), flat, { transposeB: true });
  return reshape(g, transformed, [positions, outChannels, inChannels]);
}

/** y = (A^T x A^T) (U V), tiles put side by side. */
function forward(g: Graph, x: Value, w: Value, spec: ConvSpec): Value {
  const { outChannels, output, batch } = spec;
  const [rows, columns] = tilesOf(spec);
  const products = product(g, transformedKernels(g, w, spec), transformedPatches(g, x, spec), {
    swapB: true,
  });
  const values = product(g, bothAxes(g, outputTransform), products, { swapB: true });
  const pixels = reshape(g, values, [outChannels, tile * tile * rows * columns, batch]);
  const order = g.constant("int32", [output[0] * output[1]], imageOrder(spec));
  return reshape(g, g.apply("gather", [pixels, order], { axis: 1 }), [outChannels, ...output, batch]);
}

/** For each pixel of the image, where it stands in [4, 4, rows, columns] of tiles. */
function imageOrder(spec: ConvSpec): Int32Array {
  const [rows, columns] = tilesOf(spec);
  const [height, width] = spec.output;
  return Int32Array.from({ length: height * width }, (_, pixel) => {
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    const withinTile = (y % tile) * tile + (x % tile);
    return (withinTile * rows + Math.floor(y / tile)) * columns + Math.floor(x / tile);
  });
}

/** P = (A x A) tiles(dy): [K,Ho,Wo,N] -> [K, 36, T * N] */
function spreadTiles(g: Graph, dy: Value, spec: ConvSpec): Value {
  const { outChannels, output, batch } = spec;
  const [rows, columns] = tilesOf(spec);
  const spread = g.apply("filterBank", [dy, filters(g, transposed(outputTransform))], {
    stride: [tile, tile],
    padding: [0, 0, rows * tile - output[0], columns * tile - output[1]],
  });
  return reshape(g, spread, [outChannels, positions, rows * columns * batch]);
}

export const winograd: ConvAlgorithm = {
  // With more padding the gradient by the input would be a convolution with negative padding.
  applies: ({ kernel, stride, dilation, groups, padding }) =>
    kernel.every((extent) => extent === 3) &&
    [...stride, ...dilation, groups].every((one) => one === 1) &&
    padding.every((side) => side <= 2),
  forward,
  inputGrad(g, dy, w, spec) {
    const turned = turnedSpec(spec);
    if (!turned) throw new Error("internal: winograd must have a padding of at most 2");
    return forward(g, dy, turnedWeights(g, w, spec), turned);
  },
  // dU = P V^T,  dw = (G x G)^T dU;  V is shared with the forward pass
  weightGrad(g, x, dy, spec) {
    const { outChannels, inChannels } = spec;
    const dU = product(g, spreadTiles(g, dy, spec), transformedPatches(g, x, spec), {
      transposeB: true,
      swapA: true,
      swapB: true,
    });
    const flat = reshape(g, dU, [positions, outChannels * inChannels]);
    const dw = product(g, flat, bothAxes(g, kernelTransform), { transposeA: true });
    return reshape(g, dw, [outChannels, inChannels, 3, 3]);
  },
};
