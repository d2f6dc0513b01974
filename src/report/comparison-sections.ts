// The parts of a page on several runs, below the verdict.

import type { Pictures, ShownRun } from "../run-folder/index.ts";
import { wilsonInterval } from "../stats/proportion.ts";
import { counted, dottedKeys, duration, lossText, percent, points, whole } from "../text.ts";
import { bestEpoch, validationCurves } from "./charts.ts";
import { augmentationText, rerunCommand } from "./describe.ts";
import { inOrder, shot, shots, smallSide } from "./gallery.ts";
import { type Html, html, trusted } from "./markup.ts";
import { section, table } from "./page.ts";
import { renderSvg } from "./render.ts";
import { type Comparison, disagreements, type PairedPrediction } from "./verdict.ts";

export interface LabelledRun {
  readonly label: string;
  readonly run: ShownRun;
  readonly pictures: Pictures;
}

/** One run set against the first. */
export interface Pair extends Comparison {
  readonly first: LabelledRun;
  readonly second: LabelledRun;
}

const shotsPerSide = 36;

export function problemsSection(runs: readonly LabelledRun[]): Html | null {
  const found = runs.flatMap(({ label, run }) =>
    run.problems.map((problem) => html`<li>${label}: ${problem}</li>`),
  );
  return found.length === 0
    ? null
    : section("problems", "Some parts are missing", html`<ul>${found}</ul>`, "notice");
}

export function resultsSection(runs: readonly LabelledRun[]): Html {
  return section(
    "results",
    "Results",
    table(
      [
        "Run",
        "Test accuracy",
        "95 % interval",
        "Test images",
        "Test loss",
        "Best epoch",
        "Validation accuracy",
        "Time",
      ],
      runs.map(({ label, run }) => {
        const score = run.evaluation?.score ?? run.test?.test;
        const best = bestEpoch(run.epochs);
        const interval = score && wilsonInterval(Math.round(score.top1 * score.count), score.count);
        return [
          described(label, run),
          score && score.count > 0 ? percent(score.top1, score.count) : "–",
          score && interval
            ? `${percent(interval.lower, score.count)} to ${percent(interval.upper, score.count)}`
            : "–",
          score ? whole(score.count) : "–",
          score ? lossText(score.loss) : "–",
          best ? `${best.epoch} of ${run.epochs.at(-1)!.epoch}` : "–",
          best?.validation ? percent(best.validation.top1, best.validation.count) : "–",
          run.epochs.length > 0 ? duration(run.epochs.reduce((sum, { seconds }) => sum + seconds, 0)) : "–",
        ];
      }),
    ),
  );
}

/** A run's label, and below it all that its config says about augmentation where the label is shorter. */
function described(label: string, { config }: ShownRun): Html {
  const text = augmentationText(config);
  return html`${label}${!label.startsWith(text) && html` <div class="dim">${text}</div>`}`;
}

export async function curvesSection(runs: readonly LabelledRun[]): Promise<Html> {
  const { loss, accuracy } = validationCurves(runs.map(({ label, run }) => ({ label, epochs: run.epochs })));
  const drawn = [
    await renderSvg(loss, { for: "page", title: "Validation loss of each run against epoch" }),
    await renderSvg(accuracy, { for: "page", title: "Validation accuracy of each run against epoch" }),
  ];
  return section(
    "curves",
    "Validation curves",
    html`<div class="charts">${drawn.map((svg) => html`<div>${trusted(svg)}</div>`)}</div>
<p class="dim">Rings mark the epoch whose weights were kept.</p>`,
  );
}

export function classesSection(runs: readonly LabelledRun[]): Html | null {
  const evaluated = runs.filter(({ run }) => run.evaluation);
  const first = runs[0]!.run.evaluation;
  const names = (run: LabelledRun) => JSON.stringify(run.run.evaluation!.classes.map(({ name }) => name));
  if (!first || evaluated.length < 2 || evaluated.some((run) => names(run) !== names(evaluated[0]!)))
    return null;
  const gain = (run: LabelledRun, index: number) => {
    const [before, after] = [first.classes[index]!.recall, run.run.evaluation!.classes[index]!.recall];
    return before === null || after === null ? null : after - before;
  };
  const others = evaluated.slice(1);
  const largest = (index: number) => Math.max(...others.map((run) => Math.abs(gain(run, index) ?? 0)));
  const order = first.classes.map((_, index) => index).sort((a, b) => largest(b) - largest(a));
  return section(
    "classes",
    "Each class",
    html`<p class="dim">Share of each class’s test images that were recognized (recall), and the difference to “${runs[0]!.label}” in percentage points; largest first. With few images in a class, or many classes, some differences are large by chance alone.</p>
${table(
  [
    "Class",
    "Test images",
    ...evaluated.map(({ label }) => label),
    ...others.map(({ label }) => html`Difference${others.length > 1 && html`: ${label}`}`),
  ],
  order.map((index) => {
    const { name, support } = first.classes[index]!;
    return [
      name,
      whole(support),
      ...evaluated.map(({ run }) => percent(run.evaluation!.classes[index]!.recall, support)),
      ...others.map((run) => {
        const change = gain(run, index);
        if (change === null) return "–";
        return html`<span class="${change > 0 ? "good" : change < 0 ? "bad" : ""}">${points(change, support < 1000 ? 1 : 2)}</span>`;
      }),
    ];
  }),
)}`,
  );
}

export async function disagreementSection({ first, second, pairs }: Pair, index: number): Promise<Html> {
  if (pairs.length === 0) return html``;
  const { onlyFirst, onlySecond } = disagreements(pairs);
  const small = [first, second].some(
    ({ run }) => run.dataset && Math.max(run.dataset.height, run.dataset.width) <= smallSide,
  );
  const side = async (title: string, found: readonly PairedPrediction[]): Promise<Html> => {
    const kept = ({ first: one, second: other }: PairedPrediction) => (one.picture ?? other.picture) !== null;
    const figures = await inOrder(found.filter(kept).slice(0, shotsPerSide), (pair) =>
      disagreementShot(pair, first, second),
    );
    return html`<h3>${title}: ${counted(found.length, "image")}</h3>
${found.length === 0 ? html`<p class="dim">None.</p>` : shots(figures, small)}
${found.length > figures.length && html`<p class="dim">${figures.length === 0 ? "Neither run kept a picture of them." : `Shown: the ${figures.length} on which they differ most, of those with a picture.`}</p>`}`;
  };
  return section(
    `disagreements-${index + 1}`,
    `Where “${first.label}” and “${second.label}” disagree`,
    html`${await side(`Right only with “${second.label}”`, onlySecond)}
${await side(`Right only with “${first.label}”`, onlyFirst)}`,
  );
}

/** A picture from either run; the one that was wrong has most likely kept it. */
async function disagreementShot(
  pair: PairedPrediction,
  first: LabelledRun,
  second: LabelledRun,
): Promise<Html> {
  const sides = [
    { prediction: pair.first, pictures: first.pictures },
    { prediction: pair.second, pictures: second.pictures },
  ].sort(
    (a, b) =>
      Number(a.prediction.predicted === a.prediction.label) -
      Number(b.prediction.predicted === b.prediction.label),
  );
  const { classes: names } = first.run.evaluation!;
  const { label, predicted } = sides[0]!.prediction;
  const caption = html`${names[label]!.name}; the other run says ${names[predicted]!.name}`;
  const shown =
    (await sides[0]!.pictures.load(sides[0]!.prediction.picture)) !== null ? sides[0]! : sides[1]!;
  return shot(shown.prediction, caption, shown.pictures);
}

/** Dotted keys on which the configs are not all the same, with each run's value. */
export function dottedDifferences(runs: readonly LabelledRun[]): [string, string[]][] {
  const maps = runs.map(({ run }) => new Map(run.config ? dottedKeys(run.config) : []));
  const keys = [...new Set(maps.flatMap((map) => [...map.keys()]))];
  return keys
    .map((key): [string, string[]] => [key, maps.map((map) => map.get(key) ?? "–")])
    .filter(([, values]) => values.some((value) => value !== values[0]));
}

export function settingsSection(runs: readonly LabelledRun[]): Html {
  const rows = dottedDifferences(runs);
  return section(
    "settings",
    "Settings that differ",
    rows.length === 0
      ? html`<p>None: the runs have the same settings.</p>`
      : table(
          ["Setting", ...runs.map(({ label }) => label)],
          rows.map(([key, values]) => [key, ...values]),
        ),
  );
}

export function commandsSection(runs: readonly LabelledRun[]): Html {
  return section(
    "again",
    "How to run these again",
    html`<pre><code>${runs.map(
      ({ run }) => html`${rerunCommand(run)}
`,
    )}</code></pre>`,
  );
}
