// A small run of training for tests: everything `train` needs but the run folder.
import { readFileSync } from "node:fs";
import { trainingPipeline } from "../../src/augment/pipeline/pipeline.ts";
import type { MetricsRecord, TrainingEvent } from "../../src/train/events.ts";
import type { DirectSession } from "../../src/train/network-session.ts";
import type { TrainArguments, TrainOptions } from "../../src/train/trainer.ts";
import { memoryDataset } from "./memory-dataset.ts";
import { softmaxSession } from "./softmax-session.ts";

const side = 6;
const numClasses = 6;

export const smallOptions: TrainOptions = {
  seed: 7,
  epochs: 4,
  batchSize: 8,
  schedule: {
    kind: "one-cycle",
    learningRate: 0.05,
    shape: "triangular",
    warmupShare: 0.3,
    initialDivision: 10,
    finalDivision: 10,
  },
  classWeights: null,
  earlyStopping: null,
  crops: "center",
};

/** 100 images in 6 classes, 12 steps an epoch; crops, flips, holes, dropout and a running mean. */
export function smallRun(
  runDir: string,
  changes: Partial<Omit<TrainArguments, "session">> & { readonly delay?: number } = {},
  options: Partial<TrainOptions> = {},
): Omit<TrainArguments, "session"> & { readonly session: DirectSession } {
  const all = { ...smallOptions, ...options };
  const dataset = memoryDataset({ count: 180, numClasses, side, channels: 1, seed: 1, noise: 0.6 });
  const range = (start: number, end: number) => Int32Array.from({ length: end - start }, (_, n) => start + n);
  const { delay, ...rest } = changes;
  return {
    runDir,
    dataset,
    split: { train: range(0, 100), validation: range(100, 140), test: range(140, 180) },
    pipeline: trainingPipeline({
      input: { height: side, width: side, channels: 1 },
      crop: { height: side, width: side, padding: 1 },
      flip: 0.1,
      normalization: { mean: [0.5], std: [0.25] },
      cutout: { length: 2, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 },
    }),
    session: softmaxSession({
      batchSize: all.batchSize,
      numClasses,
      inputSize: side * side,
      seed: all.seed,
      momentum: 0.9,
      dropout: 0.2,
      ...(delay !== undefined && { delay }),
    }),
    options: all,
    resume: false,
    signal: new AbortController().signal,
    onEvent: () => {},
    ...rest,
  };
}

/** The lines of metrics.jsonl without what depends on time. */
export function metricsOf(runDir: string): Partial<MetricsRecord>[] {
  const lines = readFileSync(`${runDir}/metrics.jsonl`, "utf8").split("\n");
  if (lines.pop() !== "") throw new Error("metrics.jsonl: must end with a line break");
  return lines.map((line) => {
    const { seconds, imagesPerSecond, ...rest } = JSON.parse(line);
    return rest;
  });
}

/** Runs `action` at each step event, told the number of the step since the start of the process. */
export function atStep(
  action: (count: number, event: Extract<TrainingEvent, { type: "step" }>) => void,
): (event: TrainingEvent) => void {
  let count = 0;
  return (event) => {
    if (event.type === "step") action(++count, event);
  };
}
