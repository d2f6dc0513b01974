// Several settings with the same seeds, each set against the one with the highest mean: which can be told from it.
import { CutoutError } from "../error.ts";
import type { Interval } from "./proportion.ts";
import { spreadOf } from "./spread.ts";
import { studentQuantile } from "./student.ts";

export interface BehindBest {
  /** Of the setting minus the best one; of that itself 0. */
  readonly mean: number;
  /**
   * Null of one seed, and of the best one. As long as it must be for the truly best setting's to reach 0 in 95 % of such
   * studies at least. As an interval for the difference it is less safe: the same values have chosen what it is set against.
   */
  readonly interval: Interval | null;
}

export interface WithTheBest {
  /** Index of the setting with the highest mean; of equal ones the first. */
  readonly best: number;
  readonly behind: readonly BehindBest[];
}

/** In how many studies the truly best setting may be told from the best one here. */
const error = 0.05;

/**
 * Hsu's multiple comparisons with the best, seeds being blocks: the deviation comes from what is left of all values when
 * the means of settings and seeds are taken off, with (settings - 1) (seeds - 1) degrees of freedom, which is far more than
 * each pair of settings has alone. Each difference has error 0.05 / (settings - 1), for which Bonferroni's inequality is
 * enough. A setting whose interval lies below 0 is not the best one; the truly best one is kept in 95 % of studies at least.
 * It takes differences that are normal and of one deviation for all settings. Of two settings it is the paired t interval.
 * @param values a setting each, in the order of the seeds
 * @throws CutoutError without settings, or with unequal or zero numbers of seeds
 * @see Hsu, Multiple Comparisons: Theory and Methods (1996), chapter 4; Montgomery, Design and Analysis of Experiments, chapter 4
 */
export function withTheBest(values: readonly (readonly number[])[]): WithTheBest {
  const seeds = values[0]?.length ?? 0;
  if (values.some((own) => own.length !== seeds)) {
    throw new CutoutError({
      where: "withTheBest",
      what: "needs equally many values of each setting",
      got: values.map((own) => own.length).join(", "),
    });
  }
  const means = values.map((own) => spreadOf(own).mean);
  const best = means.indexOf(Math.max(...means));
  const reach = reachOf(values, means, seeds);
  const behind = means.map((mean, index) => {
    const difference = mean - means[best]!;
    const interval =
      reach === null || index === best ? null : { lower: difference - reach, upper: difference + reach };
    return { mean: difference, interval };
  });
  return { best, behind };
}

/** Half of the length of each interval; null where nothing can be said about a deviation. */
function reachOf(
  values: readonly (readonly number[])[],
  means: readonly number[],
  seeds: number,
): number | null {
  const others = values.length - 1;
  const freedom = others * (seeds - 1);
  if (freedom === 0) return null;
  const all = spreadOf(means).mean;
  let squares = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const { mean } = spreadOf(values.map((own) => own[seed]!));
    for (const [index, own] of values.entries()) squares += (own[seed]! - means[index]! - mean + all) ** 2;
  }
  return studentQuantile(error / others, freedom) * Math.sqrt((2 * squares) / freedom / seeds);
}
