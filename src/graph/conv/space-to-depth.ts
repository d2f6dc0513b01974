// A convolution with a stride as one without: each block of stride x stride pixels becomes one pixel with as many
// channels, and the kernel shrinks by the stride. Then Winograd applies, or im2col needs fewer, longer copies.
import type { Graph } from "../graph.ts";
import { chosen } from "../ops/gather.ts";
import { reshape } from "../shape.ts";
import type { Value } from "../types.ts";
import { im2col } from "./im2col.ts";
import type { ConvAlgorithm, ConvSpec } from "./spec.ts";
import { winograd } from "./winograd.ts";

/**
 * One axis in blocks. Pixel s * block + place - offset of the image stands at (block, place), and tap
 * s * blockTap + place - lead of the kernel at (blockTap, place): then the strided convolution is the plain one
 * over the blocks, since output q reads pixel s q + tap - padding, which is in block q + blockTap - innerPadding.
 */
interface Axis {
  readonly stride: number;
  readonly blocks: number;
  readonly taps: number;
  readonly offset: number;
  readonly lead: number;
  /** Blocks of padding before and after. */
  readonly before: number;
  readonly after: number;
}

function axisOf(spec: ConvSpec, axis: 0 | 1): Axis {
  const [stride, kernel, padding] = [spec.stride[axis], spec.kernel[axis], spec.padding[axis]];
  // Zeros before the kernel that make the padding a whole number of blocks, if they cost no further tap ...
  const lead = (stride - (padding % stride)) % stride;
  const fits = Math.ceil((kernel + lead) / stride) === Math.ceil(kernel / stride);
  // ... else the padding becomes part of the image.
  const [offset, before] = fits ? [0, (padding + lead) / stride] : [padding, 0];
  const taps = Math.ceil((kernel + (fits ? lead : 0)) / stride);
  const needed = spec.output[axis] + taps - 1 - before;
  const blocks = Math.min(needed, Math.ceil((spec.input[axis] + offset) / stride));
  return { stride, blocks, taps, offset, lead: fits ? lead : 0, before, after: needed - blocks };
}

/** For each place in a block and each block: the index of what stands there along one axis, or -1. */
function alongAxis(stride: number, blocks: number, shift: number, extent: number): number[][] {
  return Array.from({ length: stride }, (_, place) =>
    Array.from({ length: blocks }, (_, block) => {
      const at = stride * block + place - shift;
      return at >= 0 && at < extent ? at : -1;
    }),
  );
}

/** The same for both axes, in the order (row place, column place, row block, column block), as flat indices. */
function overBoth(rows: readonly number[][], columns: readonly number[][], width: number): Int32Array {
  return Int32Array.from(
    rows.flatMap((rowsAt) =>
      columns.flatMap((columnsAt) =>
        rowsAt.flatMap((row) =>
          columnsAt.map((column) => (row < 0 || column < 0 ? -1 : row * width + column)),
        ),
      ),
    ),
  );
}

interface Blocks {
  readonly inner: ConvSpec;
  readonly algorithm: ConvAlgorithm;
  /** Pixel of the image at each place of the image of blocks, or -1. */
  readonly pixels: Int32Array;
  /** Tap of the kernel at each place of the kernel of blocks, or -1. */
  readonly taps: Int32Array;
}

function blocksOf(spec: ConvSpec): Blocks {
  const [y, x] = [axisOf(spec, 0), axisOf(spec, 1)];
  const inner: ConvSpec = {
    ...spec,
    stride: [1, 1],
    kernel: [y.taps, x.taps],
    inChannels: spec.inChannels * y.stride * x.stride,
    input: [y.blocks, x.blocks],
    padding: [y.before, x.before, y.after, x.after],
  };
  return {
    inner,
    algorithm: winograd.applies(inner) ? winograd : im2col,
    pixels: overBoth(
      alongAxis(y.stride, y.blocks, y.offset, spec.input[0]),
      alongAxis(x.stride, x.blocks, x.offset, spec.input[1]),
      spec.input[1],
    ),
    taps: overBoth(
      alongAxis(y.stride, y.taps, y.lead, spec.kernel[0]),
      alongAxis(x.stride, x.taps, x.lead, spec.kernel[1]),
      spec.kernel[1],
    ),
  };
}

/** Where each of `count` things stands in `places`; -1 for those that stand nowhere. */
function inverse(places: Int32Array, count: number): Int32Array {
  const found = new Int32Array(count).fill(-1);
  places.forEach((thing, place) => {
    if (thing >= 0) found[thing] = place;
  });
  return found;
}

/** x [C,H,W,N] -> [C * s * s, blocks, blocks, N] */
function imageOfBlocks(g: Graph, x: Value, spec: ConvSpec, { inner, pixels }: Blocks): Value {
  const flat = reshape(g, x, [spec.inChannels, spec.input[0] * spec.input[1], spec.batch]);
  return reshape(g, chosen(g, flat, 1, pixels), [inner.inChannels, ...inner.input, spec.batch]);
}

/**
 * Weights by their taps as a product with a matrix of zeros and ones: quicker than picking single numbers.
 * [K, C, a] -> [K, C, b], taps[b] being the index in a, or -1.
 */
function weightsAt(g: Graph, w: Value, taps: Int32Array): Value {
  const [outChannels, inChannels, count] = w.shape as [number, number, number];
  const choice = new Float32Array(count * taps.length);
  taps.forEach((tap, at) => {
    if (tap >= 0) choice[tap * taps.length + at] = 1;
  });
  const flat = reshape(g, w, [outChannels * inChannels, count]);
  const picked = g.apply("matmul", [flat, g.constant("float32", [count, taps.length], choice)], {
    transposeA: false,
    transposeB: false,
  });
  return reshape(g, picked, [outChannels, inChannels, taps.length]);
}

function kernelOfBlocks(g: Graph, w: Value, spec: ConvSpec, { inner, taps }: Blocks): Value {
  const flat = reshape(g, w, [spec.outChannels, w.shape[1]!, spec.kernel[0] * spec.kernel[1]]);
  const innerChannels = inner.inChannels / spec.groups;
  return reshape(g, weightsAt(g, flat, taps), [spec.outChannels, innerChannels, ...inner.kernel]);
}

export const spaceToDepth: ConvAlgorithm = {
  applies: ({ stride, kernel, dilation }) =>
    stride.some((step) => step > 1) &&
    dilation.every((one) => one === 1) &&
    kernel.every((extent, axis) => extent >= stride[axis]!),
  forward(g, x, w, spec) {
    const blocks = blocksOf(spec);
    const kernel = kernelOfBlocks(g, w, spec, blocks);
    return blocks.algorithm.forward(g, imageOfBlocks(g, x, spec, blocks), kernel, blocks.inner);
  },
  inputGrad(g, dy, w, spec) {
    const blocks = blocksOf(spec);
    const dx = blocks.algorithm.inputGrad(g, dy, kernelOfBlocks(g, w, spec, blocks), blocks.inner);
    const pixels = spec.input[0] * spec.input[1];
    const flat = reshape(g, dx, [spec.inChannels, blocks.pixels.length, spec.batch]);
    const image = chosen(g, flat, 1, inverse(blocks.pixels, pixels));
    return reshape(g, image, [spec.inChannels, ...spec.input, spec.batch]);
  },
  weightGrad(g, x, dy, spec) {
    const blocks = blocksOf(spec);
    const dw = blocks.algorithm.weightGrad(g, imageOfBlocks(g, x, spec, blocks), dy, blocks.inner);
    const innerChannels = spec.inChannels / spec.groups;
    const flat = reshape(g, dw, [spec.outChannels, innerChannels, blocks.taps.length]);
    const taps = inverse(blocks.taps, spec.kernel[0] * spec.kernel[1]);
    return reshape(g, weightsAt(g, flat, taps), [spec.outChannels, innerChannels, ...spec.kernel]);
  },
};
