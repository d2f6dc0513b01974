// The Gaussian error linear unit (Hendrycks and Gimpel 2016), by the error function itself.
import { type LayerRule, same } from "../layer.ts";
import type { Layer } from "./index.ts";

export const geluRule: LayerRule<object> = {
  fields: {},
  infer: same,
  forward: ({ g }, _, x) => g.apply("gelu", [x]),
  // Not as one node: Gelu came with opset 20.
  export(exporter, _, x) {
    const error = exporter.add("Erf", [exporter.add("Mul", [x, exporter.number(Math.SQRT1_2)])]);
    const twice = exporter.add("Mul", [x, exporter.add("Add", [error, exporter.number(1)])]);
    return exporter.add("Mul", [twice, exporter.number(0.5)]);
  },
};

/** x (1 + erf(x / sqrt(2))) / 2, of any shape. */
export const gelu: Layer = { kind: "gelu" };
