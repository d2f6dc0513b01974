// Stochastic depth (Huang et al. 2016): while training, the branch of a residual is left out with some chance, and else
// scaled up. It stands at the end of the branch.
import { type LayerRule, same } from "../layer.ts";
import { dropProbability, perImageOrBatch, stepSeed } from "../random.ts";
import type { Layer } from "./index.ts";

export interface StochasticDepth {
  readonly probability: number;
  readonly per: "image" | "batch";
}

export const stochasticDepthRule: LayerRule<StochasticDepth> = {
  fields: { probability: dropProbability, per: perImageOrBatch },
  infer: same,
  forward(context, { probability, per }, x) {
    const { g, training, nextSalt } = context;
    if (!training || probability === 0) return x;
    const axes = [...x.shape.keys()];
    const attrs = { probability, salt: nextSalt(), shared: per === "batch" ? axes : axes.slice(0, -1) };
    return g.apply("dropout", [x, stepSeed(context)], attrs);
  },
  export: (_exporter, _layer, x) => x,
};

/**
 * All values of an image, of any shape, are 0 with this chance while training, [0, 1): for the end of a residual's branch.
 * @param per whether each image has a draw of its own, or the whole batch has one
 */
export const stochasticDepth = (probability: number, per: StochasticDepth["per"] = "image"): Layer => ({
  kind: "stochasticDepth",
  probability,
  per,
});
