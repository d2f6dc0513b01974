// `cutout eval`: a trained network on its test part, or on other data.
import type { Command } from "commander";
import { settingsError } from "../config/settings.ts";
import { viewsText } from "../config/views.ts";
import type { DataEvaluation } from "../run/classifier.ts";
import { counted } from "../text.ts";
import { say, tellBroken } from "./console.ts";
import { addModelOptions, classifierOptions, type ModelOptions } from "./model-options.ts";
import { createProgress, formatPercent } from "./progress.ts";
import { formatTable } from "./table.ts";

interface EvalOptions extends ModelOptions {
  readonly cacheDir?: string;
  readonly json?: boolean;
  readonly testPart?: boolean;
}

export function addEval(program: Command): void {
  const command = program
    .command("eval")
    .summary("test a run again, or on other data")
    .description(
      "Scores the weights that a run keeps on its own test images, or on every image of other data. Nothing needs to be " +
        "writable; other data may have one of the classes, or some without images.",
    )
    .argument("<run>", "run folder, finished or not, or a model.onnx exported from one")
    .argument("[data]", "other data with classes of the run (default: the run's own test part)");
  addModelOptions(command)
    .option("--test-part", "DATA are the run's own images, at another place: score their test part")
    .option("--cache-dir <folder>", "folder of decoded images (default: the run's)")
    .option("--json", "everything as JSON, each image too")
    .action(evalAction);
}

async function evalAction(run: string, data: string | undefined, options: EvalOptions): Promise<void> {
  if (options.testPart && data === undefined) {
    throw settingsError({
      where: "--test-part",
      what: "says that DATA holds the run's own images",
      got: "no DATA",
      remedy: "leave it out: the run's own test part is the default",
    });
  }
  const { openClassifier } = await import("../run/classifier.ts");
  const progress = createProgress(process.stderr);
  const { crops, cacheDir } = options;
  const classifier = await openClassifier(run, { ...classifierOptions(options, progress), cacheDir });
  try {
    const evaluation = await (data === undefined || options.testPart
      ? classifier.evaluateTest({ crops, data })
      : classifier.evaluateData(data, { crops }));
    progress.clear();
    tellBroken(evaluation.broken);
    say(options.json ? JSON.stringify(evaluation) : formatEvaluation(evaluation));
  } finally {
    progress.clear();
    await classifier.close();
  }
}

/** Score and a line for each class. */
function formatEvaluation({ score, classes, crops, broken }: DataEvaluation): string {
  const share = (value: number | null) => (value === null ? "-" : formatPercent(value));
  const top5 = classes.length > 5 ? `, top-5 ${formatPercent(score.top5)}` : "";
  const unread = broken.length > 0 ? `; ${broken.length} not read` : "";
  const head = `accuracy ${formatPercent(score.top1)}${top5}, loss ${score.loss.toFixed(4)} on ${counted(score.count, "image")}${viewsText[crops].aside}${unread}`;
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
