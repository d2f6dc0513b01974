// What has become of a trial: always read from its run folder, which is the only truth about it.
import { existsSync } from "node:fs";
import { CutoutError } from "../error.ts";
import { configJson } from "../run-folder/config-json.ts";
import { type OpenRun, openRun } from "../run-folder/open.ts";
import type { EpochRecord } from "../train/events.ts";
import { readFailure } from "./failure-json.ts";
import { runFolder } from "./layout.ts";
import { readTook } from "./took-json.ts";
import type { Trial } from "./trials-jsonl.ts";

export type Outcome =
  /** Not begun, or begun and not ended. */
  | { readonly state: "open"; readonly epochs: number }
  | { readonly state: "failed"; readonly message: string }
  | Finished;

export interface Finished {
  readonly state: "finished";
  /** The epoch whose weights are kept, from 1. */
  readonly epoch: number;
  /** Top-1 accuracy of that epoch on the validation part; null without one. */
  readonly validation: number | null;
  /** Top-1 accuracy on the test part; null where it was not looked at. */
  readonly test: number | null;
  /** Seconds of training and validation. */
  readonly seconds: number;
  /** Seconds of the whole trial, over all its tries; left out where that is not known. */
  readonly took?: number;
  /** Of the decoded images, and of which of them are in which part: runs with equal ones can be set against each other. */
  readonly fingerprint: string;
  readonly splitDigest: string;
}

/** What has become of a trial; one whose run folder is damaged has failed, and the others go on. */
export function outcomeOf(study: string, trial: Trial): Outcome {
  try {
    const found = outcomeOfRun(study, trial);
    // A finished run is finished, whatever another try of it has come to.
    if (found.state === "finished") return found;
    const failure = readFailure(study, trial.index);
    return failure === null ? found : { state: "failed", message: failure.reason };
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    return { state: "failed", message: error.message };
  }
}

function outcomeOfRun(study: string, trial: Trial): Outcome {
  const folder = runFolder(study, trial);
  if (!existsSync(folder) || !configJson.isIn(folder)) return { state: "open", epochs: 0 };
  const run = openRun(folder);
  const tested = trial.task === "test" || trial.test;
  const epochs = run.epochs.length;
  if (!hasEnded(run) || (tested && run.test === null)) return { state: "open", epochs };
  const kept = run.test?.epoch ?? keptEpoch(run);
  const record = run.epochs.find(({ epoch }) => epoch === kept);
  if (record === undefined)
    throw new CutoutError({ where: folder, what: `has a test of epoch ${kept}, which is not there` });
  if (run.config.seed !== trial.seed) {
    throw new CutoutError({
      where: folder,
      what: `must be of seed ${trial.seed}`,
      got: String(run.config.seed),
    });
  }
  const took = readTook(study, trial.index);
  if (run.dataset.splitDigest === undefined) {
    throw new CutoutError({ where: folder, what: "does not say which images are in which part" });
  }
  return {
    state: "finished",
    epoch: kept,
    validation: record.validation?.top1 ?? null,
    test: tested ? run.test!.test.top1 : null,
    seconds: run.epochs.reduce((sum, { seconds }) => sum + seconds, 0),
    ...(took !== null && { took }),
    fingerprint: run.dataset.fingerprint,
    splitDigest: run.dataset.splitDigest,
  };
}

/** Whether the training has come to its end: by its last epoch, or by early stopping. */
function hasEnded({ config, epochs }: Pick<OpenRun, "config" | "epochs">): boolean {
  if (epochs.length >= config.epochs) return true;
  const { earlyStopping } = config;
  return earlyStopping !== null && epochs.length - bestEpoch(epochs) >= earlyStopping.patience;
}

const bestEpoch = (epochs: readonly EpochRecord[]): number => epochs.findLast(({ best }) => best)?.epoch ?? 0;

/** The epoch whose weights are kept. */
function keptEpoch({ config, epochs }: Pick<OpenRun, "config" | "epochs">): number {
  return config.keep === "last" ? epochs.length : bestEpoch(epochs);
}
