// DropBlock (Ghiasi et al. 2018): while training, square blocks of each map are 0, and the rest is scaled up.
import { show } from "../../graph/shape.ts";
import { type FeatureShape, image, type LayerRule } from "../layer.ts";
import { type Kind, orNull, refusal } from "../options.ts";
import { dropProbability, stepSeed } from "../random.ts";
import type { Layer } from "./index.ts";

export interface DropBlock {
  /** Share of the values that is dropped in the mean, if blocks did not overlap. */
  readonly probability: number;
  /** Side of a block; null for the paper's 7, or the largest odd side that fits. */
  readonly blockSize: number | null;
}

const blockSide: Kind<number | null> = orNull({
  must: "an odd number from 1 to 999",
  read: (value) =>
    Number.isInteger(value) && Number(value) % 2 === 1 && Number(value) >= 1 && Number(value) <= 999
      ? Number(value)
      : undefined,
  examples: [1, 3],
});

/** @throws CutoutError where there are no maps, or the block is larger than them */
function sideIn({ blockSize }: DropBlock, input: FeatureShape): number {
  const [, height, width] = image("drop block", input);
  const largest = Math.min(height, width);
  if (blockSize === null) return Math.min(7, largest - (largest % 2 === 0 ? 1 : 0));
  if (blockSize <= largest) return blockSize;
  throw refusal({
    where: "drop block",
    what: `a block must not be larger than the map ${show(input)}`,
    got: String(blockSize),
  });
}

export const dropBlockRule: LayerRule<DropBlock> = {
  fields: { probability: dropProbability, blockSize: blockSide },
  infer(layer, input) {
    sideIn(layer, input);
    return input;
  },
  forward(context, layer, x) {
    const { g, training, nextSalt } = context;
    const { probability } = layer;
    if (!training || probability === 0) return x;
    const blockSize = sideIn(layer, x.shape.slice(0, 3) as unknown as FeatureShape);
    const attrs = { shape: x.shape, probability, blockSize, salt: nextSalt() };
    return g.apply("mul", [x, g.apply("dropBlockMask", [stepSeed(context)], attrs)]);
  },
  export: (_exporter, _layer, x) => x,
};

/**
 * Square blocks of each map of [C, H, W] are 0 while training, a share of [0, 1) of the values in the mean.
 * @param blockSize side of a block, odd; 7 when left out, or the largest odd side that fits
 */
export const dropBlock = (probability: number, blockSize: number | null = null): Layer => ({
  kind: "dropBlock",
  probability,
  blockSize,
});
