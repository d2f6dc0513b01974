// Two samples of whole trainings: Welch's test and interval for the difference of their means.

export interface Sample {
  readonly n: number;
  readonly mean: number;
  /** Standard deviation with n - 1. */
  readonly deviation: number;
}

/** @throws with fewer than two numbers */
export function sampleOf(numbers: readonly number[]): Sample {
  const n = numbers.length;
  if (n < 2) throw new Error(`sampleOf: there must be two numbers or more, got ${n}`);
  const mean = numbers.reduce((sum, x) => sum + x, 0) / n;
  return { n, mean, deviation: Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1)) };
}

export interface WelchTest {
  /** Mean of the second sample minus that of the first. */
  readonly difference: number;
  /** 95 %. */
  readonly interval: readonly [number, number];
  /** Two-sided. */
  readonly p: number;
  readonly degreesOfFreedom: number;
}

/**
 * Welch's unequal-variances t-test.
 * @throws when neither sample spreads: then nothing is known of the difference
 * @see B. L. Welch, Biometrika 34 (1947)
 */
export function welchTest(first: Sample, second: Sample): WelchTest {
  const [a, b] = [first, second].map(({ n, deviation }) => deviation ** 2 / n) as [number, number];
  if (a + b === 0) throw new Error("welchTest: the numbers of one sample must differ, got the same in both");
  const degreesOfFreedom = (a + b) ** 2 / (a ** 2 / (first.n - 1) + b ** 2 / (second.n - 1));
  const error = Math.sqrt(a + b);
  const difference = second.mean - first.mean;
  const reach = error * twoSidedQuantile(0.05, degreesOfFreedom);
  return {
    difference,
    interval: [difference - reach, difference + reach],
    p: beyond(Math.abs(difference) / error, degreesOfFreedom),
    degreesOfFreedom,
  };
}

/**
 * P(|T| > t) of Student's distribution. With t = sqrt(df) tan(angle) its density becomes cos(angle)^(df - 1),
 * which is integrated by Simpson's rule.
 */
function beyond(t: number, degreesOfFreedom: number): number {
  const density = (angle: number) => Math.cos(angle) ** (degreesOfFreedom - 1);
  const angle = Math.atan(t / Math.sqrt(degreesOfFreedom));
  const outside = integral(density, angle, Math.PI / 2);
  return outside / (outside + integral(density, 0, angle));
}

function integral(f: (x: number) => number, from: number, to: number): number {
  const parts = 2000;
  const width = (to - from) / parts;
  let sum = f(from) + f(to);
  for (let at = 1; at < parts; at++) sum += (at % 2 === 1 ? 4 : 2) * f(from + at * width);
  return (sum * width) / 3;
}

/** The t that |T| passes with probability p. */
function twoSidedQuantile(p: number, degreesOfFreedom: number): number {
  let [low, high] = [0, 1];
  while (beyond(high, degreesOfFreedom) > p) high *= 2;
  for (let round = 0; round < 60; round++) {
    const middle = (low + high) / 2;
    if (beyond(middle, degreesOfFreedom) > p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
