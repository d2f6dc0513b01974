// Multiplies by a constant.
import { type LayerRule, same } from "../layer.ts";
import { number } from "../options.ts";
import type { Layer } from "./index.ts";

export interface Scale {
  readonly factor: number;
}

export const scaleRule: LayerRule<Scale> = {
  fields: { factor: number() },
  infer: same,
  forward: ({ g }, { factor }, x) => g.apply("mul", [x, g.scalar(factor)]),
  export: (exporter, { factor }, x) => exporter.add("Mul", [x, exporter.number(factor)]),
};

/** Every value times `factor`, of any shape. */
export const scale = (factor: number): Layer => ({ kind: "scale", factor });
