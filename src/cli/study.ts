// `cutout study` and `cutout trial`: go on with a study, and run one of its trials.
import type { Command } from "commander";
import { settingsError } from "../config/settings.ts";
import { conducted } from "./conduct.ts";
import { onInterrupt, say, tell } from "./console.ts";
import { addManifest } from "./manifest.ts";
import { createProgress, formatPercent } from "./progress.ts";
import { addPlaceFlags, executorFrom, type PlaceFlags } from "./study-flags.ts";
import { linesOf } from "./words.ts";

export function addStudy(program: Command): void {
  const study = program
    .command("study")
    .summary("go on with a study, and look at it")
    .description(
      "A study is a folder of runs that answer a question: made by compare DATA, sweep, tune, doctor.",
    );
  addPlaceFlags(
    study
      .command("resume")
      .description("Goes on with a study after any end; finished runs are kept, failed ones tried again.")
      .argument("<study>", "study folder"),
  ).action(async (path: string, flags: PlaceFlags) => {
    const { openStudy } = await import("../study-folder/index.ts");
    openStudy(path);
    await conducted(path, await executorFrom(flags));
  });
  study
    .command("show")
    .description("Says what the finished runs of a study say by now.")
    .argument("<study>", "study folder")
    .action(showStudy);
  addManifest(study);
}

async function showStudy(path: string): Promise<void> {
  const { conductedOf, openStudy } = await import("../study-folder/index.ts");
  const { ask } = await import("../study/questions/index.ts");
  const study = openStudy(path);
  linesOf(ask(study.study, conductedOf(study)).words).forEach(say);
}

export function addTrial(program: Command): void {
  program
    .command("trial")
    .summary("run one trial of a study")
    .description("Runs of a study, one by one: for a cluster, whose tasks each run one.")
    .command("run")
    .description(
      "Fills the run folder of one trial; goes on with one that is begun, and leaves a finished one as it is.",
    )
    .argument("<study>", "study folder")
    .requiredOption("--index <number>", "which trial, from 0")
    .option("--data <folder>", "where the images of the study are on this machine")
    .option("--threads <number>", "processor threads for the network; by default those of the study")
    .action(runOne);
}

interface TrialFlags {
  readonly index: string;
  readonly data?: string;
  readonly threads?: string;
}

async function runOne(path: string, { index, data, threads }: TrialFlags): Promise<void> {
  const { openStudy } = await import("../study-folder/index.ts");
  const { runStudyTrial } = await import("../execute/run-trial.ts");
  const study = openStudy(path);
  const trial = study.trials[Number(index)];
  if (trial === undefined) {
    throw settingsError({
      where: "--index",
      what: `must be an integer from 0 to ${study.trials.length - 1}, the trials that are planned by now`,
      got: index,
    });
  }
  const progress = createProgress(process.stderr);
  const interruption = onInterrupt(progress.clear);
  interruption.arm();
  const machine = {
    threads: threads === undefined ? null : Number(threads),
    data: data ?? null,
    cacheDir: null,
  };
  const outcome = await runStudyTrial(study, trial, machine, {
    signal: interruption.signal,
    onEvent: progress.onEvent,
  });
  progress.clear();
  interruption.release();
  if (outcome.state === "finished") {
    const accuracy = outcome.test ?? outcome.validation;
    say(`trial ${index} finished${accuracy === null ? "" : `, accuracy ${formatPercent(accuracy)}`}`);
    return;
  }
  tell(
    outcome.state === "failed"
      ? `cutout: ${outcome.message}`
      : `trial ${index} saved after epoch ${outcome.epochs}`,
  );
  process.exitCode = interruption.exitCode() ?? 1;
}
