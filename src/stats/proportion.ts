// Confidence intervals for a share of successes and for the difference of two shares on the same items.
import { CutoutError } from "../error.ts";

export interface Interval {
  readonly lower: number;
  readonly upper: number;
}

/** 97.5 % quantile of the standard normal distribution: two-sided 95 %. */
const z95 = 1.959963984540054;

/**
 * Wilson's score interval for a share (95 %).
 * @param successes integer from 0 to `count`
 * @param count integer >= 0; with 0 nothing is known and the interval is [0, 1]
 * @returns bounds within [0, 1]
 * @throws when the counts are no such integers
 * @see E. B. Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927)
 */
export function wilsonInterval(successes: number, count: number): Interval {
  requireCount("wilsonInterval", "count", count);
  requireCount("wilsonInterval", "successes", successes);
  if (successes > count) {
    throw new CutoutError({
      where: "wilsonInterval",
      option: "successes",
      what: `must be at most count (${count})`,
      got: String(successes),
    });
  }
  if (count === 0) return { lower: 0, upper: 1 };
  const share = successes / count;
  const z2 = z95 ** 2;
  const scale = 1 + z2 / count;
  const centre = (share + z2 / (2 * count)) / scale;
  const reach = (z95 / scale) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count ** 2));
  // At the ends the bound is exactly 0 or 1; the formula gives it up to rounding only.
  return {
    lower: successes === 0 ? 0 : Math.max(0, centre - reach),
    upper: successes === count ? 1 : Math.min(1, centre + reach),
  };
}

/**
 * P(X <= successes) for X ~ Binomial(count, share), exact.
 * @throws when the counts are no integers >= 0, or the share is not strictly between 0 and 1
 */
export function binomialTail(successes: number, count: number, share: number): number {
  requireCount("binomialTail", "successes", successes);
  requireCount("binomialTail", "count", count);
  if (!(share > 0 && share < 1))
    throw new CutoutError({
      where: "binomialTail",
      option: "share",
      what: "must be above 0 and below 1",
      got: String(share),
    });
  const odds = Math.log(share) - Math.log1p(-share);
  let log = count * Math.log1p(-share);
  let sum = 0;
  for (let k = 0; k <= Math.min(successes, count); k++) {
    sum += Math.exp(log);
    log += Math.log((count - k) / (k + 1)) + odds;
  }
  return Math.min(1, sum);
}

/** How two classifiers did on the same items, as counts. */
export interface PairedCounts {
  readonly bothRight: number;
  readonly onlyFirstRight: number;
  readonly onlySecondRight: number;
  readonly bothWrong: number;
}

/** Number of items two classifiers were compared on. */
export function pairedTotal(counts: PairedCounts): number {
  return counts.bothRight + counts.onlyFirstRight + counts.onlySecondRight + counts.bothWrong;
}

/**
 * Tango's score interval (95 %) for the second share of right answers minus the first, on the same items.
 * It holds its level in small samples, and stays honest when the two never disagree
 * (Fagerland, Lydersen and Laake, Statistics in Medicine 33, 2014, recommend it).
 * @returns bounds within [-1, 1]; [-1, 1] when there are no items
 * @throws when a count is no integer >= 0
 * @see T. Tango, "Equivalence test and confidence interval for the difference in proportions for the
 *   paired-sample design", Statistics in Medicine 17 (1998)
 */
export function pairedDifferenceInterval(counts: PairedCounts): Interval {
  for (const [name, value] of Object.entries(counts)) requireCount("pairedDifferenceInterval", name, value);
  const count = pairedTotal(counts);
  if (count === 0) return { lower: -1, upper: 1 };
  const { onlySecondRight: gained, onlyFirstRight: lost } = counts;
  const observed = (gained - lost) / count;
  const score = (difference: number) => tangoScore(gained, lost, count, difference);
  return {
    // The score falls as the supposed difference grows: +z at the lower bound, -z at the upper one.
    lower: gained - lost === -count ? -1 : bisect((difference) => score(difference) - z95, -1, observed),
    upper: gained - lost === count ? 1 : bisect((difference) => score(difference) + z95, observed, 1),
  };
}

/** Tango's (1998) equation 7: the score statistic of "the true difference is `difference`". */
function tangoScore(gained: number, lost: number, count: number, difference: number): number {
  const a = 2 * count;
  const b = -gained - lost + (2 * count - gained + lost) * difference;
  const c = -lost * difference * (1 - difference);
  // The root of a q^2 + b q + c = 0 that is the likeliest share of "lost", without cancellation when b > 0.
  const root = Math.sqrt(Math.max(0, b * b - 4 * a * c));
  const q = b > 0 ? (-2 * c) / (b + root) : (root - b) / (2 * a);
  const numerator = gained - lost - count * difference;
  const variance = count * (2 * q + difference * (1 - difference));
  if (variance <= 0) return numerator === 0 ? 0 : Math.sign(numerator) * Number.POSITIVE_INFINITY;
  return numerator / Math.sqrt(variance);
}

/** Root of a falling function between `low` and `high`, to the last bit or two. */
function bisect(falling: (x: number) => number, low: number, high: number): number {
  let left = low;
  let right = high;
  for (let round = 0; round < 200; round++) {
    const middle = (left + right) / 2;
    if (middle <= left || middle >= right) break;
    if (falling(middle) > 0) left = middle;
    else right = middle;
  }
  return (left + right) / 2;
}

export function requireCount(where: string, name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new CutoutError({ where, option: name, what: "must be an integer >= 0", got: String(value) });
  }
}
