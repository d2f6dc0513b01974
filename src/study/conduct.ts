// Conducts a study: asks its question what is needed, has that run, and goes on until there is an answer.
import { CutoutError } from "../error.ts";
import type { Executor, TrialEvent } from "../execute/executor.ts";
import { putBack } from "../execute/run-archive.ts";
import {
  addTook,
  appendTrials,
  type Conducted,
  checkGoesOn,
  conductedOf,
  holdStudy,
  type NewTrial,
  type OpenStudy,
  openStudy,
  readFailure,
  runFolder,
  writeFailure,
  writeResults,
} from "../study-folder/index.ts";
import { type Asked, ask } from "./questions/index.ts";
import { keyOf } from "./questions/question.ts";

export type StudyEvent = TrialEvent | Round;

/** Before each round: what there is to do, what is done, and what the question says to that. */
export interface Round {
  readonly type: "round";
  readonly study: OpenStudy;
  readonly conducted: readonly Conducted[];
  readonly asked: Asked;
}

export type StudyEnd =
  | { readonly state: "answered"; readonly asked: Asked }
  /** Some trials have failed: the answer waits for them. */
  | { readonly state: "stuck"; readonly failed: readonly Conducted[] }
  | { readonly state: "interrupted" };

/**
 * Begins a study, or goes on with it: finished trials are kept, those that have failed are tried again.
 * @returns how it ended; events are yielded
 * @throws CutoutError when another process conducts it, it has been changed since its first run, or runs cannot be compared
 */
export async function* conduct(
  path: string,
  executor: Executor,
  signal: AbortSignal,
): AsyncGenerator<StudyEvent, StudyEnd> {
  const hold = await holdStudy(path, signal);
  try {
    let study = openStudy(path);
    for (const trial of study.trials) putBack(runFolder(path, trial));
    checkGoesOn(path, study.study);
    const failed = new Set<number>();
    const begun = new Map<number, number>();
    for (;;) {
      let conducted = conductedOf(study);
      const asked = ask(study.study, conducted);
      const added = asked.trials.slice(checkPrefix(study, asked.trials));
      if (added.length > 0) {
        study = { ...study, trials: appendTrials(path, study.study, study.trials, added) };
        conducted = conductedOf(study);
      }
      writeResults(study, conducted);
      if (asked.answer !== null) return { state: "answered", asked };
      const open = conducted.filter(
        ({ trial, outcome }) => outcome.state !== "finished" && !failed.has(trial.index),
      );
      if (open.length === 0) {
        return { state: "stuck", failed: conducted.filter(({ outcome }) => outcome.state === "failed") };
      }
      yield { type: "round", study, conducted, asked };
      const trials = open.map(({ trial }) => trial);
      for await (const event of executor.run(study, trials, signal)) {
        yield event;
        if (event.type === "begin") begun.set(event.trial, performance.now());
        if (event.type !== "end") continue;
        hold.check();
        const took = performance.now() - (begun.get(event.trial) ?? performance.now());
        addTook(path, event.trial, took / 1000);
        if (event.outcome.state === "failed") {
          failed.add(event.trial);
          keepFailure(path, event.trial, event.outcome.message);
        }
        writeResults(study, conductedOf(study));
      }
      if (signal.aborted) return { state: "interrupted" };
    }
  } finally {
    hold.release();
  }
}

/** A process that was killed has not written why; the study says it then. */
function keepFailure(path: string, trial: number, message: string): void {
  if (readFailure(path, trial) === null) writeFailure(path, trial, message);
}

/**
 * Trials that a question wants are never taken back: those that are planned are the first of them.
 * @returns how many are planned
 */
function checkPrefix({ path, trials }: OpenStudy, wanted: readonly NewTrial[]): number {
  const at = trials.findIndex((trial, index) => {
    const other = wanted[index];
    return other === undefined || keyOf(trial) !== keyOf(other);
  });
  if (at < 0) return trials.length;
  throw new CutoutError({
    where: path,
    what: `trial ${at} is not the one that the results of the others call for: a result has changed since it was planned`,
    remedy: "put the run folders back as they were, or begin a new study",
  });
}
