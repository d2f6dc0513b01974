// `cutout pretrain`: images without labels in, a run folder out from which a classifier can begin.
import type { Command } from "commander";
import { settingsFrom } from "../config/flags.ts";
import { withoutPassword } from "../text.ts";
import { attendedPretraining } from "./attend.ts";
import { namedBy, tell } from "./console.ts";
import { addDryRun, sayDryRun, wantsDryRun } from "./dry-run.ts";
import { addSettingFlags } from "./setting-flags.ts";
import { epochsToResume } from "./train.ts";

export function addPretrain(program: Command): void {
  const command = program
    .command("pretrain")
    .summary("learn from images without labels, for train --from")
    .description(
      "Trains the encoder of a network to rebuild corrupted images, without labels, and writes a run folder; " +
        "cutout train DATA --from RUN makes a classifier of it.",
    )
    .argument(
      "[data]",
      "folder of images at any depth, or any data that train takes; classes only say which images are for the test",
    )
    .option("--out <folder>", "run folder to make (default: runs/<date>-<data>-<model>-<n>)")
    .option(
      "--resume <run>",
      "go on with a pretraining that was interrupted, with its own settings; [data] says where its images are now, if moved; --epochs gives it another length",
    );
  addSettingFlags(addDryRun(command), { pretraining: true }).action(pretrainAction);
}

async function pretrainAction(
  data: string | undefined,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { eventsOf } = await import("../run/as-events.ts");
  const { resumePretraining, runPretraining } = await import("../run/pretraining.ts");
  const resume = options.resume as string | undefined;
  if (resume !== undefined) {
    const epochs = epochsToResume(options);
    await attendedPretraining((signal) =>
      eventsOf((run) => resumePretraining(resume, { ...run, data, epochs }), signal),
    );
    return;
  }
  // Of a config file the objective is what that says.
  const told = options.config === undefined ? { objective: "denoise", ...options } : options;
  const { settings, nameOf, notes } = settingsFrom(data, told);
  notes.forEach(tell);
  if (wantsDryRun(options)) {
    const { dryRunPretraining } = await import("../run/pretraining.ts");
    const dry = sayDryRun(options.json === true, (onEvent) => dryRunPretraining(settings, onEvent));
    return namedBy(nameOf, dry);
  }
  const runDir = (options.out as string | undefined) ?? null;
  const command = process.argv.slice(2).map(withoutPassword);
  await namedBy(
    nameOf,
    attendedPretraining((signal) =>
      eventsOf((run) => runPretraining(settings, { ...run, runDir, command }), signal),
    ),
  );
}
