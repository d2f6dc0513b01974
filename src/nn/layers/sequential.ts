// Layers one after the other; with none, x itself.
import type { LayerRule, Placed } from "../layer.ts";
import type { Layer } from "./index.ts";

export interface Sequential {
  readonly layers: readonly Layer[];
}

export const sequentialRule: LayerRule<Sequential> = {
  fields: { layers: "layers" },
  infer: ({ layers }, input, infer) => layers.reduce((shape, layer) => infer(layer, shape), input),
  inner({ layers }, input, infer) {
    let shape = input;
    return layers.map((layer): Placed => {
      const placed = { layer, input: shape };
      shape = infer(layer, shape);
      return placed;
    });
  },
  forward: (context, { layers }, x) => layers.reduce((y, layer) => context.forward(layer, y), x),
  export(exporter, layer, x, input) {
    // A normalization folds into the convolution before it wherever a group of layers begins or ends between them.
    const layers = flat(layer);
    let [y, shape] = [x, input];
    for (let at = 0; at < layers.length; at++) {
      const each = layers[at]!;
      const after = exporter.folded(each, layers[at + 1]);
      y = exporter.layer(each, y, shape, after);
      shape = exporter.infer(each, shape);
      // A map of each channel leaves the shape as it is.
      if (after !== null) at++;
    }
    return y;
  },
  first: ({ layers }) => layers[0],
};

/** The layers inside, those of sequences within it too. */
const flat = ({ layers }: Sequential): readonly Layer[] =>
  layers.flatMap((layer) => (layer.kind === "sequential" ? flat(layer) : [layer]));

/** Layers one after the other. */
export const sequential = (...layers: Layer[]): Layer => ({ kind: "sequential", layers });

/** x itself. */
export const identity: Layer = sequential();
