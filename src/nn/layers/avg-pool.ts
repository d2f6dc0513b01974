// The mean of each window; padding counts as zeros.
import { poolRule, square } from "../window.ts";
import type { Layer } from "./index.ts";

export const avgPoolRule = poolRule("average pooling", "avgPool2d", {
  op: "AveragePool",
  attributes: { count_include_pad: 1 },
});

/** The mean of each square window: [C, H, W] to [C, H', W'], where H' = floor((H - size) / stride) + 1. */
export const avgPool = (size: number, stride = size): Layer => ({
  kind: "avgPool",
  ...square(size, stride, 0),
});
