// The figures of a search by successive halving: what lived on from rung to rung, what it cost, and the confirmation.
import type { TopLevelSpec } from "vega-lite";
import { sequentialSignFlip } from "../../stats/sequential.ts";
import { numericAxis } from "../../study/questions/axes.ts";
import { type SeedPair, seedPairs } from "../../study/questions/pairs.ts";
import { type Result, resultsOf } from "../../study/questions/question.ts";
import type { Spent, TuneAnswer, TunePlan } from "../../study/questions/tune.ts";
import { counted, duration, percent, size, whole } from "../../text.ts";
import { runColors, seriesColor, type Unit } from "../charts.ts";
import { type Content, type Html, html } from "../markup.ts";
import { section, table } from "../page.ts";
import { pairsTable } from "../pairs-table.ts";
import { literal } from "../svg-text.ts";
import { dots } from "./compare-figures.ts";
import { bar, ground } from "./difference-chart.ts";
import { distinct, domainAround, drawing, figure, rowAxis, rowsHeight, signColors } from "./figure.ts";
import type { AskedAs, QuestionPage } from "./question-page.ts";
import type { StudyView } from "./view.ts";

type Asked = AskedAs<"tune">;

export const tunePage: QuestionPage<"tune"> = {
  title: ({ asked }) => {
    const flag = asked?.question === "tune" ? asked.plan.axes[0]?.flag : undefined;
    return flag === undefined
      ? "Which setting is best?"
      : `Which ${flag.slice(2).replaceAll("-", " ")} is best?`;
  },
  rule: ({ axes, rungs, choice, epochs, rule, freshSeed, sweepSeeds }) => [
    ...axes.map(({ flag, values }) => [flag, values.join(", ")] as const),
    ...rungs.map(({ epochs: length, seeds, takes }, at): [string, string] => [
      `rung ${at + 1}`,
      `${counted(length, "epoch")}, seeds ${seeds.join(", ")}, takes ${takes}`,
    ]),
    ["choice", choice === "curve" ? "smooth curve through all trainings" : "highest of the last rung"],
    ["full training", counted(epochs, "epoch")],
    ["price is set against", `a sweep with ${counted(sweepSeeds, "seed")}`],
    [
      "confirmation",
      rule === null
        ? "none"
        : `test part, seeds from ${freshSeed}, looks at ${rule.looks.join(", ")} pairs, error ${Number((100 * rule.spent.at(-1)!).toPrecision(3))}\u00A0%, smallest difference that matters ${size(rule.smallest)} points`,
    ],
  ],
  figures: tuneFigures,
};

/** A rung as far as it has run. */
interface RungRun {
  readonly number: number;
  readonly epochs: number;
  /** Mean validation accuracy of each arm that has run in it, and of how many seeds. */
  readonly means: ReadonlyMap<number, { readonly mean: number; readonly seeds: number }>;
  readonly spent: Spent;
}

function rungsOf({ rungs }: TunePlan, results: readonly Result[]): readonly RungRun[] {
  return rungs.flatMap(({ epochs }, at): readonly RungRun[] => {
    const own = results.filter(({ trial }) => trial.stage === `rung ${at + 1}`);
    if (own.length === 0) return [];
    const arms = [...new Set(own.map(({ trial }) => trial.arm))].sort((a, b) => a - b);
    const means = arms.map((arm) => {
      const values = own.flatMap(({ trial, outcome }) =>
        trial.arm === arm && outcome.validation !== null ? [outcome.validation] : [],
      );
      return [
        arm,
        { mean: values.reduce((a, b) => a + b, 0) / values.length, seeds: values.length },
      ] as const;
    });
    const seconds = own.reduce((sum, { outcome }) => sum + outcome.seconds, 0);
    return [
      { number: at + 1, epochs, means: new Map(means), spent: { epochs: own.length * epochs, seconds } },
    ];
  });
}

async function tuneFigures({ plan, answer }: Asked, view: StudyView): Promise<Html | null> {
  const results = resultsOf(view.shown);
  const rungs = rungsOf(plan, results);
  if (rungs.length === 0) return null;
  const labels = labelsOf(plan, view);
  const behind =
    answer === null
      ? []
      : [{ spec: behindChosen(answer, labels), title: "How far each value is behind the chosen one" }];
  return html`${section(
    "rungs",
    "The search, rung by rung",
    html`${await figure(
      [
        {
          spec: rungCurves(rungs, plan, labels, answer),
          title: "Validation accuracy by value, a line a rung",
        },
        ...behind,
      ],
      html`Validation accuracy, ${seedsText(rungs)}; a line a rung, each with its schedule compressed to its length, so that lines are not to be set against each other. Large points: went on to the next rung, or are chosen; the dashed line: the baseline.${answer?.curve != null && " The thick line: a smooth curve through all trainings, at the height of the last rung's."}${answer !== null && " “Behind the chosen one”: over all trainings that both had, with 95 % intervals that hold for all together; green: cannot be told from it."}`,
    )}
${priceTable(rungs, answer, labels)}`,
  )}${await confirmation(plan, answer, view, results)}`;
}

/** How many seeds a mean is of. */
function seedsText(rungs: readonly RungRun[]): string {
  const most = Math.max(...rungs.flatMap(({ means }) => [...means.values()].map(({ seeds }) => seeds)));
  return most === 1 ? "one seed of each in a rung" : `means over the seeds of a rung, at most ${most}`;
}

function labelsOf(plan: TunePlan, { study }: StudyView): readonly string[] {
  const single = plan.axes.length === 1 && plan.axes[0]!.flag !== "--arm";
  return distinct(study.arms.map(({ name }, arm) => (single ? plan.points[arm]?.[0] : null) ?? name));
}

function rungCurves(
  rungs: readonly RungRun[],
  plan: TunePlan,
  labels: readonly string[],
  answer: TuneAnswer | null,
): TopLevelSpec {
  const axis = numericAxis(plan);
  const at = (arm: number) => axis?.values[arm] ?? arm;
  const curve = (answer?.curve ?? []).map((value, arm) => ({ at: at(arm), value, arm }));
  const values = rungs.flatMap(({ number, means }, index) => {
    const next = rungs[index + 1];
    const best = [...means].sort(([, a], [, b]) => b.mean - a.mean)[0]![0];
    return [...means].map(([arm, { mean }]) => ({
      at: at(arm),
      value: mean,
      series: nameOf(number),
      on:
        next === undefined
          ? curve.length === 0 && index === plan.rungs.length - 1 && arm === best
          : next.means.has(arm),
      baseline: arm === plan.baseline,
    }));
  });
  const spread = [...values, ...curve].map(({ value }) => value);
  const [least, most] = [Math.min(...spread), Math.max(...spread)];
  const room = 0.06 * (most - least || 0.1);
  const places = labels.map((_, arm) => at(arm));
  const x: Unit = {
    field: "at",
    type: "quantitative",
    title: axis === null ? null : axis.unit === "" ? axis.name : `${axis.name}, ${axis.unit}`,
    scale: { domain: [Math.min(...places), Math.max(...places)], nice: false, zero: false, padding: 12 },
    axis:
      axis === null
        ? {
            values: places,
            grid: false,
            labelExpr: `${literal(labels)}[datum.value]`,
            labelAngle: -35,
            labelLimit: 110,
          }
        : { grid: false, tickCount: 8 },
  };
  const y: Unit = {
    field: "value",
    type: "quantitative",
    title: "validation accuracy",
    scale: { domain: [Math.max(0, least - room), Math.min(1, most + room)], nice: false, zero: false },
    axis: { format: ".1~%", tickCount: 6 },
  };
  const color = seriesColor(
    rungs.map(({ number, epochs, means }) => ({
      name: `${nameOf(number)}: ${counted(epochs, "epoch")}, ${counted(means.size, "value")}`,
      color: runColors[(number - 1) % runColors.length]!,
    })),
  );
  const named = {
    ...color,
    scale: { ...(color.scale as Unit), domain: rungs.map(({ number }) => nameOf(number)) },
  };
  const baselines = values.filter(({ baseline }) => baseline);
  const opaque = { type: "point", filled: true, opacity: 1 };
  return drawing("Accuracy in each rung", [
    {
      data: { values: baselines },
      mark: { type: "rule", strokeDash: [5, 4], opacity: 0.6 },
      encoding: { y, color: named },
    },
    { data: { values }, mark: { type: "line", strokeWidth: 1.8 }, encoding: { x, y, color: named } },
    ...[false, true].map((on) => ({
      data: { values: values.filter((one) => one.on === on) },
      mark: { ...opaque, size: on ? 120 : 30 },
      encoding: { x, y, color: named },
    })),
    {
      data: { values: curve },
      mark: { type: "line", interpolate: "monotone", strokeWidth: 3, opacity: 0.55 },
      encoding: { x, y },
    },
    {
      data: { values: curve.filter(({ arm }) => arm === answer?.chosen) },
      mark: { ...opaque, size: 160 },
      encoding: { x, y },
    },
  ]);
}

const nameOf = (rung: number) => `rung ${rung}`;

function behindChosen({ behind, chosen, plateau }: TuneAnswer, rows: readonly string[]): TopLevelSpec {
  const told = behind.map(({ mean, interval }, arm) => ({
    arm,
    row: rows[arm]!,
    mean,
    interval: arm === chosen ? null : interval,
  }));
  const domain = domainAround(
    told.flatMap(({ mean, interval }) =>
      [mean, interval?.lower ?? mean, interval?.upper ?? mean].map((value) => 100 * value),
    ),
  );
  const y = rowAxis(rows);
  const on = (inside: boolean) => told.filter(({ arm }) => plateau.includes(arm) === inside);
  return drawing(
    "Behind the chosen one",
    [...ground(0), ...bar(on(false), y, domain), ...bar(on(true), y, domain, signColors.up)],
    rowsHeight(rows.length),
  );
}

function priceTable(rungs: readonly RungRun[], answer: TuneAnswer | null, labels: readonly string[]): Html {
  const row = (
    name: string,
    values: string,
    best: string,
    { epochs, seconds }: Spent,
  ): readonly Content[] => [name, values, best, whole(epochs), duration(seconds)];
  const ofRungs = rungs.map(({ number, epochs, means, spent }) => {
    const [best, { mean }] = [...means].sort(([, a], [, b]) => b.mean - a.mean)[0]!;
    const values = [...means.keys()].map((arm) => labels[arm]!).join(", ");
    return row(
      `${nameOf(number)}, ${counted(epochs, "epoch")}`,
      values,
      `${labels[best]!}: ${percent(mean)}`,
      spent,
    );
  });
  const price = answer?.price;
  const rest =
    price === undefined
      ? []
      : [
          row(
            "the search",
            "",
            `${((100 * price.search.epochs) / price.sweep.epochs).toFixed(1)}\u00A0% of the full sweep`,
            price.search,
          ),
          row("the confirmation", "", "", price.confirmation),
          row("the full sweep, not run", "", "", price.sweep),
        ];
  return table(
    ["Trainings", "Values", "Highest", "Epochs", "Time"],
    [...ofRungs, ...rest].map(([name, values, ...others]) => [
      name,
      html`<span class="name">${values}</span>`,
      ...others,
    ]),
  );
}

async function confirmation(
  { rule, baseline }: TunePlan,
  answer: TuneAnswer | null,
  { study, shown }: StudyView,
  results: readonly Result[],
): Promise<Html | null> {
  if (rule === null) return null;
  const isOf = (stage: string) => stage.startsWith("confirm, ");
  const other = shown.find(({ trial }) => isOf(trial.stage) && trial.arm !== baseline)?.trial.arm;
  if (other === undefined) return null;
  const own = results.filter(({ trial }) => isOf(trial.stage));
  const pairs: readonly SeedPair[] = answer?.confirmation?.pairs ?? seedPairs(own, "test", [baseline, other]);
  if (pairs.length === 0) return null;
  const result =
    answer?.confirmation?.result ??
    sequentialSignFlip(
      pairs.map(({ difference }) => difference),
      rule,
    );
  const names = [study.arms[baseline]!.name, study.arms[other]!.name] as const;
  return section(
    "confirmation",
    "The confirmation",
    await figure(
      [
        {
          spec: dots(pairs, result, rule),
          title: "Difference of each pair, and their mean with its interval",
        },
      ],
      html`n = ${counted(pairs.length, "pair")} with fresh seeds, on the test part, which the search has not looked at: “${names[1]}” minus “${names[0]}”. ${result.interval === null ? `An interval comes with the first look, at ${rule.looks[0]} pairs.` : "Bar: the interval of the sequential sign-flip test that gives the verdict, for all looks together."} Grey band: differences below ${size(rule.smallest)} points, which were said not to matter.`,
      pairsTable(pairs, names),
    ),
  );
}
