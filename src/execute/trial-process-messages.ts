// What the process of a trial is told by its command line, and what it and the one that started it tell each other.
import type { RunEvent } from "../run/events.ts";
import type { Outcome, Trial } from "../study-folder/index.ts";
import type { Machine } from "./run-trial.ts";

/** As JSON on the command line. */
export interface TrialOrder {
  /** The study's folder. */
  readonly study: string;
  readonly trial: Trial;
  readonly machine: Machine;
  readonly copies: Copies | null;
}

/** How copies of the run folder are made, each at a moment when the run could be gone on with from it. */
export interface Copies {
  /** Folder in which they are made. */
  readonly folder: string;
  /** At least so many seconds pass between two. */
  readonly seconds: number;
}

/** What the process of a trial tells. */
export type TrialMessage =
  | { readonly type: "run"; readonly event: RunEvent }
  /** Resident memory of the process. */
  | { readonly type: "memory"; readonly bytes: number }
  /** A copy of the run folder; no other is made before {@link CopyTaken}. */
  | { readonly type: "copy"; readonly path: string }
  | { readonly type: "end"; readonly outcome: Outcome };

/** The copy has been put where it was wanted, and is gone. */
export interface CopyTaken {
  readonly type: "copy taken";
}
