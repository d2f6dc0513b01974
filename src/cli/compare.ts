// `cutout compare`: two settings by as many pairs of runs as it takes, or finished runs, and what their difference is worth.
import { basename, join, resolve } from "node:path";
import type { Command } from "commander";
import type { GivenFlags } from "../config/flags.ts";
import { settingsError } from "../config/settings.ts";
import { augmentationText } from "../report/describe.ts";
import { type ShownRun, showRun } from "../run-folder/index.ts";
import { type Comparison, compareAll } from "../study/comparison.ts";
import { contrastWords, luckWords, spreadWords } from "../study/words.ts";
import { isStudy } from "../study-folder/index.ts";
import { shellWord } from "../text.ts";
import { conductNew } from "./conduct.ts";
import { say } from "./console.ts";
import { checkOutFile } from "./out-file.ts";
import { formatPercent } from "./progress.ts";
import { addRuleFlags, checkValidation, type RuleFlags, ruleFrom } from "./rule-flags.ts";
import { addSettingFlags } from "./setting-flags.ts";
import { addPlaceFlags, executorFrom, type PlaceFlags } from "./study-flags.ts";
import { formatTable } from "./table.ts";
import { linesOf } from "./words.ts";

export function addCompare(program: Command): void {
  const command = program
    .command("compare")
    .summary("tell which of two settings is better, or set finished runs against each other")
    .description(
      "With --a and --b: trains pairs of runs that share their seed, as many as the sequential sign-flip test needs " +
        "(6 to 12 pairs), and tells which settings are better. Flags beside them are for both. " +
        "Without: puts finished runs that differ only in the seed into groups, sets each group against that of the " +
        "first run, tells the difference and what it is worth, and writes a page on it.",
    )
    .argument("[paths...]", "with --a and --b the images; otherwise two or more run folders")
    .option("--a <flags>", 'first settings: flags of train, as "--cutout 16", a config file, or "" for none')
    .option("--b <flags>", "second settings")
    .option("--out <path>", "study folder to make; of finished runs the HTML file to write");
  addSettingFlags(addPlaceFlags(addRuleFlags(command))).action(compareAction);
}

interface CompareFlags extends RuleFlags, PlaceFlags, GivenFlags {
  readonly a?: string;
  readonly b?: string;
  readonly out?: string;
}

async function compareAction(paths: readonly string[], flags: CompareFlags): Promise<void> {
  const { a, b, out } = flags;
  if (a === undefined && b === undefined) return compareRuns(paths, out);
  if (a === undefined || b === undefined) {
    throw settingsError({
      where: "compare",
      what: "needs both, --a and --b",
      remedy: '"" stands for no flags',
    });
  }
  if (paths.length > 1) {
    throw settingsError({ where: "compare", what: "takes one folder of images", got: paths.join(" ") });
  }
  const rule = ruleFrom(flags);
  const executor = await executorFrom(flags);
  const { armFrom } = await import("./arm-settings.ts");
  const arms = [await armFrom("--a", a, paths[0], flags), await armFrom("--b", b, paths[0], flags)] as const;
  const plan = {
    ...rule,
    firstSeed: arms[0].settings.seed,
  };
  if (plan.part === "validation") checkValidation(arms[0].settings, "the comparison");
  await conductNew({ question: "compare", plan, arms: [...arms], out: out ?? null }, executor);
}

/**
 * Writes the comparison and tells the headline.
 * @throws Error when a run is not finished
 */
async function compareRuns(runs: readonly string[], out?: string): Promise<void> {
  const study = runs.find(isStudy);
  if (study !== undefined)
    throw settingsError({
      where: study,
      what: "is a study, and finished runs are compared",
      remedy: `what it says: cutout study show ${shellWord(study)}; its runs are in ${join(study, "trials")}`,
    });
  if (runs.length < 2)
    throw settingsError({
      where: "compare",
      what: "needs two or more run folders",
      got: String(runs.length),
      remedy: `to compare settings on images: cutout compare ${shellWord(runs[0] ?? "photos")} --a "" --b "--cutout"`,
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
    ...linesOf(contrastWords(contrast)),
  ]);
  const text = [
    title,
    formatTable(rows, ["left", "left", "left", "right", "left"]),
    ...(differing.length > 1 ? ["", settingsTable(comparison)] : []),
    ...(luck === null ? spreads : ["", ...linesOf(luck)]),
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
