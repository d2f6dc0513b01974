// One trial of a study, in this process: its run folder is made, gone on with, or found finished.

import { isMissing } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { resumeTrial, runTrial, type TrialOptions } from "../run/trial.ts";
import { configJson, waitUntilFree } from "../run-folder/index.ts";
import {
  checkGoesOn,
  forgetFailure,
  type OpenStudy,
  type Outcome,
  outcomeOf,
  runFolder,
  type Trial,
  writeFailure,
} from "../study-folder/index.ts";

/** What this machine does differently from the one where the study was made. */
export interface Machine {
  /** Processor threads of the network; null for those of the settings. */
  readonly threads: number | null;
  /** Where the images of the study are here; null where they are at the same place. */
  readonly data: string | null;
  /** Folder of decoded images; null for that of the settings. */
  readonly cacheDir: string | null;
}

export const sameMachine: Machine = { threads: null, data: null, cacheDir: null };

/**
 * Runs a trial, or goes on with it where it was left; one that is finished is left as it is.
 * @returns what has become of it; a failure is kept in the study's folder, too
 */
export async function runStudyTrial(
  study: OpenStudy,
  trial: Trial,
  machine: Machine,
  options: TrialOptions = {},
): Promise<Outcome> {
  const { path } = study;
  checkGoesOn(path, study.study);
  try {
    // The process of before may still be saving: one whose coordinator was killed.
    const { signal, onEvent } = options;
    const tell = (text: string) => onEvent?.({ type: "message", text });
    await waitUntilFree(runFolder(path, trial), { tell, ...(signal && { signal }) });
    forgetFailure(path, trial.index);
    const before = outcomeOf(path, trial);
    if (before.state === "finished") return before;
    await work(study, trial, machine, options);
  } catch (error) {
    const { signal } = options;
    const isAbort = error === signal?.reason || (error as Error).name === "AbortError";
    if (signal?.aborted && isAbort) return outcomeOf(path, trial);
    const message = error instanceof CutoutError ? error.message : String((error as Error).stack ?? error);
    noteFailure(path, trial.index, message);
    return { state: "failed", message };
  }
  return outcomeOf(path, trial);
}

/** That there is no room for the note must not hide how the trial ended. */
function noteFailure(study: string, index: number, message: string): void {
  try {
    writeFailure(study, index, message);
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
  }
}

async function work(
  { path, study }: OpenStudy,
  trial: Trial,
  machine: Machine,
  options: TrialOptions,
): Promise<void> {
  const data = machine.data ?? study.data;
  if (isMissing(data)) {
    throw new CutoutError({
      where: data,
      what: "the images of the study are not on this machine",
      remedy: "put them there, or say where they are here with --data",
    });
  }
  const { settings } = study.arms[trial.arm]!;
  // That of the run may be another machine's.
  const cacheDir = machine.cacheDir ?? settings.cacheDir;
  if (trial.task === "test") {
    await resumeTrial(runFolder(path, trial), { ...options, data, cacheDir });
    return;
  }
  const folder = runFolder(path, trial);
  const { test } = trial;
  if (configJson.isIn(folder)) {
    await resumeTrial(folder, { ...options, data, cacheDir, test });
    return;
  }
  const { threads } = machine;
  await runTrial(
    {
      ...settings,
      data,
      seed: trial.seed,
      ...(trial.epochs !== null && { epochs: trial.epochs }),
      ...(threads !== null && { threads }),
      cacheDir,
    },
    { ...options, runDir: folder, test, command: study.command },
  );
}
