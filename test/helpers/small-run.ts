// A small run of training for tests: everything `train` needs.
import { readFileSync } from "node:fs";
import { trainingPipeline } from "../../src/augment/index.ts";
import { openLoader } from "../../src/data/index.ts";
import type { WriteCalls } from "../../src/durable-file.ts";
import { dataIdentity } from "../../src/run-folder/identity.ts";
import { runFolderStorage } from "../../src/run-folder/storage.ts";
import type { MetricsRecord, TrainingEvent } from "../../src/train/events.ts";
import type { DirectSession } from "../../src/train/network-session.ts";
import { type ClassifyOptions, classify } from "../../src/train/objectives/classify.ts";
import type { TrainArguments, TrainOptions } from "../../src/train/train-arguments.ts";
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
  earlyStopping: null,
  keep: "best",
  crops: "center",
};

/** 100 images in 6 classes, 12 steps an epoch; crops, flips, holes, dropout and a running mean. */
export function smallRun(
  runDir: string,
  changes: Partial<Omit<TrainArguments, "session">> & {
    /** Milliseconds of a step. */
    readonly delay?: number;
    /** How files are written. */
    readonly calls?: WriteCalls;
  } = {},
  { classWeights = null, ...options }: Partial<TrainOptions & Pick<ClassifyOptions, "classWeights">> = {},
): Omit<TrainArguments, "session"> & { readonly runDir: string; readonly session: DirectSession } {
  const all = { ...smallOptions, ...options };
  const dataset = memoryDataset({ count: 180, numClasses, side, channels: 1, seed: 1, noise: 0.6 });
  const range = (start: number, end: number) => Int32Array.from({ length: end - start }, (_, n) => start + n);
  const { delay, calls, ...rest } = changes;
  const split = { train: range(0, 100), validation: range(100, 140), test: range(140, 180) };
  const pipeline = trainingPipeline({
    input: { height: side, width: side, channels: 1 },
    crop: { height: side, width: side, padding: 1 },
    flip: 0.1,
    normalization: { mean: [0.5], std: [0.25] },
    cutout: { length: 2, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 },
  });
  return {
    runDir,
    objective: classify({ labelSmoothing: 0, classWeights }),
    dataset,
    split,
    pipeline,
    loader: openLoader({ dataset, pipeline, workers: 0 }),
    storage: runFolderStorage(runDir, calls),
    identity: dataIdentity(rest.dataset ?? dataset, rest.split ?? split),
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

/** The lines of metrics.jsonl without what depends on time, and their checksums. */
export function metricsOf(runDir: string): Partial<MetricsRecord>[] {
  const lines = readFileSync(`${runDir}/metrics.jsonl`, "utf8").split("\n");
  if (lines.pop() !== "") throw new Error("metrics.jsonl: must end with a line break");
  return lines.map((line) => {
    const { checksum, seconds, imagesPerSecond, ...rest } = JSON.parse(line);
    return rest;
  });
}

/** What a JSON file of a run folder says, without its checksum. */
export function contentOf(text: string): unknown {
  const { checksum, ...content } = JSON.parse(text);
  return content;
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
