// body(x) + shortcut(x); the shortcut is x itself when it has no layers (He et al. 2016).
import { show } from "../../graph/shape.ts";
import type { LayerRule } from "../layer.ts";
import { refusal } from "../options.ts";
import type { Layer } from "./index.ts";
import { identity } from "./sequential.ts";

export interface Residual {
  readonly body: Layer;
  readonly shortcut: Layer;
}

export const residualRule: LayerRule<Residual> = {
  fields: { body: "layer", shortcut: "layer" },
  infer({ body, shortcut }, input, infer) {
    const [a, b] = [infer(body, input), infer(shortcut, input)];
    if (show(a) === show(b)) return a;
    throw refusal({
      where: "residual",
      what: "both branches must agree",
      got: `${show(a)} and ${show(b)}`,
    });
  },
  inner: ({ body, shortcut }, input) => [
    { layer: body, input },
    { layer: shortcut, input },
  ],
  forward: (context, { body, shortcut }, x) =>
    context.g.apply("add", [context.forward(body, x), context.forward(shortcut, x)]),
  export: (exporter, { body, shortcut }, x, input) =>
    exporter.add("Add", [exporter.layer(body, x, input), exporter.layer(shortcut, x, input)]),
};

/** body(x) + shortcut(x), both of one shape; without a shortcut x itself is added. */
export const residual = (body: Layer, shortcut: Layer = identity): Layer => ({
  kind: "residual",
  body,
  shortcut,
});
