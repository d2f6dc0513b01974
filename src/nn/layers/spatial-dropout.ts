// SpatialDropout (Tompson et al. 2015): while training, whole maps of an image are 0 with some chance, the others are
// scaled up.
import { image, type LayerRule } from "../layer.ts";
import { dropProbability, stepSeed } from "../random.ts";
import type { Layer } from "./index.ts";

export interface SpatialDropout {
  readonly probability: number;
}

export const spatialDropoutRule: LayerRule<SpatialDropout> = {
  fields: { probability: dropProbability },
  infer: (_, input) => image("spatial dropout", input),
  forward(context, { probability }, x) {
    const { g, training, nextSalt } = context;
    if (!training || probability === 0) return x;
    return g.apply("dropout", [x, stepSeed(context)], { probability, salt: nextSalt(), shared: [1, 2] });
  },
  export: (_exporter, _layer, x) => x,
};

/** Each map of each image [C, H, W] is 0 with this chance while training, [0, 1). */
export const spatialDropout = (probability: number): Layer => ({ kind: "spatialDropout", probability });
