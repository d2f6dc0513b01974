// The figures of a doctor: what the screening saw of each treatment, and what the confirmation says of those it kept.
import type { TopLevelSpec } from "vega-lite";
import { compareArms } from "../../stats/arms.ts";
import type { Interval } from "../../stats/proportion.ts";
import { pairedT } from "../../stats/student.ts";
import type { KeptArm } from "../../study/questions/doctor.ts";
import { type SeedPair, seedPairs } from "../../study/questions/pairs.ts";
import { resultsOf } from "../../study/questions/question.ts";
import { counted, duration, size } from "../../text.ts";
import type { Unit } from "../charts.ts";
import { type Html, html } from "../markup.ts";
import { section } from "../page.ts";
import { bar, differenceTitle, ground, pointsAxis } from "./difference-chart.ts";
import { distinct, domainAround, drawing, figure, rowAxis, rowsHeight, signColors } from "./figure.ts";
import type { AskedAs, QuestionPage } from "./question-page.ts";
import { armColor, type StudyView } from "./view.ts";

type Asked = AskedAs<"doctor">;

export const doctorPage: QuestionPage<"doctor"> = {
  title: () => "Which treatment helps here?",
  rule: ({ rule, part, budget, parallel, firstSeed, base }) => [
    ["budget", duration(budget)],
    ["runs at a time", String(parallel)],
    ["looks of one treatment, pairs of runs", rule.looks.join(", ")],
    [
      "error over all looks and all that is kept",
      `${Number((100 * rule.spent.at(-1)!).toPrecision(3))}\u00A0%`,
    ],
    ["smallest difference that matters", `${size(rule.smallest)} percentage points`],
    ["screened on", "the validation part"],
    ["confirmed on", `the ${part} part, with fresh seeds`],
    ["first seed", String(firstSeed)],
    ["baseline", base.join(" ")],
  ],
  figures: doctorFigures,
};

/** A treatment with its differences from the baseline, seed by seed. */
interface Row {
  readonly arm: number;
  readonly differences: readonly number[];
  readonly mean: number;
  readonly interval: Interval | null;
}

async function doctorFigures(asked: Asked, view: StudyView): Promise<Html | null> {
  const { rule, part } = asked.plan;
  const screened = screeningOf(view);
  const confirmed = (asked.answer?.kept ?? keptOf(asked, view)).flatMap(rowOf);
  const names = view.study.arms.map(({ name }) => name);
  const kept = new Set(confirmed.map(({ arm }) => arm));
  const smallest = size(rule.smallest);
  const screening =
    screened.length > 0 &&
    section(
      "screening",
      "Screening",
      await figure(
        [
          {
            spec: differences("Difference to the baseline", screened, names, 0, kept),
            title: "What the screening saw",
          },
        ],
        html`Each treatment minus the baseline of the same seed, on the validation part; n = ${countsOf(screened)} of each. Dots: single pairs; diamonds: means; bars: 95 % intervals by Student’s t, of each for itself (with two or more pairs). Green: kept for the confirmation. These are no verdicts: nothing of them is used again.`,
      ),
    );
  const confirmation =
    confirmed.length > 0 &&
    section(
      "confirmation",
      "Confirmation",
      await figure(
        [
          {
            spec: differences("Difference to the baseline", confirmed, names, rule.smallest, new Set()),
            title: "What the confirmation says",
          },
        ],
        html`Pairs with seeds that the screening has not seen, on the ${part} part; n = ${countsOf(confirmed)} of each. Dots: single pairs; diamonds: means; bars: intervals of the sequential sign-flip test that gives the verdicts, with Holm’s correction over all that are kept (none before the first look). Grey band: differences below ${smallest} points, which were said not to matter before the first run.`,
      ),
    );
  return screening || confirmation ? html`${screening}${confirmation}` : null;
}

/** `6 pairs`, or `6 to 8 pairs` */
function countsOf(rows: readonly Row[]): string {
  const counts = rows.map(({ differences }) => differences.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return least === most ? counted(most, "pair") : `${least} to ${counted(most, "pair")}`;
}

function screeningOf({ study, shown }: StudyView): readonly Row[] {
  const results = resultsOf(shown).filter(({ trial }) => trial.stage === "screen");
  return study.arms
    .map((_, arm) => arm)
    .slice(1)
    .flatMap((arm) => rowsOf(arm, seedPairs(results, "validation", [0, arm])))
    .sort((a, b) => b.mean - a.mean);
}

function rowsOf(arm: number, pairs: readonly SeedPair[]): readonly Row[] {
  const found = pairs.map(({ difference }) => difference);
  if (found.length === 0) return [];
  const mean = found.reduce((sum, one) => sum + one, 0) / found.length;
  return [{ arm, differences: found, mean, interval: found.length < 2 ? null : pairedT(found).interval }];
}

/** In the middle of the confirmation: all that is planned there, with what its pairs say by now. */
function keptOf({ plan }: Asked, { shown }: StudyView): readonly KeptArm[] {
  const planned = shown.filter(({ trial }) => trial.stage.startsWith("look "));
  const arms = [...new Set(planned.map(({ trial }) => trial.arm))].filter((arm) => arm !== 0);
  if (arms.length === 0) return [];
  const pairs = arms.map((arm) => seedPairs(resultsOf(planned), plan.part, [0, arm]));
  const results = compareArms(
    pairs.map((some) => some.map(({ difference }) => difference)),
    plan.rule,
  );
  return arms.map((arm, at) => ({ arm, pairs: pairs[at]!, result: results[at]! }));
}

function rowOf({ arm, pairs, result }: KeptArm): readonly Row[] {
  if (result.mean === null) return [];
  const used = pairs.slice(0, result.pairs).map(({ difference }) => difference);
  return [{ arm, differences: used, mean: result.mean, interval: result.interval }];
}

function differences(
  title: string,
  rows: readonly Row[],
  names: readonly string[],
  smallest: number,
  kept: ReadonlySet<number>,
): TopLevelSpec {
  const labels = distinct(rows.map(({ arm }) => names[arm]!));
  const y = rowAxis(labels);
  const dots = rows.flatMap(({ differences: all }, at) =>
    all.map((value) => ({ row: labels[at]!, value: 100 * value })),
  );
  const ends = rows.flatMap(({ interval }) =>
    interval === null ? [] : [100 * interval.lower, 100 * interval.upper],
  );
  const domain = domainAround([...dots.map(({ value }) => value), ...ends, -100 * smallest, 100 * smallest]);
  const told = (of: readonly Row[]) =>
    of.map((row) => ({ row: labels[rows.indexOf(row)]!, mean: row.mean, interval: row.interval }));
  const x: Unit = { field: "value", ...pointsAxis(domain, differenceTitle) };
  return drawing(
    title,
    [
      ...ground(smallest),
      ...bar(told(rows.filter(({ arm }) => !kept.has(arm))), y, domain),
      ...bar(told(rows.filter(({ arm }) => kept.has(arm))), y, domain, signColors.up),
      {
        data: { values: dots },
        mark: { type: "point", filled: true, fill: armColor(0), size: 30, opacity: 0.85 },
        encoding: { x, y },
      },
    ],
    rowsHeight(rows.length),
  );
}
