// `cutout train`: a folder of photos in, a run folder out.
import type { Command } from "commander";
import { settingsFrom } from "../config/flags.ts";
import { settingsError } from "../config/settings.ts";
import { withoutPassword } from "../text.ts";
import { attended } from "./attend.ts";
import { namedBy, tell } from "./console.ts";
import { addDryRun, sayDryRun, wantsDryRun } from "./dry-run.ts";
import { addSettingFlags } from "./setting-flags.ts";

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
      "go on with a run that was interrupted, with its own settings; [data] says where its images are now, if moved; --epochs gives it another length, a finished one too",
    );
  addSettingFlags(addDryRun(command)).action(trainAction);
}

async function trainAction(
  data: string | undefined,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { eventsOf } = await import("../run/as-events.ts");
  const resume = options.resume as string | undefined;
  if (resume !== undefined) {
    const epochs = epochsToResume(options);
    const { resumeTrial } = await import("../run/trial.ts");
    await attended((signal) => eventsOf((run) => resumeTrial(resume, { ...run, data, epochs }), signal));
    return;
  }
  const { settings, nameOf, notes } = settingsFrom(data, options);
  notes.forEach(tell);
  if (wantsDryRun(options)) {
    const { classification } = await import("../run/classification.ts");
    const { dryRun } = await import("../run/dry-run.ts");
    const dry = sayDryRun(options.json === true, (onEvent) => dryRun(classification, settings, onEvent));
    return namedBy(nameOf, dry);
  }
  const runDir = (options.out as string | undefined) ?? null;
  const command = process.argv.slice(2).map(withoutPassword);
  const { runTrial } = await import("../run/trial.ts");
  await namedBy(
    nameOf,
    attended((signal) => eventsOf((run) => runTrial(settings, { ...run, runDir, command }), signal)),
  );
}

const besideResume = ["resume", "debug", "epochs"];

/** A run goes on with what it was begun with; only its images may be at another place, and its length another one. */
export function epochsToResume(options: Readonly<Record<string, unknown>>): number | undefined {
  const given = Object.keys(options).find((name) => !besideResume.includes(name));
  if (given !== undefined) {
    throw settingsError({
      where: "--resume",
      what: "goes on with the settings of the run",
      remedy: `leave out --${dashed(given)}, or train anew`,
    });
  }
  const { epochs } = options;
  return epochs === undefined ? undefined : (settingsFrom("run", { epochs }).settings.epochs ?? undefined);
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
