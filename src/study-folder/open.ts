// Opens a study: its question, its trials, and what has become of them.
import { type Outcome, outcomeOf } from "./outcome.ts";
import { readStudy, type Study } from "./study-json.ts";
import { readTrials, type Trial } from "./trials-jsonl.ts";

export interface OpenStudy {
  /** The folder, as given. */
  readonly path: string;
  readonly study: Study;
  readonly trials: readonly Trial[];
}

/** A trial with what has become of it. */
export interface Conducted {
  readonly trial: Trial;
  readonly outcome: Outcome;
}

/**
 * Opens a study folder.
 * @throws CutoutError, one line, when it is none, damaged, or changed since its first run
 */
export function openStudy(path: string): OpenStudy {
  const study = readStudy(path);
  return { path, study, trials: readTrials(path, study) };
}

export const conductedOf = ({ path, trials }: OpenStudy): readonly Conducted[] =>
  trials.map((trial) => ({ trial, outcome: outcomeOf(path, trial) }));
