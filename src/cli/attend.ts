// Attends to a run at a terminal: progress, Ctrl-C, where the results are, and how to go on.

import { existsSync } from "node:fs";
import { endingText } from "../report/ending.ts";
import { memorizedText } from "../report/memorized.ts";
import type { ExecutionEvent } from "../run/as-events.ts";
import type { TrialResult } from "../run/trial.ts";
import { showRun } from "../run-folder/index.ts";
import { shellWord } from "../text.ts";
import { onInterrupt, say, tell } from "./console.ts";
import { createProgress, formatPercent } from "./progress.ts";

/**
 * Shows what a run tells. Ctrl-C aborts the signal once there is something to save.
 * @returns its result; null when it was interrupted, and the exit code is then set
 */
export async function attended(
  start: (signal: AbortSignal) => AsyncIterable<ExecutionEvent>,
): Promise<TrialResult | null> {
  const progress = createProgress(process.stderr);
  const interruption = onInterrupt(progress.clear);
  let result: TrialResult | null = null;
  let runDir: string | null = null;
  try {
    for await (const event of start(interruption.signal)) {
      if (event.type === "end") {
        progress.clear();
        runDir = null;
        tellEnd(event.result.runDir, interruption.exitCode());
        if (event.result.status === "interrupted") {
          sayInterrupted(event.result);
          process.exitCode = interruption.exitCode() ?? 130;
          return null;
        }
        sayResult(event.result);
        result = event.result;
      } else {
        // From the first step on there is something to save; a run that is gone on with may begin with its test.
        if (event.type === "phase" && event.phase !== "compile") interruption.arm();
        if (event.type === "folder") runDir = event.path;
        progress.onEvent(event);
      }
    }
    return result;
  } catch (error) {
    progress.clear();
    if (runDir !== null && existsSync(runDir)) tell(`what was written before is kept in ${runDir}`);
    throw error;
  } finally {
    interruption.release();
  }
}

/** What made a run end, by the exit code that it leads to. */
const interruptions: Readonly<Record<number, string>> = {
  129: "the closed terminal (SIGHUP)",
  130: "Ctrl-C (SIGINT)",
  143: "the system or another program (SIGTERM)",
};

/** Why the run ended, and whether it learnt its images by heart: as the report says it. */
function tellEnd(runDir: string, exitCode: number | null): void {
  const run = showRun(runDir);
  const by = exitCode === null ? null : (interruptions[exitCode] ?? null);
  const ending = endingText(run, { by });
  const memorized = memorizedText(run);
  if (ending !== null) tell(`the training ${ending}`);
  if (memorized !== null) tell(memorized.replaceAll("\u00A0", " "));
}

function sayInterrupted({ runDir, report }: TrialResult): void {
  tell(`report  ${report}`);
  tell(`interrupted and saved; go on with: cutout train --resume ${shellWord(runDir)}`);
}

function sayResult({ runDir, test, keptEpoch, report }: TrialResult): void {
  if (test !== null) {
    say(`test accuracy ${formatPercent(test.top1)} on ${test.count} images (epoch ${keptEpoch})`);
  }
  say(`run     ${runDir}`);
  say(`report  ${report}`);
}
