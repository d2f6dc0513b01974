// The best of several settings that share their seeds, and all those that cannot be told from it: a plateau, not a point.
import type { Interval } from "../../stats/proportion.ts";
import { spreadOf } from "../../stats/spread.ts";
import { pairedT } from "../../stats/student.ts";
import { withTheBest } from "../../stats/with-the-best.ts";
import { accuracyOf, checkSameImages } from "./pairs.ts";
import type { Result } from "./question.ts";

export interface Estimate {
  readonly mean: number;
  /** 95 % by Student's t; null of one seed. */
  readonly interval: Interval | null;
}

export interface Score extends Estimate {
  readonly arm: number;
  /** A share a seed, in the order of the seeds. */
  readonly accuracies: readonly number[];
  /** Of this arm minus the best one, seed by seed, with the interval of `withTheBest`; of the best one itself 0. */
  readonly behind: Estimate;
  /** Whether it is the best one, or cannot be told from it: the interval of the difference reaches 0. */
  readonly plateau: boolean;
}

export interface Choice {
  /** That all arms have finished. */
  readonly seeds: readonly number[];
  /** In the order of the arms. */
  readonly scores: readonly Score[];
  /** Arm with the highest mean; of equal ones the first. */
  readonly best: number;
}

/** Of accuracies: shares, so that an interval of few seeds ends at 0 and 1. */
export function estimateOf(accuracies: readonly number[]): Estimate {
  const { mean } = spreadOf(accuracies);
  if (accuracies.length < 2) return { mean, interval: null };
  const { lower, upper } = pairedT(accuracies).interval;
  return { mean, interval: { lower: Math.max(0, lower), upper: Math.min(1, upper) } };
}

/**
 * Accuracies of arms on a part, by the seeds that all of them have finished.
 * @param results of one stage
 * @returns null while there is no such seed
 * @throws CutoutError where two runs of a seed were trained or tested on different images
 */
export function choose(
  results: readonly Result[],
  arms: readonly number[],
  seeds: readonly number[],
  part: "test" | "validation",
): Choice | null {
  const found = new Map(results.map((result) => [`${result.trial.arm} ${result.trial.seed}`, result]));
  const at = (arm: number, seed: number) => found.get(`${arm} ${seed}`);
  const shared = seeds.filter((seed) => arms.every((arm) => at(arm, seed) !== undefined));
  if (shared.length === 0) return null;
  for (const seed of shared) for (const arm of arms) checkSameImages(at(arms[0]!, seed)!, at(arm, seed)!);
  const accuracies = arms.map((arm) => shared.map((seed) => accuracyOf(at(arm, seed)!, part)));
  const { best, behind } = withTheBest(accuracies);
  const scores = arms.map((arm, index): Score => {
    const own = accuracies[index]!;
    const { interval } = behind[index]!;
    const plateau = interval === null || interval.upper >= 0;
    return { arm, accuracies: own, ...estimateOf(own), behind: behind[index]!, plateau };
  });
  return { seeds: shared, scores, best: arms[best]! };
}
