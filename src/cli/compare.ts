// `cutout compare`: two or more finished runs on the same test images, and what can be said about their difference.
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { settingsError } from "../config/settings.ts";
import { augmentationText } from "../report/describe.ts";
import { type Comparison, compareWithFirst, outcomeOf } from "../report/verdict.ts";
import { type ShownRun, showRun } from "../run-folder/index.ts";
import { say } from "./console.ts";
import { checkOutFile } from "./out-file.ts";
import { formatPercent } from "./progress.ts";
import { formatTable } from "./table.ts";

export function addCompare(program: Command): void {
  program
    .command("compare")
    .summary("set finished runs against each other")
    .description(
      "Writes a page that sets runs against the first one, and tells the difference and what it is worth.",
    )
    .argument("<runs...>", "two or more run folders")
    .option("--out <file>", "HTML file to write (default: beside the first run)")
    .action((runs: readonly string[], options: { readonly out?: string }) => compareRuns(runs, options.out));
}

/**
 * Writes the comparison and tells the headline.
 * @throws Error when a run is not finished
 */
export async function compareRuns(runs: readonly string[], out?: string): Promise<void> {
  if (runs.length < 2)
    throw settingsError({
      where: "compare",
      what: "needs two or more run folders",
      got: String(runs.length),
    });
  const folders = runs.map((run) => resolve(run));
  const twice = folders.findIndex((folder, index) => folders.indexOf(folder) < index);
  if (twice >= 0)
    throw settingsError({
      where: "compare",
      what: "must be different run folders",
      got: `${runs[twice]} twice`,
    });
  if (out !== undefined) checkOutFile("--out", out, ".html");
  const { writeComparison } = await import("../report/html.ts");
  const { openFinishedRun } = await import("../run-folder/index.ts");
  for (const run of runs) openFinishedRun(run);
  const read = runs.map(showRun);
  const file = out ?? join(runs[0]!, "..", comparisonName(runs));
  const report = await writeComparison(runs, file);
  say(formatComparison(read));
  say(`report  ${report}`);
}

/** File name of a comparison: the runs' names, as far as a file system takes them. */
export function comparisonName(runs: readonly string[]): string {
  const names = runs.map((run) => basename(resolve(run)));
  const all = names.join("--");
  // 255 bytes are the limit nearly everywhere, and a character may take four.
  const short = Buffer.byteLength(all) <= 200;
  return `${short ? all : `${names[0]!.slice(0, 50)}--and-${names.length - 1}-others`}.html`;
}

/** A line for each run, and for each but the first how it differs from the first. */
export function formatComparison(runs: readonly ShownRun[]): string {
  const rows = runs.map((run) => [
    run.name,
    augmentationText(run.config),
    formatPercent(run.test?.test.top1 ?? Number.NaN),
  ]);
  const lines = [formatTable(rows, ["left", "left", "right"])];
  const [first, ...others] = runs as [ShownRun, ...ShownRun[]];
  const { comparisons, tests } = compareWithFirst(
    first.evaluation,
    others.map(({ evaluation }) => evaluation),
  );
  for (const [index, comparison] of comparisons.entries()) {
    lines.push(formatDifference(first, others[index]!, comparison, tests));
  }
  lines.push("One run each: another seed gives other figures.");
  return lines.join("\n");
}

const outcomes = {
  "second better": (second: string, first: string) => `${second} is better than ${first}`,
  "first better": (second: string, first: string) => `${second} is worse than ${first}`,
  "no difference": () => "these images do not tell them apart",
} as const;

function formatDifference(
  first: ShownRun,
  second: ShownRun,
  { result, reason, pairs, p }: Comparison,
  tests: number,
): string {
  const label = tests > 1 ? `${second.name}: ` : "";
  if (result === null) return `${second.name}: no comparison image by image: ${reason}`;
  const { difference, interval } = result;
  // What sets the two apart, where that is the augmentation; their names otherwise.
  const texts = [first, second].map((run) => augmentationText(run.config));
  const [one, other] = texts[0] === texts[1] ? [first.name, second.name] : texts;
  const verdict = outcomes[outcomeOf(result, p)](other!, one!);
  const corrected = tests > 1 ? `, corrected for ${tests} comparisons` : "";
  return (
    `${label}difference ${points(difference)} percentage points ` +
    `(95 % interval ${points(interval.lower)} to ${points(interval.upper)}, ` +
    `McNemar p = ${p.toPrecision(2)}${corrected}, ${pairs.length} images): ${verdict}`
  );
}

function points(share: number): string {
  const value = (100 * share).toFixed(2);
  return share >= 0 ? `+${value}` : value;
}
