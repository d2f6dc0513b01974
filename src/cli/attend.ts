// Attends to runs at a terminal: progress, Ctrl-C, where the results are, and how to go on.
import { existsSync } from "node:fs";
import type { TrialResult } from "../run/trial.ts";
import type { SeriesEvent } from "../study/series.ts";
import { shellWord } from "../text.ts";
import { onInterrupt, say, tell } from "./console.ts";
import { createProgress, formatPercent } from "./progress.ts";

/**
 * Shows what runs tell. Ctrl-C aborts the signal once there is something to save.
 * @returns the results of the runs; null when one was interrupted, and the exit code is then set
 */
export async function attended(
  start: (signal: AbortSignal) => AsyncIterable<SeriesEvent>,
): Promise<readonly TrialResult[] | null> {
  const progress = createProgress(process.stderr);
  const interruption = onInterrupt(progress.clear);
  const results: TrialResult[] = [];
  let runDir: string | null = null;
  try {
    for await (const event of start(interruption.signal)) {
      if (event.type === "arm") tell(`\n${event.arm.title}`);
      else if (event.type === "end") {
        progress.clear();
        runDir = null;
        if (event.result.status === "interrupted") {
          sayInterrupted(event.result);
          process.exitCode = interruption.exitCode() ?? 130;
          return null;
        }
        sayResult(event.result);
        results.push(event.result);
      } else {
        // From the first step on there is something to save; a run that is gone on with may begin with its test.
        if (event.type === "phase" && event.phase !== "compile") interruption.arm();
        if (event.type === "folder") runDir = event.path;
        progress.onEvent(event);
      }
    }
    return results;
  } catch (error) {
    progress.clear();
    if (runDir !== null && existsSync(runDir)) tell(`what was written before is kept in ${runDir}`);
    throw error;
  } finally {
    interruption.release();
  }
}

function sayInterrupted({ runDir, report }: TrialResult): void {
  tell(`report  ${report}`);
  tell(`interrupted and saved; go on with: cutout train --resume ${shellWord(runDir)}`);
}

function sayResult({ runDir, test, bestEpoch, report }: TrialResult): void {
  if (test !== null) {
    say(`test accuracy ${formatPercent(test.top1)} on ${test.count} images (best epoch ${bestEpoch})`);
  }
  say(`run     ${runDir}`);
  say(`report  ${report}`);
}
