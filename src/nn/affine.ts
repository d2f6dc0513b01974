// Weights and biases, as convolutions and linear layers have them.
import { reshape } from "../graph/shape.ts";
import type { Value } from "../graph/types.ts";
import type { Shape } from "../tensor.ts";
import { type Initializer, initializer } from "./init.ts";
import type { ForwardContext, LayerFields, ParameterSpec } from "./layer.ts";
import { integer, type Kind, number, orNull } from "./options.ts";

export interface Affine {
  /** Its parameters are `NAME.weight` and `NAME.bias`. */
  readonly name: string;
  readonly weightInit: Initializer;
  /** Starting value of the bias; null for none. */
  readonly bias: number | null;
}

/** Name of a layer: parameters are called after it, in files too. */
export const layerName: Kind<string> = {
  must: "a name of at most 100 letters, digits, dots, dashes and underscores",
  read: (value) => (typeof value === "string" && /^[\w.-]{1,100}$/.test(value) ? value : undefined),
  examples: ["name", "block1.0-a_b"],
};

/** Channels or features. */
export const width = integer({ min: 1, max: 1_000_000 });

export const affineFields: LayerFields<Affine> = {
  name: layerName,
  weightInit: initializer,
  bias: orNull(number()),
};

/** @param shape of the weights, [out, in, ...] */
export function affineParameters({ name, weightInit, bias }: Affine, shape: Shape): readonly ParameterSpec[] {
  const weight: ParameterSpec = { name: `${name}.weight`, shape, init: weightInit, role: "weight" };
  if (bias === null) return [weight];
  const init: Initializer = { kind: "constant", value: bias };
  return [weight, { name: `${name}.bias`, shape: [shape[0]!], init, role: "bias" }];
}

export function addBias(
  { g, parameter }: ForwardContext,
  { name, bias }: Pick<Affine, "name" | "bias">,
  y: Value,
): Value {
  if (bias === null) return y;
  const alongFirst = y.shape.map((extent, axis) => (axis === 0 ? extent : 1));
  return g.apply("add", [y, reshape(g, parameter(`${name}.bias`), alongFirst)]);
}
