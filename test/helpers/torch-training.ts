// What test/golden/training_torch.py and networks_torch.py made: starting weights and images by formula, and the tensors after three steps.
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { buildNetwork } from "../../src/nn/build.ts";
import { gelu, type Layer } from "../../src/nn/layers/index.ts";
import { type Network, network } from "../../src/nn/network.ts";
import type { NetworkName } from "../../src/nn/networks/index.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { sizeOf, type Tensor, tensor } from "../../src/tensor.ts";
import type { TrainingState } from "../../src/train/network-session.ts";
import { classify } from "../../src/train/objectives/classify.ts";
import { createTrainingSession } from "../../src/train/step.ts";

interface Summary {
  readonly norm: number;
  readonly samples: readonly number[];
  readonly projections: readonly number[];
}

interface Golden {
  readonly losses: readonly number[];
  readonly parameters: Readonly<Record<string, Summary>>;
  readonly buffers: Readonly<Record<string, Summary>>;
  readonly optimizer: Readonly<Record<string, Summary>>;
}

const golden: Readonly<Record<string, Golden>> = Object.assign(
  {},
  ...["training.json", "networks.json"].map((name) =>
    JSON.parse(readFileSync(new URL(`../golden/${name}`, import.meta.url), "utf8")),
  ),
);

/** The finalizer of MurmurHash3. */
function mix(word: number): number {
  let x = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}

function keyOf(name: string): number {
  let key = 2166136261;
  for (const char of name) key = Math.imul(key ^ char.charCodeAt(0), 16777619);
  return key;
}

/** 32 random bits for each index, the same as the script's. */
const hash = (key: number, index: number): number => mix((Math.imul(index, 2654435761) + key) | 0);

/** Numbers in [-1, 1). */
export function uniform(name: string, count: number): Float32Array {
  const key = keyOf(name);
  const numbers = new Float32Array(count);
  for (let index = 0; index < count; index++) numbers[index] = (hash(key, index) >>> 8) / 2 ** 23 - 1;
  return numbers;
}

export function start(name: string, shape: readonly number[]): Tensor {
  const data = uniform(name, sizeOf(shape));
  const scale = Math.fround(Math.sqrt(6 / sizeOf(shape.slice(1))));
  const offset = name.endsWith("weight") ? 1 : 0;
  for (let index = 0; index < data.length; index++) {
    data[index] = shape.length > 1 ? data[index]! * scale : offset + 0.125 * data[index]!;
  }
  return tensor("float32", shape, data);
}

/** Root of the mean squared difference of the projections: an estimate of |a - b| over the whole tensor. */
function distance(name: string, { data }: Tensor, want: Summary): number {
  const key = keyOf(`${name} projection`);
  // Elements with the same signs in all projections are added up first: there are up to 38 million in a tensor.
  const sums = new Float64Array(2 ** want.projections.length);
  for (let index = 0; index < data.length; index++)
    sums[hash(key, index) & (sums.length - 1)]! += data[index]!;
  const differences = want.projections.map((projection, k) =>
    sums.reduce((total, sum, signs) => total + ((signs >>> k) & 1 ? -sum : sum), -projection),
  );
  return Math.hypot(...differences) / Math.sqrt(differences.length);
}

const withoutDropout = (layer: Layer): Layer =>
  layer.kind === "sequential"
    ? { ...layer, layers: layer.layers.filter(({ kind }) => kind !== "dropout").map(withoutDropout) }
    : layer;

/** Layers are plain data. */
const withGelus = (layer: Layer): Layer =>
  JSON.parse(JSON.stringify(layer), (_, value) => (value?.kind === "relu" ? gelu : value));

export interface TrainingCase {
  /** Key of the script's result. */
  readonly golden: string;
  readonly model: NetworkName;
  /** Of the network. */
  readonly options?: object;
  readonly size: number;
  readonly numClasses: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly nesterov: boolean;
  /** With GELUs in the place of ReLUs. */
  readonly smooth?: boolean;
  /** How many of the script's steps are taken; all when left out. */
  readonly steps?: number;
}

/** Takes the script's steps on a runtime; checks the losses and returns the state. */
export async function takeSteps(
  example: TrainingCase,
  runtime: Runtime,
  tolerance: number,
): Promise<TrainingState> {
  const { model, options, smooth, size, numClasses, batch, learningRate, nesterov } = example;
  const input = { height: size, width: size, channels: 3 };
  const built = buildNetwork(model, { input, numClasses, options });
  const layer = withoutDropout(built.layer);
  const plain: Network = network(model, input, numClasses, smooth ? withGelus(layer) : layer);
  const session = await createTrainingSession({
    network: plain,
    batchSize: batch,
    optimizer: { momentum: 0.9, nesterov, weightDecay: 5e-4, decayBiasAndNorm: true },
    objective: classify({ labelSmoothing: 0.1, classWeights: null }),
    seed: 0,
    runtime,
  });
  session.load({
    ...session.state(),
    parameters: new Map(plain.parameters.map((spec) => [spec.name, start(spec.name, spec.shape)])),
  });
  const targets = new Float32Array(batch * numClasses);
  for (let image = 0; image < batch; image++) targets[image * numClasses + ((image * 7) % numClasses)] = 1;
  for (const [step, loss] of goldenOf(example).losses.slice(0, example.steps).entries()) {
    const images = uniform(`images ${step}`, batch * 3 * size * size);
    const result = await session.step(images, targets, { learningRate, seed: step });
    expect(Math.abs(result.loss - loss) / loss, `loss of step ${step}`).toBeLessThan(tolerance);
  }
  const state = session.state();
  await session.close();
  return state;
}

const goldenOf = ({ golden: key }: TrainingCase): Golden => golden[key]!;

/** Checks every tensor of one part of the state against the script's, relative to its norm. */
export function checkTensors(
  example: TrainingCase,
  state: TrainingState,
  part: "parameters" | "buffers" | "optimizer",
  tolerance: number,
): void {
  const want = goldenOf(example)[part];
  expect(state[part].size).toBe(Object.keys(want).length);
  for (const [key, summary] of Object.entries(want)) {
    const value = state[part].get(part === "optimizer" ? `${key}.momentum` : key)!;
    expect(distance(key, value, summary) / summary.norm, `${part} ${key}`).toBeLessThan(tolerance);
    const typical = summary.norm / Math.sqrt(value.data.length);
    summary.samples.forEach((sample, index) => {
      const at = (index * 2654435761) % value.data.length;
      const error = Math.abs(value.data[at]! - sample) / typical;
      expect(error, `${part} ${key}[${at}]`).toBeLessThan(30 * tolerance);
    });
  }
}

/** Checks what the steps changed in each parameter: the error relative to the way the script's went. */
export function checkMovement(example: TrainingCase, state: TrainingState, tolerance: number): void {
  for (const [key, summary] of Object.entries(goldenOf(example).parameters)) {
    const value = state.parameters.get(key)!;
    const moved = distance(key, start(key, value.shape), summary);
    expect(distance(key, value, summary) / moved, `movement of ${key}`).toBeLessThan(tolerance);
  }
}
