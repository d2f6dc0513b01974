// Attends to a run at a terminal: progress, Ctrl-C, where the results are, and how to go on.

import { existsSync } from "node:fs";
import { endingText } from "../report/ending.ts";
import { memorizedText } from "../report/memorized.ts";
import type { ExecutionEvent } from "../run/as-events.ts";
import type { TrialResult } from "../run/trial.ts";
import { showPretraining, showRun } from "../run-folder/index.ts";
import { shellWord } from "../text.ts";
import type { ClassScores, ReconstructionScores } from "../train/evaluation.ts";
import type { Scores } from "../train/objective.ts";
import { onInterrupt, say, tell } from "./console.ts";
import { createProgress, formatPercent } from "./progress.ts";

/**
 * Shows what the training of a classifier tells. Ctrl-C aborts the signal once there is something to save.
 * @returns its result; null when it was interrupted, and the exit code is then set
 */
export function attended(
  start: (signal: AbortSignal) => AsyncIterable<ExecutionEvent>,
): Promise<TrialResult | null> {
  return attendedAs(classifierWords, start);
}

/** The same of a pretraining. */
export function attendedPretraining(
  start: (signal: AbortSignal) => AsyncIterable<ExecutionEvent<ReconstructionScores>>,
): Promise<TrialResult<ReconstructionScores> | null> {
  return attendedAs(pretrainingWords, start);
}

/** What is said of a run of one kind when it has ended. */
interface EndWords<S extends Scores> {
  /** The command that goes on with it. */
  readonly command: "train" | "pretrain";
  /** How it ended, and what else should be known. @param by who interrupted it */
  ending(runDir: string, by: string | null): readonly string[];
  /** Its result, a line each. */
  result(result: TrialResult<S>): readonly string[];
}

const classifierWords: EndWords<ClassScores> = {
  command: "train",
  ending(runDir, by) {
    const run = showRun(runDir);
    const [ending, memorized] = [endingText(run, { by }), memorizedText(run)];
    return [
      ...(ending === null ? [] : [`the training ${ending}`]),
      ...(memorized === null ? [] : [memorized.replaceAll("\u00A0", " ")]),
    ];
  },
  result: ({ test, keptEpoch }) =>
    test === null
      ? []
      : [`test accuracy ${formatPercent(test.top1)} on ${test.count} images (epoch ${keptEpoch})`],
};

const pretrainingWords: EndWords<ReconstructionScores> = {
  command: "pretrain",
  ending(runDir, by) {
    const ending = endingText(showPretraining(runDir), { by });
    return ending === null ? [] : [`the training ${ending}`];
  },
  result: ({ runDir, test, keptEpoch }) => [
    ...(test === null
      ? []
      : [
          `test error ${test.corrupted.toFixed(4)} where corrupted, on ${test.count} images (epoch ${keptEpoch})`,
        ]),
    `next    cutout train DATA --from ${shellWord(runDir)}`,
  ],
};

async function attendedAs<S extends ClassScores | ReconstructionScores>(
  words: EndWords<S>,
  start: (signal: AbortSignal) => AsyncIterable<ExecutionEvent<S>>,
): Promise<TrialResult<S> | null> {
  const progress = createProgress(process.stderr);
  const interruption = onInterrupt(progress.clear);
  let result: TrialResult<S> | null = null;
  let runDir: string | null = null;
  try {
    for await (const event of start(interruption.signal)) {
      if (event.type === "end") {
        progress.clear();
        runDir = null;
        const code = interruption.exitCode();
        const by = code === null ? null : (interruptions[code] ?? null);
        words.ending(event.result.runDir, by).forEach(tell);
        if (event.result.status === "interrupted") {
          const { runDir: saved, report } = event.result;
          tell(`report  ${report}`);
          tell(`interrupted and saved; go on with: cutout ${words.command} --resume ${shellWord(saved)}`);
          process.exitCode = interruption.exitCode() ?? 130;
          return null;
        }
        words.result(event.result).forEach(say);
        say(`run     ${event.result.runDir}`);
        say(`report  ${event.result.report}`);
        result = event.result;
      } else {
        // From the first step on there is something to save; a run that is gone on with may begin with its test.
        if (event.type === "phase" && event.phase !== "compile") interruption.arm();
        if (event.type === "folder") runDir = event.path;
        progress.onEvent(event as Parameters<typeof progress.onEvent>[0]);
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
