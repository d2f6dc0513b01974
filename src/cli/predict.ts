// `cutout predict`: the likeliest classes of images.
import type { Command } from "commander";
import { InvalidArgumentError, Option } from "commander";
import type { Classified } from "../study/classifier.ts";
import { say, tell } from "./console.ts";
import { cropsOption } from "./eval.ts";
import { imageFiles } from "./image-files.ts";
import { formatPercent } from "./progress.ts";
import { formatTable } from "./table.ts";

interface PredictOptions {
  readonly crops?: "center" | "ten";
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
    .option("--json", "a JSON list: every class of each image, and the images that could not be read")
    .action(predictAction);
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError(`must be an integer >= 1, got ${text}`);
  return value;
}

async function predictAction(run: string, images: readonly string[], options: PredictOptions): Promise<void> {
  const files = imageFiles(images);
  const { openClassifier } = await import("../study/classifier.ts");
  const classifier = await openClassifier(run);
  try {
    const { classes } = classifier;
    const predictions: Prediction[] = [];
    const broken: { file: string; reason: string }[] = [];
    for await (const each of classifier.classify(files, options.crops ?? classifier.config.crops)) {
      if ("reason" in each) broken.push(each);
      else predictions.push(ranked(each, classes));
    }
    if (options.json)
      say(JSON.stringify([...predictions, ...broken.map(({ file, reason }) => ({ file, error: reason }))]));
    else if (predictions.length > 0) say(formatPredictions(predictions, options.top));
    for (const { file, reason } of broken) tell(`cutout: ${file}: not read: ${reason}`);
    if (broken.length > 0 && predictions.length === 0) process.exitCode = 1;
  } finally {
    await classifier.close();
  }
}

/** Class names with their probabilities, likeliest first. */
function ranked(
  { file, probabilities }: Extract<Classified, { probabilities: unknown }>,
  classes: readonly string[],
): Prediction {
  const named = classes.map((name, label) => ({ name, probability: probabilities[label]! }));
  return { file, classes: named.sort((a, b) => b.probability - a.probability) };
}

/** A line for each image: the `top` likeliest classes. */
function formatPredictions(predictions: readonly Prediction[], top: number): string {
  const shown = Math.min(top, predictions[0]?.classes.length ?? 0);
  const rows = predictions.map(({ file, classes }) => [
    file,
    ...classes.slice(0, shown).flatMap(({ name, probability }) => [name, formatPercent(probability)]),
  ]);
  const alignments = Array.from({ length: shown }, () => ["left", "right"] as const).flat();
  return formatTable(rows, ["left", ...alignments]);
}
