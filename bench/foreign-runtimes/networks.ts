// Every shipped network as a model.onnx, with images and the logarithms of the probabilities that the layers give in double
// precision: node --import tsx bench/foreign-runtimes/networks.ts FOLDER [NAME ...]
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReferenceArray } from "../../src/graph/types.ts";
import { buildNetwork } from "../../src/nn/build.ts";
import { initialBuffers, initialParameters, type Network } from "../../src/nn/network.ts";
import { type NetworkName, networkNames } from "../../src/nn/networks/index.ts";
import { type RegularizerName, readRegularizer } from "../../src/nn/regularizers.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { type Rng, stream } from "../../src/rng.ts";
import { evaluateReference } from "../../src/runtime/reference.ts";
import type { Tensor } from "../../src/tensor.ts";
import { predictionGraph, prefixes } from "../../src/train/step-graphs.ts";

interface Case {
  readonly model: NetworkName;
  readonly size: number;
  readonly channels: 1 | 3;
  readonly options?: Readonly<Record<string, unknown>>;
  /** A regularizer with a form of its own at test time. */
  readonly regularizer?: { readonly name: RegularizerName; readonly at: string };
}

const [folder, ...wanted] = process.argv.slice(2);
if (folder === undefined) throw new Error("say where to: networks.ts FOLDER [NAME ...]");

/** Sides for 3 channels and for 1: small, odd where the network takes it. AlexNet's second convolution goes by rows from 119 on. */
const sides: { readonly [Name in NetworkName]?: readonly [number, number] } = {
  alexnet: [119, 79],
  "alexnet-2012": [95, 79],
  airbench94: [32, 28],
  resnet9: [37, 28],
  "wrn-28-10": [12, 8],
  "shake-shake-26-2x96d": [12, 8],
  resnet50: [19, 16],
};

const plain = networkNames.flatMap((model): Case[] => {
  const [colour, grey] = sides[model] ?? [21, 16];
  return [
    { model, size: colour, channels: 3 },
    { model, size: grey, channels: 1 },
  ];
});
const cases: readonly Case[] = [
  ...plain,
  { model: "resnet18", size: 70, channels: 3, options: { stem: "imagenet" } },
  { model: "wrn-10-2", size: 24, channels: 3 },
  { model: "resnet9", size: 32, channels: 3, regularizer: { name: "max-pooling-dropout", at: "all" } },
];

const count = 3;
const numClasses = 3;
const [mean, std] = [0.4, 0.25];

const nameOf = ({ model, size, channels, options, regularizer }: Case): string =>
  [model, ...Object.values(options ?? {}), regularizer?.name, `${size}x${size}x${channels}`]
    .filter((part) => part !== undefined)
    .join("-");

type Weights = Record<"parameters" | "buffers", Map<string, Tensor>>;

/** Statistics and affine parameters as training would leave them, not the trivial ones of the start. */
function weightsFor(network: Network, rng: Rng): Weights {
  const parameters = initialParameters(network, 4);
  const buffers = initialBuffers(network);
  const shake = ({ data }: Tensor, by: number) => data.set(data.map((x) => x + by * rng.uniform()));
  for (const buffer of buffers.values()) shake(buffer, 0.3);
  for (const [name, parameter] of parameters) if (/bn|norm/.test(name)) shake(parameter, 0.2);
  return { parameters, buffers };
}

/** Logits by the layers' own rules in double precision: no folding, no ONNX. [count * numClasses] */
function exactLogits(network: Network, { parameters, buffers }: Weights, pixels: Float32Array): number[] {
  const { channels, height, width } = network.input;
  const data = Float64Array.from(pixels, (x) => (x - mean) / std);
  const inputs = new Map<string, ReferenceArray>([
    ["images", { shape: [count, channels, height, width], data }],
  ]);
  for (const [prefix, tensors] of [
    [prefixes.parameters, parameters],
    [prefixes.buffers, buffers],
  ] as const) {
    for (const [name, { shape, data }] of tensors) {
      inputs.set(prefix + name, { shape, data: Float64Array.from(data) });
    }
  }
  const graph = predictionGraph(network, count, { parameters, buffers });
  return Array.from(evaluateReference(graph, inputs).get("output")!.data);
}

/**
 * First weights leave all classes about as probable. The last layer's, times a power of two, which is exact and scales
 * the logits alike, make a network that has made up its mind.
 */
function decide(network: Network, { parameters }: Weights, logits: readonly number[]): number[] {
  const factor = 2 ** Math.floor(Math.log2(8 / Math.max(...logits.map(Math.abs))));
  const last = network.parameters.at(-1)!.name.replace(/\.[^.]*$/, "");
  for (const [name, { data }] of parameters) {
    if (name.startsWith(`${last}.`)) data.set(data.map((x) => x * factor));
  }
  return logits.map((x) => x * factor);
}

function logProbabilities(logits: readonly number[]): number[][] {
  return Array.from({ length: count }, (_, image) => {
    const row = logits.slice(image * numClasses, (image + 1) * numClasses);
    const most = Math.max(...row);
    const total = most + Math.log(row.reduce((sum, x) => sum + Math.exp(x - most), 0));
    return row.map((x) => x - total);
  });
}

/** Noise of another strength in each channel of each image, on a slope. */
function paint(shape: readonly [number, number, number, number], rng: Rng): Float32Array {
  const [images, channels, height, width] = shape;
  const pixels = new Float32Array(images * channels * height * width);
  for (let plane = 0; plane < images * channels; plane++) {
    const [level, slope, noise] = [rng.uniform(), rng.uniform() - 0.5, 0.5 * rng.uniform()];
    for (let at = 0; at < height * width; at++) {
      const x = level + (slope * (at % width)) / width + noise * (rng.uniform() - 0.5);
      pixels[plane * height * width + at] = Math.min(1, Math.max(0, x));
    }
  }
  return pixels;
}

mkdirSync(folder, { recursive: true });
for (const each of cases) {
  if (wanted.length > 0 && !wanted.includes(each.model)) continue;
  const { model, size, channels, options, regularizer } = each;
  const network = buildNetwork(model, {
    input: { height: size, width: size, channels },
    numClasses,
    ...(options && { options }),
    regularize: regularizer ? [readRegularizer(regularizer)] : [],
  });
  const rng = stream(9, "running statistics");
  const weights = weightsFor(network, rng);
  const shape = [count, channels, size, size] as const;
  const pixels = paint(shape, rng);
  const logits = decide(network, weights, exactLogits(network, weights, pixels));
  const normalization = { mean: new Array(channels).fill(mean), std: new Array(channels).fill(std) };
  const bytes = exportModel({ network, ...weights, classes: ["a", "b", "ç"], normalization, name: model });
  const name = nameOf(each);
  writeFileSync(join(folder, `${name}.onnx`), bytes);
  writeFileSync(join(folder, `${name}.images`), pixels);
  const largestLogit = Math.max(...logits.map(Math.abs));
  const answer = { shape, largestLogit, logProbabilities: logProbabilities(logits) };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(answer));
  console.log(name);
}
