// `cutout activations`: what is inside one or two trained networks, on a page of figures.
import { basename, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { settingsError } from "../config/settings.ts";
import { CutoutError } from "../error.ts";
import type { ActivationsLook, LookedInto, ShownImage, ShownMaps } from "../report/activations.ts";
import type { RunInside } from "../run/activations/inside.ts";
import type { Weights } from "../run/classifier.ts";
import type { DeviceChoice } from "../run/device.ts";
import { showRun } from "../run-folder/index.ts";
import { type ChosenImage, hiddenRows, whyNoPair, worthLooking } from "../study/activations.ts";
import { hiddenHeadline, hiddenTable, magnitudeRows } from "../study/activations-words.ts";
import { groupRuns } from "../study/groups.ts";
import { counted, shellWord } from "../text.ts";
import { activationsJson } from "./activations-json.ts";
import { comparisonName } from "./compare.ts";
import { say, tell, tellBroken } from "./console.ts";
import { addDeviceOptions, classifierOptions, weightsOption } from "./model-options.ts";
import { checkOutFile, writeOutFile } from "./out-file.ts";
import { createProgress } from "./progress.ts";
import { formatTable } from "./table.ts";

interface ActivationsOptions {
  readonly layers?: string;
  readonly images?: string;
  readonly weights?: Weights;
  readonly data?: string;
  readonly split?: "test" | "validation";
  readonly out?: string;
  readonly json?: boolean;
  readonly cacheDir?: string;
  readonly device?: DeviceChoice;
  readonly threads?: number;
}

export function addActivations(program: Command): void {
  const command = program
    .command("activations")
    .summary("look into one or two runs: features, hidden parts, maps")
    .description(
      "Writes a page with the magnitudes of the features of chosen layers over all test images (Figure 4 of the Cutout " +
        "paper), the accuracy while a growing square hides a part of each image, and maps of where the network looks in " +
        "some of them. Two runs on the same images are laid over each other. The numbers are in a JSON file beside the page.",
    )
    .argument("<run>", "run folder, finished or not")
    .argument("[run2]", "another one with the same test images: for example with Cutout")
    .option("--layers <names>", "layers, with commas between (default: the last one of each stage)")
    .option(
      "--images <which>",
      "for maps: how many (default: 6, those on which the runs disagree first), or names with commas between",
    )
    .addOption(weightsOption())
    .option(
      "--data <folder>",
      "where the runs' images are now, or other images with classes of the runs: all of them",
    )
    .addOption(
      new Option("--split <part>", "part of the runs' own images (default: test)").choices([
        "test",
        "validation",
      ]),
    )
    .option("--out <file>", "HTML file to write (default: beside the first run)")
    .option("--json", "print what the JSON file holds, instead of a few lines");
  addDeviceOptions(command, "cpu")
    .option("--cache-dir <folder>", "folder of decoded images (default: the run's)")
    .action((run: string, run2: string | undefined, options: ActivationsOptions) =>
      activationsAction(run2 === undefined ? [run] : [run, run2], options),
    );
}

async function activationsAction(paths: readonly string[], options: ActivationsOptions): Promise<void> {
  if (paths.length === 2 && resolve(paths[0]!) === resolve(paths[1]!)) {
    throw settingsError({
      where: "activations",
      what: "must be different run folders",
      got: `${paths[1]} twice`,
    });
  }
  const wanted = wantedImages(options.images);
  const out = options.out ?? join(paths[0]!, "..", `activations-${comparisonName(paths)}`);
  checkOutFile("--out", out, ".html");
  const json = out.replace(/\.html$/i, ".json");
  checkOutFile("--out", json);
  const { openInside } = await import("../run/activations/inside.ts");
  const { writeActivationsPage } = await import("../report/activations.ts");
  const progress = createProgress(process.stderr);
  const opened: RunInside[] = [];
  try {
    for (const path of paths) {
      const inside = await openInside(path, {
        ...classifierOptions(options, progress),
        layers: options.layers?.split(",").map((name) => name.trim()),
        data: options.data,
        part: options.split,
        cacheDir: options.cacheDir,
      });
      opened.push(inside);
      progress.clear();
      if (opened.length === 1) tellBroken(inside.broken);
    }
    checkPair(opened);
    const look = await lookInto(opened, wanted);
    progress.clear();
    const text = JSON.stringify(activationsJson(look));
    const report = await writeActivationsPage(look, out);
    writeOutFile(json, Buffer.from(`${text}\n`));
    say(options.json ? text : formatLook(look));
    const tellFiles = options.json ? tell : say;
    tellFiles(`report  ${report}`);
    tellFiles(`numbers ${json}`);
  } finally {
    progress.clear();
    for (const inside of opened) await inside.close();
  }
}

type Wanted = number | readonly string[];

const usualImages = 6;
const mostImages = 100;

function wantedImages(text: string | undefined): Wanted {
  if (text === undefined) return usualImages;
  if (!/^[+-]?\d+(\.\d+)?$/.test(text)) return text.split(",").map((name) => name.trim());
  const count = Number(text);
  if (Number.isInteger(count) && count >= 0 && count <= mostImages) return count;
  throw settingsError({ where: "--images", what: `must be an integer from 0 to ${mostImages}`, got: text });
}

function checkPair([first, second]: readonly RunInside[]): void {
  if (first === undefined || second === undefined) return;
  const reason = whyNoPair(first, second);
  if (reason !== null) {
    const where = [first, second].map(({ path }) => path).join(" and ");
    throw new CutoutError({ where, what: `cannot be laid over each other: ${reason}` });
  }
}

/** Of the places of the hidden squares: always the same, so that pages can be compared. */
const seed = 0;

async function lookInto(opened: readonly RunInside[], wanted: Wanted): Promise<ActivationsLook> {
  const asked = typeof wanted === "number" ? null : wanted.map((name) => positionOf(opened[0]!, name));
  const labels = labelsOf(opened);
  const runs: LookedInto[] = [];
  for (const [index, inside] of opened.entries()) {
    const { path, network, weights, epoch, classes, part, names, labels: truth } = inside;
    const facts = {
      path,
      network,
      weights,
      epoch,
      classes,
      part,
      names,
      labels: truth,
      label: labels[index]!,
    };
    runs.push({ ...facts, ...(await inside.measure(seed)) });
  }
  const chosen: readonly ChosenImage[] =
    asked?.map((position) => ({ position, why: "asked for" })) ?? worthLooking(runs, Number(wanted));
  const maps: (readonly ShownMaps[])[] = [];
  for (const inside of opened) maps.push(await inside.maps(chosen.map(({ position }) => position)));
  const images = chosen.map(({ position, why }, at): ShownImage => {
    const { names, labels: truth } = opened[0]!;
    return { name: names[position]!, label: truth[position]!, why, runs: maps.map((ofRun) => ofRun[at]!) };
  });
  return { runs, hidden: hiddenRows(runs), images, seed };
}

/** By the whole name, or by its end where that is one image's alone. */
function positionOf({ names, path }: RunInside, wanted: string): number {
  const whole = names.indexOf(wanted);
  if (whole >= 0) return whole;
  const ends = names.flatMap((name, position) => (name.endsWith(`/${wanted}`) ? [position] : []));
  if (ends.length === 1) return ends[0]!;
  throw settingsError({
    where: "--images",
    what:
      ends.length > 1
        ? `must be the name of one image, as ${ends
            .slice(0, 2)
            .map((at) => names[at])
            .join(" or ")}`
        : `must be among the ${counted(names.length, "image")} that ${path} is looked into with, as ${names[0]}`,
    got: wanted,
  });
}

/** What sets the runs apart, or else their folders' names. */
function labelsOf(opened: readonly RunInside[]): readonly string[] {
  const names = opened.map(({ path }) => basename(resolve(path)));
  const { groups } = groupRuns(opened.map(({ path }) => showRun(path)));
  if (opened.length > 1 && groups.length === opened.length) return groups.map(({ label }) => label);
  return new Set(names).size === names.length ? names : opened.map(({ path }) => shellWord(path));
}

/** Mean magnitudes, and accuracy while more and more is hidden. */
function formatLook({ runs, hidden }: ActivationsLook): string {
  const labels = runs.map(({ label }) => label);
  const two = runs.length > 1;
  const right = (count: number) => Array.from({ length: count }, () => "right" as const);
  const magnitudes = [
    ["layer", ...labels.map((label) => `${label}: mean |a|`), ...(two ? ["change"] : [])],
    ...magnitudeRows(runs),
  ];
  const table = [
    [
      "side hidden",
      "area",
      ...labels.map((label) => `${label}: accuracy, %`),
      ...(two ? ["difference, points", "only first / second", "p, Holm"] : []),
    ],
    ...hiddenTable(runs, hidden),
  ];
  return [
    `${counted(runs[0]!.names.length, "image")} (${runs[0]!.part})`,
    hiddenHeadline(runs, hidden),
    "",
    formatTable(magnitudes, ["left", ...right(magnitudes[0]!.length - 1)]),
    "",
    formatTable(table, right(table[0]!.length)),
    "",
  ]
    .join("\n")
    .replaceAll("\u00A0", " ");
}
