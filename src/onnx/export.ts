// The trained network as an ONNX file for everybody: standard operators, N, C, H, W, batch normalization folded,
// the normalization of the images inside.
import { type FeatureShape, inferLayer, type Layer, type LayerKind, type LayerKinds } from "../nn/layers.ts";
import type { Network } from "../nn/network.ts";
import type { Tensor } from "../tensor.ts";
import { NodeList } from "./nodes.ts";
import { encodeModel } from "./proto.ts";

export interface ExportOptions {
  readonly network: Network;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly buffers: ReadonlyMap<string, Tensor>;
  /** Class names in the order of the outputs; they stand in the file's metadata. */
  readonly classes: readonly string[];
  /** Per channel, on the scale 0 to 1. */
  readonly normalization: { readonly mean: readonly number[]; readonly std: readonly number[] };
  readonly name: string;
}

interface Exporter {
  readonly nodes: NodeList;
  weights(name: string): Float32Array;
  shapeOf(name: string): readonly number[];
}

type ExportRule<L> = (exporter: Exporter, layer: L, x: string, input: FeatureShape) => string;

const floats = ({ nodes }: Exporter, shape: readonly number[], data: Float32Array) =>
  nodes.constant("float32", shape, data);

const pool =
  (op: "MaxPool" | "AveragePool"): ExportRule<LayerKinds["maxPool"]> =>
  ({ nodes }, { kernel, stride, padding }, x) =>
    nodes.add(op, [x], {
      kernel_shape: kernel,
      strides: stride,
      pads: padding,
      ...(op === "AveragePool" ? { count_include_pad: 1 } : {}),
    });

/** Scale and shift that running statistics amount to: y = x s + t. */
function normalizationOf({ weights }: Exporter, { name, epsilon }: LayerKinds["batchNorm"]) {
  const [gamma, beta] = [weights(`${name}.weight`), weights(`${name}.bias`)];
  const [mean, variance] = [weights(`${name}.running_mean`), weights(`${name}.running_var`)];
  const scale = gamma.map((value, channel) => value / Math.sqrt(variance[channel]! + epsilon));
  return { scale, shift: beta.map((value, channel) => value - mean[channel]! * scale[channel]!) };
}

function exportConv(
  exporter: Exporter,
  layer: LayerKinds["conv"],
  x: string,
  after: { readonly scale: Float32Array; readonly shift: Float32Array } | null,
): string {
  const shape = exporter.shapeOf(`${layer.name}.weight`);
  const weight = exporter.weights(`${layer.name}.weight`).slice();
  const bias =
    layer.bias === null
      ? new Float32Array(layer.outChannels)
      : exporter.weights(`${layer.name}.bias`).slice();
  if (after) {
    const filter = weight.length / layer.outChannels;
    weight.forEach((value, index) => {
      weight[index] = value * after.scale[Math.floor(index / filter)]!;
    });
    bias.forEach((value, index) => {
      bias[index] = value * after.scale[index]! + after.shift[index]!;
    });
  }
  const operands = [x, floats(exporter, shape, weight), floats(exporter, [layer.outChannels], bias)];
  return exporter.nodes.add("Conv", operands, {
    kernel_shape: layer.kernel,
    strides: layer.stride,
    pads: layer.padding,
    dilations: [1, 1],
    group: 1,
  });
}

const rules: { readonly [K in LayerKind]: ExportRule<LayerKinds[K]> } = {
  conv: (exporter, layer, x) => exportConv(exporter, layer, x, null),
  batchNorm(exporter, layer, x, input) {
    const { scale, shift } = normalizationOf(exporter, layer);
    const shape = input.length === 3 ? [scale.length, 1, 1] : [scale.length];
    const scaled = exporter.nodes.add("Mul", [x, floats(exporter, shape, scale)]);
    return exporter.nodes.add("Add", [scaled, floats(exporter, shape, shift)]);
  },
  relu: ({ nodes }, _, x) => nodes.add("Relu", [x]),
  maxPool: pool("MaxPool"),
  avgPool: pool("AveragePool"),
  globalMaxPool: ({ nodes }, _, x) => nodes.add("GlobalMaxPool", [x]),
  globalAvgPool: ({ nodes }, _, x) => nodes.add("GlobalAveragePool", [x]),
  flatten: ({ nodes }, _, x) => nodes.add("Flatten", [x], { axis: 1 }),
  linear(exporter, layer, x) {
    const weight = floats(
      exporter,
      exporter.shapeOf(`${layer.name}.weight`),
      exporter.weights(`${layer.name}.weight`),
    );
    const bias =
      layer.bias === null
        ? []
        : [floats(exporter, [layer.outFeatures], exporter.weights(`${layer.name}.bias`))];
    return exporter.nodes.add("Gemm", [x, weight, ...bias], { transB: 1 });
  },
  dropout: (_exporter, _layer, x) => x,
  scale: ({ nodes }, { factor }, x) => nodes.add("Mul", [x, nodes.number(factor)]),
  sequential(exporter, { layers }, x, input) {
    let [y, shape] = [x, input];
    layers.forEach((layer, index) => {
      const [previous, next] = [layers[index - 1], layers[index + 1]];
      if (layer.kind === "batchNorm" && previous?.kind === "conv") return; // folded into it
      y =
        layer.kind === "conv" && next?.kind === "batchNorm"
          ? exportConv(exporter, layer, y, normalizationOf(exporter, next))
          : exportLayer(exporter, layer, y, shape);
      shape = inferLayer(layer, shape);
    });
    return y;
  },
  residual: (exporter, { body, shortcut }, x, input) =>
    exporter.nodes.add("Add", [
      exportLayer(exporter, body, x, input),
      exportLayer(exporter, shortcut, x, input),
    ]),
};

function exportLayer(exporter: Exporter, layer: Layer, x: string, input: FeatureShape): string {
  return (rules[layer.kind] as ExportRule<Layer>)(exporter, layer, x, input);
}

/**
 * An ONNX file that runs wherever ONNX runs (opset 18).
 * Input `images`: float32 [N, channels, height, width], red-green-blue, 0 to 1, N free.
 * Output `probabilities`: float32 [N, classes]. Metadata: `classes` (JSON), `height`, `width`, `channels`.
 */
export function exportModel({
  network,
  parameters,
  buffers,
  classes,
  normalization,
  name,
}: ExportOptions): Uint8Array {
  const { channels, height, width } = network.input;
  const find = (key: string): Tensor => {
    const found = parameters.get(key) ?? buffers.get(key);
    if (!found) throw new Error(`export: the checkpoint must hold ${key}`);
    return found;
  };
  const exporter: Exporter = {
    nodes: new NodeList(),
    weights: (key) => find(key).data as Float32Array,
    shapeOf: (key) => find(key).shape,
  };
  const perChannel = (values: readonly number[]) =>
    floats(exporter, [1, channels, 1, 1], Float32Array.from(values));
  const centered = exporter.nodes.add("Sub", ["images", perChannel(normalization.mean)]);
  const normalized = exporter.nodes.add("Mul", [
    centered,
    perChannel(normalization.std.map((std) => 1 / std)),
  ]);
  const logits = exportLayer(exporter, network.layer, normalized, [channels, height, width]);
  exporter.nodes.addNamed("probabilities", "Softmax", [logits], { axis: 1 });
  return encodeModel({
    name,
    nodes: exporter.nodes.nodes,
    constants: exporter.nodes.constants,
    inputs: [{ name: "images", dtype: "float32", shape: ["N", channels, height, width] }],
    outputs: [{ name: "probabilities", dtype: "float32", shape: ["N", network.numClasses] }],
    metadata: {
      classes: JSON.stringify(classes),
      height: String(height),
      width: String(width),
      channels: String(channels),
    },
  });
}
