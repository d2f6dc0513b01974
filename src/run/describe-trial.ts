// What is about to be trained on what, for the person who waits.
import type { Config } from "../config/config.ts";
import { regularizerText } from "../config/flag-text.ts";
import { defaultOptimizer } from "../config/optimizer-fields.ts";
import type { Part } from "../data/index.ts";
import { notesOn } from "../data/index.ts";
import { countParameters, type Network } from "../nn/network.ts";
import { augmentationText, filterText, seedText, sizesText } from "../report/describe.ts";
import { counted, printable } from "../text.ts";
import type { Prepared } from "./prepare.ts";

const keepText = { best: "the best epoch on validation", last: "the last epoch" } as const;

/** A few lines that say what is about to be trained on what. */
export function describeTrial(
  config: Config,
  { dataset, split }: Pick<Prepared, "dataset" | "split">,
  network: Network,
): string[] {
  const count = (value: number) => value.toLocaleString("en-US");
  const { imageSize, epochs, batchSize } = config;
  const official = (part: Part) =>
    dataset.officialParts?.includes(part) ? ` (the official ${part} part)` : "";
  const validated =
    split.validation.length === 0 ? "none to validate" : `${count(split.validation.length)} to validate`;
  const parts =
    `${count(split.train.length)} to train, ${validated}${official("validation")}, ` +
    `${count(split.test.length)} to test${official("test")}`;
  const lines = [
    `${dataset.name}: ${dataset.classes.length} classes (${classesText(dataset.classes)}), ${count(dataset.count)} images: ${parts}`,
    `${network.name} with ${count(countParameters(network))} parameters on ${imageSize} x ${imageSize} pixels, ${augmentationText(config)}`,
    `epochs ${epochs}, steps in each ${Math.floor(split.train.length / batchSize)}, images in each ${batchSize}, ${seedText(config)}; ${keepText[config.keep]} is kept`,
  ];
  const update = updateText(config);
  if (update !== "") lines.push(update);
  const inside = config.regularize.map(regularizerText);
  if (inside.length > 0) lines.push(`inside the network ${inside.join(", ")}`);
  lines.push(...[sizesText(config), filterText(config)].filter((text) => text !== ""));
  return [...lines, ...describeReading({ dataset, split }, "dataset.json")];
}

/** A few by name: where a folder is a class that should be none, it is seen. */
export function classesText(classes: readonly string[]): string {
  const shown = classes.slice(0, 6).map(printable).join(", ");
  return classes.length > 6 ? `${shown}, ...` : shown;
}

/** How the weights are moved, where it is not plain SGD: `moved by muon, gradients cut to 1, averaged (ema 0.999)`. */
export function updateText({
  optimizer,
  clipNorm,
  accumulate,
  lookahead,
  average,
}: Pick<Config, "optimizer" | "clipNorm" | "accumulate" | "lookahead" | "average">): string {
  const said = [
    ...(optimizer.name === defaultOptimizer ? [] : [`moved by ${optimizer.name}`]),
    ...(clipNorm === null ? [] : [`gradients cut to a length of ${clipNorm}`]),
    ...(accumulate === 1 ? [] : [`each batch in ${accumulate} parts`]),
    ...(lookahead === null ? [] : [`Lookahead every ${lookahead.every} steps`]),
    ...(average === null ? [] : [averageWords(average)]),
  ];
  return said.length === 0 ? "" : `weights: ${said.join(", ")}`;
}

const averageWords = (average: NonNullable<Config["average"]>): string =>
  average.name === "ema"
    ? `their moving average (decay ${average.decay}) is tested`
    : `the average of the last ${Number((100 * average.share).toFixed(1))} % of the epochs is tested`;

/**
 * What of the data is not read or not as it might be thought, a line each.
 * @param listedIn where all of it is listed
 */
export function describeReading(
  { dataset, split }: Pick<Prepared, "dataset" | "split">,
  listedIn: string,
): string[] {
  const { broken } = dataset;
  const some = broken.slice(0, 3).map(({ name, reason }) => `${name} (${reason})`);
  const more = broken.length > some.length ? ", ..." : "";
  const line = `${counted(broken.length, "image")} cannot be read, left out: ${some.join(", ")}${more}; ${listedIn} lists all`;
  return [...(broken.length > 0 ? [line] : []), ...notesOn(dataset, split, listedIn)];
}
