// A trial as a process of its own on this machine, from its start to its end.
import type { ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import type { RunEvent } from "../run/events.ts";
import { type Outcome, outcomeOf, trialLog, writeFailure } from "../study-folder/index.ts";
import { startProcess } from "../thread.ts";
import type { CopyTaken, TrialMessage, TrialOrder } from "./trial-process-messages.ts";

export interface ChildOptions {
  /** Lets the process save and end. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  /** Resident memory, bytes. */
  readonly onMemory?: (bytes: number) => void;
  /** A copy of the run folder, to be taken away before the promise resolves. */
  readonly onCopy?: (path: string) => Promise<void>;
}

/** How often in a row a trial is gone on with whose process was killed before it had come further. */
export const killsInARow = 3;

/**
 * Runs a trial in a process, which saves and ends when this one is gone; what it says goes into the trial's log. One
 * that is killed (for memory, say) is gone on with where it was saved, unless that leads nowhere.
 */
export async function runInChild(order: TrialOrder, options: ChildOptions): Promise<Outcome> {
  const { study, trial } = order;
  let epochs = 0;
  for (let kills = 1; ; kills++) {
    const { outcome, how } = await once(order, options);
    if (outcome !== null) return outcome;
    const found = outcomeOf(study, trial);
    if (found.state !== "open" || options.signal.aborted) return found;
    if (found.epochs > epochs) kills = 1;
    epochs = found.epochs;
    if (kills === killsInARow) {
      const log = trialLog(study, trial.index);
      const message = `its process ended by ${how}, ${kills} times; what it said is in ${log}`;
      writeFailure(study, trial.index, message);
      return { state: "failed", message };
    }
  }
}

/** @returns no outcome when the process ended without a word, as one does that is killed; and how it ended */
async function once(
  order: TrialOrder,
  options: ChildOptions,
): Promise<{ readonly outcome: Outcome | null; readonly how: string }> {
  const { study, trial } = order;
  const { signal, onEvent, onMemory = () => {}, onCopy = async () => {} } = options;
  const log = openSync(trialLog(study, trial.index), "a");
  let child: ChildProcess;
  try {
    const stdio: ("ignore" | "ipc" | number)[] = ["ignore", log, log, "ipc"];
    child = startProcess("./trial-process", import.meta.url, [JSON.stringify(order)], { stdio });
  } finally {
    closeSync(log);
  }
  const end = () => child.kill("SIGTERM");
  if (signal.aborted) end();
  signal.addEventListener("abort", end);
  let outcome: Outcome | null = null;
  const copying: Promise<void>[] = [];
  const taken: CopyTaken = { type: "copy taken" };
  child.on("message", (message: TrialMessage) => {
    if (message.type === "run") onEvent(message.event);
    else if (message.type === "memory") onMemory(message.bytes);
    else if (message.type === "end") outcome = message.outcome;
    else {
      copying.push(
        onCopy(message.path).then(() => {
          // It may have ended in the meantime.
          if (child.connected) child.send(taken, () => {});
        }),
      );
    }
  });
  const how = await new Promise<string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (exit, by) => resolve(String(by ?? `exit code ${exit}`)));
  });
  signal.removeEventListener("abort", end);
  await Promise.all(copying);
  return { outcome, how };
}
