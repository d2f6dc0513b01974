// The trained network as an ONNX file for everybody: standard operators, N, C, H, W, batch normalization folded,
// the normalization of the images inside.
import type { Crops } from "../augment/index.ts";
import { CutoutError } from "../error.ts";
import type { Layer } from "../nn/layers/index.ts";
import type { Network } from "../nn/network.ts";
import { exportLayer, firstLayer, ruleOf } from "../nn/tree.ts";
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
  /** Version of the program that trained it, for the file's metadata. */
  readonly version?: string | undefined;
  /** How a file becomes what the network sees, for the file's metadata: who reads an image in another way gets other answers. */
  readonly reading?: ImageReading;
}

/** From the file of an image to the network's input. */
export interface ImageReading {
  /** `squash` to a square, whatever the aspect, or `cover` it and cut the longer side. */
  readonly fit: "cover" | "squash";
  /** Side of that square, pixels; the network's views are cut from it. */
  readonly cacheSize: number;
  /** Views whose probabilities are averaged. */
  readonly crops: Crops;
}

/** What the first layer does of the normalization of the images, and what is left to do before it. */
function normalizationFor(first: Layer, { mean, std }: ExportOptions["normalization"]) {
  const scale = Float32Array.from(std, (value) => 1 / value);
  const absorbed = ruleOf(first).absorbs?.(first);
  if (absorbed === undefined) return { before: null, subtract: mean, multiply: scale };
  const whole = absorbed === "scale and shift";
  const shift = Float32Array.from(mean, (value, channel) => (whole ? -value / std[channel]! : 0));
  return { before: { scale, shift }, subtract: whole ? null : mean, multiply: null };
}

/**
 * An ONNX file that runs wherever ONNX runs (opset 18).
 * Input `images`: float32 [N, channels, height, width], red-green-blue, 0 to 1, N free.
 * Output `probabilities`: float32 [N, classes]. Metadata: `classes` (JSON), `height`, `width`, `channels`, and what
 * `reading` says: `fit`, `cacheSize`, `crops`.
 */
export function exportModel({
  network,
  parameters,
  buffers,
  classes,
  normalization,
  name,
  version,
  reading,
}: ExportOptions): Uint8Array {
  const { channels, height, width } = network.input;
  const find = (key: string): Tensor => {
    const found = parameters.get(key) ?? buffers.get(key);
    if (!found) throw new CutoutError({ where: "export", what: `the checkpoint must hold ${key}` });
    return found;
  };
  const nodes = new NodeList();
  const constant = (shape: readonly number[], data: Float32Array) => nodes.constant("float32", shape, data);
  const perChannel = (op: "Sub" | "Mul", x: string, values: ArrayLike<number> | null) =>
    values ? nodes.add(op, [x, constant([1, channels, 1, 1], Float32Array.from(values))]) : x;
  const first = firstLayer(network.layer);
  const { before, subtract, multiply } = normalizationFor(first, normalization);
  const normalized = perChannel("Mul", perChannel("Sub", "images", subtract), multiply);
  const logits = exportLayer(
    {
      add: (operator, inputs, attributes) => nodes.add(operator, inputs, attributes),
      constant,
      integers: (values) => nodes.integers(values),
      number: (value) => nodes.number(value),
      gather: (x, indices, axis) => nodes.add("Gather", [x, nodes.integers(Array.from(indices))], { axis }),
      weights: (key) => find(key).data as Float32Array,
      convolution: (x, convolution) => addConvolution(nodes, x, convolution),
      before: (layer) => (layer === first ? before : null),
    },
    network.layer,
    normalized,
    [channels, height, width],
  );
  nodes.addNamed("probabilities", "Softmax", [logits], { axis: 1 });
  return encodeModel({
    name,
    ...(version !== undefined && { version }),
    nodes: nodes.nodes,
    constants: nodes.constants,
    inputs: [{ name: "images", dtype: "float32", shape: ["N", channels, height, width] }],
    outputs: [{ name: "probabilities", dtype: "float32", shape: ["N", network.numClasses] }],
    metadata: {
      classes: JSON.stringify(classes),
      height: String(height),
      width: String(width),
      channels: String(channels),
      ...(reading && { fit: reading.fit, cacheSize: String(reading.cacheSize), crops: reading.crops }),
    },
  });
}
