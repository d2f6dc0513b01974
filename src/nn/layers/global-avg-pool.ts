// The mean of each channel.
import { globalPoolRule } from "../window.ts";
import type { Layer } from "./index.ts";

export const globalAvgPoolRule = globalPoolRule("global average pooling", "reduceMean", "GlobalAveragePool");

/** The mean of each channel: [C, H, W] to [C, 1, 1]. */
export const globalAvgPool: Layer = { kind: "globalAvgPool" };
