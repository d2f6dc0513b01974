// One pretraining, whole: an encoder learns to rebuild corrupted images, without labels; config in and run folder out.

import { aboutAugmentation } from "../augment/registry.ts";
import { namedAugmentations } from "../config/augmentation-fields.ts";
import type { Config, Settings } from "../config/config.ts";
import { settingsError } from "../config/settings.ts";
import { autoEncoder, encoderNames } from "../nn/encoder.ts";
import { countParameters } from "../nn/network.ts";
import { objectiveText } from "../report/describe.ts";
import { writeReport } from "../report/html.ts";
import { openPretraining } from "../run-folder/index.ts";
import { counted, whole } from "../text.ts";
import type { ReconstructionScores } from "../train/evaluation.ts";
import type { Objective } from "../train/objective.ts";
import { contextEncoder } from "../train/objectives/context-encoder.ts";
import { denoise } from "../train/objectives/denoise.ts";
import { describeReading, updateText } from "./describe-trial.ts";
import { type DryRun, dryRun } from "./dry-run.ts";
import type { RunEvent } from "./events.ts";
import type { Prepared } from "./prepare.ts";
import { withReconstructions } from "./reconstructions.ts";
import type { RunKind } from "./run-kind.ts";
import {
  beginRun,
  goOnWithRun,
  type NewTrialOptions,
  type ResumeTrialOptions,
  type TrialResult,
} from "./trial.ts";

/**
 * Trains the encoder of a network without labels and writes a run folder, from which `cutout train --from` begins.
 * @throws CutoutError, one line for people, when settings, data or disk do not allow it
 */
export async function runPretraining(
  settings: Settings,
  options: NewTrialOptions<ReconstructionScores> = {},
): Promise<TrialResult<ReconstructionScores>> {
  checkPretraining(settings);
  return beginRun(pretraining, settings, options);
}

/** What a pretraining would be, timed by its first steps. @throws CutoutError as it does */
export async function dryRunPretraining(
  settings: Settings,
  onEvent: (event: RunEvent<ReconstructionScores>) => void,
): Promise<DryRun> {
  checkPretraining(settings);
  return dryRun(pretraining, settings, onEvent);
}

/** Goes on with a pretraining where its last checkpoint is, exactly. */
export async function resumePretraining(
  runDir: string,
  options: ResumeTrialOptions<ReconstructionScores> = {},
): Promise<TrialResult<ReconstructionScores>> {
  return goOnWithRun(pretraining, runDir, options);
}

const pretraining: RunKind<ReconstructionScores> = {
  command: "pretrain",
  purpose: "pretrain",
  open: openPretraining,
  // The head is cut off.
  numClasses: () => 2,
  network: autoEncoder,
  taken: (classifier) => encoderNames(classifier),
  objective: ({ config, statistics }) => objectiveOf(config.objective, statistics),
  describe({ config, dataset, split }, network) {
    const { imageSize, epochs, batchSize } = config;
    const validated =
      split.validation.length === 0 ? "none to validate" : `${whole(split.validation.length)} to validate`;
    return [
      `${dataset.name}: ${counted(dataset.count, "image")}, classes do not count: ${whole(split.train.length)} to train, ${validated}, ${whole(split.test.length)} to test`,
      `${network.name} with ${whole(countParameters(network))} parameters on ${imageSize} x ${imageSize} pixels: ${objectiveText(config.objective)}`,
      `epochs ${epochs}, steps in each ${Math.floor(split.train.length / batchSize)}, images in each ${batchSize}, seed ${config.seed}`,
      ...[updateText(config)].filter((text) => text !== ""),
      ...describeReading({ dataset, split }, "dataset.json"),
    ];
  },
  withPictures: (storage, runDir, { pipeline, statistics, split }) =>
    withReconstructions(storage, {
      runDir,
      shape: pipeline.output,
      normalization: statistics,
      test: split.test,
    }),
  writeProducts: (runDir) => writeReport(runDir),
};

function objectiveOf(
  objective: Config["objective"],
  { mean, std }: Prepared["statistics"],
): Objective<ReconstructionScores> {
  if (objective.kind === "context-encoder") return contextEncoder(objective);
  if (objective.kind === "denoise") return denoise({ ...objective, normalization: { mean, std } });
  throw new Error("internal: a classifier is no pretraining");
}

/** @throws CutoutError when a setting is one of classifiers */
function checkPretraining({ objective, augment, labelSmoothing, classWeights }: Settings): void {
  const refuse = (field: string, what: string, remedy: string) => {
    throw settingsError({ field, what, remedy });
  };
  if (objective.kind === "classify") {
    refuse("objective", "must be denoise or context-encoder for a pretraining", "give one with --objective");
  }
  const hide = "would hide what is to be rebuilt";
  const remedy = "leave it out, or have it hidden from the network: --objective denoise --corrupt";
  if (augment.cutout !== null) refuse("augment.cutout", hide, `${remedy} cutout`);
  const hiding = namedAugmentations(augment.augmentations).find(({ name }) =>
    ["mask", "noise"].includes(aboutAugmentation(name).kind),
  );
  if (hiding !== undefined) {
    refuse("augment.augmentations", `${hiding.name} ${hide}`, `${remedy} ${hiding.name}`);
  }
  const leaveOut = "leave it out";
  if (augment.targeted !== null) refuse("augment.targeted", hide, leaveOut);
  if (augment.mix !== null) refuse("augment.mix", "mixes labels, and a pretraining has none", leaveOut);
  if (labelSmoothing > 0) refuse("labelSmoothing", "is of labels, and a pretraining has none", leaveOut);
  if (classWeights !== "none") refuse("classWeights", "is of classes, and a pretraining has none", leaveOut);
}
