// What there is of a study's trials, to be shown: a run folder that is damaged is said, and never fatal.
import { existsSync, readSync } from "node:fs";
import { configJson } from "../run-folder/config-json.ts";
import { datasetJson } from "../run-folder/dataset-json.ts";
import { classRecords, showMetrics } from "../run-folder/metrics-jsonl.ts";
import { withPlainFile } from "../run-folder/plain-file.ts";
import { reportIn } from "../run-folder/products.ts";
import type { EpochRecord } from "../train/events.ts";
import { runFolder, trialLog } from "./layout.ts";
import type { Conducted, OpenStudy } from "./open.ts";
import { outcomeOf } from "./outcome.ts";
import type { Trial } from "./trials-jsonl.ts";

export interface ShownTrial extends Conducted {
  /** Its run folder. */
  readonly folder: string;
  /** Epochs that have ended, of a run that is going on too. */
  readonly epochs: readonly EpochRecord[];
  /** Number of images of each part; null where it is not known. */
  readonly images: { readonly train: number; readonly validation: number; readonly test: number } | null;
  /** The page of the run; null where there is none. */
  readonly report: string | null;
  /** One sentence for each part that is damaged. */
  readonly problems: readonly string[];
}

/** What has become of each trial; one whose run folder is damaged has failed. */
export function showTrials(study: OpenStudy): readonly ShownTrial[] {
  return study.trials.map((trial) => showTrial(study, trial));
}

function showTrial({ path }: OpenStudy, trial: Trial): ShownTrial {
  const folder = runFolder(path, trial);
  const outcome = outcomeOf(path, trial);
  const problems: string[] = [];
  const begun =
    existsSync(folder) && configJson.isIn(folder) && !(outcome.state === "open" && outcome.epochs === 0);
  const images = begun && datasetJson.isIn(folder) ? datasetJson.show(folder, problems) : null;
  return {
    trial,
    outcome,
    folder,
    epochs: begun ? showMetrics(folder, classRecords, problems).epochs : [],
    images: images?.split ?? null,
    report: reportIn(folder),
    problems,
  };
}

/** Bytes of the end of a log that are enough to see why a trial failed. */
const logBytes = 4096;

/** The last lines of what the process of a trial has said; empty where there are none. */
export function trialLogEnd(study: string, index: number, lines = 12): readonly string[] {
  try {
    return withPlainFile(trialLog(study, index), Number.MAX_SAFE_INTEGER, (file, { size }) => {
      const bytes = Buffer.alloc(Math.min(size, logBytes));
      readSync(file, bytes, 0, bytes.length, size - bytes.length);
      return bytes.toString("utf8").trimEnd().split("\n").slice(-lines);
    });
  } catch {
    return [];
  }
}
