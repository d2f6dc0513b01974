// report.html of a run folder: one file that works offline, with its charts also as SVG files beside it.
import { isPretraining, openPictures, type ShownRun, showRun, writeProduct } from "../run-folder/index.ts";
import { learningCurves, sideBySide } from "./charts.ts";
import { confusionMatrix } from "./confusion-chart.ts";
import { runFacts, runTitle } from "./describe.ts";
import { smallSide } from "./gallery.ts";
import { html } from "./markup.ts";
import { page } from "./page.ts";
import { writePretrainingReport } from "./pretraining-page.ts";
import { renderSvg } from "./render.ts";
import {
  augmentedSection,
  classesSection,
  confusionSection,
  curvesSection,
  dataSection,
  headline,
  mostWrongSection,
  problemsSection,
  rerunSection,
  targetedSection,
} from "./sections.ts";

export { writeComparison } from "./comparison.ts";

/**
 * Writes `report.html`, `learning-curves.svg` and (of a classifier) `confusion.svg` into a run folder, from the files there. What is
 * missing, because the run was interrupted, is said in the report. Files of before are replaced as a whole.
 * @param options.failure the error that ended the run, where its folder does not tell
 * @returns path of the report
 * @throws when `runDir` is no folder, or cannot be written
 */
export async function writeReport(
  runDir: string,
  { failure }: { readonly failure?: string } = {},
): Promise<string> {
  if (isPretraining(runDir)) return writePretrainingReport(runDir, failure);
  const run = showRun(runDir);
  if (run.epochs.length > 0) {
    const curves = sideBySide(learningCurves(run.epochs));
    const svg = await renderSvg(curves, { for: "file", title: "Loss and accuracy against epoch" });
    writeProduct(runDir, "learningCurves", svg);
  }
  if (run.evaluation) {
    const svg = await renderSvg(confusionMatrix(run.evaluation, false), {
      for: "file",
      title: "Confusion matrix",
    });
    writeProduct(runDir, "confusion", svg);
  }
  return writeProduct(runDir, "report", await reportPage(run, failure));
}

async function reportPage(run: ShownRun, failure?: string): Promise<string> {
  const { dataset, evaluation, augmented, targeted } = run;
  const small = dataset !== null && Math.max(dataset.height, dataset.width) <= smallSide;
  const pictures = openPictures(run.path);
  const title = runTitle(run);
  const wrong = evaluation && (await mostWrongSection(evaluation, pictures, small));
  const matrix = evaluation && (await confusionSection(evaluation, pictures, small));
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p>${runFacts(run)}</p>
</header>
<main>
${problemsSection(run)}${headline(run, failure)}${await curvesSection(run)}${matrix}${evaluation && classesSection(evaluation)}${wrong}${augmented && augmentedSection(augmented, small, run.config)}${targeted && targetedSection(targeted, small)}${dataset && dataSection(dataset)}${rerunSection(run)}</main>
${pictures.leftOut > 0 && html`<p class="dim">${pictures.leftOut} pictures were left out to keep this file small; they are in the run folder.</p>`}`,
  );
}
