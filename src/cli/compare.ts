// `cutout compare`: two or more finished runs on the same test images, and what can be said about their difference.
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import { settingsError } from "../config/settings.ts";
import { augmentationText } from "../report/describe.ts";
import { type ShownRun, showRun } from "../run-folder/index.ts";
import { type Comparison, compareAll } from "../study/comparison.ts";
import { contrastWords, luckWords, spreadWords, type Words } from "../study/words.ts";
import { say } from "./console.ts";
import { checkOutFile } from "./out-file.ts";
import { formatPercent } from "./progress.ts";
import { formatTable } from "./table.ts";

export function addCompare(program: Command): void {
  program
    .command("compare")
    .summary("set finished runs against each other")
    .description(
      "Puts runs that differ only in the seed into groups, sets each group against that of the first run, " +
        "tells the difference and what it is worth, and writes a page on it.",
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
  const { writeComparisonPage } = await import("../report/comparison.ts");
  const { openFinishedRun } = await import("../run-folder/index.ts");
  for (const run of runs) openFinishedRun(run);
  const comparison = compareAll(runs.map(showRun));
  const file = out ?? join(runs[0]!, "..", comparisonName(runs));
  const report = await writeComparisonPage(comparison, file);
  say(formatComparison(comparison));
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

/** What differs, a line for each run, and what the groups can say: word for word as on the page. */
export function formatComparison(comparison: Comparison): string {
  const { title, groups, differing, contrasts } = comparison;
  const luck = luckWords(comparison);
  const rows = groups.flatMap(({ label, runs }) =>
    runs.map((run) => [
      run.name,
      label,
      `seed ${run.config?.seed ?? "?"}`,
      testAccuracy(run),
      augmentationText(run.config),
    ]),
  );
  const spreads = groups
    .filter(({ runs }) => runs.length > 1)
    .map((group) => `${group.label}: ${spreadWords(group)}`);
  const said = contrasts.flatMap((contrast) => [
    "",
    ...(contrasts.length > 1 ? [`${contrast.second.label} against ${contrast.first.label}`] : []),
    ...lines(contrastWords(contrast)),
  ]);
  const text = [
    title,
    formatTable(rows, ["left", "left", "left", "right", "left"]),
    ...(differing.length > 1 ? ["", settingsTable(comparison)] : []),
    ...(luck === null ? spreads : ["", ...lines(luck)]),
    ...said,
  ].join("\n");
  return text.replaceAll("\u00A0", " ");
}

function settingsTable({ groups, differing }: Comparison): string {
  const rows = [
    ["", ...groups.map(({ label }) => label)],
    ...differing.map(({ name, values }) => [name, ...values.map((value) => value ?? "-")]),
  ];
  return formatTable(rows, ["left", ...groups.map(() => "left" as const)]);
}

const testAccuracy = ({ test }: ShownRun) => formatPercent(test?.test.top1 ?? Number.NaN);

const lines = ({ headline, sentences, commands, cautions }: Words): readonly string[] => [
  headline,
  ...sentences,
  ...commands.map((command) => `  ${command}`),
  ...cautions,
];
