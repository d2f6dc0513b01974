// Max-drop (Park and Kwak 2016): while training, the largest value of each map, or of all channels at each position, is 0
// with some chance. Nothing is scaled up.
import { image, type LayerRule } from "../layer.ts";
import { choice, number } from "../options.ts";
import { stepSeed } from "../random.ts";
import type { Layer } from "./index.ts";

export interface MaxDrop {
  readonly probability: number;
  /** What the largest value is looked for in: each map (feature-wise), or the channels at each position (channel-wise). */
  readonly over: "map" | "channels";
}

const axes = { map: [1, 2], channels: [0] } as const;

export const maxDropRule: LayerRule<MaxDrop> = {
  fields: { probability: number({ min: 0, max: 1 }), over: choice(["map", "channels"]) },
  infer: (_, input) => image("max drop", input),
  forward(context, { probability, over }, x) {
    const { g, training, nextSalt } = context;
    if (!training || probability === 0) return x;
    const attrs = { axes: axes[over], probability, salt: nextSalt() };
    return g.apply("mul", [x, g.apply("maxDropMask", [x, stepSeed(context)], attrs)]);
  },
  export: (_exporter, _layer, x) => x,
};

/**
 * The largest value is 0 with this chance while training, [0, 1]; one draw for each maximum.
 * @param over each map of [C, H, W], or the channels at each position
 */
export const maxDrop = (probability: number, over: MaxDrop["over"] = "map"): Layer => ({
  kind: "maxDrop",
  probability,
  over,
});
