// The trained network as an ONNX file for everybody: standard operators, N, C, H, W, batch normalization folded,
// the normalization of the images inside.
import { type FeatureShape, inferLayer, type Layer, type LayerKind, type LayerKinds } from "../nn/layers.ts";
import type { Network } from "../nn/network.ts";
import type { Tensor } from "../tensor.ts";
import { addConvolution } from "./convolution.ts";
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

/** y = x scale + shift, for each channel. */
interface ChannelMap {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

interface Exporter {
  readonly nodes: NodeList;
  /** The convolution that takes the images, and what it must do to them first. */
  readonly first: { readonly name: string; readonly images: ChannelMap } | null;
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

/** What running statistics amount to. */
function normalizationOf({ weights }: Exporter, { name, epsilon }: LayerKinds["batchNorm"]): ChannelMap {
  const [gamma, beta] = [weights(`${name}.weight`), weights(`${name}.bias`)];
  const [mean, variance] = [weights(`${name}.running_mean`), weights(`${name}.running_var`)];
  const scale = gamma.map((value, channel) => value / Math.sqrt(variance[channel]! + epsilon));
  return { scale, shift: beta.map((value, channel) => value - mean[channel]! * scale[channel]!) };
}

/** @param after what follows the convolution, which its weights and bias can do as well */
function exportConv(
  exporter: Exporter,
  layer: LayerKinds["conv"],
  x: string,
  input: FeatureShape,
  after: ChannelMap | null,
): string {
  const given = exporter.weights(`${layer.name}.weight`);
  const start = layer.bias === null ? null : exporter.weights(`${layer.name}.bias`);
  const before = exporter.first?.name === layer.name ? exporter.first.images : null;
  const area = layer.kernel[0] * layer.kernel[1];
  const filter = input[0] * area;
  const weight = given.map((value, index) => {
    const channel = Math.floor((index % filter) / area);
    return value * (before?.scale[channel] ?? 1) * (after?.scale[Math.floor(index / filter)] ?? 1);
  });
  const bias = Float32Array.from({ length: layer.outChannels }, (_, channel) => {
    let sum = start?.[channel] ?? 0;
    for (let at = 0; before && at < filter; at++) {
      sum += given[channel * filter + at]! * before.shift[Math.floor(at / area)]!;
    }
    return after ? sum * after.scale[channel]! + after.shift[channel]! : sum;
  });
  const { kernel, stride, padding } = layer;
  return addConvolution(exporter.nodes, x, {
    input: input as readonly [number, number, number],
    weight,
    bias,
    kernel,
    stride,
    padding,
  });
}

const rules: { readonly [K in LayerKind]: ExportRule<LayerKinds[K]> } = {
  conv: (exporter, layer, x, input) => exportConv(exporter, layer, x, input, null),
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
          ? exportConv(exporter, layer, y, shape, normalizationOf(exporter, next))
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

/** The layer that the images go to. */
function firstLayer(layer: Layer): Layer {
  const [first] = layer.kind === "sequential" ? layer.layers : [];
  return first ? firstLayer(first) : layer;
}

/**
 * What is left of the normalization of the images when their convolution does its part. The padding is 0 after the
 * normalization, so only where there is none can the bias do the subtraction too.
 */
function normalizationIn(layer: Layer, { mean, std }: ExportOptions["normalization"]) {
  const scale = Float32Array.from(std, (value) => 1 / value);
  if (layer.kind !== "conv") return { first: null, subtract: mean, multiply: scale };
  const padded = layer.padding.some((side) => side > 0);
  const shift = Float32Array.from(mean, (value, channel) => (padded ? 0 : -value / std[channel]!));
  return {
    first: { name: layer.name, images: { scale, shift } },
    subtract: padded ? mean : null,
    multiply: null,
  };
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
  const { first, subtract, multiply } = normalizationIn(firstLayer(network.layer), normalization);
  const exporter: Exporter = {
    nodes: new NodeList(),
    first,
    weights: (key) => find(key).data as Float32Array,
    shapeOf: (key) => find(key).shape,
  };
  const perChannel = (op: "Sub" | "Mul", x: string, values: ArrayLike<number> | null) =>
    values
      ? exporter.nodes.add(op, [x, floats(exporter, [1, channels, 1, 1], Float32Array.from(values))])
      : x;
  const normalized = perChannel("Mul", perChannel("Sub", "images", subtract), multiply);
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
