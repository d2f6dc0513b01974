// `cutout demo`: does Cutout help on a few images of Fashion-MNIST? A small study, whole: pairs of runs, and what they say.
import type { Command } from "commander";
import { conductNew } from "./conduct.ts";
import { tell } from "./console.ts";
import { formatDuration } from "./progress.ts";
import { addPlaceFlags, executorFrom, type PlaceFlags } from "./study-flags.ts";

/**
 * Twenty images a class, gone over until they are known by heart: there a regularizer has something to do. Without a
 * validation part, as in the paper: the last epoch is tested.
 */
const recipe = {
  data: "fashion-mnist",
  model: "resnet9",
  split: { train: 200, validation: 0, test: 2000 },
  epochs: 30,
  batchSize: 32,
} as const;

export function addDemo(program: Command): void {
  const command = program
    .command("demo")
    .summary("does Cutout help on 200 images of Fashion-MNIST? (a few minutes)")
    .description(
      "Trains pairs of runs with and without Cutout on 200 images of Fashion-MNIST, each pair with a seed of its own, " +
        "until the sequential test has an answer or 12 pairs are done, and writes a page on it.",
    )
    .option("--runs-dir <folder>", "folder in which the study is made", "runs")
    .option("--cache-dir <folder>", "folder of decoded images", ".cache/cutout");
  addPlaceFlags(command).action(demoAction);
}

interface DemoFlags extends PlaceFlags {
  readonly runsDir: string;
  readonly cacheDir: string;
}

async function demoAction({ runsDir, cacheDir, ...place }: DemoFlags): Promise<void> {
  const { readSettings } = await import("../config/settings.ts");
  const { checkBeforeData } = await import("../run/prepare.ts");
  const { standardRule } = await import("../stats/sequential-rule.ts");
  const executor = await executorFrom(place);
  const start = performance.now();
  const settings = readSettings({ ...recipe, runsDir, cacheDir });
  const data = await checkBeforeData(settings);
  await conductNew(
    {
      question: "compare",
      plan: { rule: standardRule, part: "test", firstSeed: settings.seed },
      arms: [
        { name: "without Cutout", settings: { ...settings, data } },
        {
          name: "with Cutout",
          settings: readSettings({ ...recipe, data, runsDir, cacheDir, augment: { cutout: {} } }),
        },
      ],
      out: null,
    },
    executor,
  );
  if (process.exitCode === undefined) tell(`took ${formatDuration((performance.now() - start) / 1000)}`);
}
