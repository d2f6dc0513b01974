// What a run tells while it goes on, whoever started it and wherever it runs.
import type { ClassScores } from "../train/evaluation.ts";
import type { TrainingEvent } from "../train/events.ts";
import type { Scores } from "../train/objective.ts";

export type RunEvent<S extends Scores = ClassScores> =
  | TrainingEvent<S>
  /** While images are decoded, and convolutions timed. */
  | { readonly type: "progress"; readonly what: string; readonly done: number; readonly total: number }
  /** Once, as soon as the run folder is there and the run can be gone on with. */
  | { readonly type: "folder"; readonly path: string };
