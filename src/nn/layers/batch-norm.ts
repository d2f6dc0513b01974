// Batch normalization (Ioffe and Szegedy 2015) of each channel, with a learnt scale and shift and running statistics.
import { batchStatistics } from "../../graph/ops/normalization.ts";
import type { Value } from "../../graph/types.ts";
import { layerName } from "../affine.ts";
import { type FeatureShape, type LayerRule, type ParameterSpec, same } from "../layer.ts";
import { boolean, number, since } from "../options.ts";
import type { Layer } from "./index.ts";

export interface BatchNorm {
  readonly name: string;
  readonly epsilon: number;
  /** Share of the new batch in the running statistics. */
  readonly momentum: number;
  /** Whether a factor of each channel is learnt, and not only what is added. */
  readonly scale: boolean;
}

export const batchNormRule: LayerRule<BatchNorm> = {
  fields: {
    name: layerName,
    epsilon: number({ above: 0, max: 1 }),
    momentum: number({ min: 0, max: 1 }),
    scale: since(boolean, true),
  },
  infer: same,
  parameters: ({ name, scale }, input) => [
    ...(scale ? [factors(name, input)] : []),
    { name: `${name}.bias`, shape: [input[0]], init: { kind: "constant", value: 0 }, role: "norm" },
  ],
  buffers: ({ name }, input) => [
    { name: `${name}.running_mean`, shape: [input[0]], start: 0 },
    { name: `${name}.running_var`, shape: [input[0]], start: 1 },
  ],
  forward(
    { g, training, parameter, buffer, updateBuffer, statisticsShare },
    { name, epsilon, momentum, scale },
    x,
  ) {
    const channels = x.shape[0]!;
    const ones = () => g.constant("float32", [channels], new Float32Array(channels).fill(1));
    const affine = [scale ? parameter(`${name}.weight`) : ones(), parameter(`${name}.bias`)] as const;
    const running = [buffer(`${name}.running_mean`), buffer(`${name}.running_var`)] as const;
    if (!training) return g.apply("batchNormInference", [x, ...affine, ...running], { epsilon });
    const { mean, variance } = batchStatistics(g, x, epsilon);
    const share = statisticsShare ?? g.scalar(momentum);
    const rest = statisticsShare ? g.apply("sub", [g.scalar(1), statisticsShare]) : g.scalar(1 - momentum);
    const follow = (old: Value, fresh: Value) =>
      g.apply("add", [g.apply("mul", [old, rest]), g.apply("mul", [fresh, share])]);
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

function factors(name: string, input: FeatureShape): ParameterSpec {
  return { name: `${name}.weight`, shape: [input[0]], init: { kind: "constant", value: 1 }, role: "norm" };
}

/** What running statistics amount to. */
function channelMap(weights: (name: string) => Float32Array, { name, epsilon, ...layer }: BatchNorm) {
  const beta = weights(`${name}.bias`);
  const gamma = layer.scale ? weights(`${name}.weight`) : beta.map(() => 1);
  const [mean, variance] = [weights(`${name}.running_mean`), weights(`${name}.running_var`)];
  const scale = gamma.map((value, channel) => value / Math.sqrt(variance[channel]! + epsilon));
  return { scale, shift: beta.map((value, channel) => value - mean[channel]! * scale[channel]!) };
}

/**
 * Batch normalization of [C, H, W] or [features], which keep their shape.
 * @param momentum share of a new batch in the running statistics
 * @param scale whether a factor of each channel is learnt
 */
export const batchNorm = (
  name: string,
  { epsilon = 1e-5, momentum = 0.1, scale = true }: Partial<Omit<BatchNorm, "name">> = {},
): Layer => ({ kind: "batchNorm", name, epsilon, momentum, scale });
