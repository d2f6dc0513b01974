// A page on two or more runs, for example without and with Cutout: side by side, with a verdict that promises nothing.

import { dirname } from "node:path";
import { makeFolders, replaceFile } from "../durable-file.ts";
import { CutoutError, telling } from "../error.ts";
import { openPictures, showRun } from "../run-folder/index.ts";
import { type Comparison, type Contrast, compareAll } from "../study/comparison.ts";
import { contrastWords, luckWords } from "../study/words.ts";
import { counted } from "../text.ts";
import {
  classesSection,
  commandsSection,
  curvesSection,
  disagreementSection,
  type LabelledRun,
  problemsSection,
  resultsSection,
  settingsSection,
  spreadSection,
} from "./comparison-sections.ts";
import { type Content, type Html, html } from "./markup.ts";
import { flagged, page } from "./page.ts";
import { pairsTable } from "./pairs-table.ts";
import { wordsSection } from "./words-section.ts";

const bytesPerRun = 8 * 2 ** 20;

/**
 * Writes one offline page that sets runs against each other: those that differ only in the seed as one group, each group
 * against that of the first run. Results, validation curves, classes, the images on which two models disagree, and what
 * the runs can say: McNemar's exact test of two models, or the paired permutation test over six seeds or more.
 * @param runDirs two or more run folders
 * @param labels a name for each; by default the settings that set it apart
 * @returns path of the page
 * @throws with fewer than two runs, a wrong number of labels, no such folder, or when `outFile` cannot be written
 */
export async function writeComparison(
  runDirs: readonly string[],
  outFile: string,
  labels?: readonly string[],
): Promise<string> {
  if (runDirs.length < 2)
    throw new CutoutError({
      where: "comparison",
      what: "needs at least two runs",
      got: String(runDirs.length),
    });
  if (labels && labels.length !== runDirs.length) {
    throw new CutoutError({
      where: "comparison",
      what: `needs a label for each of the ${runDirs.length} runs`,
      got: String(labels.length),
    });
  }
  const comparison = compareAll(runDirs.map(showRun), labels);
  return writeComparisonPage(comparison, outFile, labels);
}

/** The same of a comparison that is there already. */
export async function writeComparisonPage(
  comparison: Comparison,
  outFile: string,
  labels?: readonly string[],
): Promise<string> {
  const names = labels ?? runLabels(comparison);
  // Group by group, whatever the order in which they were told.
  const runs = comparison.groups
    .flatMap((group) => group.runs)
    .map((run) => ({
      label: names[comparison.runs.indexOf(run)]!,
      run,
      pictures: openPictures(run.path, bytesPerRun),
    }));
  const text = await comparisonPage(comparison, runs);
  telling(dirname(outFile), () => makeFolders(dirname(outFile)));
  replaceFile(outFile, [Buffer.from(text)]);
  return outFile;
}

/** The group's name, and what tells the runs of a group apart: the seed, or else the folder. */
function runLabels({ groups, runs }: Comparison): string[] {
  const labels = runs.map((run) => {
    const group = groups.find(({ runs: members }) => members.includes(run))!;
    if (group.runs.length === 1) return group.label;
    return `${groups.length === 1 ? "" : `${group.label}, `}seed ${run.config!.seed}`;
  });
  return labels.map((label, index) =>
    labels.indexOf(label) === labels.lastIndexOf(label) ? label : `${label}, ${runs[index]!.name}`,
  );
}

async function comparisonPage(comparison: Comparison, runs: readonly LabelledRun[]): Promise<string> {
  const { title, groups, contrasts } = comparison;
  const luck = luckWords(comparison);
  const shown: Html[] = [];
  // One after the other, so that the budget of bytes goes to the first ones.
  for (const [index, one] of contrasts.entries()) shown.push(await disagreementSection(one, runs, index));
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p>${flagged(groups.map(({ label, runs: members }) => `${label} (${counted(members.length, "run")})`).join(" · "))}</p>
</header>
<main>
${luck && wordsSection("verdict-1", "What these runs can say", luck)}${contrasts.map(contrastSection)}${problemsSection(runs)}${spreadSection(groups)}${resultsSection(runs)}${await curvesSection(runs)}${classesSection(groups)}${shown}${settingsSection(comparison)}${commandsSection(runs)}</main>
`,
  );
}

function contrastSection(contrast: Contrast, index: number): Html {
  const heading = `“${contrast.second.label}” against “${contrast.first.label}”`;
  return wordsSection(`verdict-${index + 1}`, heading, contrastWords(contrast), pairsOf(contrast));
}

/** The accuracy of each seed pair; two models alone have their results below. */
function pairsOf({ first, second, finding }: Contrast): Content {
  if (finding.kind !== "few" && finding.kind !== "seeds") return null;
  return finding.pairs.length === 0 ? null : pairsTable(finding.pairs, [first.label, second.label]);
}
