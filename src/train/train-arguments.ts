// What a training run is given, and what must hold of it before anything is begun.
import type { Crops, MixSpec, Pipeline } from "../augment/index.ts";
import type { Dataset, Loader, Split } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import type { MapLayer } from "../nn/most-activated.ts";
import type { Network } from "../nn/network.ts";
import { type AverageOptions, checkAverage } from "../optim/average.ts";
import { checkProgressive, type ProgressiveOptions } from "../optim/image-size.ts";
import { checkSchedule, type ScheduleOptions } from "../optim/schedule.ts";
import type { FilterNetwork } from "./data-filter.ts";
import type { ClassScores } from "./evaluation.ts";
import type { TrainingEvent } from "./events.ts";
import { copiesOf } from "./mix.ts";
import type { TrainingSession } from "./network-session.ts";
import type { Objective, ObjectiveSpec, Scores, Task } from "./objective.ts";
import type { Identity } from "./position.ts";
import type { RunStorage } from "./storage.ts";

export interface TrainOptions {
  readonly seed: number;
  readonly epochs: number;
  /** Images a step; the last incomplete batch of an epoch is dropped. */
  readonly batchSize: number;
  readonly schedule: ScheduleOptions;
  /** Stop when the best epoch lies `patience` epochs back; null is off. */
  readonly earlyStopping: { readonly patience: number } | null;
  /** Whose weights are tested: those of the best epoch on validation, or of the last. */
  readonly keep: "best" | "last";
  /** Views of an image in validation and test. */
  readonly crops: Crops;
  /** What is done to whole batches; nothing when null or left out. */
  readonly mix?: MixSpec | null;
  /** Masks what a layer responds to most, by maps of the epoch before; left out for none. */
  readonly targeted?: MapLayer;
  /** Smaller images at first; left out all have the full size. */
  readonly progressive?: ProgressiveOptions;
  /** What chooses the images that are learnt, and their share; left out for all. */
  readonly filter?: { readonly model: ObjectiveSpec; readonly keep: number };
  /** Which average of the weights is used in their place; left out they are used themselves. */
  readonly average?: AverageOptions;
}

export interface TrainArguments<S extends Scores = ClassScores> {
  readonly objective: Objective<S>;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly pipeline: Pipeline;
  /** Of this dataset and pipeline; it stays open. */
  readonly loader: Loader;
  /** Of this objective's loss; it stays open. */
  readonly session: TrainingSession;
  /** Chooses what of each batch is learnt; left out, all of it is. */
  readonly filter?: FilterNetwork;
  /** Of the session, where a new run shall make what it makes of training images before the first step. */
  readonly network?: Network;
  /** Where checkpoints, metrics and the evaluation go. */
  readonly storage: RunStorage<S>;
  /** What tells the data and its split from others: a run is only resumed where it is the same. */
  readonly identity: Identity;
  readonly options: TrainOptions;
  /** Go on from the last checkpoint. */
  readonly resume: boolean;
  /** Whether the test part is looked at in the end; true when not given. */
  readonly test?: boolean;
  /** Ends the run after the current step, with a checkpoint. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainingEvent<S>) => void;
  /** Write the last checkpoint within an epoch when it is this old; 300 seconds when not given. */
  readonly checkpointSeconds?: number;
}

/** Different images in a step; with batch augmentation there are copies of each. */
export function imagesPerStep({ batchSize, mix = null }: TrainOptions): number {
  return batchSize / copiesOf(mix);
}

/** @throws when options, data, objective and session do not fit each other */
export function checkArguments<S extends Scores>(
  { split, session, filter, options }: TrainArguments<S>,
  { outputSize }: Task<S>,
): void {
  const { batchSize, epochs, earlyStopping, schedule, keep } = options;
  const refuse = (what: string, got: string | number, remedy?: string) => {
    throw new CutoutError({ where: "training", what, got: String(got), remedy, kind: "settings" });
  };
  const numbers = {
    epochs,
    "batch size": batchSize,
    ...(earlyStopping && { "early stopping's patience": earlyStopping.patience }),
  };
  for (const [name, value] of Object.entries(numbers)) {
    if (!Number.isInteger(value) || value < 1) refuse(`${name} must be an integer >= 1`, value);
  }
  const images = imagesPerStep(options);
  if (!Number.isInteger(images)) {
    refuse(`batch size must be a multiple of the ${copiesOf(options.mix ?? null)} copies`, batchSize);
  }
  if (split.train.length < images) {
    const copies = batchSize / images === 1 ? "" : `${batchSize / images} copies of `;
    refuse(
      `batch size must be at most ${copies}the ${split.train.length} training images`,
      batchSize,
      "lower --batch-size",
    );
  }
  if ((filter === undefined) !== (options.filter === undefined))
    refuse("a filter must have its network", filter === undefined ? "none" : "one without the option");
  if (filter !== undefined && session.batchSize >= batchSize)
    refuse(`fewer images than the ${batchSize} of a batch must be kept`, session.batchSize);
  const learnt = filter === undefined ? batchSize : session.batchSize;
  for (const one of filter === undefined ? [session] : [session, filter.session]) {
    if (one.batchSize === learnt && one.outputSize === outputSize) continue;
    refuse(
      `the session must be built for batches of ${learnt} and ${outputSize} numbers an image`,
      `${one.batchSize} and ${one.outputSize}`,
    );
  }
  if (split.validation.length === 0) {
    const needing = (what: string) =>
      refuse(`${what} must have a validation part to go by`, "none", "leave it out, or give --validation");
    if (earlyStopping !== null) needing("early stopping");
    if (keep === "best") needing("keeping the best epoch");
    if (schedule.kind === "plateau") needing("the schedule plateau");
  }
  checkSchedule(schedule, epochs);
  if (options.average !== undefined) checkAverage(options.average);
  if (options.filter !== undefined && options.targeted !== undefined)
    refuse("targeted Cutout keeps a map of every image", "a filter", "leave one of the two out");
  if (options.progressive === undefined) return;
  checkProgressive(options.progressive);
  if (options.targeted !== undefined)
    refuse("targeted Cutout keeps maps of one size", "progressive sizes", "leave one of the two out");
}
