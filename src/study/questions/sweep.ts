// How does the accuracy follow a setting? Every value with every seed on the validation part; the test part once, at the end.
import { z } from "zod";
import type { PairedT } from "../../stats/student.ts";
import { pairedT } from "../../stats/student.ts";
import type { Arm, NewTrial } from "../../study-folder/index.ts";
import { type Axes, axesFields, checkAxes, type NumericAxis, numericAxis } from "./axes.ts";
import { type Choice, choose, type Estimate, estimateOf } from "./choice.ts";
import { type SeedPair, seedPairs } from "./pairs.ts";
import { mustHold, type Question, type Result } from "./question.ts";
import { sweepWords } from "./sweep-words.ts";

export interface SweepPlan extends Axes {
  readonly seeds: readonly number[];
  /** Arm that the others are set against, as the one without Cutout; null where there is none. */
  readonly baseline: number | null;
  /** Words of the command line that are for all arms: what a command that goes on from the answer needs. */
  readonly common: readonly string[];
}

/** The one look at the test part. */
export interface SweepTest {
  readonly chosen: Estimate & { readonly accuracies: readonly number[] };
  /** Chosen minus baseline, of runs with the same seed; null where the baseline is the chosen one, or there is none. */
  readonly against: { readonly pairs: readonly SeedPair[]; readonly t: PairedT | null } | null;
}

export interface SweepAnswer {
  readonly choice: Choice;
  /** What a curve is drawn over; null where there are categories. */
  readonly axis: NumericAxis | null;
  readonly test: SweepTest;
}

const seed = z.int().min(0);

export const sweepQuestion: Question<SweepPlan, SweepAnswer> = {
  name: "sweep",
  plan: z.object({
    ...axesFields,
    seeds: z.array(seed).min(1),
    baseline: z.int().min(0).nullable(),
    common: z.array(z.string()),
  }),
  check(plan, arms) {
    checkAxes(plan, arms);
    const { baseline, seeds } = plan;
    mustHold(
      baseline === null || baseline < arms.length,
      "baseline",
      "must be the index of an arm",
      baseline,
    );
    mustHold(new Set(seeds).size === seeds.length, "seeds", "must be different", seeds);
  },
  next(plan, arms, results) {
    const { seeds, baseline } = plan;
    const trials: NewTrial[] = seeds.flatMap((seed) =>
      arms.map(
        (_, arm): NewTrial => ({ task: "train", arm, seed, stage: "sweep", epochs: null, test: false }),
      ),
    );
    const choice = choiceOf(plan, arms, results);
    if (choice === null || choice.seeds.length < seeds.length) return { trials, answer: null };
    const { best } = choice;
    const tested = baseline === null || baseline === best ? [best] : [baseline, best];
    for (const [at, seed] of seeds.entries()) {
      for (const arm of tested) {
        trials.push({ task: "test", arm, seed, stage: "test", of: at * arms.length + arm });
      }
    }
    const looked = results.filter(({ trial }) => trial.task === "test");
    if (looked.length < seeds.length * tested.length) return { trials, answer: null };
    return { trials, answer: { choice, axis: numericAxis(plan), test: testOf(looked, tested) } };
  },
  tell(plan, arms, results, answer) {
    return sweepWords(plan, arms, answer?.choice ?? choiceOf(plan, arms, results), answer?.test ?? null);
  },
};

/** By the seeds that all arms have finished. */
const choiceOf = ({ seeds }: SweepPlan, arms: readonly Arm[], results: readonly Result[]) =>
  choose(
    results.filter(({ trial }) => trial.task === "train"),
    [...arms.keys()],
    seeds,
    "validation",
  );

function testOf(looked: readonly Result[], tested: readonly number[]): SweepTest {
  const best = tested.at(-1)!;
  const accuracies = looked.filter(({ trial }) => trial.arm === best).map(({ outcome }) => outcome.test!);
  const chosen = { ...estimateOf(accuracies), accuracies };
  if (tested.length === 1) return { chosen, against: null };
  const pairs = seedPairs(looked, "test", [tested[0]!, best]);
  const t = pairs.length < 2 ? null : pairedT(pairs.map(({ difference }) => difference));
  return { chosen, against: { pairs, t } };
}
