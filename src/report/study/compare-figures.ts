// The figures of a comparison: every pair, their differences with the interval of the test, and that interval at each look.
import type { TopLevelSpec } from "vega-lite";
import type { Interval } from "../../stats/proportion.ts";
import { type SequentialResult, sequentialSignFlip } from "../../stats/sequential.ts";
import type { SequentialRule } from "../../stats/sequential-rule.ts";
import { type SeedPair, seedPairs } from "../../study/questions/pairs.ts";
import { resultsOf } from "../../study/questions/question.ts";
import { counted, printable, size } from "../../text.ts";
import type { Unit } from "../charts.ts";
import { type Html, html } from "../markup.ts";
import { section } from "../page.ts";
import { pairsTable } from "../pairs-table.ts";
import { wrapped } from "../svg-text.ts";
import { bar, differenceTitle, ground, pointsAxis } from "./difference-chart.ts";
import { domainAround, drawing, figure, labelsByIndex, signColors } from "./figure.ts";
import type { AskedAs, QuestionPage } from "./question-page.ts";
import type { StudyView } from "./view.ts";

type Asked = AskedAs<"compare">;

export const comparePage: QuestionPage<"compare"> = {
  title: ({ study: { arms } }) => `“${arms[1]!.name}” against “${arms[0]!.name}”`,
  rule: ({ rule, part, firstSeed }) => [
    ["looks, pairs of runs", rule.looks.join(", ")],
    ["error spent by each look", rule.spent.map((error) => percentOf(error)).join(", ")],
    ["smallest difference that matters", `${size(rule.smallest)} percentage points`],
    ["accuracy counts on", `the ${part} part`],
    ["seed of the first pair", String(firstSeed)],
    ["test", "sign-flip test of the pairs, exact, sequential"],
  ],
  figures: compareFigures,
};

const percentOf = (share: number) => `${Number((100 * share).toPrecision(4))}\u00A0%`;

async function compareFigures(asked: Asked, view: StudyView): Promise<Html | null> {
  const { rule, part } = asked.plan;
  const pairs = asked.answer?.pairs ?? seedPairs(resultsOf(view.shown), part, [0, 1]);
  if (pairs.length === 0) return null;
  const names = view.study.arms.map(({ name }) => name) as [string, string];
  const differences = pairs.map(({ difference }) => difference);
  const result = asked.answer?.result ?? sequentialSignFlip(differences, rule);
  const looks = looksOf(differences, rule);
  const images = view.shown.find(({ images }) => images !== null)?.images?.[part] ?? null;
  const drawn = [
    { spec: slopes(pairs, names), title: "Accuracy of both runs of each pair" },
    { spec: dots(pairs, result, rule), title: "Difference of each pair, and their mean with its interval" },
  ];
  const at = looks.some(({ interval }) => interval !== null)
    ? [{ spec: narrowing(looks, rule), title: "Interval of the difference at each look" }]
    : [];
  const n = counted(pairs.length, "pair");
  return section(
    "pairs",
    "Every pair",
    html`${await figure(
      [...drawn, ...at],
      html`n = ${n} of runs: those of a pair have the same seed, hence the same first weights, order and split; accuracy on the ${part} part${images === null ? "" : ` of ${counted(images, "image")}`}. Green: higher with “${names[1]}”; red: lower; black or white: the mean. ${result.interval === null ? `An interval comes with the first look, at ${rule.looks[0]} pairs.` : `Bar: the ${percentOf(1 - rule.spent.at(-1)!)} interval, for all looks together, from the test that gives the verdict.`} Grey band: differences below ${size(rule.smallest)} points, which were said not to matter before the first run.`,
      pairsTable(pairs, names),
    )}`,
  );
}

const signOf = (difference: number) => (difference > 0 ? "up" : difference < 0 ? "down" : "none");

const signs = Object.keys(signColors) as readonly (keyof typeof signColors)[];
const signScale = { domain: signs, range: signs.map((sign) => signColors[sign]) };
const signColor = { field: "sign", type: "nominal", scale: signScale, legend: null };

function slopes(pairs: readonly SeedPair[], names: readonly [string, string]): TopLevelSpec {
  const mean = (side: "first" | "second") => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
  const values = pairs.flatMap(({ seed, first, second, difference }) => [
    { seed, side: 0, value: first, sign: signOf(difference) },
    { seed, side: 1, value: second, sign: signOf(difference) },
  ]);
  const x = {
    field: "side",
    type: "quantitative",
    title: null,
    scale: { domain: [-0.45, 1.45], nice: false, zero: false },
    axis: {
      values: [0, 1],
      grid: false,
      labelExpr: labelsByIndex(names.map((name) => wrapped(printable(name), 155, 12).slice(0, 3))),
      labelLimit: 170,
    },
  };
  const y = {
    field: "value",
    type: "quantitative",
    title: "accuracy",
    scale: { zero: false, nice: true },
    axis: { format: ".1~%", tickCount: 6 },
  };
  const detail = { field: "seed", type: "nominal" };
  const means = [
    { side: 0, value: mean("first") },
    { side: 1, value: mean("second") },
  ];
  return drawing("Accuracy of the pairs", [
    {
      data: { values },
      mark: { type: "line", strokeWidth: 1.6, opacity: 0.75 },
      encoding: { x, y, detail, color: signColor },
    },
    {
      data: { values },
      mark: { type: "point", filled: true, size: 45, opacity: 1 },
      encoding: { x, y, detail, color: signColor },
    },
    {
      data: { values: means },
      mark: { type: "line", strokeWidth: 3.5, stroke: "currentColor" },
      encoding: { x, y },
    },
  ]);
}

/** The difference of each pair, and their mean with its interval. */
export function dots(
  pairs: readonly SeedPair[],
  result: SequentialResult,
  { smallest }: SequentialRule,
): TopLevelSpec {
  const { interval, mean } = result;
  const values = pairs.map(({ seed, difference }) => ({
    row: `seed ${seed}`,
    value: 100 * difference,
    sign: signOf(difference),
  }));
  const meanRow = `mean of ${result.pairs}`;
  const rows = [...values.map(({ row }) => row), meanRow];
  const reach = interval === null ? [] : [100 * interval.lower, 100 * interval.upper];
  const domain = domainAround([
    ...values.map(({ value }) => value),
    ...reach,
    -100 * smallest,
    100 * smallest,
  ]);
  const y = {
    field: "row",
    type: "nominal",
    title: null,
    sort: rows,
    scale: { domain: rows },
    axis: { grid: false, ticks: false, domain: false },
  };
  const x = { field: "value", ...pointsAxis(domain, differenceTitle) };
  const layer: Unit[] = [
    ...ground(smallest),
    {
      data: { values },
      mark: { type: "point", filled: true, size: 75, opacity: 1 },
      encoding: { x, y, color: signColor },
    },
  ];
  if (mean !== null) layer.push(...bar([{ row: meanRow, mean, interval }], y, domain));
  return drawing("Differences", layer);
}

interface Look {
  /** Pairs that it takes. */
  readonly look: number;
  readonly mean: number | null;
  readonly interval: Interval | null;
}

/** What each look that has passed has seen; those after it have no interval. */
function looksOf(differences: readonly number[], rule: SequentialRule): readonly Look[] {
  return rule.looks.map((look) => {
    if (differences.length < look) return { look, mean: null, interval: null };
    const { mean, interval } = sequentialSignFlip(differences.slice(0, look), rule);
    return { look, mean, interval };
  });
}

function narrowing(looks: readonly Look[], { smallest }: SequentialRule): TopLevelSpec {
  const row = ({ look }: Look) => `${look} pairs`;
  const passed = looks.flatMap((look) =>
    look.mean === null ? [] : [{ row: row(look), mean: look.mean, interval: look.interval }],
  );
  const ends = passed.flatMap(({ mean, interval }) =>
    [mean, interval?.lower ?? mean, interval?.upper ?? mean].map((value) => 100 * value),
  );
  const domain = domainAround([...ends, -100 * smallest, 100 * smallest]);
  const y = {
    field: "row",
    type: "nominal",
    title: null,
    sort: looks.map(row),
    scale: { domain: looks.map(row) },
    axis: { grid: false, ticks: false, domain: false },
  };
  const missing = looks.filter(({ mean }) => mean === null);
  const layer: Unit[] = [
    ...ground(smallest),
    ...bar(passed, y, domain),
    {
      data: {
        values: missing.map((look) => ({
          row: row(look),
          at: (domain[0] + domain[1]) / 2,
          text: "not looked at",
        })),
      },
      mark: { type: "text", fill: "currentColor", opacity: 0.65, fontSize: 12 },
      encoding: {
        x: { field: "at", ...pointsAxis(domain, differenceTitle) },
        y,
        text: { field: "text" },
      },
    },
  ];
  return drawing("Interval at each look", layer, { height: 240 });
}
