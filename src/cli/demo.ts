// `cutout demo`: a small network on Fashion-MNIST, without and with Cutout on the same seed, and a comparison.
import type { Command } from "commander";
import { attended } from "./attend.ts";
import { compareRuns } from "./compare.ts";
import { tell } from "./console.ts";
import { formatDuration } from "./progress.ts";

/** All that decides how long the demo takes and what it shows. */
const recipe = {
  data: "fashion-mnist",
  model: "resnet9",
  split: { train: 8000, validation: 1000, test: 5000 },
  epochs: 4,
  batchSize: 128,
  seed: 0,
} as const;

/** A hole of 8 of 28 pixels against nothing: few epochs want a small hole. */
const arms = [
  { title: "without Cutout", cutout: null },
  { title: "with Cutout", cutout: { length: 8 } },
] as const;

export function addDemo(program: Command): void {
  program
    .command("demo")
    .summary("train on Fashion-MNIST without and with Cutout, and compare (a few minutes)")
    .description(
      "Trains a small network on a part of Fashion-MNIST twice, without and with Cutout on the same seed, " +
        "and writes a report that compares the two models: one pair, which is no verdict on Cutout.",
    )
    .option("--runs-dir <folder>", "folder in which run folders are made", "runs")
    .option("--cache-dir <folder>", "folder of decoded images", ".cache/cutout")
    .action(demoAction);
}

async function demoAction({
  runsDir,
  cacheDir,
}: {
  readonly runsDir: string;
  readonly cacheDir: string;
}): Promise<void> {
  const { eventsOf } = await import("../run/as-events.ts");
  const { runTrial } = await import("../run/trial.ts");
  const { readSettings } = await import("../config/settings.ts");
  const start = performance.now();
  const folders: string[] = [];
  for (const { title, cutout } of arms) {
    tell(`\n${title}`);
    const settings = readSettings({ ...recipe, runsDir, cacheDir, augment: { cutout } });
    const command = process.argv.slice(2);
    const result = await attended((signal) =>
      eventsOf((run) => runTrial(settings, { ...run, command }), signal),
    );
    if (result === null) return;
    folders.push(result.runDir);
  }
  tell(`\nboth runs took ${formatDuration((performance.now() - start) / 1000)}\n`);
  await compareRuns(folders);
}
