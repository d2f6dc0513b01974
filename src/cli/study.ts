// `cutout study` and `cutout trial`: go on with a study, and run one of its trials.
import { type Command, Option } from "commander";
import { settingsError } from "../config/settings.ts";
import { shellWord } from "../text.ts";
import { conducted } from "./conduct.ts";
import { onInterrupt, say, tell } from "./console.ts";
import { addManifest } from "./manifest.ts";
import { checkOutFile } from "./out-file.ts";
import { createProgress, formatPercent } from "./progress.ts";
import { addPlaceFlags, countFrom, executorFrom, type PlaceFlags } from "./study-flags.ts";
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
    .description("Says what the finished runs of a study say by now: in words, or as a table.")
    .argument("<study>", "study folder")
    .addOption(new Option("--markdown", "the answer and a table for a README").conflicts(["csv", "json"]))
    .addOption(new Option("--csv", "a row a run, for other programs").conflicts(["markdown", "json"]))
    .addOption(
      new Option("--json", "answer, runs and cost, for other programs").conflicts(["markdown", "csv"]),
    )
    .action(showStudy);
  study
    .command("report")
    .description("Writes the page of a study as it stands, finished or not.")
    .argument("<study>", "study folder")
    .option("--out <file>", "HTML file to write (default: report.html in the study folder)")
    .action(reportStudy);
  addManifest(study);
}

interface ShowFlags {
  readonly markdown?: boolean;
  readonly csv?: boolean;
  readonly json?: boolean;
}

async function showStudy(path: string, { markdown, csv, json }: ShowFlags): Promise<void> {
  const { summarize } = await import("../study/summary.ts");
  const summary = summarize(path);
  if (markdown) {
    const { studyMarkdown } = await import("../report/study/markdown.ts");
    return void process.stdout.write(studyMarkdown(summary));
  }
  if (csv) {
    const { resultsCsv } = await import("../study-folder/index.ts");
    return void process.stdout.write(resultsCsv(summary.rows));
  }
  if (json) {
    const { studyJson } = await import("../report/study/json.ts");
    return say(JSON.stringify(studyJson(summary), null, 2));
  }
  linesOf(summary.words).forEach(say);
}

async function reportStudy(path: string, { out }: { readonly out?: string }): Promise<void> {
  if (out !== undefined) checkOutFile("--out", out, ".html");
  const { writeStudyReport } = await import("../report/study/study-page.ts");
  say(`report  ${await writeStudyReport(path, out)}`);
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
  const { length } = study.trials;
  const trial = /^\d+$/.test(index) ? study.trials[Number(index)] : undefined;
  if (trial === undefined) {
    throw settingsError({
      where: "--index",
      what:
        length === 0
          ? "no trial is planned yet"
          : `must be an integer from 0 to ${length - 1}, the trials that are planned by now`,
      got: index,
      ...(length === 0 && { remedy: `plan them: cutout study resume ${shellWord(path)}` }),
    });
  }
  const machine = {
    threads: threads === undefined ? null : countFrom("--threads", threads),
    data: data ?? null,
    cacheDir: null,
  };
  const progress = createProgress(process.stderr);
  const interruption = onInterrupt(progress.clear);
  interruption.arm();
  const outcome = await runStudyTrial(study, trial, machine, {
    signal: interruption.signal,
    onEvent: progress.onEvent,
  }).finally(() => {
    progress.clear();
    interruption.release();
  });
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
