// `cutout train`: a folder of photos in, a run folder out.
import type { Command } from "commander";
import { ConfigError } from "../config/settings.ts";
import type { TrialOptions, TrialResult } from "../run/trial.ts";
import { shellWord } from "../text.ts";
import { onInterrupt, say, tell } from "./console.ts";
import { addSettingFlags, settingsFrom } from "./flags.ts";
import { createProgress, formatPercent } from "./progress.ts";

export function addTrain(program: Command): void {
  const command = program
    .command("train")
    .summary("train a classifier on a folder of photos")
    .description(
      "Trains a classifier on a folder with a folder of photos for each class, and writes a run folder.",
    )
    .argument(
      "[data]",
      "folder of images (a folder a class, cat.0.jpg names, or CIFAR-10's files), or fashion-mnist",
    )
    .option("--out <folder>", "run folder to make (default: runs/<date>-<data>-<model>-<n>)")
    .option(
      "--resume <run>",
      "go on with a run that was interrupted, with its own settings; [data] says where its images are now, if moved",
    );
  addSettingFlags(command).action(trainAction);
}

async function trainAction(
  data: string | undefined,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { runTrial, resumeTrial } = await import("../run/trial.ts");
  const resume = options.resume as string | undefined;
  if (resume !== undefined) {
    checkResume(options);
    await attended((trial) => resumeTrial(resume, { ...trial, data }));
    return;
  }
  const { settings, nameOf } = settingsFrom(data, options);
  const out = (options.out as string | undefined) ?? null;
  const command = process.argv.slice(2);
  await attended((trial) => runTrial(settings, { ...trial, runDir: out, command, nameOf }));
}

/**
 * Runs a trial with the progress display and Ctrl-C; tells where the results are, or how to go on.
 * @returns null when it was interrupted; the exit code is then set
 */
export async function attended(
  start: (options: TrialOptions) => Promise<TrialResult>,
): Promise<TrialResult | null> {
  const progress = createProgress(process.stderr);
  const interruption = onInterrupt(progress.clear);
  let runDir: string | null = null;
  try {
    const result = await start({
      signal: interruption.signal,
      onEvent(event) {
        // From the first step on there is something to save; a run that is gone on with may begin with its test.
        if (event.type === "phase" && event.phase !== "compile") interruption.arm();
        progress.onEvent(event);
      },
      onProgress: progress.onProgress,
      onRunDir(path) {
        runDir = path;
        progress.onEvent({ type: "message", text: `run folder ${path}` });
      },
    });
    progress.clear();
    if (result.status === "interrupted") {
      tell(`report  ${result.report}`);
      tell(`interrupted and saved; go on with: cutout train --resume ${shellWord(result.runDir)}`);
      process.exitCode = interruption.exitCode() ?? 130;
      return null;
    }
    sayResult(result);
    return result;
  } catch (error) {
    progress.clear();
    if (runDir !== null) tell(`what was written before is kept in ${runDir}`);
    throw error;
  } finally {
    interruption.release();
  }
}

function sayResult({ runDir, test, bestEpoch, report }: TrialResult): void {
  if (test !== null) {
    say(`test accuracy ${formatPercent(test.top1)} on ${test.count} images (best epoch ${bestEpoch})`);
  }
  say(`run     ${runDir}`);
  say(`report  ${report}`);
}

/** A run goes on with what it was begun with; only its images may be at another place. */
function checkResume(options: Readonly<Record<string, unknown>>): void {
  const given = Object.keys(options).find((name) => name !== "resume" && name !== "debug");
  if (given !== undefined) {
    throw new ConfigError(
      `--resume: goes on with the settings of the run; leave out --${dashed(given)}, or train anew`,
    );
  }
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
