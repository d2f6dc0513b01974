// Nearest neighbours: an image of any larger size, each place of it a copy of the place that it comes from.
import { CutoutError } from "../../error.ts";
import { sizeOf } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import { expectOperands, expectRank, forEachPosition, reshape, show } from "../shape.ts";
import type { CompositeRules, Value, ValueType } from "../types.ts";
import { picked, scatterSum } from "./gather.ts";

/** For each place of an axis that gets `to` places the one of `from` that it shows: floor(i from / to), as in PyTorch. */
export function nearest(from: number, to: number): Int32Array {
  return Int32Array.from({ length: to }, (_, place) => Math.floor((place * from) / to));
}

/** By how much each axis grows where it does so by a whole factor; null elsewhere. */
function factorsOf({ shape }: Value, [height, width]: readonly [number, number]): [number, number] | null {
  const factors: [number, number] = [height / shape[1]!, width / shape[2]!];
  return factors.every(Number.isInteger) ? factors : null;
}

type Heightwise = readonly [number, number, number, number];

export const upsampleRules: Pick<CompositeRules, "upsample2d" | "upsample2dGrad"> = {
  upsample2d: {
    infer(inputs, { size }) {
      expectOperands("upsample2d", inputs, 1);
      const [{ dtype, shape }] = inputs as [ValueType];
      expectRank("upsample2d", shape, 4);
      const [channels, height, width, count] = shape as Heightwise;
      if (!(size[0] >= height && size[1] >= width)) {
        throw new CutoutError({
          where: "upsample2d",
          what: `must give at least ${show([height, width])}`,
          got: show(size),
        });
      }
      return { dtype, shape: [channels, ...size, count] };
    },
    gradient({ g, inputs, dy }) {
      const [, height, width] = inputs[0]!.shape as Heightwise;
      return [g.apply("upsample2dGrad", [dy], { size: [height, width] })];
    },
    expand(g, inputs, { size }) {
      const x = inputs[0]!;
      const [channels, height, width, count] = x.shape as Heightwise;
      const factors = factorsOf(x, size);
      if (factors === null) {
        return picked(g, picked(g, x, 1, nearest(height, size[0])), 2, nearest(width, size[1]));
      }
      const apart = reshape(g, x, [channels * height, 1, width, 1, count]);
      const shape = [channels * height, factors[0], width, factors[1], count];
      return reshape(g, g.apply("broadcast", [apart], { shape }), [channels, ...size, count]);
    },
    reference: ([x], { size }, output) => {
      const [, height, width] = x!.shape as Heightwise;
      const count = x!.shape[3]!;
      const result = new Float64Array(sizeOf(output.shape));
      forEachPosition(output.shape, ([c, y, z, n], flat) => {
        const row = Math.floor((y! * height) / size[0]);
        const column = Math.floor((z! * width) / size[1]);
        result[flat] = x!.data[((c! * height + row) * width + column) * count + n!]!;
      });
      return result;
    },
  },

  upsample2dGrad: {
    infer(inputs, { size }) {
      expectOperands("upsample2dGrad", inputs, 1);
      const [{ dtype, shape }] = inputs as [ValueType];
      expectRank("upsample2dGrad", shape, 4);
      return { dtype, shape: [shape[0]!, ...size, shape[3]!] };
    },
    gradient({ g, inputs, dy }) {
      const [, height, width] = inputs[0]!.shape as Heightwise;
      return [g.apply("upsample2d", [dy], { size: [height, width] })];
    },
    expand(g, inputs, { size }) {
      const dy = inputs[0]!;
      const [channels, height, width, count] = dy.shape as Heightwise;
      const factors: readonly number[] = [height / size[0], width / size[1]];
      if (!factors.every(Number.isInteger)) {
        const rows = scatterSum(g, dy, 1, nearest(size[0], height), size[0]);
        return scatterSum(g, rows, 2, nearest(size[1], width), size[1]);
      }
      const apart = reshape(g, dy, [channels * size[0], factors[0]!, size[1], factors[1]!, count]);
      return reshape(g, sumOver(g, apart, [1, 3]), [channels, ...size, count]);
    },
    reference: ([dy], { size }, output) => {
      const [, height, width] = dy!.shape as Heightwise;
      const count = dy!.shape[3]!;
      const dx = new Float64Array(sizeOf(output.shape));
      forEachPosition(dy!.shape, ([c, y, z, n], flat) => {
        const row = Math.floor((y! * size[0]) / height);
        const column = Math.floor((z! * size[1]) / width);
        dx[((c! * size[0] + row) * size[1] + column) * count + n!]! += dy!.data[flat]!;
      });
      return dx;
    },
  },
};

const sumOver = (g: Graph, x: Value, axes: readonly number[]): Value => g.apply("reduceSum", [x], { axes });
