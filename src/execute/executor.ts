// Where runs run: whoever has a config and a folder for the run hands both over, listens, and reads the folder afterwards.
import type { Settings } from "../config/config.ts";
import type { RunEvent } from "../run/events.ts";
import type { TrialResult } from "../run/trial.ts";

/** What an execution tells: what goes on in the run, and last of all how it ended. */
export type ExecutionEvent = RunEvent | { readonly type: "end"; readonly result: TrialResult };

/**
 * Trains one config into one folder.
 * @param folder run folder to make; null for one with a number in the config's `runsDir`
 * @param signal ends the run after the step it is at, with a checkpoint
 * @returns events; the iteration throws what ends the run by itself
 */
export type Executor = (
  config: Settings,
  folder: string | null,
  signal: AbortSignal,
) => AsyncIterable<ExecutionEvent>;
