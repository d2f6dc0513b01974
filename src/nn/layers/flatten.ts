// All features of an image in one row: channels, then rows, then columns.
import { reshape } from "../../graph/shape.ts";
import { sizeOf } from "../../tensor.ts";
import type { LayerRule } from "../layer.ts";
import type { Layer } from "./index.ts";

export const flattenRule: LayerRule<object> = {
  fields: {},
  infer: (_, input) => [sizeOf(input)],
  forward: ({ g }, _, x) => reshape(g, x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]),
  export: (exporter, _, x) => exporter.add("Flatten", [x], { axis: 1 }),
};

/** [C, H, W] to [C H W]. */
export const flatten: Layer = { kind: "flatten" };
