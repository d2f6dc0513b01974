// The results of several layers one after the other, along the channels.
import { show } from "../../graph/shape.ts";
import type { FeatureShape, LayerRule } from "../layer.ts";
import { refusal } from "../options.ts";
import type { Layer } from "./index.ts";

export interface Concat {
  readonly layers: readonly Layer[];
}

export const concatRule: LayerRule<Concat> = {
  fields: { layers: "layers" },
  infer({ layers }, input, infer): FeatureShape {
    const shapes = layers.map((layer) => infer(layer, input));
    const sides = new Set(shapes.map(([, ...rest]) => show(rest)));
    if (sides.size !== 1) {
      const got = shapes.length === 0 ? "no layers" : shapes.map(show).join(", ");
      throw refusal({ where: "concat", what: "all must agree but for the channels", got });
    }
    const [, ...rest] = shapes[0]!;
    const channels = shapes.reduce((sum, [own]) => sum + own, 0);
    return [channels, ...rest] as unknown as FeatureShape;
  },
  inner: ({ layers }, input) => layers.map((layer) => ({ layer, input })),
  forward: (context, { layers }, x) =>
    context.g.apply(
      "concat",
      layers.map((layer) => context.forward(layer, x)),
      { axis: 0 },
    ),
  export: (exporter, { layers }, x, input) =>
    exporter.add(
      "Concat",
      layers.map((layer) => exporter.layer(layer, x, input)),
      { axis: 1 },
    ),
};

/** What each layer makes of x, the channels one after the other: all must give one height and width. */
export const concat = (...layers: Layer[]): Layer => ({ kind: "concat", layers });
