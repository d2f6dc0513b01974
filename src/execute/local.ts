// Runs in this process.
import type { RunEvent } from "../run/events.ts";
import { runTrial, type TrialOptions, type TrialResult } from "../run/trial.ts";
import type { ExecutionEvent, Executor } from "./executor.ts";

/** @param command the command line, for environment.json */
export function inThisProcess(command: readonly string[] = []): Executor {
  return (config, folder, signal) =>
    eventsOf((attended) => runTrial(config, { ...attended, runDir: folder, command }), signal);
}

/** What a run that is started here tells, as one sequence. The run goes on whether or not anybody listens. */
export async function* eventsOf(
  start: (options: TrialOptions) => Promise<TrialResult>,
  signal: AbortSignal,
): AsyncGenerator<ExecutionEvent> {
  const told: RunEvent[] = [];
  let wake = () => {};
  const ended = start({
    signal,
    onEvent(event) {
      told.push(event);
      wake();
    },
  });
  let over = false;
  ended
    .catch(() => {}) // the iteration throws it
    .finally(() => {
      over = true;
      wake();
    });
  for (;;) {
    while (told.length > 0) yield told.shift()!;
    if (over) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  yield { type: "end", result: await ended };
}
