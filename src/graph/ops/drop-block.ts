// The mask of DropBlock (Ghiasi, Lin and Le 2018, algorithm 1): square blocks of a map are dropped, each map by itself.
import { CutoutError } from "../../error.ts";
import { type Shape, sizeOf } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import { expectOperands, expectRank, show } from "../shape.ts";
import type { CompositeRules, Value } from "../types.ts";
import { bernoulli, expectProbability, referenceUniform } from "./dropout.ts";

/** As in torchvision: without it a mask of zeros alone would be divided by zero. */
const epsilon = 1e-6;

/** How many blocks can lie whole in a map, as [C, H - k + 1, W - k + 1, N]. */
const seedShape = ([channels, height, width, count]: Shape, blockSize: number) => [
  channels!,
  height! - blockSize + 1,
  width! - blockSize + 1,
  count!,
];

/**
 * The chance that a block begins at a place, p H W / (k^2 (H - k + 1) (W - k + 1)): were there no overlap, a share p of
 * the values would be dropped.
 */
function gamma(shape: Shape, probability: number, blockSize: number): number {
  const [, height, width] = shape;
  const [, rows, columns] = seedShape(shape, blockSize);
  return (probability * height! * width!) / (blockSize ** 2 * rows! * columns!);
}

/** 1 wherever a block of side k covers the position, from 1 where it begins; rows and columns one after the other. */
function grown(g: Graph, seeds: Value, blockSize: number): Value {
  const along = (x: Value, kernel: readonly [number, number]) => {
    const [rows, columns] = [kernel[0] - 1, kernel[1] - 1] as const;
    return g.apply("maxPool2d", [x], { kernel, stride: [1, 1], padding: [rows, columns, rows, columns] });
  };
  return blockSize === 1 ? seeds : along(along(seeds, [blockSize, 1]), [1, blockSize]);
}

export const dropBlockRules: Pick<CompositeRules, "dropBlockMask"> = {
  dropBlockMask: {
    infer(inputs, { shape, probability, blockSize }) {
      expectOperands("dropBlockMask", inputs, 1);
      expectRank("dropBlockMask", shape, 4);
      expectProbability("dropBlockMask", probability);
      if (!(Number.isInteger(blockSize) && blockSize >= 1 && blockSize <= Math.min(shape[1]!, shape[2]!))) {
        throw new CutoutError({
          where: "dropBlockMask",
          option: "blockSize",
          what: `must be a whole number that fits ${show(shape)}`,
          got: String(blockSize),
        });
      }
      return { dtype: "float32", shape };
    },
    gradient: "zero",
    expand(g, [seed], { shape, probability, blockSize, salt }) {
      const draws = {
        shape: seedShape(shape, blockSize),
        probability: gamma(shape, probability, blockSize),
        salt,
      };
      const seeds = g.apply("cast", [bernoulli(g, seed!, draws)], { to: "float32" });
      const kept = g.apply("sub", [g.scalar(1), grown(g, seeds, blockSize)]);
      // Channel by channel first: a sum of ones is exact up to 2^24.
      const ofChannel = g.apply("reduceSum", [kept], { axes: [1, 2, 3] });
      const sum = g.apply("add", [g.apply("reduceSum", [ofChannel], { axes: [0] }), g.scalar(epsilon)]);
      return g.apply("mul", [kept, g.apply("div", [g.scalar(sizeOf(shape)), sum])]);
    },
    reference([seed], { shape, probability, blockSize, salt }) {
      const [, height, width, count] = shape as readonly [number, number, number, number];
      const drawn = seedShape(shape, blockSize) as [number, number, number, number];
      const chance = Math.fround(gamma(shape, probability, blockSize));
      const kept = new Float64Array(sizeOf(shape)).fill(1);
      referenceUniform(seed!, salt, drawn).forEach((draw, at) => {
        if (draw >= chance) return;
        const [, rows, columns] = drawn;
        const image = at % count;
        const column = Math.floor(at / count) % columns;
        const row = Math.floor(at / (count * columns)) % rows;
        const channel = Math.floor(at / (count * columns * rows));
        for (let i = 0; i < blockSize; i++) {
          for (let j = 0; j < blockSize; j++) {
            kept[((channel * height + row + i) * width + column + j) * count + image] = 0;
          }
        }
      });
      const sum = kept.reduce((total, one) => total + one, epsilon);
      return kept.map((one) => (one * kept.length) / sum);
    },
  },
};
