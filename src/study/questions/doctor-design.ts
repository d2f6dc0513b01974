// What a budget of time allows: how many seeds to screen with, how many treatments to confirm, in how long a training.
import { ruleForArms, type SequentialRule } from "../../stats/sequential-rule.ts";

export interface DoctorPlan {
  /** Of one treatment; with several its error is divided and its looks come later. */
  readonly rule: SequentialRule;
  /** The part of the images on which the confirmation counts; the screening looks at validation alone. */
  readonly part: "test" | "validation";
  readonly firstSeed: number;
  /** Seconds by the clock. */
  readonly budget: number;
  /** Runs at a time. */
  readonly parallel: number;
  /** Of the training of each arm, as it would be without a budget. */
  readonly epochs: readonly number[];
  /** Shares of these epochs that the runs may have, falling from 1; 1 alone where the schedule names epochs. */
  readonly shares: readonly number[];
  /** Epochs of the runs that only measure the time; null for all. */
  readonly measure: number | null;
  /** What "cutout train" would be told for the baseline: the images, and flags. */
  readonly base: readonly string[];
}

export interface Design {
  /** Of the epochs. */
  readonly share: number;
  /** Treatments that are screened: the first so many. */
  readonly screened: number;
  /** Seeds of the screening, of each arm. */
  readonly seeds: number;
  /** Treatments that can be confirmed, at most; 0 where there is only time to screen. */
  readonly keep: number;
}

/** What a run is expected to take. */
export interface Costs {
  /** Seconds beside the training. */
  readonly start: number;
  /** Seconds of an epoch of each arm. */
  readonly epoch: readonly number[];
}

/** Left free, as no estimate is exact. */
const margin = 0.95;

/** Best first: what is kept for the confirmation matters more than seeds of the screening, and both need all looks. */
const sizes: readonly Pick<Design, "keep" | "seeds">[] = [
  { keep: 3, seeds: 3 },
  { keep: 3, seeds: 2 },
  { keep: 2, seeds: 2 },
  { keep: 1, seeds: 2 },
  { keep: 1, seeds: 1 },
];
/** Seeds of a screening, at most: those of the confirmation begin behind them. */
export const mostSeeds = 3;

/** Epochs of an arm in a design. */
export const epochsIn = ({ epochs }: DoctorPlan, share: number, arm: number): number =>
  Math.max(1, Math.round(share * epochs[arm]!));

/**
 * Seconds by the clock for runs that are begun in this order, so many at a time.
 * @param start seconds until the first has begun its training, for which the others wait
 */
export function makespan(seconds: readonly number[], parallel: number, start: number): number {
  const free = new Array<number>(parallel).fill(seconds.length > 1 ? start : 0);
  free[0] = 0;
  for (const one of seconds) {
    const next = free.indexOf(Math.min(...free));
    free[next]! += one;
  }
  return Math.max(...free);
}

/** Seconds of a screening of the baseline and the first so many treatments. */
function screening(plan: DoctorPlan, costs: Costs, { share, screened, seeds }: Omit<Design, "keep">): number {
  const arms = Array.from({ length: screened + 1 }, (_, arm) => runOf(plan, costs, share, arm));
  return makespan(new Array(seeds).fill(arms).flat(), plan.parallel, costs.start);
}

const runOf = (plan: DoctorPlan, { start, epoch }: Costs, share: number, arm: number) =>
  start + epoch[arm]! * epochsIn(plan, share, arm);

/**
 * Seconds of a confirmation up to a look, none stopped before.
 * @param runs seconds of a run of the baseline, and of each treatment
 * @param start of these the seconds beside the training
 * @param look counted from 0; by default the last
 */
export function confirmation(
  plan: DoctorPlan,
  runs: readonly number[],
  start: number,
  look?: number,
): number {
  const looks = looksOf(plan, runs.length - 1);
  return looks
    .slice(0, look === undefined ? looks.length : look + 1)
    .map((pairs, at) => {
      const added = pairs - (looks[at - 1] ?? 0);
      return makespan(new Array(added).fill(runs).flat(), plan.parallel, start);
    })
    .reduce((sum, one) => sum + one, 0);
}

/** Numbers of pairs at which so many treatments are looked at. */
export const looksOf = ({ rule }: Pick<DoctorPlan, "rule">, treatments: number): readonly number[] =>
  ruleForArms(rule, treatments).looks;

/** The dearest treatments, as it is not known yet which are kept. */
function confirmed(plan: DoctorPlan, costs: Costs, share: number, keep: number, look?: number): number {
  const [baseline, ...others] = plan.epochs.map((_, arm) => runOf(plan, costs, share, arm));
  const dearest = others.sort((a, b) => b - a).slice(0, keep);
  return confirmation(plan, [baseline!, ...dearest], costs.start, look);
}

/**
 * The best of the designs that fit: the whole schedule with all looks, then shorter schedules with all looks, then the
 * shortest with at least the first look; otherwise a screening alone.
 * @param left seconds
 * @returns null where not even one treatment can be screened
 */
export function designFor(plan: DoctorPlan, costs: Costs, left: number): Design | null {
  const all = plan.epochs.length - 1;
  const usable = margin * left;
  const fits = (design: Design, look?: number) =>
    screening(plan, costs, design) + confirmed(plan, costs, design.share, design.keep, look) <= usable;
  for (const share of plan.shares) {
    for (const { keep, seeds } of sizes) {
      if (keep > all) continue;
      // Where all can be confirmed nothing needs to be screened.
      const design = { share, screened: all, seeds: keep === all ? 0 : seeds, keep };
      if (fits(design)) return design;
    }
  }
  const shortest = plan.shares.at(-1)!;
  const least = { share: shortest, screened: all, seeds: all === 1 ? 0 : 1, keep: 1 };
  if (fits(least, 0)) return least;
  return screeningAlone(plan, costs, usable);
}

/** As many seeds and as long a training as fit; fewer treatments before none. */
function screeningAlone(plan: DoctorPlan, costs: Costs, usable: number): Design | null {
  for (let screened = plan.epochs.length - 1; screened >= 1; screened--) {
    for (const share of plan.shares) {
      for (let seeds = mostSeeds; seeds >= 1; seeds--) {
        const design = { share, screened, seeds, keep: 0 };
        if (screening(plan, costs, design) <= usable) return design;
      }
    }
  }
  return null;
}

/** Seconds of the least that can tell of one treatment: a seed of screening, and the first look. */
export function leastFor(plan: DoctorPlan, costs: Costs, share: number): number {
  const all = plan.epochs.length - 1;
  const screen = all === 1 ? 0 : screening(plan, costs, { share, screened: all, seeds: 1 });
  return (screen + confirmed(plan, costs, share, 1, 0)) / margin;
}
