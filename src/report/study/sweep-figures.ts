// The figures of a sweep: accuracy over the setting, as in Figure 3 of DeVries and Taylor (2017), or by category; how far
// each value is behind the best; and the one look at the test part.
import type { TopLevelSpec } from "vega-lite";
import { armsLabel, type NumericAxis, numericAxis } from "../../study/questions/axes.ts";
import { type Choice, choose, type Score } from "../../study/questions/choice.ts";
import { resultsOf } from "../../study/questions/question.ts";
import type { SweepTest } from "../../study/questions/sweep.ts";
import { counted, printable } from "../../text.ts";
import type { Unit } from "../charts.ts";
import { type Html, html } from "../markup.ts";
import { flagged, section } from "../page.ts";
import { pairsTable } from "../pairs-table.ts";
import { bar, ground } from "./difference-chart.ts";
import {
  type Drawing,
  distinct,
  domainAround,
  drawing,
  figure,
  rowAxis,
  rowsHeight,
  signColors,
} from "./figure.ts";
import type { AskedAs, QuestionPage } from "./question-page.ts";
import { armColor, type StudyView } from "./view.ts";

type Asked = AskedAs<"sweep">;

export const sweepPage: QuestionPage<"sweep"> = {
  title: ({ study, asked }) => {
    const axes = asked?.question === "sweep" ? asked.plan.axes : [];
    const names = axes.map(({ flag }) =>
      flag === "--arm" ? "settings" : flag.slice(2).replaceAll("-", " "),
    );
    return names.length === 0 ? `${study.arms.length} settings` : `Accuracy by ${names.join(" and ")}`;
  },
  rule: ({ axes, seeds, baseline }) => [
    ...axes.map(({ flag, values }) => [flag, values.join(", ")] as const),
    ["seeds", seeds.join(", ")],
    ["set against", baseline === null ? "the best" : "the baseline, and the best"],
    ["chosen by", "the mean accuracy on the validation part"],
    ["the test part", "is looked at once, at the end, for what is chosen"],
  ],
  figures: sweepFigures,
};

async function sweepFigures(asked: Asked, view: StudyView): Promise<Html | null> {
  const { plan, answer } = asked;
  const { arms } = view.study;
  const trained = resultsOf(view.shown).filter(({ trial }) => trial.task === "train");
  const choice = answer?.choice ?? choose(trained, [...arms.keys()], plan.seeds, "validation");
  if (choice === null) return null;
  const names = arms.map(({ name }) => name);
  const axis = numericAxis(plan);
  const first: Drawing =
    axis === null
      ? {
          spec: categories(choice, names, plan.baseline),
          title: "Validation accuracy of each of the settings",
        }
      : { spec: overAxis(choice, axis, plan.baseline), title: `Validation accuracy over ${axis.name}` };
  const second: Drawing = {
    spec: behindBest(choice, labels(names, axis)),
    title: "How far each of the settings is behind the best",
  };
  const several = choice.seeds.length > 1;
  const plateau = choice.scores.filter((score) => score.plateau).map(({ arm }) => arm);
  const bars = several
    ? axis === null
      ? "Bars: 95 % intervals of the means (Student’s t)."
      : "Bands: 95 % intervals of the means (Student’s t), blue of the line, grey of the baseline."
    : "One seed has no interval.";
  return html`${section(
    "sweep",
    axis === null ? "Accuracy of each" : `Accuracy over ${axis.name}`,
    await figure(
      [first, second],
      html`n = ${counted(choice.seeds.length, "seed")} of each, the same for all; accuracy on the validation part. Small dots: single runs; ${axis === null ? "diamonds" : "line"}: means. ${bars} Green: ${flagged(armsLabel(plan, arms, plateau))}, the best and all that cannot be told from it. “Behind the best”: differences to the best of the same seed${several ? "; the bar of the truly best reaches 0 in 95 % of such sweeps" : ""}.`,
    ),
  )}${answer && testSection(answer.test, names, choice.best, plan.baseline)}`;
}

function testSection(
  { against }: SweepTest,
  names: readonly string[],
  best: number,
  baseline: number | null,
): Html | null {
  if (against === null || baseline === null) return null;
  return section(
    "test",
    "The one look at the test part",
    pairsTable(against.pairs, [names[baseline]!, names[best]!]),
  );
}

const labels = (names: readonly string[], axis: NumericAxis | null): readonly string[] =>
  axis === null ? distinct(names) : distinct(axis.values.map((value) => `${value}${axis.unit}`));

/** As an accuracy can be: intervals by Student's t may reach beyond. */
const share = (value: number) => Math.min(1, Math.max(0, value));

const shares = ({ scores }: Choice) =>
  scores.flatMap(({ accuracies, interval, mean }) => [
    mean,
    ...accuracies,
    ...(interval === null ? [] : [interval.lower, interval.upper]),
  ]);

/** All of it in sight, but nothing that no accuracy can be. */
function shareDomain(values: readonly number[]): [number, number] {
  const [least, most] = [Math.max(0, Math.min(...values)), Math.min(1, Math.max(...values))];
  const room = 0.05 * (most - least || 0.1);
  return [Math.max(0, least - room), Math.min(1, most + room)];
}

const accuracy = (choice: Choice): Unit => ({
  type: "quantitative",
  title: "validation accuracy",
  scale: { domain: shareDomain(shares(choice)), nice: false, zero: false },
  axis: { format: ".1~%", tickCount: 6 },
});

/** The mean of the baseline as a line through the whole panel, with the band of its interval. */
function baselineLayers(score: Score | undefined, channel: "x" | "y", scale: Unit): readonly Unit[] {
  if (score === undefined) return [];
  const { mean, interval } = score;
  const layers: Unit[] = [];
  if (interval !== null) {
    layers.push({
      data: { values: [{ from: share(interval.lower), to: share(interval.upper) }] },
      mark: { type: "rect", fill: "currentColor", opacity: 0.12 },
      encoding: { [channel]: { field: "from", ...scale }, [`${channel}2`]: { field: "to" } },
    });
  }
  layers.push({
    data: { values: [{ mean }] },
    mark: { type: "rule", stroke: "currentColor", strokeDash: [5, 4], opacity: 0.7 },
    encoding: { [channel]: { field: "mean", ...scale } },
  });
  return layers;
}

const plateauColor = signColors.up;

function overAxis(
  choice: Choice,
  { name, unit, values }: NumericAxis,
  baseline: number | null,
): TopLevelSpec {
  const rows = choice.scores
    .filter(({ arm }) => arm !== baseline)
    .map((score) => ({ ...score, at: values[score.arm]! }))
    .sort((a, b) => a.at - b.at);
  const y = accuracy(choice);
  const x = {
    field: "at",
    type: "quantitative",
    title: unit === "" ? name : `${name}, ${unit}`,
    scale: { domain: [Math.min(...values), Math.max(...values)], nice: true, zero: false },
    axis: { grid: false, tickCount: 8 },
  };
  const lines = rows.map(({ at, mean, interval, plateau }) => ({
    at,
    mean,
    plateau,
    lower: share(interval?.lower ?? mean),
    upper: share(interval?.upper ?? mean),
  }));
  const single = rows.flatMap(({ at, accuracies }) => accuracies.map((value) => ({ at, value })));
  const color = armColor(0);
  return drawing(`Accuracy over ${printable(name)}`, [
    ...baselineLayers(
      choice.scores.find(({ arm }) => arm === baseline),
      "y",
      y,
    ),
    {
      data: { values: lines },
      mark: { type: "area", fill: color, opacity: 0.2 },
      encoding: { x, y: { field: "lower", ...y }, y2: { field: "upper" } },
    },
    {
      data: { values: single },
      mark: { type: "point", filled: true, fill: color, size: 16, opacity: 0.6 },
      encoding: { x, y: { field: "value", ...y } },
    },
    {
      data: { values: lines },
      mark: { type: "line", stroke: color, strokeWidth: 2.5, strokeJoin: "round" },
      encoding: { x, y: { field: "mean", ...y } },
    },
    ...[false, true].map((plateau) => ({
      data: { values: lines.filter((one) => one.plateau === plateau) },
      mark: {
        type: "point",
        filled: true,
        fill: plateau ? plateauColor : color,
        size: plateau ? 110 : 60,
        opacity: 1,
      },
      encoding: { x, y: { field: "mean", ...y } },
    })),
  ]);
}

function categories(choice: Choice, names: readonly string[], baseline: number | null): TopLevelSpec {
  const rows = labels(names, null);
  const y = rowAxis(rows);
  const x = accuracy(choice);
  const scores = choice.scores.map((score) => ({ ...score, row: rows[score.arm]! }));
  return drawing(
    "Accuracy of each",
    [
      ...baselineLayers(
        choice.scores.find(({ arm }) => arm === baseline),
        "x",
        x,
      ),
      {
        data: {
          values: scores.flatMap(({ row, interval }) =>
            interval === null ? [] : [{ row, from: share(interval.lower), to: share(interval.upper) }],
          ),
        },
        mark: { type: "rule", stroke: "currentColor", strokeWidth: 4, opacity: 0.45 },
        encoding: { y, x: { field: "from", ...x }, x2: { field: "to" } },
      },
      {
        data: {
          values: scores.flatMap(({ row, accuracies }) => accuracies.map((value) => ({ row, value }))),
        },
        mark: { type: "point", filled: true, fill: armColor(0), size: 22, opacity: 0.7 },
        encoding: { y, x: { field: "value", ...x } },
      },
      ...[false, true].map((plateau) => ({
        data: {
          values: scores.filter((one) => one.plateau === plateau).map(({ row, mean }) => ({ row, mean })),
        },
        mark: {
          type: "point",
          shape: "diamond",
          filled: true,
          size: 130,
          fill: plateau ? plateauColor : armColor(0),
          opacity: 1,
        },
        encoding: { y, x: { field: "mean", ...x } },
      })),
    ],
    rowsHeight(rows.length),
  );
}

function behindBest({ scores, best }: Choice, rows: readonly string[]): TopLevelSpec {
  const told = scores.map(({ arm, behind }) => ({
    row: rows[arm]!,
    mean: behind.mean,
    interval: arm === best ? null : behind.interval,
  }));
  const domain = domainAround(
    told.flatMap(({ mean, interval }) =>
      [mean, interval?.lower ?? mean, interval?.upper ?? mean].map((value) => 100 * value),
    ),
  );
  return drawing(
    "Behind the best",
    [...ground(0), ...bar(told, rowAxis(rows), domain)],
    rowsHeight(rows.length),
  );
}
