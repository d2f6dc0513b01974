// The largest value in each window.
import { poolRule, square } from "../window.ts";
import type { Layer } from "./index.ts";

export const maxPoolRule = poolRule("max pooling", "maxPool2d", { op: "MaxPool" });

/**
 * The largest value in each square window: [C, H, W] to [C, H', W'], where H' = floor((H + 2 padding - size) / stride) + 1.
 * The padding is never the largest.
 */
export const maxPool = (size: number, stride = size, padding = 0): Layer => ({
  kind: "maxPool",
  ...square(size, stride, padding),
});
