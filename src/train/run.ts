// A run of training: what is checked before it, how it begins or goes on, and what is saved of it.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Pipeline } from "../augment/pipeline.ts";
import type { MixSpec } from "../augment/short-form.ts";
import { type Dataset, type Loader, openLoader, type Split } from "../data/index.ts";
import type { WriteCalls } from "../durable-file.ts";
import { checkSchedule, initialPlateau, learningRateAt, type ScheduleOptions } from "../optim/schedule.ts";
import { loadCheckpoint, saveCheckpoint } from "../run-folder/checkpoint.ts";
import { cutMetrics, readMetrics } from "../run-folder/metrics-log.ts";
import type { TrainingEvent } from "./events.ts";
import { copiesOf } from "./mix.ts";
import type { TrainingSession, TrainingState } from "./network-session.ts";
import { Pace } from "./pace.ts";
import { checkIdentity, identityOf, nothingRunning, type Position, parsePosition } from "./position.ts";
import { checkClassWeights } from "./targets.ts";

export interface TrainOptions {
  readonly seed: number;
  readonly epochs: number;
  /** Images a step; the last incomplete batch of an epoch is dropped. */
  readonly batchSize: number;
  readonly schedule: ScheduleOptions;
  /** One weight >= 0 for each class, as PyTorch's weighted cross-entropy; null is off. */
  readonly classWeights: readonly number[] | null;
  /** Stop when the best epoch lies `patience` epochs back; null is off. */
  readonly earlyStopping: { readonly patience: number } | null;
  /** Views of an image in validation and test. */
  readonly crops: "center" | "ten";
  /** What is done to whole batches; nothing when null or left out. */
  readonly mix?: MixSpec | null;
}

export interface TrainArguments {
  readonly runDir: string;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly pipeline: Pipeline;
  readonly session: TrainingSession;
  readonly options: TrainOptions;
  /** Go on from `last.safetensors`. */
  readonly resume: boolean;
  /** Threads that make batches, as of `openLoader`; 0 when left out. The run is the same with any number. */
  readonly loaderWorkers?: number;
  /** Ends the run after the current step, with a checkpoint. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainingEvent) => void;
  /** Write `last.safetensors` within an epoch when it is this old; 300 seconds when not given. */
  readonly checkpointSeconds?: number;
  /** The file system's calls for writing; tests hand in ones that fail. */
  readonly calls?: WriteCalls;
}

/** What the parts of the loop share: the arguments, and the one thing that changes, where the run stands. */
export interface Run {
  readonly args: TrainArguments;
  readonly files: { readonly [Name in "best" | "last" | "metrics" | "evaluation"]: string };
  readonly stepsPerEpoch: number;
  readonly targets: Float32Array;
  readonly pace: Pace;
  readonly loader: Loader;
  position: Position;
  /** The position in `last.safetensors`, and when it was written. */
  saved: Position | null;
  savedAt: number;
  /** Start of this process's part of the current epoch. */
  epochStart: number;
}

/** A clock in seconds. */
export const seconds = () => performance.now() / 1000;

/** Checks the arguments, then begins the run or goes on with it. */
export async function prepare(args: TrainArguments): Promise<Run> {
  const { runDir, dataset, split, pipeline, session, options, onEvent } = args;
  check(args);
  mkdirSync(runDir, { recursive: true });
  const run: Run = {
    args,
    files: {
      best: join(runDir, "best.safetensors"),
      last: join(runDir, "last.safetensors"),
      metrics: join(runDir, "metrics.jsonl"),
      evaluation: join(runDir, "evaluation.json"),
    },
    stepsPerEpoch: Math.floor(split.train.length / imagesPerStep(options)),
    targets: new Float32Array(options.batchSize * session.numClasses),
    pace: new Pace(seconds, options.batchSize),
    loader: openLoader({ dataset, pipeline, workers: args.loaderWorkers ?? 0 }),
    position: {
      identity: identityOf(options, dataset, split),
      epoch: 0,
      stepInEpoch: 0,
      running: nothingRunning,
      plateau: initialPlateau(options.schedule),
      best: null,
    },
    saved: null,
    savedAt: seconds(),
    epochStart: seconds(),
  };
  const begun = existsSync(run.files.last) || readMetrics(run.files.metrics).length > 0;
  if (args.resume && begun) {
    await goOn(run);
  } else {
    if (begun) {
      throw new Error(
        `${runDir}: must not hold an earlier run; add --resume to go on with it, or choose another run folder`,
      );
    }
    if (args.resume)
      onEvent({ type: "message", text: `${runDir}: no checkpoint yet, starting from the beginning` });
    // Also finds out now, not after the first epoch, whether the disk has room.
    save(run, run.position, await session.state());
  }
  return run;
}

async function goOn(run: Run): Promise<void> {
  const { args, files, stepsPerEpoch } = run;
  const { state, position: json } = loadCheckpoint(files.last);
  const position = parsePosition(files.last, json);
  checkIdentity(files.last, position.identity, run.position.identity);
  await args.session.load(state);
  cutMetrics(files.metrics, position.epoch);
  run.position = position;
  run.saved = position;
  args.onEvent({
    type: "message",
    text: `resuming after epoch ${position.epoch}, step ${position.stepInEpoch} of ${stepsPerEpoch}`,
  });
}

/** Writes `last.safetensors`; the run then stands at `position`. */
export function save(run: Run, position: Position, state: TrainingState): void {
  checkFinite(run, state);
  saveCheckpoint(run.files.last, state, position, run.args.calls);
  run.position = position;
  run.saved = position;
  run.savedAt = seconds();
  run.epochStart = seconds();
}

/** The position with this process's part of the epoch added to its seconds. */
export function withSeconds(run: Run): Position {
  const { running } = run.position;
  return {
    ...run.position,
    running: { ...running, seconds: running.seconds + seconds() - run.epochStart },
  };
}

/** Training steps since the start of the run. */
export function stepOf({ position, stepsPerEpoch }: Run): number {
  return position.epoch * stepsPerEpoch + position.stepInEpoch;
}

export function rateAt({ args: { options }, stepsPerEpoch, position }: Run, step: number): number {
  return learningRateAt(options.schedule, { step, stepsPerEpoch, epochs: options.epochs }, position.plateau);
}

/**
 * The error of a loss, or of weights, that are no longer finite. Nothing is saved after it.
 * @param step in the epoch, 1 for the first
 */
export function diverged(run: Run, what: string, step: number): Error {
  const { position, stepsPerEpoch, files } = run;
  const kept = [files.best, files.last].filter((file) => existsSync(file));
  const rate = rateAt(run, position.epoch * stepsPerEpoch + Math.max(0, step - 1));
  return new Error(
    `training: ${what}, at step ${step} of ${stepsPerEpoch} in epoch ${position.epoch + 1}, learning rate ${rate}; lower --learning-rate (for example to a tenth) and train anew. Kept from before: ${kept.join(" and ")}`,
  );
}

/** Keeps weights that have become infinite or NaN out of the checkpoints. */
export function checkFinite(run: Run, state: TrainingState): void {
  for (const group of [state.parameters, state.buffers, state.optimizer]) {
    for (const [name, { dtype, data }] of group) {
      if (dtype !== "float32") continue;
      for (let index = 0; index < data.length; index++) {
        if (!Number.isFinite(data[index])) {
          throw diverged(
            run,
            `${name} must hold finite numbers, got ${data[index]}`,
            run.position.stepInEpoch,
          );
        }
      }
    }
  }
}

/** Different images in a step; with batch augmentation there are copies of each. */
function imagesPerStep({ batchSize, mix = null }: TrainOptions): number {
  return batchSize / copiesOf(mix);
}

function check({ dataset, split, session, options }: TrainArguments): void {
  const { batchSize, epochs, earlyStopping, schedule, classWeights } = options;
  const whole = {
    epochs,
    "batch size": batchSize,
    ...(earlyStopping && { "early stopping's patience": earlyStopping.patience }),
  };
  for (const [name, value] of Object.entries(whole)) {
    if (!Number.isInteger(value) || value < 1)
      throw new Error(`training: ${name} must be an integer >= 1, got ${value}`);
  }
  const images = imagesPerStep(options);
  if (!Number.isInteger(images)) {
    const copies = copiesOf(options.mix ?? null);
    throw new Error(`training: batch size must be a multiple of the ${copies} copies, got ${batchSize}`);
  }
  if (split.train.length < images) {
    throw new Error(
      `training: batch size must be at most the ${split.train.length} training images, got ${batchSize}; lower --batch-size`,
    );
  }
  if (session.batchSize !== batchSize || session.numClasses !== dataset.classes.length) {
    throw new Error(
      `training: the session must be built for batches of ${batchSize} and ${dataset.classes.length} classes, got ${session.batchSize} and ${session.numClasses}`,
    );
  }
  if (split.validation.length === 0) {
    throw new Error("training: the validation part must have at least one image, got none; raise its share");
  }
  checkSchedule(schedule, epochs);
  checkClassWeights(classWeights, dataset.classes);
}
