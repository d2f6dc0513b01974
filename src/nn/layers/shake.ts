// Shake-Shake (Gastaldi 2017): shortcut(x) + a first(x) + (1 - a) second(x), with random shares a and others in the
// gradient; 1/2 in evaluation.
import { show } from "../../graph/shape.ts";
import type { Value } from "../../graph/types.ts";
import type { ForwardContext, LayerRule } from "../layer.ts";
import { choice, refusal } from "../options.ts";
import type { Layer } from "./index.ts";
import { identity } from "./sequential.ts";

export interface Shake {
  readonly first: Layer;
  readonly second: Layer;
  readonly shortcut: Layer;
  /** Shares of the result: drawn from [0, 1), or 1/2. */
  readonly forward: "shake" | "even";
  /** Shares of the gradient: drawn anew, 1/2, or those of the result. */
  readonly backward: "shake" | "even" | "keep";
  /** Whether each image has shares of its own, or the batch has one. */
  readonly per: "image" | "batch";
}

/** Numbers of [0, 1), one for each image of x or for all. */
function drawn({ g, seed, nextSalt }: ForwardContext, { per }: Shake, x: Value): Value {
  if (!seed) throw new Error("internal: shake must have a seed while training");
  const shape = x.shape.map((extent, axis) => (per === "image" && axis === x.shape.length - 1 ? extent : 1));
  return g.apply("uniform", [seed], { shape, salt: nextSalt() });
}

export const shakeRule: LayerRule<Shake> = {
  fields: {
    first: "layer",
    second: "layer",
    shortcut: "layer",
    forward: choice(["shake", "even"]),
    backward: choice(["shake", "even", "keep"]),
    per: choice(["image", "batch"]),
  },
  infer({ first, second, shortcut }, input, infer) {
    const shapes = [first, second, shortcut].map((layer) => infer(layer, input));
    if (new Set(shapes.map(show)).size === 1) return shapes[0]!;
    throw refusal({ where: "shake", what: "all branches must agree", got: shapes.map(show).join(", ") });
  },
  inner: ({ first, second, shortcut }, input) => [first, second, shortcut].map((layer) => ({ layer, input })),
  forward(context, layer, x) {
    const { g, training } = context;
    const even = g.scalar(0.5);
    const forward = training && layer.forward === "shake" ? drawn(context, layer, x) : even;
    const backward =
      layer.backward === "keep"
        ? forward
        : training && layer.backward === "shake"
          ? drawn(context, layer, x)
          : even;
    const branches = [layer.first, layer.second].map((branch) => context.forward(branch, x));
    const mixed = g.apply("shake", [...branches, forward, backward]);
    return g.apply("add", [mixed, context.forward(layer.shortcut, x)]);
  },
  export(exporter, { first, second, shortcut }, x, input) {
    const sum = exporter.add("Add", [exporter.layer(first, x, input), exporter.layer(second, x, input)]);
    const mean = exporter.add("Mul", [sum, exporter.number(0.5)]);
    return exporter.add("Add", [mean, exporter.layer(shortcut, x, input)]);
  },
};

/**
 * shortcut(x) + a first(x) + (1 - a) second(x), all of one shape, with random shares while training; without a shortcut
 * x itself is added. By default shares are drawn for each image, for the result and again for the gradient.
 */
export const shake = (
  first: Layer,
  second: Layer,
  {
    shortcut = identity,
    forward = "shake",
    backward = "shake",
    per = "image",
  }: Partial<Omit<Shake, "first" | "second">> = {},
): Layer => ({ kind: "shake", first, second, shortcut, forward, backward, per });
