// Student's t distribution for whole degrees of freedom, and the paired t test.
import { CutoutError } from "../error.ts";
import type { Interval } from "./proportion.ts";
import { spreadOf } from "./spread.ts";

/** P(-t <= T <= t) */
function within(t: number, freedom: number): number {
  return withinAngle(Math.atan(t / Math.sqrt(freedom)), freedom);
}

/**
 * P(-t <= T <= t) for t = sqrt(freedom) tan(angle), by the finite sums for whole degrees of freedom.
 * @see Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.3 and 26.7.4
 */
export function withinAngle(angle: number, freedom: number): number {
  const cosine = Math.cos(angle);
  const odd = freedom % 2 === 1;
  // Each term is the one before times cos^2 (k - 1) / k.
  let term = odd ? cosine : 1;
  let sum = freedom === 1 ? 0 : term;
  for (let k = odd ? 3 : 2; k <= freedom - 2; k += 2) {
    term *= (cosine ** 2 * (k - 1)) / k;
    sum += term;
  }
  return odd ? (2 / Math.PI) * (angle + Math.sin(angle) * sum) : Math.sin(angle) * sum;
}

/**
 * Two-sided p-value of t.
 * @param freedom degrees of freedom, an integer >= 1
 */
export function studentP(t: number, freedom: number): number {
  checkFreedom("studentP", freedom);
  if (!Number.isFinite(t)) return 0;
  return Math.min(1, Math.max(0, 1 - within(Math.abs(t), freedom)));
}

/**
 * The t beyond which, on both sides together, lies 5 % of the distribution.
 * @param freedom degrees of freedom, an integer >= 1
 */
export function studentQuantile95(freedom: number): number {
  return studentQuantile(0.05, freedom);
}

function checkFreedom(where: string, freedom: number): void {
  if (Number.isSafeInteger(freedom) && freedom >= 1) return;
  throw new CutoutError({ where, option: "freedom", what: "must be an integer >= 1", got: String(freedom) });
}

/**
 * The t beyond which, on both sides together, lies so much of the distribution.
 * @param outside above 0 and below 1
 * @param freedom degrees of freedom, an integer >= 1
 */
export function studentQuantile(outside: number, freedom: number): number {
  let low = 0;
  let high = 1;
  while (studentP(high, freedom) > outside) high *= 2;
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (studentP(middle, freedom) > outside) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export interface PairedT {
  readonly mean: number;
  /** 95 % */
  readonly interval: Interval;
  /** Two-sided. */
  readonly p: number;
  readonly freedom: number;
}

/**
 * Student's t test of differences against 0.
 * @throws CutoutError with fewer than two
 */
export function pairedT(differences: readonly number[]): PairedT {
  const { count, mean, deviation } = spreadOf(differences);
  if (deviation === null)
    throw new CutoutError({ where: "pairedT", what: "needs two or more differences", got: "1" });
  const error = deviation / Math.sqrt(count);
  const freedom = count - 1;
  const reach = studentQuantile95(freedom) * error;
  const p = error > 0 ? studentP(mean / error, freedom) : mean === 0 ? 1 : 0;
  return { mean, interval: { lower: mean - reach, upper: mean + reach }, p, freedom };
}

/** The band of a curve at one place: the mean over seeds and its 95 % interval, which one seed has not. */
export function meanWithInterval(values: readonly number[]): {
  readonly mean: number;
  readonly interval: Interval | null;
} {
  if (values.length < 2) return { mean: spreadOf(values).mean, interval: null };
  const { mean, interval } = pairedT(values);
  return { mean, interval };
}
