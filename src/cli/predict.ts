// `cutout predict`: the likeliest classes of images.
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import type { Classified } from "../run/classifier.ts";
import type { DeviceChoice } from "../run/device.ts";
import { say, tell, tellBroken } from "./console.ts";
import { cropsOption, deviceOption } from "./eval.ts";
import { imageFiles } from "./image-files.ts";
import { createProgress, formatPercent } from "./progress.ts";
import { formatTable } from "./table.ts";

interface PredictOptions {
  readonly crops?: "center" | "ten";
  readonly device?: DeviceChoice;
  readonly json?: boolean;
  readonly top: number;
}

interface Prediction {
  readonly file: string;
  /** Likeliest first. */
  readonly classes: readonly { readonly name: string; readonly probability: number }[];
}

export function addPredict(program: Command): void {
  program
    .command("predict")
    .summary("classify images")
    .description("Tells the likeliest classes of images, with the best checkpoint of a run.")
    .argument("<run>", "run folder")
    .argument("<images...>", "image files, folders, or patterns in quotes")
    .addOption(
      new Option("--top <number>", "classes to show of each image").default(3).argParser(wholeNumber),
    )
    .addOption(cropsOption())
    .addOption(deviceOption())
    .option(
      "--json",
      "a JSON list in the order given: every class of each image, or why it could not be read",
    )
    .action(predictAction);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError(`must be an integer >= 1, got ${text}`);
  return value;
}

async function predictAction(run: string, images: readonly string[], options: PredictOptions): Promise<void> {
  const { openFinishedRun } = await import("../run-folder/index.ts");
  // A mistaken run is told first, and a mistaken image before the network is made.
  openFinishedRun(run);
  const files = imageFiles(images);
  const { openClassifier } = await import("../run/classifier.ts");
  const classifier = await openClassifier(run, { device: options.device, tell });
  const progress = createProgress(process.stderr);
  try {
    const { classes } = classifier;
    const shown = Math.min(options.top, classes.length);
    const predictions: Prediction[] = [];
    const broken: { name: string; reason: string }[] = [];
    const list = options.json ? openList() : null;
    let done = 0;
    for await (const each of classifier.classify(files, options.crops ?? classifier.config.crops)) {
      progress.onProgress(++done, files.length, "classifying");
      if ("reason" in each) {
        broken.push({ name: each.file, reason: each.reason });
        list?.add({ file: each.file, error: each.reason });
        continue;
      }
      const prediction = ranked(each, classes);
      if (list) list.add(prediction);
      // Of many images with many classes, only what is shown is kept.
      else predictions.push({ file: each.file, classes: prediction.classes.slice(0, shown) });
    }
    progress.clear();
    list?.end();
    if (predictions.length > 0) say(formatPredictions(predictions, shown));
    tellBroken(broken);
    if (broken.length === files.length) process.exitCode = 1;
  } finally {
    progress.clear();
    await classifier.close();
  }
}

/** A JSON list on standard output, written entry by entry: as one text, a large one would be too long. */
function openList() {
  let separator = "[";
  return {
    add(entry: unknown): void {
      process.stdout.write(`${separator}${JSON.stringify(entry)}`);
      separator = ",\n";
    },
    end: () => say(separator === "[" ? "[]" : "]"),
  };
}

/** Class names with their probabilities, likeliest first. */
function ranked(
  { file, probabilities }: Extract<Classified, { probabilities: unknown }>,
  classes: readonly string[],
): Prediction {
  const named = classes.map((name, label) => ({ name, probability: probabilities[label]! }));
  return { file, classes: named.sort((a, b) => b.probability - a.probability) };
}

/** A line for each image: the `shown` likeliest classes. */
function formatPredictions(predictions: readonly Prediction[], shown: number): string {
  const rows = predictions.map(({ file, classes }) => [
    file,
    ...classes.flatMap(({ name, probability }) => [name, formatPercent(probability)]),
  ]);
  const alignments = Array.from({ length: shown }, () => ["left", "right"] as const).flat();
  return formatTable(rows, ["left", ...alignments]);
}
