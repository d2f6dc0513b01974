// report.html of a pretraining: its errors, and test images as they are, as the network saw them, and as it rebuilt them.
import {
  openPictures,
  type Pictures,
  type ShownPretraining,
  showPretraining,
  writeProduct,
} from "../run-folder/index.ts";
import { counted, duration, lossText, shellWord, whole } from "../text.ts";
import type { ReconstructionEvaluation } from "../train/evaluation.ts";
import { bestEpoch, reconstructionCurves, sideBySide } from "./charts.ts";
import { resumeCommand, runFacts, runTitle } from "./describe.ts";
import { endingText } from "./ending.ts";
import { smallSide } from "./gallery.ts";
import { type Content, type Html, html, trusted } from "./markup.ts";
import { breakable, page, section, table } from "./page.ts";
import { renderSvg } from "./render.ts";
import { augmentedSection, dataSection, problemsSection, rerunSection } from "./sections.ts";

/** @returns path of the report */
export async function writePretrainingReport(runDir: string, failure?: string): Promise<string> {
  const run = showPretraining(runDir);
  if (run.epochs.length > 0) {
    const curves = sideBySide(reconstructionCurves(run.epochs));
    const svg = await renderSvg(curves, { for: "file", title: "Loss against epoch" });
    writeProduct(runDir, "learningCurves", svg);
  }
  return writeProduct(runDir, "report", await pretrainingPage(run, failure));
}

async function pretrainingPage(run: ShownPretraining, failure?: string): Promise<string> {
  const { dataset, evaluation, augmented } = run;
  const small = dataset !== null && Math.max(dataset.height, dataset.width) <= smallSide;
  const title = runTitle(run);
  const pictures = openPictures(run.path);
  return page(
    title,
    html`<header>
<h1>${title}</h1>
<p>${runFacts(run)}</p>
</header>
<main>
${problemsSection(run)}${resultSection(run, failure)}${evaluation && (await reconstructionsSection(evaluation, pictures))}${await errorsSection(run)}${augmented && augmentedSection(augmented, small, run.config)}${dataset && dataSection(dataset)}${rerunSection(run)}</main>`,
  );
}

function resultSection(run: ShownPretraining, failure?: string): Html {
  const { evaluation, test, path } = run;
  const score = evaluation?.score ?? test?.test ?? null;
  const ending = endingText(run, failure === undefined ? {} : { failure });
  const body: Content =
    score === null
      ? untested(run, failure === undefined && run.failure === null)
      : html`<p class="big">${lossText(score.corrupted)} <small>mean squared error where ${counted(score.count, "test image")} were corrupted</small></p>
<p>An answer of the mean colour everywhere would have about 1: errors are in units of the images' own deviation. Loss, which weighs what counts, ${lossText(score.loss)}. The weights are those of epoch ${(evaluation ?? test)!.epoch}.</p>
<p>Make a classifier of it:</p><pre><code>cutout train DATA --from ${shellWord(path)}</code></pre>`;
  return section("result", "Result", html`${body}${ending !== null && html`<p>The training ${ending}.</p>`}`);
}

function untested(run: ShownPretraining, resumable: boolean): Content {
  const { epochs, config } = run;
  const goOn =
    resumable && config && html`<p>Go on with it:</p><pre><code>${resumeCommand(run)}</code></pre>`;
  if (epochs.length === 0) return html`<p>No epoch was finished, so there is no result yet.</p>${goOn}`;
  const best = bestEpoch(epochs);
  return html`<p>There is no test result yet. ${counted(epochs.length, "epoch")} ${config && html`of ${config.epochs} `}finished${best?.validation && html`, the best one on the validation images ${best.epoch}, with a loss of ${lossText(best.validation.loss)}`}.</p>${goOn}`;
}

/** The images that were kept, those of the smallest error first and of the largest last. */
async function reconstructionsSection(
  { reconstructions }: ReconstructionEvaluation,
  pictures: Pictures,
): Promise<Html> {
  const kept = reconstructions
    .filter(({ picture }) => picture !== null)
    .sort((a, b) => a.corrupted - b.corrupted);
  const figures: Html[] = [];
  for (const { name, picture, corrupted } of kept) {
    const uri = await pictures.load(picture);
    const image = uri
      ? html`<img src="${uri}" alt="${`${name}: as it is, as the network saw it, and as rebuilt`}">`
      : html`<span class="none">no picture</span>`;
    figures.push(
      html`<figure>${image}<figcaption>${breakable(name)}<small>error ${lossText(corrupted)}</small></figcaption></figure>`,
    );
  }
  return section(
    "reconstructions",
    "What it rebuilds",
    html`<p>Of each test image, side by side: the image, what the network saw, and what it made of that (where its errors count; elsewhere the image itself). ${counted(figures.length, "image")} of ${whole(reconstructions.length)}, the smallest error first.</p>
<div class="triples">${figures}</div>`,
  );
}

async function errorsSection({ epochs }: ShownPretraining): Promise<Html> {
  if (epochs.length === 0) return section("curves", "Learning curves", html`<p>No epoch was finished.</p>`);
  const { loss, corrupted } = reconstructionCurves(epochs);
  const drawn = [
    await renderSvg(loss, { for: "page", title: "Loss against epoch" }),
    await renderSvg(corrupted, { for: "page", title: "Error where corrupted against epoch" }),
  ];
  const seconds = epochs.reduce((sum, record) => sum + record.seconds, 0);
  const shown = (value: number | undefined) => (value === undefined ? "–" : lossText(value));
  return section(
    "curves",
    "Learning curves",
    html`<div class="charts">${drawn.map((svg) => html`<div>${trusted(svg)}</div>`)}</div>
<p class="dim">Mean squared errors in units of the images' own deviation. ${counted(epochs.length, "epoch")} in ${duration(seconds)}.</p>
<details><summary>The numbers of each epoch</summary>
${table(
  [
    "Epoch",
    "Training loss",
    "Training error",
    "Validation loss",
    "Validation error",
    "Learning rate",
    "Images/s",
    "Time",
  ],
  epochs.map((record) => [
    `${record.epoch}`,
    lossText(record.train.loss),
    lossText(record.train.corrupted),
    shown(record.validation?.loss),
    shown(record.validation?.corrupted),
    String(Number(record.learningRate.toPrecision(3))),
    whole(record.imagesPerSecond),
    duration(record.seconds),
  ]),
)}</details>`,
  );
}
