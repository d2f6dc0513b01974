// Which length, without the full sweep? Successive halving on the validation part, then one confirmation with fresh seeds.
import { z } from "zod";
import { additiveRest, type Cell } from "../../stats/additive.ts";
import { type SequentialResult, sequentialSignFlip } from "../../stats/sequential.ts";
import type { SequentialRule } from "../../stats/sequential-rule.ts";
import { smoothCurve } from "../../stats/smooth-curve.ts";
import { spreadOf } from "../../stats/spread.ts";
import { studentQuantile } from "../../stats/student.ts";
import type { Arm, NewTrial } from "../../study-folder/index.ts";
import { type Axes, axesFields, checkAxes, type NumericAxis, numericAxis } from "./axes.ts";
import type { Estimate } from "./choice.ts";
import { compareQuestion, ruleSchema } from "./compare.ts";
import { alsoTaken, type Halving, halving, type Rung, type RungEnd, stageOf } from "./halving.ts";
import { accuracyOf, type SeedPair, seedPairs } from "./pairs.ts";
import { mustHold, type Question, type Result } from "./question.ts";
import { tuneWords } from "./tune-words.ts";

export interface TunePlan extends Axes {
  readonly rungs: readonly Rung[];
  /** What says which is best: a smooth curve through all trainings, over values that are numbers, or the last rung alone. */
  readonly choice: "curve" | "last rung";
  /** Arm that is taken along to the end, and set against the chosen one: without Cutout, or the first value. */
  readonly baseline: number;
  /** Epochs of a full training. */
  readonly epochs: number;
  /** Values and seeds of the full sweep that the price is set against. */
  readonly sweepValues: number;
  readonly sweepSeeds: number;
  /** Rule of the confirmation; null without one. */
  readonly rule: SequentialRule | null;
  /** First seed of the confirmation: none of the search. */
  readonly freshSeed: number;
  /** Words of the command line that are for all arms. */
  readonly common: readonly string[];
}

export interface Spent {
  /** Of training. */
  readonly epochs: number;
  readonly seconds: number;
}

export interface TuneAnswer {
  readonly rungs: readonly RungEnd[];
  /** Of each arm after whole trainings; null where the last rung decides. */
  readonly curve: readonly number[] | null;
  /** Highest on the curve, or in the last rung where there is none. */
  readonly chosen: number;
  /** Highest but for the baseline: what the confirmation is about. */
  readonly candidate: number;
  /** Of each arm minus the chosen one, over all trainings that both had; of itself 0. */
  readonly behind: readonly Estimate[];
  /** The chosen arm, and all that cannot be told from it. */
  readonly plateau: readonly number[];
  readonly axis: NumericAxis | null;
  readonly price: { readonly search: Spent; readonly confirmation: Spent; readonly sweep: Spent };
  readonly confirmation: { readonly pairs: readonly SeedPair[]; readonly result: SequentialResult } | null;
}

const seed = z.int().min(0);
const count = z.int().min(1);
const rungSchema = z.object({
  epochs: count,
  seeds: z.array(seed).min(1),
  takes: count,
  also: z.enum(alsoTaken),
});

export const tuneQuestion: Question<TunePlan, TuneAnswer> = {
  name: "tune",
  plan: z.object({
    ...axesFields,
    rungs: z.array(rungSchema).min(1),
    // As it was before there was a curve.
    choice: z.enum(["curve", "last rung"]).default("last rung"),
    baseline: seed,
    epochs: count,
    sweepValues: count,
    sweepSeeds: count,
    rule: ruleSchema.nullable(),
    freshSeed: seed,
    common: z.array(z.string()),
  }),
  check(plan, arms) {
    checkAxes(plan, arms);
    const { baseline, rungs, freshSeed } = plan;
    mustHold(baseline < arms.length, "baseline", "must be the index of an arm", baseline);
    const seeds = rungs.flatMap((rung) => rung.seeds);
    mustHold(freshSeed > Math.max(...seeds), "freshSeed", "must be above all seeds of the search", freshSeed);
  },
  next(plan, arms, results) {
    const search = searchOf(plan, arms, results);
    const found = foundBy(plan, arms, results, search);
    if (found === null) return { trials: search.trials, answer: null };
    const { trials, answer } = confirmed(plan, arms, results, found.candidate);
    const all = [...search.trials, ...trials];
    if (answer === "open") return { trials: all, answer: null };
    return { trials: all, answer: { ...found, confirmation: answer } };
  },
  tell(plan, arms, results, answer) {
    const search = searchOf(plan, arms, results);
    const found = answer ?? foundBy(plan, arms, results, search);
    return tuneWords(plan, arms, search.ends, found, answer?.confirmation ?? standing(plan, results, found));
  },
};

export type Found = Omit<TuneAnswer, "confirmation">;

const isSearch = ({ trial }: Result) => trial.stage.startsWith("rung ");

const searchOf = ({ rungs, baseline }: TunePlan, arms: readonly Arm[], results: readonly Result[]): Halving =>
  halving(rungs, arms.length, baseline, results.filter(isSearch));

/** What the search has found; null before its end. */
function foundBy(
  plan: TunePlan,
  arms: readonly Arm[],
  results: readonly Result[],
  { ends }: Halving,
): Found | null {
  if (ends.length < plan.rungs.length) return null;
  const axis = numericAxis(plan);
  const curve =
    axis === null || plan.choice === "last rung" ? null : curveOf(plan, axis, results.filter(isSearch));
  const order = curve === null ? ends.at(-1)!.order : [...curve.keys()].sort((a, b) => curve[b]! - curve[a]!);
  const chosen = order[0]!;
  const behind = behindOf(results.filter(isSearch), arms.length, chosen);
  return {
    rungs: ends,
    curve,
    chosen,
    candidate: order.find((arm) => arm !== plan.baseline)!,
    behind,
    plateau: [...arms.keys()].filter((arm) => {
      const { interval } = behind[arm]!;
      return arm === chosen || interval === null || interval.upper >= 0;
    }),
    axis,
    price: priceOf(plan, results),
  };
}

/**
 * Neighbours resemble each other, so their trainings are further trainings of a value, which the highest of a round leaves
 * unused. At the height of the last rung's trainings.
 */
function curveOf(
  { epochs, rungs }: TunePlan,
  { values }: NumericAxis,
  results: readonly Result[],
): readonly number[] {
  // By their order: who lists 0.01, 0.1 and 1 takes them as evenly spaced.
  const sorted = [...values].sort((a, b) => a - b);
  const points = values.map((value) => sorted.indexOf(value) / Math.max(1, sorted.length - 1));
  const blocks = blocksOf(results);
  const curve = smoothCurve(
    results.map((result) => ({
      at: points[result.trial.arm]!,
      share: result.trial.task === "train" ? (result.trial.epochs ?? epochs) / epochs : 1,
      block: blocks.indexOf(blockOf(result)),
      value: accuracyOf(result, "validation"),
    })),
    points,
  );
  const above = results
    .filter(({ trial }) => trial.stage === stageOf(rungs.length - 1))
    .map((result) => accuracyOf(result, "validation") - curve[result.trial.arm]!);
  const { mean } = spreadOf(above);
  return curve.map((height) => height + mean);
}

/** What a rung and a seed do to all is taken off. */
const blockOf = ({ trial }: Result): string => `${trial.stage} ${trial.seed}`;

const blocksOf = (results: readonly Result[]): readonly string[] => [...new Set(results.map(blockOf))];

/**
 * Each arm set against the chosen one over the trainings that both had, whatever their length: what a rung and a seed do to all
 * is taken off, and the deviation comes from all trainings. How lengths and schedules act on each other counts as noise:
 * an arm of the first rung alone is told from the chosen one only where it is far off.
 */
function behindOf(results: readonly Result[], arms: number, chosen: number): readonly Estimate[] {
  const blocks = blocksOf(results);
  const cells = results.map(
    (result): Cell => ({
      row: result.trial.arm,
      column: blocks.indexOf(blockOf(result)),
      value: accuracyOf(result, "validation"),
    }),
  );
  const { deviation, freedom } = additiveRest(cells);
  const own = (arm: number) =>
    new Map(cells.filter(({ row }) => row === arm).map((cell) => [cell.column, cell.value]));
  const best = own(chosen);
  return [...Array(arms).keys()].map((arm) => {
    const differences = [...own(arm)].flatMap(([block, value]) =>
      best.has(block) ? [value - best.get(block)!] : [],
    );
    const mean = differences.reduce((sum, one) => sum + one, 0) / differences.length;
    if (deviation === null || arm === chosen) return { mean, interval: null };
    const t = studentQuantile(0.05 / (arms - 1), freedom);
    const reach = t * deviation * Math.sqrt(2 / differences.length);
    return { mean, interval: { lower: mean - reach, upper: mean + reach } };
  });
}

function priceOf(
  { epochs, sweepValues, sweepSeeds }: TunePlan,
  results: readonly Result[],
): TuneAnswer["price"] {
  const search = spent(results.filter(isSearch), epochs);
  const confirmation = spent(
    results.filter((result) => !isSearch(result)),
    epochs,
  );
  const runs = sweepValues * sweepSeeds * epochs;
  return {
    search,
    confirmation,
    // At the pace of the search.
    sweep: { epochs: runs, seconds: (search.seconds / search.epochs) * runs },
  };
}

const spent = (results: readonly Result[], full: number): Spent => ({
  epochs: results.reduce((sum, { trial }) => sum + (trial.task === "train" ? (trial.epochs ?? full) : 0), 0),
  seconds: results.reduce((sum, { outcome }) => sum + outcome.seconds, 0),
});

const confirmStage = "confirm, ";

/** The comparison of `cutout compare` with fresh seeds, on the test part, which the search has not looked at. */
function confirmed(
  { rule, freshSeed, baseline }: TunePlan,
  arms: readonly Arm[],
  results: readonly Result[],
  candidate: number,
): { readonly trials: readonly NewTrial[]; readonly answer: TuneAnswer["confirmation"] | "open" } {
  if (rule === null) return { trials: [], answer: null };
  const pair = [baseline, candidate] as const;
  const step = compareQuestion.next(
    { rule, part: "test", firstSeed: freshSeed },
    pair.map((arm) => arms[arm]!),
    ofPair(results, pair),
  );
  const trials = step.trials.map((trial) => ({
    ...trial,
    arm: pair[trial.arm]!,
    stage: `${confirmStage}${trial.stage}`,
  }));
  return { trials, answer: step.answer ?? "open" };
}

/** The results of the confirmation, as those of the arms 0 and 1. */
const ofPair = (results: readonly Result[], pair: readonly [number, number]): readonly Result[] =>
  results
    .filter((result) => !isSearch(result))
    .map((result) => ({ ...result, trial: { ...result.trial, arm: pair.indexOf(result.trial.arm) } }));

/** What the confirmation says by now; null before it has begun. */
function standing(
  { rule, baseline }: TunePlan,
  results: readonly Result[],
  found: Found | null,
): TuneAnswer["confirmation"] {
  if (rule === null || found === null) return null;
  const pairs = seedPairs(ofPair(results, [baseline, found.candidate]), "test", [0, 1]);
  return {
    pairs,
    result: sequentialSignFlip(
      pairs.map(({ difference }) => difference),
      rule,
    ),
  };
}
