// `cutout eval`: the best checkpoint of a run on its test part, or on other data.
import { type Command, Option } from "commander";
import type { DeviceChoice } from "../run/device.ts";
import type { Evaluation } from "../train/evaluation.ts";
import { say, tell, tellBroken } from "./console.ts";
import { createProgress, formatPercent } from "./progress.ts";
import { formatTable } from "./table.ts";

interface EvalOptions {
  readonly crops?: "center" | "ten";
  readonly device?: DeviceChoice;
  readonly json?: boolean;
}

export function addEval(program: Command): void {
  program
    .command("eval")
    .summary("test a finished run again, or on other data")
    .description(
      "Scores the best checkpoint of a run on its own test images, or on every image of other data.",
    )
    .argument("<run>", "run folder")
    .argument("[data]", "other data with the same classes (default: the run's own test part)")
    .addOption(cropsOption())
    .addOption(deviceOption())
    .option("--json", "everything as JSON, each image too")
    .action(evalAction);
}

export function cropsOption(): Option {
  return new Option(
    "--crops <views>",
    "views of an image: its centre, or ten crops averaged (default: the run's)",
  ).choices(["center", "ten"]);
}

export function deviceOption(): Option {
  return new Option(
    "--device <name>",
    "where the network runs (default: on a graphics card if the run did and there is one here, else cpu)",
  ).choices(["cpu", "webgpu", "auto"]);
}

async function evalAction(run: string, data: string | undefined, options: EvalOptions): Promise<void> {
  const { openClassifier } = await import("../run/classifier.ts");
  const classifier = await openClassifier(run, { device: options.device, tell });
  const progress = createProgress(process.stderr);
  try {
    const crops = options.crops ?? classifier.config.crops;
    const other = data === undefined ? null : await classifier.evaluateData(data, crops, progress.onProgress);
    const evaluation = other ?? (await classifier.evaluateTest(crops, progress.onProgress));
    progress.clear();
    tellBroken(other?.broken ?? []);
    say(options.json ? JSON.stringify(evaluation) : formatEvaluation(evaluation));
  } finally {
    progress.clear();
    await classifier.close();
  }
}

/** Score and a line for each class. */
function formatEvaluation({ score, classes, crops }: Evaluation): string {
  const share = (value: number | null) => (value === null ? "-" : formatPercent(value));
  const top5 = classes.length > 5 ? `, top-5 ${formatPercent(score.top5)}` : "";
  const views = crops === "ten" ? ", ten crops" : "";
  const head = `accuracy ${formatPercent(score.top1)}${top5}, loss ${score.loss.toFixed(4)} on ${score.count} images${views}`;
  const rows = classes.map((each) => [
    each.name,
    String(each.support),
    share(each.precision),
    share(each.recall),
    share(each.f1),
  ]);
  const table = formatTable(
    [["class", "images", "precision", "recall", "F1"], ...rows],
    ["left", "right", "right", "right", "right"],
  );
  return `${head}\n\n${table}`;
}
