// What a run tells while it goes on, whoever started it and wherever it runs.
import type { TrainingEvent } from "../train/events.ts";

export type RunEvent =
  | TrainingEvent
  /** While images are decoded, and convolutions timed. */
  | { readonly type: "progress"; readonly what: string; readonly done: number; readonly total: number }
  /** Once, as soon as the run folder is there and the run can be gone on with. */
  | { readonly type: "folder"; readonly path: string };
