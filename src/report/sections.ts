// The parts of the report on one run, each made from what the run folder holds.

import type { Config } from "../config/config.ts";
import { toldSettings, valueText } from "../config/flag-text.ts";
import { viewsText } from "../config/views.ts";
import type { DatasetRecord, Pictures, ShownRun } from "../run-folder/index.ts";
import { wilsonInterval } from "../stats/proportion.ts";
import { counted, decimal, dottedKeys, duration, lossText, percent, whole } from "../text.ts";
import type { Evaluation, Score } from "../train/evaluation.ts";
import type { EpochRecord } from "../train/events.ts";
import { bestEpoch, keptEpoch, learningCurves } from "./charts.ts";
import { cellId, confusionMatrix } from "./confusion-chart.ts";
import { augmentationOrderText, originalCommand, rerunCommand, resumeCommand } from "./describe.ts";
import { endingText } from "./ending.ts";
import { cells, mostWrong } from "./gallery.ts";
import { type Content, type Html, html, trusted } from "./markup.ts";
import { memorizedText } from "./memorized.ts";
import { cappedList, section, settingsList, table } from "./page.ts";
import { renderSvg } from "./render.ts";

const brokenShown = 500;
const pairsShown = 20;
/** With more classes than this, the table starts with the weakest ones only. */
const classesAtOnce = 30;
const weakestShown = 20;

export function problemsSection({
  problems,
  test,
  evaluation,
}: {
  readonly problems: readonly string[];
  readonly test: unknown;
  readonly evaluation: unknown;
}): Html | null {
  if (problems.length === 0) return null;
  const heading = test || evaluation ? "Some parts are missing" : "This run is not finished";
  return section(
    "problems",
    heading,
    html`<p>The report shows what there is.</p>
<ul>${problems.map((problem) => html`<li>${problem}</li>`)}</ul>`,
    "notice",
  );
}

/**
 * The result in one large number and in words, and how the run ended.
 * @param failure the error that ended it, where its folder does not tell
 */
export function headline(run: ShownRun, failure?: string): Html {
  const score = run.evaluation?.score ?? run.test?.test ?? null;
  const body = score ? tested(run, score) : untested(run, failure === undefined && run.failure === null);
  const ending = endingText(run, failure === undefined ? {} : { failure });
  const memorized = memorizedText(run);
  return section(
    "result",
    "Result",
    html`${body}
${ending !== null && html`<p>The training ${ending}.</p>`}
${memorized !== null && html`<p><b>${memorized.charAt(0).toUpperCase()}${memorized.slice(1)}.</b> Training is measured on the augmented images, so that is a lower bound.</p>`}`,
  );
}

function tested({ evaluation, test, epochs, config }: ShownRun, score: Score): Content {
  if (score.count === 0) return html`<p>The test part holds no images, so there is no test result.</p>`;
  const right = Math.round(score.top1 * score.count);
  const { lower, upper } = wilsonInterval(right, score.count);
  const bound = (share: number) => percent(share, score.count);
  const { seen } = viewsText[(evaluation ?? test)?.crops ?? "center"];
  const crops = seen === viewsText.center.seen ? `on ${seen}` : `the average over ${seen}`;
  const epoch = (evaluation ?? test)!.epoch;
  const planned = config?.epochs;
  const trained = epochs.at(-1)?.epoch;
  const supports = evaluation?.classes.map(({ support }) => support) ?? [];
  const guessing = supports.length > 0 && Math.max(...supports) / score.count;
  return html`<p class="big">${bound(score.top1)} <small>of ${counted(score.count, "test image")} classified right</small></p>
<p>That is ${whole(right)} right and ${whole(score.count - right)} wrong. Over all images of this kind, of which these are a sample, the share is expected between <b>${bound(lower)}</b> and <b>${bound(upper)}</b> (95 % interval, Wilson). The interval says nothing about other seeds: training again with another seed gives another model.</p>
<p>${guessing !== false && html`Always answering with the most frequent class would give ${bound(guessing)}. `}${supports.length > 5 && html`The right class is among the five likeliest for ${bound(score.top5)}. `}Test loss ${lossText(score.loss)}.</p>
<p class="dim">The weights are those of epoch ${epoch}${trained && ` of ${trained}`}${planned && trained && planned !== trained && ` (${planned} were planned)`}${chosenText(epochs, epoch, config)}. The test is ${crops}.</p>`;
}

/** Why the weights are those of this epoch, as far as the run tells. */
function chosenText(epochs: readonly EpochRecord[], epoch: number, config: Config | null): string {
  if (config?.keep === "best") return ", the best one on the validation images";
  if (config?.keep !== "last") return "";
  const best = bestEpoch(epochs)?.epoch;
  return best === undefined || best === epoch
    ? ", the last one"
    : `, the last one (the best one on the validation images was epoch ${best})`;
}

/** @param resumable whether going on is what helps; an error says itself what does */
function untested(run: ShownRun, resumable: boolean): Content {
  const { epochs, config } = run;
  const best = bestEpoch(epochs);
  const planned = config?.epochs;
  const goOn =
    resumable && config && html`<p>Go on with it:</p><pre><code>${resumeCommand(run)}</code></pre>`;
  if (epochs.length === 0) return html`<p>No epoch was finished, so there is no result yet.</p>${goOn}`;
  const finished = html`${counted(epochs.length, "epoch")} ${planned && html`of ${planned} `}finished.`;
  if (!best?.validation) {
    return html`<p>There is no test result yet, and there are no validation images. ${finished}</p>${goOn}`;
  }
  const score = best.validation;
  return html`<p>There is no test result yet.</p>
<p class="big">${percent(score.top1, score.count)} <small>of ${counted(score.count, "validation image")} right, at epoch ${best.epoch}</small></p>
<p>${finished} It is the best one so far, chosen on these images, so this number flatters the model.</p>${goOn}`;
}

export async function curvesSection(run: ShownRun): Promise<Html> {
  const { epochs } = run;
  if (epochs.length === 0) return section("curves", "Learning curves", html`<p>No epoch was finished.</p>`);
  const { loss, accuracy } = learningCurves(epochs);
  const drawn = [
    await renderSvg(loss, { for: "page", title: "Loss against epoch" }),
    await renderSvg(accuracy, { for: "page", title: "Accuracy against epoch" }),
  ];
  const seconds = epochs.reduce((sum, record) => sum + record.seconds, 0);
  const validated = epochs.some(({ validation }) => validation !== null);
  return section(
    "curves",
    "Learning curves",
    html`<div class="charts">${drawn.map((svg) => html`<div>${trusted(svg)}</div>`)}</div>
<p class="dim">Training (blue) is measured on the augmented images while they are learnt${validated ? ", validation (red) on images the model never learns from; so validation may well be the better of the two" : "; there is no validation part"}. ${counted(epochs.length, "epoch")} in ${duration(seconds)}.</p>
<details><summary>The numbers of each epoch</summary>
${epochTable(run)}</details>`,
  );
}

function epochTable(run: ShownRun): Html {
  const { epochs } = run;
  const best = bestEpoch(epochs);
  const kept = run.test || run.evaluation ? keptEpoch(run) : null;
  const words = (record: EpochRecord) =>
    [...(record === best ? ["best"] : []), ...(record === kept && kept !== best ? ["kept"] : [])].join(", ");
  return table(
    [
      "Epoch",
      "Training loss",
      "Training accuracy",
      "Validation loss",
      "Validation accuracy",
      "Learning rate",
      "Images/s",
      "Time",
    ],
    epochs.map((record) => [
      words(record) === "" ? record.epoch : html`${record.epoch} (${words(record)})`,
      lossText(record.train.loss),
      percent(record.train.top1),
      record.validation === null ? "–" : lossText(record.validation.loss),
      record.validation === null ? "–" : percent(record.validation.top1, record.validation.count),
      decimal(record.learningRate),
      whole(record.imagesPerSecond),
      duration(record.seconds),
    ]),
  );
}

export async function confusionSection(
  evaluation: Evaluation,
  pictures: Pictures,
  small: boolean,
): Promise<Html> {
  const svg = await renderSvg(confusionMatrix(evaluation, true), { for: "page", title: "Confusion matrix" });
  // Below about half of its size the numbers can no longer be read: then it scrolls instead.
  const width = Number(/ width="([\d.]+)"/.exec(svg)?.[1]);
  const least = Math.min(width, Math.max(320, Math.round(0.54 * width)));
  const behind = await cells(evaluation, pictures, small);
  return section(
    "matrix",
    "Which classes are confused",
    html`<p class="screen">Each row is a true class, each column what the model answered: blue is right, red is wrong. Choose a cell to see its images (with the keyboard: Tab, arrow keys, Enter).</p>
<div class="wide matrix" style="--least:${least}px">${trusted(svg)}</div>
${pairs(evaluation)}
${behind}`,
  );
}

function pairs({ classes, confusion }: Evaluation): Html | null {
  if (classes.length <= 2) return null;
  const found = confusion
    .flatMap((row, label) => row.map((count, predicted) => ({ label, predicted, count })))
    .filter(({ label, predicted, count }) => label !== predicted && count > 0)
    .sort((a, b) => b.count - a.count);
  if (found.length === 0) return null;
  const items = found.slice(0, pairsShown).map(
    ({ label, predicted, count }) =>
      html`<li><a href="#${cellId(label, predicted)}">${classes[label]!.name} taken for ${classes[predicted]!.name}</a>: ${whole(count)} of ${whole(classes[label]!.support)}</li>
`,
  );
  return html`<h3>Most frequent mistakes</h3>
<ul class="pairs">
${items}</ul>`;
}

export function classesSection({ classes }: Evaluation): Html {
  // Weakest first: that is where more or cleaner images help. A class without a score comes before all.
  const order = [...classes].sort((a, b) => (a.f1 ?? -1) - (b.f1 ?? -1));
  const shown = order.length > classesAtOnce ? order.slice(0, weakestShown) : order;
  return section(
    "classes",
    "Each class",
    html`<p class="dim">Weakest first. Found: the share of this class's images that were recognized (recall). Trusted: the share of answers with this class that were right (precision). Balance: the harmonic mean of both (F1).</p>
${classTable(shown)}
${shown !== order && html`<details><summary>All ${order.length} classes</summary>${classTable(order)}</details>`}`,
  );
}

function classTable(classes: Evaluation["classes"]): Html {
  return table(
    ["Class", "Found (recall)", "Trusted (precision)", "Balance (F1)", "Test images (support)"],
    classes.map(({ name, recall, precision, f1, support }) => [
      name,
      percent(recall, support),
      percent(precision, support),
      percent(f1, support),
      whole(support),
    ]),
  );
}

export async function mostWrongSection(
  evaluation: Evaluation,
  pictures: Pictures,
  small: boolean,
): Promise<Html> {
  return section("wrong", "The most wrong images", await mostWrong(evaluation, pictures, small));
}

export function augmentedSection(png: Buffer, small: boolean, config: Config | null): Html {
  const order = config === null ? "" : ` In this order: ${augmentationOrderText(config)}.`;
  return section(
    "augmented",
    "What the model was shown",
    html`<p>Training images as they entered the network.${order}</p>
<img class="sheet${small ? " small" : ""}" src="data:image/png;base64,${png.toString("base64")}" alt="A sheet of augmented training images">`,
  );
}

export function targetedSection(png: Buffer, small: boolean): Html {
  return section(
    "targeted",
    "What was hidden from the model",
    html`<p>Targeted Cutout: what the most activated feature map of a layer responds to is hidden in the next epoch.</p>
<img class="sheet${small ? " small" : ""}" src="data:image/png;base64,${png.toString("base64")}" alt="Training images, their most activated feature maps, and what those hide">`,
  );
}

export function dataSection(data: DatasetRecord): Html {
  const { split, broken, leftOut = [] } = data;
  const numbers = (values: readonly number[]) => values.map(decimal).join(", ");
  return section(
    "data",
    "Data",
    html`<p>${data.name}: ${counted(data.count, "image")} of ${counted(data.classes.length, "class", "classes")}, ${data.width} × ${data.height} pixels, ${data.channels === 1 ? "grey" : "colour"}. ${whole(split.train)} were used for training, ${whole(split.validation)} for validation and ${whole(split.test)} for the test.</p>
<p class="dim">Classes: ${data.classes.slice(0, 200).join(", ")}${data.classes.length > 200 && ", …"}. Mean of the training images ${numbers(data.mean)}, standard deviation ${numbers(data.std)} (scale 0 to 1${data.channels === 3 && ", red, green, blue"}). Fingerprint ${data.fingerprint}.</p>
${
  broken.length === 0
    ? html`<p>Every image could be read.</p>`
    : html`<details open><summary>${counted(broken.length, "image")} could not be read and ${broken.length === 1 ? "was" : "were"} left out</summary>
${cappedList(
  broken.map(({ name, reason }) => html`<b>${name}</b>: ${reason}`),
  brokenShown,
  "dataset.json",
)}</details>`
}${leftOut.length > 0 && leftOutTable(leftOut)}`,
  );
}

/** What lies beside the images and was not read. */
function leftOutTable(leftOut: NonNullable<DatasetRecord["leftOut"]>): Html {
  return html`<h3>Not read</h3>
${table(
  ["What", "How many", "Such as", "What would have it read"],
  leftOut.map(({ what, count, names, remedy }) => [what, whole(count), names.join(", "), remedy ?? ""]),
)}`;
}

export function rerunSection(run: Pick<ShownRun, "path" | "config" | "environment">): Html | null {
  if (!run.config && !run.environment) return null;
  const part = (heading: string, rows: readonly (readonly [string, Content])[]) =>
    rows.length > 0 && html`<h3>${heading}</h3>${settingsList(rows)}`;
  const original = originalCommand(run);
  return section(
    "again",
    "How to run this again",
    html`${
      run.config &&
      html`<pre><code>${rerunCommand(run)}</code></pre>
<p class="dim">The same seed on the same machine and versions gives the same model.</p>`
    }
${original && html`<p>It was started with</p><pre><code>${original}</code></pre>`}
${part("Settings, by their flags", settings(run.config))}
${part("Machine and versions", machine(run.environment))}`,
  );
}

/** As a person tells them; below them what no flag says. */
function settings(config: ShownRun["config"]): readonly (readonly [string, Content])[] {
  if (config === null) return [];
  const rows = toldSettings(config).map((one): [string, string] => [one.flag || "data", valueText(one)]);
  return [...rows, ...Object.entries(config.timedConvolutions)];
}

/** The command has its own place, and nobody reads bytes. */
function machine(environment: ShownRun["environment"]): readonly (readonly [string, Content])[] {
  if (!environment) return [];
  const { command: _, memory, adapter, ...rest } = environment;
  const rows = { ...rest, adapter: adapter ?? "none", memory: `${(memory / 2 ** 30).toFixed(1)} GiB` };
  return dottedKeys(rows);
}
