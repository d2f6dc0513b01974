// A fully connected layer: W x, and perhaps a bias.
import { show } from "../../graph/shape.ts";
import { type Affine, addBias, affineFields, affineParameters, width } from "../affine.ts";
import type { LayerRule } from "../layer.ts";
import { refusal } from "../options.ts";
import type { Layer } from "./index.ts";

export interface Linear extends Affine {
  readonly outFeatures: number;
}

export const linearRule: LayerRule<Linear> = {
  fields: { ...affineFields, outFeatures: width },
  infer(layer, input) {
    if (input.length === 1) return [layer.outFeatures];
    throw refusal({ where: layer.name, what: "needs [features]", got: show(input), remedy: "flatten them" });
  },
  parameters: (layer, input) => affineParameters(layer, [layer.outFeatures, input[0]]),
  forward(context, layer, x) {
    const weight = context.parameter(`${layer.name}.weight`);
    const y = context.g.apply("matmul", [weight, x], { transposeA: false, transposeB: false });
    return addBias(context, layer, y);
  },
  export(exporter, { name, outFeatures, bias }, x, input) {
    const weight = exporter.constant([outFeatures, input[0]], exporter.weights(`${name}.weight`));
    const biases = bias === null ? [] : [exporter.constant([outFeatures], exporter.weights(`${name}.bias`))];
    return exporter.add("Gemm", [x, weight, ...biases], { transB: 1 });
  },
};

/**
 * [features] to [outFeatures]. With a bias that starts at 0, and LeCun's weights, as the last layer wants them: it gives
 * one logit a class. For one that a ReLU follows: `{ weightInit: { kind: "he", fan: "in" } }`.
 * @param name its weights are NAME.weight and NAME.bias; no two layers share a name
 */
export function linear(
  name: string,
  outFeatures: number,
  { weightInit = { kind: "lecun" }, bias = 0 }: Partial<Omit<Affine, "name">> = {},
): Layer {
  return { kind: "linear", name, outFeatures, weightInit, bias };
}
