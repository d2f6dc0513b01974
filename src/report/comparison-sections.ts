// The parts of a page on several runs, below the verdict.

import type { Pictures, ShownRun } from "../run-folder/index.ts";
import { wilsonInterval } from "../stats/proportion.ts";
import type { Comparison, Contrast } from "../study/comparison.ts";
import type { RunGroup } from "../study/groups.ts";
import { disagreements, type PairedPrediction } from "../study/models.ts";
import { counted, duration, lossText, percent, points, whole } from "../text.ts";
import type { Evaluation } from "../train/evaluation.ts";
import { keptEpoch, validationCurves } from "./charts.ts";
import { augmentationText, rerunCommand } from "./describe.ts";
import { inOrder, shot, shots, smallSide } from "./gallery.ts";
import { type Html, html, trusted } from "./markup.ts";
import { flagged, section, table } from "./page.ts";
import { renderSvg } from "./render.ts";

export interface LabelledRun {
  readonly label: string;
  readonly run: ShownRun;
  readonly pictures: Pictures;
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

/** The groups that have several seeds. */
export function spreadSection(groups: readonly RunGroup[]): Html | null {
  if (groups.every(({ runs }) => runs.length < 2)) return null;
  const rows = groups.map(({ label, spread }) => {
    if (spread === null) return [label, 0, "–", "–", "–"];
    const { count, mean, deviation, least, most } = spread;
    return [
      label,
      count,
      percent(mean),
      deviation === null ? "–" : `${(100 * deviation).toFixed(2)} points`,
      `${percent(least)} to ${percent(most)}`,
    ];
  });
  return section(
    "groups",
    "Settings over their seeds",
    html`<p class="dim">Test accuracy: the mean over the seeds, how far single seeds lie around it (standard deviation), and the lowest and highest.</p>
${table(["Settings", "Seeds", "Mean", "Deviation", "Range"], rows)}`,
  );
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
        "Kept epoch",
        "Validation accuracy",
        "Time",
      ],
      runs.map(({ label, run }) => {
        const score = run.evaluation?.score ?? run.test?.test;
        const kept = keptEpoch(run);
        const interval = score && wilsonInterval(Math.round(score.top1 * score.count), score.count);
        return [
          described(label, run),
          score && score.count > 0 ? percent(score.top1, score.count) : "–",
          score && interval
            ? `${percent(interval.lower, score.count)} to ${percent(interval.upper, score.count)}`
            : "–",
          score ? whole(score.count) : "–",
          score ? lossText(score.loss) : "–",
          kept ? `${kept.epoch} of ${run.epochs.at(-1)!.epoch}` : "–",
          kept?.validation ? percent(kept.validation.top1, kept.validation.count) : "–",
          run.epochs.length > 0 ? duration(run.epochs.reduce((sum, { seconds }) => sum + seconds, 0)) : "–",
        ];
      }),
    ),
  );
}

/** A run's label, and below it all that its config says about augmentation where the label is shorter. */
function described(label: string, { config }: ShownRun): Html {
  const text = augmentationText(config);
  return html`${flagged(label)}${!label.startsWith(text) && html` <div class="dim">${text}</div>`}`;
}

export async function curvesSection(runs: readonly LabelledRun[]): Promise<Html> {
  const { loss, accuracy } = validationCurves(runs);
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

/** The mean over the runs of a group of the share of a class that was recognized; null where no run has any. */
function recallOf({ runs }: RunGroup, index: number): number | null {
  const found = runs.flatMap(({ evaluation }) => evaluation?.classes[index]?.recall ?? []);
  return found.length === 0 ? null : found.reduce((sum, recall) => sum + recall, 0) / found.length;
}

export function classesSection(groups: readonly RunGroup[]): Html | null {
  const evaluations = groups.map(({ runs }) => runs.flatMap(({ evaluation }) => evaluation ?? []));
  const evaluated = groups.filter((_, index) => evaluations[index]!.length > 0);
  const names = ({ classes }: Evaluation) => JSON.stringify(classes.map(({ name }) => name));
  const first = evaluations[0]![0];
  if (first === undefined || evaluations.flat().length < 2) return null;
  if (evaluations.flat().some((one) => names(one) !== names(first))) return null;
  const [base, ...others] = evaluated as [RunGroup, ...RunGroup[]];
  const gain = (group: RunGroup, index: number) => {
    const [before, after] = [recallOf(base, index), recallOf(group, index)];
    return before === null || after === null ? null : after - before;
  };
  const largest = (index: number) => Math.max(...others.map((group) => Math.abs(gain(group, index) ?? 0)));
  const order = first.classes.map((_, index) => index).sort((a, b) => largest(b) - largest(a));
  const mean = evaluations.flat().length > evaluated.length ? ", in the mean of the runs" : "";
  return section(
    "classes",
    "Each class",
    html`<p class="dim">Share of each class’s test images that were recognized (recall)${mean}${others.length > 0 && html`, and the difference to “${base.label}” in percentage points; largest first. With few images in a class, or many classes, some differences are large by chance alone`}.</p>
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
      ...evaluated.map((group) => percent(recallOf(group, index), support)),
      ...others.map((group) => {
        const change = gain(group, index);
        if (change === null) return "–";
        return html`<span class="${change > 0 ? "good" : change < 0 ? "bad" : ""}">${points(change, support < 1000 ? 1 : 2)}</span>`;
      }),
    ];
  }),
)}`,
  );
}

/** Where two models answer differently; of groups with several seeds there is no one pair to show. */
export async function disagreementSection(
  { finding }: Contrast,
  runs: readonly LabelledRun[],
  index: number,
): Promise<Html> {
  if (finding.kind !== "models") return html``;
  const [first, second] = [finding.first, finding.second].map(
    (model) => runs.find(({ run }) => run === model)!,
  ) as [LabelledRun, LabelledRun];
  const { onlyFirst, onlySecond } = disagreements(finding.pairs);
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

export function settingsSection({ groups, differing }: Comparison): Html {
  return section(
    "settings",
    "Settings that differ",
    differing.length === 0
      ? html`<p>None but the seed: the runs have the same settings.</p>`
      : table(
          ["Setting", ...groups.map(({ label }) => label)],
          differing.map(({ name, values }) => [name, ...values.map((value) => value ?? "–")]),
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
