// The largest value in each window.
import { poolRule, square } from "../window.ts";
import type { Layer } from "./index.ts";

export const maxPoolRule = poolRule("max pooling", "maxPool2d", { op: "MaxPool" });

/** The largest value in each square window: [C, H, W] to [C, H', W'], where H' = floor((H - size) / stride) + 1. */
export const maxPool = (size: number, stride = size): Layer => ({
  kind: "maxPool",
  ...square(size, stride, 0),
});
