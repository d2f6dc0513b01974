// Dropout (Srivastava et al. 2014): while training, each value is 0 with some chance and the others are scaled up.
import { type LayerRule, same } from "../layer.ts";
import { number } from "../options.ts";
import type { Layer } from "./index.ts";

export interface Dropout {
  readonly probability: number;
}

export const dropoutRule: LayerRule<Dropout> = {
  fields: { probability: number({ min: 0, below: 1 }) },
  infer: same,
  forward({ g, training, seed, nextSalt }, { probability }, x) {
    if (!training || probability === 0) return x;
    if (!seed) throw new Error("internal: dropout must have a seed while training");
    return g.apply("dropout", [x, seed], { probability, salt: nextSalt() });
  },
  export: (_exporter, _layer, x) => x,
};

/** Each value of any shape is 0 with this chance while training, [0, 1). */
export const dropout = (probability: number): Layer => ({ kind: "dropout", probability });
