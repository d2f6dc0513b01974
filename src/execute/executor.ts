// Where the runs of a study run: the seam behind which are this machine's processes, or other machines.
import type { RunEvent } from "../run/events.ts";
import type { OpenStudy, Outcome, Trial } from "../study-folder/index.ts";

/** What is told of a trial, by its index. */
export type TrialEvent = { readonly trial: number } & (
  | { readonly type: "begin" /** `this machine`, or a machine's name */; readonly where: string }
  | { readonly type: "run"; readonly event: RunEvent }
  /** How it ended: finished, failed, or open where it was interrupted and can be gone on with. */
  | { readonly type: "end"; readonly outcome: Outcome }
);

export interface Executor {
  /** `2 processes on this machine` */
  readonly name: string;
  /**
   * Runs trials, several at a time where that is possible. When an `end` is told, the run folder of the trial is whole
   * in the study's folder. A trial that fails is told, and the others go on. Ends when all have ended; once the signal
   * is aborted, after each that has begun has saved what it has.
   * @param trials neither finished nor running anywhere
   */
  run(study: OpenStudy, trials: readonly Trial[], signal: AbortSignal): AsyncIterable<TrialEvent>;
  /** Gives up connections. */
  close(): Promise<void>;
}
