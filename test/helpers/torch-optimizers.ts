// What test/golden/optimizers_torch.py made: a small network, the options of each case, and all tensors after its steps.
import { readFileSync } from "node:fs";
import {
  batchNorm,
  conv,
  flatten,
  globalAvgPool,
  linear,
  relu,
  sequential,
} from "../../src/nn/layers/index.ts";
import { network } from "../../src/nn/network.ts";
import { averageSharesAt } from "../../src/optim/average.ts";
import type { LookaheadOptions } from "../../src/optim/lookahead.ts";
import type { OptimizerOptions } from "../../src/optim/optimizers.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { DirectSession } from "../../src/train/network-session.ts";
import { classify } from "../../src/train/objectives/classify.ts";
import { createTrainingSession } from "../../src/train/step.ts";
import { start, uniform } from "./torch-training.ts";

type Numbers = Readonly<Record<string, readonly number[]>>;

export interface OptimizerCase {
  readonly case: string;
  readonly optimizer: OptimizerOptions;
  readonly learningRates: readonly number[];
  readonly clipNorm?: number;
  readonly lookahead?: LookaheadOptions;
  readonly accumulate?: number;
  /** An exponential average is what is used. */
  readonly emaDecay?: number;
  /** Of the gradients before they are clipped. */
  readonly norms: readonly number[];
  readonly losses: readonly number[];
  readonly parameters: Numbers;
  readonly buffers: Numbers;
  readonly state: Numbers;
}

export const optimizerCases: readonly OptimizerCase[] = JSON.parse(
  readFileSync(new URL("../golden/optimizers.json", import.meta.url), "utf8"),
).cases;

const [batchSize, side, classes] = [8, 6, 4];

/** Filters that are wide and tall as matrices, normalization, biases and a linear layer. */
const small = network(
  "small",
  { height: side, width: side, channels: 3 },
  classes,
  sequential(
    conv("conv1", 6, 3, 1, 1),
    batchNorm("bn1"),
    relu,
    conv("conv2", 16, 1, 1, 0, { bias: 0 }),
    relu,
    globalAvgPool,
    flatten,
    linear("linear", classes),
  ),
);

/** Where the script starts. */
export const startOf = (name: string, shape: readonly number[]) => start(name, shape);

export async function openCase(example: OptimizerCase, runtime: Runtime): Promise<DirectSession> {
  const { optimizer, clipNorm = null, lookahead = null, accumulate = 1, emaDecay } = example;
  const session = await createTrainingSession({
    network: small,
    batchSize,
    optimizer,
    clipNorm,
    lookahead,
    accumulate,
    average: emaDecay !== undefined,
    objective: classify({ labelSmoothing: 0.1, classWeights: null }),
    seed: 0,
    runtime,
  });
  session.load({
    buffers: session.state().buffers,
    parameters: new Map(small.parameters.map(({ name, shape }) => [name, start(name, shape)])),
    optimizer: new Map(),
  });
  return session;
}

/** Takes one of the script's steps; gives its loss. */
export async function takeStep(
  { learningRates, emaDecay }: OptimizerCase,
  session: DirectSession,
  step: number,
) {
  const targets = new Float32Array(batchSize * classes);
  for (let image = 0; image < batchSize; image++) targets[image * classes + ((image * 7) % classes)] = 1;
  const images = uniform(`images ${step}`, batchSize * 3 * side * side);
  const time = { step, stepsPerEpoch: learningRates.length, epochs: 1 };
  const average =
    emaDecay === undefined ? undefined : averageSharesAt({ name: "ema", decay: emaDecay }, time);
  const hyper = { learningRate: learningRates[step]!, seed: step, average };
  return (await session.step(images, targets, hyper)).loss;
}
