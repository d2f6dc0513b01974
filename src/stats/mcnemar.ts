// McNemar's exact test: do two classifiers differ on the same test images? And Holm's correction for several tests.
import { CutoutError } from "../error.ts";
import { requireCount } from "./proportion.ts";

/**
 * McNemar's exact test, two-sided. Under "no difference" each image on which exactly one of the two is right
 * is a fair coin: p = min(1, 2 P(X <= min(b, c))), X ~ Binomial(b + c, 1/2).
 * @param onlyFirstRight b: images only the first got right
 * @param onlySecondRight c: images only the second got right
 * @returns p-value from 0 to 1; 1 when the two never disagree
 * @throws when a count is no integer >= 0
 * @see Q. McNemar, Psychometrika 12 (1947); for classifiers T. G. Dietterich, Neural Computation 10 (1998)
 */
export function mcnemarExact(onlyFirstRight: number, onlySecondRight: number): number {
  requireCount("mcnemarExact", "onlyFirstRight", onlyFirstRight);
  requireCount("mcnemarExact", "onlySecondRight", onlySecondRight);
  const total = onlyFirstRight + onlySecondRight;
  return Math.min(1, 2 * fairCoinTail(Math.min(onlyFirstRight, onlySecondRight), total));
}

/** P(X <= k) for X ~ Binomial(n, 1/2), k <= n / 2. */
function fairCoinTail(k: number, n: number): number {
  // log of C(n, k) / 2^n as a sum of logs: no gamma function, no overflow.
  let log = -n * Math.LN2;
  for (let i = 1; i <= k; i++) log += Math.log((n - k + i) / i);
  // The terms below k, relative to the largest: C(n, i-1) / C(n, i) = i / (n - i + 1).
  let sum = 1;
  let term = 1;
  for (let i = k; i > 0 && term > sum * 1e-18; i--) {
    term *= i / (n - i + 1);
    sum += term;
  }
  return Math.exp(log + Math.log(sum));
}

/**
 * Holm's step-down correction: p-values adjusted for having run them all, in the order given.
 * @throws when a p-value is outside [0, 1]
 * @see S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian J. Statistics 6 (1979)
 */
export function holm(pValues: readonly number[]): number[] {
  for (const p of pValues) {
    if (!(p >= 0 && p <= 1))
      throw new CutoutError({ where: "holm", what: "p-values must be from 0 to 1", got: String(p) });
  }
  const order = pValues.map((_, index) => index).sort((i, j) => pValues[i]! - pValues[j]!);
  const adjusted = new Array<number>(pValues.length).fill(0);
  let highest = 0;
  for (const [rank, index] of order.entries()) {
    highest = Math.max(highest, Math.min(1, (pValues.length - rank) * pValues[index]!));
    adjusted[index] = highest;
  }
  return adjusted;
}
