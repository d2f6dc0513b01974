// Whole trainings that differ in nothing but the convolution algorithm and the seed, and what their results say.
import { settingsSchema } from "../src/config/config.ts";
import { openLoader, trainingBatches } from "../src/data/index.ts";
import { buildNetwork } from "../src/nn/build.ts";
import type { NetworkName } from "../src/nn/networks/index.ts";
import { learningRateAt } from "../src/optim/schedule.ts";
import { stream } from "../src/rng.ts";
import { type Prepared, prepare } from "../src/run/prepare.ts";
import type { ConvolutionMode } from "../src/runtime/choice.ts";
import { nodeRuntime } from "../src/runtime/node.ts";
import { evaluate } from "../src/train/evaluate.ts";
import type { DirectSession } from "../src/train/network-session.ts";
import { classify, classScoring, oneHot } from "../src/train/objectives/classify.ts";
import { createTrainingSession } from "../src/train/step.ts";
import { type Sample, sampleOf, type WelchTest, welchTest } from "./welch.ts";

export interface AccuracySettings {
  readonly data: string;
  readonly model: NetworkName;
  readonly seed: number;
  /** Training images. */
  readonly images: number;
  readonly epochs: number;
  readonly batch: number;
  readonly threads: number;
  /** At its highest; the network's own when left out. */
  readonly learningRate?: number;
}

export interface TrainingRow extends AccuracySettings {
  readonly convolution: ConvolutionMode;
  /** Share of the test images that the network gets right after the last epoch. */
  readonly testTop1: number;
  readonly testLoss: number;
  readonly testImages: number;
  /** Mean over the steps of the last epoch. */
  readonly trainLoss: number;
  readonly seconds: number;
}

/** Data, pipeline and recipe as `cutout train` has them. The caller closes the dataset. */
export function prepareTraining(settings: AccuracySettings): Promise<Prepared> {
  const { data, model, seed, images, epochs, batch, threads, learningRate } = settings;
  const given = settingsSchema.parse({
    data,
    model,
    seed,
    epochs,
    batchSize: batch,
    threads,
    schedule: { kind: "one-cycle", ...(learningRate && { learningRate }) },
    split: { train: images },
  });
  return prepare(given, () => {});
}

export const networkOf = ({ config, network, dataset, pipeline }: Prepared) =>
  buildNetwork(network, {
    input: pipeline.output,
    numClasses: dataset.classes.length,
    options: config.model.options,
  });

/** All epochs, as `cutout train` does them. The caller closes the session. */
export async function trainNetwork(
  prepared: Prepared,
  convolution: ConvolutionMode,
): Promise<{ readonly session: DirectSession; readonly trainLoss: number }> {
  const { config, dataset, split, pipeline } = prepared;
  const { seed, epochs, batchSize, optimizer, labelSmoothing, schedule, threads } = config;
  const session = await createTrainingSession({
    network: networkOf(prepared),
    batchSize,
    optimizer,
    objective: classify({ labelSmoothing, classWeights: null }),
    seed,
    runtime: nodeRuntime({ threads, convolution }),
  });
  const stepsPerEpoch = Math.floor(split.train.length / batchSize);
  let [step, trainLoss] = [0, 0];
  for (let epoch = 1; epoch <= epochs; epoch++) {
    trainLoss = 0;
    const order = { indices: split.train, batchSize, seed, epoch, workers: 0 };
    for await (const { images, labels } of trainingBatches({ dataset, pipeline, ...order })) {
      const learningRate = learningRateAt(schedule, { step, stepsPerEpoch, epochs }, null);
      const targets = oneHot(labels, session.outputSize);
      const { loss } = await session.step(images, targets, {
        learningRate,
        seed: stream(seed, "dropout", step).seed(),
      });
      if (!Number.isFinite(loss)) {
        throw new Error(
          `accuracy: the loss must be finite, got ${loss} in step ${step + 1}; lower --learning-rate`,
        );
      }
      trainLoss += loss / stepsPerEpoch;
      step++;
    }
  }
  return { session, trainLoss };
}

/** One training from the start to the test. */
export async function trainWhole(
  settings: AccuracySettings,
  convolution: ConvolutionMode,
): Promise<TrainingRow> {
  const prepared = await prepareTraining(settings);
  const { dataset, split, pipeline, config } = prepared;
  const start = performance.now();
  try {
    const { session, trainLoss } = await trainNetwork(prepared, convolution);
    const scoring = await evaluate({
      predictor: session,
      scoring: classScoring(dataset, split.test),
      dataset,
      indices: split.test,
      pipeline,
      loader: openLoader({ dataset, pipeline, workers: 0 }),
      crops: config.crops,
      batchSize: config.batchSize,
    });
    await session.close();
    const score = scoring.score();
    return {
      ...settings,
      convolution,
      testTop1: score.top1,
      testLoss: score.loss,
      testImages: score.count,
      trainLoss,
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    dataset.close();
  }
}

/** What can be compared between ways to compute the same training. */
const results = ["testTop1", "testLoss", "trainLoss"] as const;

export interface Comparison {
  readonly result: (typeof results)[number];
  readonly first: ConvolutionMode;
  readonly second: ConvolutionMode;
  readonly samples: readonly [Sample, Sample];
  readonly welch: WelchTest;
}

/** The rows of `second` against those of `first`, over the seeds. */
export function compareTrainings(
  rows: readonly TrainingRow[],
  first: ConvolutionMode,
  second: ConvolutionMode,
): Comparison[] {
  return results.map((result) => {
    const samples = [first, second].map((name) =>
      sampleOf(rows.filter(({ convolution }) => convolution === name).map((row) => row[result])),
    ) as [Sample, Sample];
    return { result, first, second, samples, welch: welchTest(...samples) };
  });
}
