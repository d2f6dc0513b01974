// Batch normalization (Ioffe and Szegedy 2015) of each channel, with a learnt scale and shift and running statistics.
import { batchStatistics } from "../../graph/ops/normalization.ts";
import type { Value } from "../../graph/types.ts";
import { layerName } from "../affine.ts";
import { type LayerRule, same } from "../layer.ts";
import { number } from "../options.ts";
import type { Layer } from "./index.ts";

export interface BatchNorm {
  readonly name: string;
  readonly epsilon: number;
  /** Share of the new batch in the running statistics. */
  readonly momentum: number;
}

export const batchNormRule: LayerRule<BatchNorm> = {
  fields: { name: layerName, epsilon: number({ above: 0, max: 1 }), momentum: number({ min: 0, max: 1 }) },
  infer: same,
  parameters: ({ name }, input) => [
    { name: `${name}.weight`, shape: [input[0]], init: { kind: "constant", value: 1 }, role: "norm" },
    { name: `${name}.bias`, shape: [input[0]], init: { kind: "constant", value: 0 }, role: "norm" },
  ],
  buffers: ({ name }, input) => [
    { name: `${name}.running_mean`, shape: [input[0]], start: 0 },
    { name: `${name}.running_var`, shape: [input[0]], start: 1 },
  ],
  forward({ g, training, parameter, buffer, updateBuffer }, { name, epsilon, momentum }, x) {
    const affine = [parameter(`${name}.weight`), parameter(`${name}.bias`)] as const;
    const running = [buffer(`${name}.running_mean`), buffer(`${name}.running_var`)] as const;
    if (!training) return g.apply("batchNormInference", [x, ...affine, ...running], { epsilon });
    const { mean, variance } = batchStatistics(g, x, epsilon);
    const follow = (old: Value, fresh: Value) =>
      g.apply("add", [
        g.apply("mul", [old, g.scalar(1 - momentum)]),
        g.apply("mul", [fresh, g.scalar(momentum)]),
      ]);
    updateBuffer(`${name}.running_mean`, follow(running[0], mean));
    updateBuffer(`${name}.running_var`, follow(running[1], variance));
    return g.apply("batchNorm", [x, ...affine], { epsilon });
  },
  export(exporter, layer, x, input) {
    const { scale, shift } = channelMap((name) => exporter.weights(name), layer);
    const shape = input.length === 3 ? [scale.length, 1, 1] : [scale.length];
    const scaled = exporter.add("Mul", [x, exporter.constant(shape, scale)]);
    return exporter.add("Add", [scaled, exporter.constant(shape, shift)]);
  },
  channelMap,
};

/** What running statistics amount to. */
function channelMap(weights: (name: string) => Float32Array, { name, epsilon }: BatchNorm) {
  const [gamma, beta] = [weights(`${name}.weight`), weights(`${name}.bias`)];
  const [mean, variance] = [weights(`${name}.running_mean`), weights(`${name}.running_var`)];
  const scale = gamma.map((value, channel) => value / Math.sqrt(variance[channel]! + epsilon));
  return { scale, shift: beta.map((value, channel) => value - mean[channel]! * scale[channel]!) };
}

/** Batch normalization of [C, H, W] or [features], which keep their shape; epsilon 1e-5, momentum 0.1. */
export const batchNorm = (name: string): Layer => ({ kind: "batchNorm", name, epsilon: 1e-5, momentum: 0.1 });
