// What a run tells, as one sequence.

import { Told } from "../told.ts";
import type { ClassScores } from "../train/evaluation.ts";
import type { Scores } from "../train/objective.ts";
import type { RunEvent } from "./events.ts";
import type { TrialOptions, TrialResult } from "./trial.ts";

/** What goes on in the run, and last of all how it ended. */
export type ExecutionEvent<S extends Scores = ClassScores> =
  | RunEvent<S>
  | { readonly type: "end"; readonly result: TrialResult<S> };

/**
 * What a run that is started here tells. The run goes on whether or not anybody listens.
 * @throws what ends the run by itself, after all that was told before
 */
export async function* eventsOf<S extends Scores = ClassScores>(
  start: (options: TrialOptions<S>) => Promise<TrialResult<S>>,
  signal: AbortSignal,
): AsyncGenerator<ExecutionEvent<S>> {
  const told = new Told<RunEvent<S>>();
  const ended = start({ signal, onEvent: told.tell });
  ended.then(told.end, told.end);
  yield* told;
  yield { type: "end", result: await ended };
}
