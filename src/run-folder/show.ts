// What there is of a run folder, to be shown: a part that is missing or damaged is said, never guessed and never fatal.
import { basename, resolve } from "node:path";
import type { Config } from "../config/config.ts";
import { CutoutError } from "../error.ts";
import type { Evaluation, ReconstructionEvaluation, ReconstructionScores } from "../train/evaluation.ts";
import { configJson } from "./config-json.ts";
import { type DatasetRecord, datasetJson } from "./dataset-json.ts";
import { type Environment, environmentJson } from "./environment-json.ts";
import { evaluationJson } from "./evaluation-json.ts";
import { type Failure, failureJson } from "./failure-json.ts";
import { checkPictures } from "./images.ts";
import { classRecords, type Metrics, reconstructionRecords, showMetrics } from "./metrics-jsonl.ts";
import { isFolder } from "./plain-file.ts";
import { showAugmented, showTargeted } from "./products.ts";
import { reconstructionJson } from "./reconstruction-json.ts";

/** What the folders of all kinds of runs hold. */
interface ShownParts {
  /** As given. */
  readonly path: string;
  readonly name: string;
  readonly config: Config | null;
  readonly environment: Environment | null;
  readonly dataset: DatasetRecord | null;
  /** Why an error ended it; null where none did. */
  readonly failure: Failure | null;
  /** PNG of augmented training images. */
  readonly augmented: Buffer | null;
  /** PNG of targeted Cutout's maps and masks. */
  readonly targeted: Buffer | null;
  /** One sentence for each part that is missing or damaged. */
  readonly problems: readonly string[];
}

/** Of a classifier. */
export interface ShownRun extends ShownParts, Metrics {
  readonly evaluation: Evaluation | null;
}

export interface ShownPretraining extends ShownParts, Metrics<ReconstructionScores> {
  readonly evaluation: ReconstructionEvaluation | null;
}

/** Whether a folder is that of a pretraining, as far as it tells. */
export function isPretraining(path: string): boolean {
  const config = configJson.show(path, []);
  return config !== null && config.objective.kind !== "classify";
}

/** @throws CutoutError when the folder itself does not exist or is none */
export function showRun(path: string): ShownRun {
  return shown(path, (problems) => ({
    ...showMetrics(path, classRecords, problems),
    evaluation: evaluationJson.show(path, problems),
  }));
}

/** @throws CutoutError when the folder itself does not exist or is none */
export function showPretraining(path: string): ShownPretraining {
  return shown(path, (problems) => ({
    ...showMetrics(path, reconstructionRecords, problems),
    evaluation: reconstructionJson.show(path, problems),
  }));
}

function shown<Found>(path: string, found: (problems: string[]) => Found): ShownParts & Found {
  if (!isFolder(path)) {
    throw new CutoutError({ where: path, what: "must be a run folder, found none there" });
  }
  const problems: string[] = [];
  checkPictures(path, problems);
  return {
    path,
    name: basename(resolve(path)),
    config: configJson.show(path, problems),
    environment: environmentJson.show(path, problems),
    dataset: datasetJson.show(path, problems),
    ...found(problems),
    failure: failureJson.show(path, problems),
    augmented: showAugmented(path, problems),
    targeted: showTargeted(path),
    problems,
  };
}
