// Winograd's F(4x4, 3x3): 3x3 convolutions with stride 1 in 36 instead of 144 multiplications a tile
// (Lavin and Gray 2015, https://arxiv.org/abs/1509.09308).
import type { Graph } from "../graph.ts";
import { reshape } from "../shape.ts";
import type { Sides, Value } from "../types.ts";
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
function bothAxes(g: Graph, matrix: readonly (readonly number[])[]): Value {
  const rows = matrix.length;
  const columns = matrix[0]!.length;
  const data = new Float32Array((rows * columns) ** 2);
  for (let a = 0; a < rows; a++) {
    for (let b = 0; b < rows; b++) {
      for (let i = 0; i < columns; i++) {
        for (let j = 0; j < columns; j++) {
          data[(a * rows + b) * columns * columns + i * columns + j] = matrix[a]![i]! * matrix[b]![j]!;
        }
      }
    }
  }
  return g.constant("float32", [rows * rows, columns * columns], data);
}

interface Operands {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly swapA?: boolean;
  readonly swapB?: boolean;
}

const product = (g: Graph, a: Value, b: Value, how: Operands = {}) =>
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
  const size = [rows * tile + 2, columns * tile + 2] as const;
  const after = [size[0] - padding[0] - input[0], size[1] - padding[1] - input[1]] as const;
  const padded = padOrCut(g, x, [padding[0], padding[1], after[0], after[1]]);
  const indices = new Int32Array(positions * rows * columns);
  let at = 0;
  for (let i = 0; i < patch; i++) {
    for (let j = 0; j < patch; j++) {
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          indices[at++] = (row * tile + i) * size[1] + column * tile + j;
        }
      }
    }
  }
  const pixels = reshape(g, padded, [inChannels, size[0] * size[1], batch]);
  const patches = g.apply("gather", [pixels, g.constant("int32", [indices.length], indices)], { axis: 1 });
  return product(
    g,
    bothAxes(g, inputTransform),
    reshape(g, patches, [inChannels, positions, rows * columns * batch]),
  );
}

/** Pads, and cuts where a side is negative (the last tiles may end before an unpadded image does not). */
function padOrCut(g: Graph, x: Value, sides: Sides): Value {
  const [top, left, bottom, right] = sides;
  const [channels, height, width, batch] = x.shape as [number, number, number, number];
  const cut = sides.some((side) => side < 0)
    ? g.apply("slice", [x], {
        starts: [0, Math.max(0, -top), Math.max(0, -left), 0],
        ends: [channels, height - Math.max(0, -bottom), width - Math.max(0, -right), batch],
        steps: [1, 1, 1, 1],
      })
    : x;
  const [t, l, b, r] = sides.map((side) => Math.max(0, side)) as [number, number, number, number];
  if (t + l + b + r === 0) return cut;
  return g.apply("pad", [cut], { before: [0, t, l, 0], after: [0, b, r, 0], value: 0 });
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
  const tiles = reshape(g, values, [outChannels, tile, tile, rows, columns, batch]);
  const image = reshape(g, g.apply("transpose", [tiles], { permutation: [0, 3, 1, 4, 2, 5] }), [
    outChannels,
    rows * tile,
    columns * tile,
    batch,
  ]);
  return padOrCut(g, image, [0, 0, output[0] - rows * tile, output[1] - columns * tile]);
}

/** P = (A x A) tiles(dy): [K,Ho,Wo,N] -> [K, 36, T * N] */
function spreadTiles(g: Graph, dy: Value, spec: ConvSpec): Value {
  const { outChannels, output, batch } = spec;
  const [rows, columns] = tilesOf(spec);
  const padded = padOrCut(g, dy, [0, 0, rows * tile - output[0], columns * tile - output[1]]);
  const split = reshape(g, padded, [outChannels, rows, tile, columns, tile, batch]);
  const tiles = g.apply("transpose", [split], { permutation: [0, 2, 4, 1, 3, 5] });
  const flat = reshape(g, tiles, [outChannels, tile * tile, rows * columns * batch]);
  return product(g, bothAxes(g, outputTransform), flat, { transposeA: true });
}

export const winograd: ConvAlgorithm = {
  applies: ({ kernel, stride, dilation, groups }) =>
    kernel[0] === 3 && kernel[1] === 3 && [...stride, ...dilation, groups].every((one) => one === 1),
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
