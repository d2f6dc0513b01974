// What the process of a trial tells the one that started it.
import type { RunEvent } from "../run/events.ts";
import type { Outcome } from "../study-folder/index.ts";

export type Told =
  | { readonly type: "run"; readonly event: RunEvent }
  /** Resident memory of the process. */
  | { readonly type: "memory"; readonly bytes: number }
  | { readonly type: "end"; readonly outcome: Outcome };
