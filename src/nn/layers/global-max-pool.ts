// The largest value of each channel.
import { globalPoolRule } from "../window.ts";
import type { Layer } from "./index.ts";

export const globalMaxPoolRule = globalPoolRule("global max pooling", "reduceMax", "GlobalMaxPool");

/** The largest value of each channel: [C, H, W] to [C, 1, 1]. */
export const globalMaxPool: Layer = { kind: "globalMaxPool" };
