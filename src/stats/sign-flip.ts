// The paired permutation test: is the mean of these differences further from 0 than their signs alone would bring it?
import { CutoutError } from "../error.ts";
import type { Interval } from "./proportion.ts";

export interface SignFlip {
  readonly mean: number;
  /** Two-sided. */
  readonly p: number;
  /** All shifts that the same test, on the differences minus the shift, does not reject at `level`. */
  readonly interval: Interval;
}

/** Half of the patterns of so many signs still fit into memory. */
export const mostPairs = 32;

/** The fewest pairs with which so many tests, corrected by Holm, can say anything at this level: 2^(1 - n) <= level / tests. */
export function fewestPairs(level: number, tests = 1): number {
  return Math.ceil(1 + Math.log2(tests / level));
}

/**
 * The sign-flip test, exact: without an effect the sign of each difference is a fair coin. p is the share of all 2^n
 * patterns of signs whose |sum| is at least as large as the one observed. A pattern turns a subset S round: where the
 * sum T is positive, |T - 2 sum(S)| >= T holds where sum(S) <= 0 or where that holds for all but S, so that
 * p = 2 #{S: sum(S) <= 0} / 2^n. The subsets are counted by halves (Horowitz and Sahni 1974).
 *
 * The interval inverts the test: with the shift x the count is that of the subsets whose mean is at most x, and x is
 * rejected while p <= `level`. So 0 lies outside exactly when p <= `level`.
 * @param differences one a pair, 1 to 32
 * @throws CutoutError with fewer or more, or when one is not finite
 * @see R. A. Fisher, The Design of Experiments (1935), 21; Good, Permutation Tests (2000), 3.2
 */
export function signFlip(differences: readonly number[], level = 0.05): SignFlip {
  const count = differences.length;
  if (count < 1 || count > mostPairs || !differences.every(Number.isFinite)) {
    throw new CutoutError({
      where: "signFlip",
      option: "differences",
      what: `must be 1 to ${mostPairs} finite numbers`,
      got: count > mostPairs ? `${count} numbers` : `[${differences.join(", ")}]`,
    });
  }
  const sum = differences.reduce((total, difference) => total + difference, 0);
  const scale = differences.reduce((total, difference) => total + Math.abs(difference), 0);
  const mean = sum / count;
  // Differences are of shares: sums that are equal but for rounding are equal.
  const slack = 1e-11 * scale;
  const negated = differences.map((difference) => -difference);
  const p =
    Math.abs(sum) <= slack
      ? 1
      : Math.min(1, (2 * subsetsUpTo(sum > 0 ? differences : negated, slack)) / 2 ** count);
  return {
    mean,
    p,
    interval: { lower: lowerBound(differences, level), upper: -lowerBound(negated, level) },
  };
}

/** The smallest shift below the mean that is not rejected; minus infinity where none is rejected. */
function lowerBound(differences: readonly number[], level: number): number {
  const count = differences.length;
  if (2 / 2 ** count > level) return Number.NEGATIVE_INFINITY;
  const size = Math.max(...differences.map(Math.abs));
  const slack = 1e-11 * size * count;
  const kept = (x: number) => {
    const shifted = differences.map((difference) => difference - x);
    return (2 * subsetsUpTo(shifted, slack)) / 2 ** count > level;
  };
  let low = Math.min(...differences);
  if (kept(low)) return low;
  let high = differences.reduce((sum, difference) => sum + difference, 0) / count;
  for (let round = 0; round < 60 && high - low > 1e-13 * size; round++) {
    const middle = (low + high) / 2;
    if (kept(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Number of subsets, the empty one too, whose sum is at most `limit`. */
function subsetsUpTo(values: readonly number[], limit: number): number {
  const half = values.length >> 1;
  const left = subsetSums(values.slice(0, half));
  const right = subsetSums(values.slice(half));
  let number = 0;
  let fitting = right.length;
  for (const sum of left) {
    while (fitting > 0 && sum + right[fitting - 1]! > limit) fitting--;
    number += fitting;
  }
  return number;
}

/** The sums of all subsets, in rising order: each value merges the list with itself, shifted. */
function subsetSums(values: readonly number[]): Float64Array {
  let sums = new Float64Array(1);
  for (const value of values) {
    const merged = new Float64Array(2 * sums.length);
    for (let at = 0, plain = 0, added = 0; at < merged.length; at++) {
      const without = plain < sums.length ? sums[plain]! : Number.POSITIVE_INFINITY;
      const withIt = added < sums.length ? sums[added]! + value : Number.POSITIVE_INFINITY;
      if (without <= withIt) plain++;
      else added++;
      merged[at] = Math.min(without, withIt);
    }
    sums = merged;
  }
  return sums;
}
