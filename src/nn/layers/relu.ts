// The larger of x and 0.
import { type LayerRule, same } from "../layer.ts";
import type { Layer } from "./index.ts";

export const reluRule: LayerRule<object> = {
  fields: {},
  infer: same,
  forward: ({ g }, _, x) => g.apply("relu", [x]),
  export: (exporter, _, x) => exporter.add("Relu", [x]),
};

/** The larger of x and 0, of any shape. */
export const relu: Layer = { kind: "relu" };
