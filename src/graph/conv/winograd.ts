// Winograd's F(m x m, r x r): square kernels with stride 1 in (m + r - 1)^2 instead of m^2 r^2 multiplications a tile
// (Lavin and Gray 2015, https://arxiv.org/abs/1509.09308).
import type { Graph } from "../graph.ts";
import { reshape } from "../shape.ts";
import type { MatmulAttrs, Value } from "../types.ts";
import { byGroup } from "./by-group.ts";
import { type ConvAlgorithm, type ConvSpec, turnedSpec } from "./spec.ts";
import {
  bothAxes,
  type Matrix,
  transpose,
  turned,
  type WinogradTransforms,
  winogradTransforms,
} from "./winograd-transforms.ts";

/**
 * Tiles to choose from, by the side of the kernel. Larger ones save products and lose digits: on trained networks the
 * error of the 6 x 6 patches is up to 7 times that of the direct sum, of 7 x 7 ones 14, of 8 x 8 ones 23 times.
 */
const transformsOf: ReadonlyMap<number, readonly WinogradTransforms[]> = new Map(
  [
    [2, [4, 5, 6]],
    [3, [4, 5, 6]],
    [4, [3, 4, 5]],
    [5, [2, 3, 4]],
  ].map(([taps, tiles]) => [
    taps as number,
    (tiles as number[]).map((tile) => winogradTransforms(tile, taps as number)),
  ]),
);

/** A convolution cut into tiles. */
interface Tiling extends WinogradTransforms {
  readonly spec: ConvSpec;
  /** patch^2 */
  readonly positions: number;
  readonly rows: number;
  readonly columns: number;
}

/** Multiplications of the products and of both transforms, for one image. */
function costOf({ spec, tile, positions, rows, columns }: Tiling): number {
  const { inChannels, outChannels } = spec;
  const transforms = positions * inChannels + tile ** 2 * outChannels;
  return rows * columns * positions * (inChannels * outChannels + transforms);
}

/** The cheapest tiles. The smaller ones where two cost the same: they lose fewer digits. */
function tilingOf(spec: ConvSpec): Tiling {
  const tilings = transformsOf.get(spec.kernel[0])!.map((transforms) => {
    const [rows, columns] = spec.output.map((extent) => Math.ceil(extent / transforms.tile)) as [
      number,
      number,
    ];
    return { ...transforms, spec, positions: transforms.patch ** 2, rows, columns };
  });
  return tilings.reduce((best, other) => (costOf(other) < costOf(best) ? other : best));
}

const matrix = (g: Graph, one: Matrix): Value =>
  g.constant("float32", [one.length ** 2, one[0]!.length ** 2], bothAxes(one));

/** The rows of that matrix as square filters. */
const filters = (g: Graph, one: Matrix): Value =>
  g.constant("float32", [one.length ** 2, one[0]!.length, one[0]!.length], bothAxes(one));

const product = (g: Graph, a: Value, b: Value, how: Partial<MatmulAttrs> = {}) =>
  g.apply("matmul", [a, b], { transposeA: false, transposeB: false, ...how });

/** V = (B^T x B^T) patches(x): [C,H,W,N] -> [C, positions, tiles * N] */
function transformedPatches(g: Graph, x: Value, tiling: Tiling): Value {
  const { spec, tile, patch, positions, rows, columns } = tiling;
  const [top, left] = spec.padding;
  // Up to the end of the last tile, which may lie beyond the image.
  const bottom = (rows - 1) * tile + patch - top - spec.input[0];
  const right = (columns - 1) * tile + patch - left - spec.input[1];
  const transformed = g.apply("filterBank", [x, filters(g, tiling.input)], {
    stride: [tile, tile],
    padding: [top, left, bottom, right],
  });
  return reshape(g, transformed, [spec.inChannels, positions, rows * columns * spec.batch]);
}

/** U = (G x G) w: [K,C,r,r] -> [positions, K, C] */
function transformedKernels(g: Graph, w: Value, transform: Matrix): Value {
  const [outChannels, inChannels, height, width] = w.shape as [number, number, number, number];
  const flat = reshape(g, w, [outChannels * inChannels, height * width]);
  const transformed = product(g, matrix(g, transform), flat, { transposeB: true });
  return reshape(g, transformed, [transform.length ** 2, outChannels, inChannels]);
}

/** y = (A^T x A^T) products, tiles put side by side: [positions, K, tiles * N] -> [K,Ho,Wo,N] */
function assembled(g: Graph, products: Value, { spec, tile, output, rows, columns }: Tiling): Value {
  const { outChannels, batch } = spec;
  const [height, width] = spec.output;
  const values = product(g, matrix(g, output), products, { swapB: true });
  const pixels = reshape(g, values, [outChannels, tile * tile * rows * columns, batch]);
  // For each pixel of the image, where it stands in [tile, tile, rows, columns].
  const order = Int32Array.from({ length: height * width }, (_, pixel) => {
    const [y, x] = [Math.floor(pixel / width), pixel % width];
    const withinTile = (y % tile) * tile + (x % tile);
    return (withinTile * rows + Math.floor(y / tile)) * columns + Math.floor(x / tile);
  });
  const image = g.apply("gather", [pixels, g.constant("int32", [order.length], order)], { axis: 1 });
  return reshape(g, image, [outChannels, height, width, batch]);
}

/** P = (A x A) tiles(dy): [K,Ho,Wo,N] -> [K, positions, tiles * N] */
function spreadTiles(g: Graph, dy: Value, { spec, tile, positions, output, rows, columns }: Tiling): Value {
  const spread = g.apply("filterBank", [dy, filters(g, transpose(output))], {
    stride: [tile, tile],
    padding: [0, 0, rows * tile - spec.output[0], columns * tile - spec.output[1]],
  });
  return reshape(g, spread, [spec.outChannels, positions, rows * columns * spec.batch]);
}

const withoutGroups: ConvAlgorithm = {
  // With more padding the gradient by the input would be a convolution with negative padding.
  applies: (spec) =>
    spec.kernel[0] === spec.kernel[1] &&
    transformsOf.has(spec.kernel[0]) &&
    [...spec.stride, ...spec.dilation, spec.groups].every((one) => one === 1) &&
    spec.padding.every((side) => side < spec.kernel[0]),
  // y = (A^T x A^T) (U V)
  forward(g, x, w, spec) {
    const tiling = tilingOf(spec);
    const kernels = transformedKernels(g, w, tiling.kernel);
    const products = product(g, kernels, transformedPatches(g, x, tiling), { swapB: true });
    return assembled(g, products, tiling);
  },
  // The convolution of dy with the kernels turned by half a turn, input and output channels having changed places.
  inputGrad(g, dy, w, spec) {
    const back = turnedSpec(spec);
    if (!back) throw new Error("internal: winograd must have less padding than its kernel is long");
    const tiling = tilingOf(back);
    const exchanged = g.apply("transpose", [w], { permutation: [1, 0, 2, 3] });
    const kernels = transformedKernels(g, exchanged, turned(tiling.kernel));
    return assembled(g, product(g, kernels, transformedPatches(g, dy, tiling), { swapB: true }), tiling);
  },
  // dU = P V^T,  dw = (G x G)^T dU;  V is shared with the forward pass
  weightGrad(g, x, dy, spec) {
    const tiling = tilingOf(spec);
    const { outChannels, inChannels, kernel } = spec;
    const dU = product(g, spreadTiles(g, dy, tiling), transformedPatches(g, x, tiling), {
      transposeB: true,
      swapA: true,
      swapB: true,
    });
    const flat = reshape(g, dU, [tiling.positions, outChannels * inChannels]);
    const dw = product(g, flat, matrix(g, tiling.kernel), { transposeA: true });
    return reshape(g, dw, [outChannels, inChannels, ...kernel]);
  },
};

export const winograd = byGroup(withoutGroups);
