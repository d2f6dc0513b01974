// A page on two or more runs, for example without and with Cutout: side by side, with a verdict that promises nothing.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { replaceFile } from "../durable-file.ts";
import { CutoutError } from "../error.ts";
import { openPictures, type ShownRun, showRun } from "../run-folder/index.ts";
import { counted, percent, points, pValue, whole } from "../text.ts";
import {
  classesSection,
  commandsSection,
  curvesSection,
  disagreementSection,
  dottedDifferences,
  type LabelledRun,
  type Pair,
  problemsSection,
  resultsSection,
  settingsSection,
} from "./comparison-sections.ts";
import { augmentationLabel, augmentationText, otherAugmentations, usesCutout } from "./describe.ts";
import { inOrder } from "./gallery.ts";
import { type Content, type Html, html } from "./markup.ts";
import { page, section } from "./page.ts";
import { compareWithFirst, type Outcome, outcomeOf, significance } from "./verdict.ts";

const bytesPerRun = 8 * 2 ** 20;

/**
 * Writes one offline page that sets each run against the first: results, validation curves, classes, the images on
 * which they disagree, and McNemar's exact test where both were tested on the same images.
 * @param runDirs two or more run folders; the first is the one the others are compared with
 * @param labels a name for each; by default what their configs say about augmentation
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
  const folders = runDirs.map(showRun);
  const names = labels ?? defaultLabels(folders);
  const runs = folders.map((run, index) => ({
    label: names[index]!,
    run,
    pictures: openPictures(run.path, bytesPerRun),
  }));
  const text = await comparisonPage(runs);
  mkdirSync(dirname(outFile), { recursive: true });
  replaceFile(outFile, [Buffer.from(text)]);
  return outFile;
}

/** What the configs say about augmentation, with as many details as tell the runs apart; then the folder's name. */
function defaultLabels(folders: readonly ShownRun[]): string[] {
  const once = (texts: readonly string[], text: string) => texts.indexOf(text) === texts.lastIndexOf(text);
  const short = folders.map(({ config, name }) => augmentationLabel(config) || name);
  const long = folders.map(({ config, name }) => augmentationText(config) || name);
  const labels = folders.map(({ name }, index) => {
    if (once(short, short[index]!)) return short[index]!;
    return once(long, long[index]!) ? long[index]! : `${long[index]}, ${name}`;
  });
  return labels.map((label, index) => (labels.indexOf(label) === index ? label : `${label} (${index + 1})`));
}

async function comparisonPage(runs: readonly LabelledRun[]): Promise<string> {
  const first = runs[0]!;
  const others = runs.slice(1);
  const { comparisons, tests } = compareWithFirst(
    first.run.evaluation,
    others.map(({ run }) => run.evaluation),
  );
  const pairs = comparisons.map(
    (comparison, index): Pair => ({ first, second: others[index]!, ...comparison }),
  );
  const title = "What the augmentation changed";
  const shown = await inOrder([...pairs.entries()], ([index, pair]) => disagreementSection(pair, index));
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p>${runs.map(({ label }) => label).join(" · ")}</p>
</header>
<main>
${pairs.map((pair, index) => verdictSection(pair, index, tests))}${problemsSection(runs)}${resultsSection(runs)}${await curvesSection(runs)}${classesSection(runs)}${shown}${settingsSection(runs)}${commandsSection(runs)}</main>
`,
  );
}

/** The sentence a reader takes home. Named after Cutout where that alone augments one of the pair. */
function verdictText(
  outcome: Outcome,
  first: ShownRun,
  second: ShownRun,
  labels: readonly [string, string],
): string {
  const cutout = [usesCutout(first.config), usesCutout(second.config)];
  if (outcome === "no difference") return "No difference to be seen.";
  const better = outcome === "second better";
  const others = [first, second].map(({ config }) => JSON.stringify(otherAugmentations(config)));
  if (others[0] !== others[1]) cutout.fill(null);
  if (cutout[0] === false && cutout[1] === true)
    return better ? "Cutout won on this pair." : "Cutout lost on this pair.";
  if (cutout[0] === true && cutout[1] === false)
    return better ? "Cutout lost on this pair." : "Cutout won on this pair.";
  return `“${labels[better ? 1 : 0]}” did better than “${labels[better ? 0 : 1]}” on this pair.`;
}

function verdictSection(pair: Pair, index: number, tests: number): Html {
  const { first, second, result, p } = pair;
  const heading = `“${second.label}” against “${first.label}”`;
  if (!result) {
    return section(
      `verdict-${index + 1}`,
      heading,
      html`<p class="big">No verdict.</p><p>They cannot be compared image by image: ${pair.reason}.</p>`,
    );
  }
  const { counts, difference, interval } = result;
  const total = pair.pairs.length;
  const outcome = outcomeOf(result, p);
  const labels = [first.label, second.label] as const;
  const low = points(interval.lower);
  const high = points(interval.upper);
  // The test is exact, the interval is not, and only the test is corrected: near the limit they may disagree.
  const narrow = outcome === "no difference" && (interval.lower > 0 || interval.upper < 0);
  return section(
    `verdict-${index + 1}`,
    heading,
    html`<p class="big">${verdictText(outcome, first.run, second.run, labels)}</p>
<p><b>${points(difference)} percentage points</b> of ${counted(total, "test image")} (95 % interval ${low} to ${high}): ${percent((counts.bothRight + counts.onlySecondRight) / total, total)} right with “${second.label}”, ${percent((counts.bothRight + counts.onlyFirstRight) / total, total)} with “${first.label}”.</p>
<p><b>This pair of models only: one seed cannot tell which training is better.</b> The same comparison with another seed may come out the other way. To know, train both with at least six seeds.</p>
<p>They disagree on ${counted(counts.onlyFirstRight + counts.onlySecondRight, "image")}: ${whole(counts.onlySecondRight)} only “${second.label}” got right, ${whole(counts.onlyFirstRight)} only “${first.label}”. Two equally good models would split as unevenly as this, or more, with probability ${pValue(result.p)} (McNemar’s exact test)${tests > 1 && html`, which is ${pValue(p)} after Holm’s correction for ${tests} comparisons`}. Below ${significance} counts as a difference.</p>
${outcome === "no difference" && html`<p>That does not show that they are equal: anything in the interval remains possible.${narrow && ` The interval leaves out 0 all the same: the test is the stricter one${tests > 1 ? " and is corrected for the number of comparisons" : ""}. Take it as undecided.`}</p>`}
${cautions(pair)}`,
  );
}

/** What makes a pair less than a fair one. */
function cautions({ first, second }: Pair): Content {
  const others = dottedDifferences([first, second])
    .map(([key]) => key)
    .filter((key) => !key.startsWith("augment.") && key !== "seed" && !bookkeeping.has(key));
  const prints = [first.run.dataset?.fingerprint, second.run.dataset?.fingerprint];
  const found = [
    ...(first.run.config && second.run.config
      ? []
      : ["The settings of a run are missing, so it cannot be said what else differed."]),
    ...(first.run.config?.seed !== second.run.config?.seed
      ? ["The seeds differ: part of the difference is luck of the start and of the order of the images."]
      : []),
    ...(others.length > 0 ? [`More than the augmentation differs: ${others.join(", ")}.`] : []),
    ...(first.run.evaluation?.crops !== second.run.evaluation?.crops
      ? ["One run was tested on the centre of each image, the other on ten crops of it."]
      : []),
    ...(prints[0] && prints[1] && prints[0] !== prints[1]
      ? ["The data are not the same (different fingerprints)."]
      : []),
  ];
  return found.length > 0 && html`<ul>${found.map((text) => html`<li>${text}</li>`)}</ul>`;
}

/** Settings that say where and how fast, not what. */
const bookkeeping: ReadonlySet<string> = new Set(["runsDir", "cacheDir", "formatVersion"]);
