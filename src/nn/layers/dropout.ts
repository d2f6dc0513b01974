// Dropout (Srivastava et al. 2014): while training, each value is 0 with some chance and the others are scaled up.
import { type LayerRule, same } from "../layer.ts";
import { dropProbability, stepSeed } from "../random.ts";
import type { Layer } from "./index.ts";

export interface Dropout {
  readonly probability: number;
}

export const dropoutRule: LayerRule<Dropout> = {
  fields: { probability: dropProbability },
  infer: same,
  forward(context, { probability }, x) {
    const { g, training, nextSalt } = context;
    if (!training || probability === 0) return x;
    return g.apply("dropout", [x, stepSeed(context)], { probability, salt: nextSalt(), shared: [] });
  },
  export: (_exporter, _layer, x) => x,
};

/** Each value of any shape is 0 with this chance while training, [0, 1). */
export const dropout = (probability: number): Layer => ({ kind: "dropout", probability });
