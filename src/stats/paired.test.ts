// The tests on pairs of runs against SciPy (test/golden/statistics_scipy.py), and against every pattern of signs.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fewestPairs, mostPairs, signFlip } from "./sign-flip.ts";
import { spreadOf } from "./spread.ts";
import { meanWithInterval, pairedT, studentP, studentQuantile95 } from "./student.ts";

interface Golden {
  readonly student: readonly { freedom: number; t: number; p: number; quantile: number }[];
  readonly paired: readonly {
    differences: number[];
    signFlip: number;
    p: number;
    lower: number;
    upper: number;
  }[];
}
const golden: Golden = JSON.parse(
  readFileSync(new URL("../../test/golden/statistics.json", import.meta.url), "utf8"),
);

/** p by all patterns of signs, in whole numbers. */
function bruteForce(differences: readonly number[]): number {
  const observed = Math.abs(differences.reduce((sum, difference) => sum + difference, 0));
  let extreme = 0;
  for (let pattern = 0; pattern < 2 ** differences.length; pattern++) {
    const sum = differences.reduce((total, one, at) => total + (pattern & (1 << at) ? -one : one), 0);
    if (Math.abs(sum) >= observed) extreme++;
  }
  return extreme / 2 ** differences.length;
}

/** Differences in images, of 1,000: whole numbers have no rounding. */
const images = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 1, maxLength: 11 });

test("Student's p and quantile equal SciPy's", () => {
  for (const { freedom, t, p, quantile } of golden.student) {
    expect(studentP(t, freedom)).toBeCloseTo(p, 12);
    expect(studentP(-t, freedom)).toBe(studentP(t, freedom));
    expect(studentQuantile95(freedom)).toBeCloseTo(quantile, 9);
  }
});

test("the sign-flip test and the paired t test equal SciPy's", () => {
  expect(golden.paired.length).toBeGreaterThan(4);
  for (const { differences, p, lower, upper, signFlip: flipped } of golden.paired) {
    expect(signFlip(differences).p).toBeCloseTo(flipped, 12);
    const student = pairedT(differences);
    expect(student.p).toBeCloseTo(p, 12);
    expect(student.interval.lower).toBeCloseTo(lower, 10);
    expect(student.interval.upper).toBeCloseTo(upper, 10);
  }
});

test("p is the share of all patterns of signs, ties counted, whatever the scale", () => {
  fc.assert(
    fc.property(images, (differences) => {
      const exact = bruteForce(differences);
      expect(signFlip(differences).p).toBe(exact);
      expect(signFlip(differences.map((one) => one / 1000)).p).toBe(exact);
      expect(signFlip(differences.map((one) => -one)).p).toBe(exact);
    }),
  );
});

test("the interval holds the shifts that brute force does not reject, and 0 exactly when p > 0.05", () => {
  fc.assert(
    fc.property(images, fc.integer({ min: -45, max: 45 }), (differences, shift) => {
      const { interval, mean, p } = signFlip(differences);
      expect(interval.lower).toBeLessThanOrEqual(mean);
      expect(interval.upper).toBeGreaterThanOrEqual(mean);
      const rejected = bruteForce(differences.map((one) => one - shift)) <= 0.05;
      const room = 1e-9;
      if (rejected) expect(shift > interval.lower + room && shift < interval.upper - room).toBe(false);
      else expect(shift >= interval.lower - room && shift <= interval.upper + room).toBe(true);
      expect(interval.lower - room <= 0 && interval.upper + room >= 0).toBe(p > 0.05);
    }),
    { numRuns: 300 },
  );
});

test("six pairs that agree are the fewest that can speak; their interval goes from the least to the largest", () => {
  expect([1, 2, 3, 4].map((tests) => fewestPairs(0.05, tests))).toEqual([6, 7, 7, 8]);
  const five = [0.01, 0.02, 0.03, 0.04, 0.05];
  expect(signFlip(five).p).toBe(1 / 16);
  expect(signFlip(five).interval.lower).toBe(Number.NEGATIVE_INFINITY);
  const six = signFlip([...five, 0.06]);
  expect(six.p).toBe(1 / 32);
  expect(six.interval.lower).toBeCloseTo(0.01, 9);
  expect(six.interval.upper).toBeCloseTo(0.06, 9);
});

test("as many pairs as are taken are exact too, and quick; no difference at all is p = 1", () => {
  const many = Array.from({ length: mostPairs }, (_, at) => (at % 3 === 0 ? -1 : 1) * (1 + (at % 7)));
  const start = performance.now();
  const { p } = signFlip(many);
  expect(performance.now() - start).toBeLessThan(3000);
  // By counting the sums of all patterns one value at a time, in exact whole numbers.
  let sums = new Map<number, number>([[0, 1]]);
  for (const value of many) {
    const next = new Map<number, number>();
    for (const [sum, number] of sums) {
      for (const to of [sum + value, sum - value]) next.set(to, (next.get(to) ?? 0) + number);
    }
    sums = next;
  }
  const observed = Math.abs(many.reduce((sum, value) => sum + value, 0));
  let extreme = 0;
  for (const [sum, number] of sums) if (Math.abs(sum) >= observed) extreme += number;
  expect(p).toBeCloseTo(extreme / 2 ** mostPairs, 14);
  expect(signFlip([0, 0, 0, 0, 0, 0, 0])).toEqual({ mean: 0, p: 1, interval: { lower: 0, upper: 0 } });
  expect(pairedT([0, 0, 0]).p).toBe(1);
});

test("mean, deviation and range; of one number no deviation", () => {
  expect(spreadOf([1, 2, 3, 4])).toEqual({
    count: 4,
    mean: 2.5,
    deviation: Math.sqrt(5 / 3),
    least: 1,
    most: 4,
  });
  expect(spreadOf([7]).deviation).toBe(null);
  expect(meanWithInterval([7])).toEqual({ mean: 7, interval: null });
  // Mean 2, standard error 1 / sqrt(3), t = 4.302653 with two degrees of freedom.
  const { mean, interval } = meanWithInterval([1, 2, 3]);
  expect(mean).toBe(2);
  expect(interval!.upper).toBeCloseTo(2 + 4.302653 / Math.sqrt(3), 6);
});

test("what is no list of differences is refused by name", () => {
  expect(() => signFlip([])).toThrow("differences must be 1 to 32 finite numbers, got []");
  expect(() => signFlip(Array(33).fill(1))).toThrow("got 33 numbers");
  expect(() => signFlip([1, Number.NaN])).toThrow("finite numbers");
  expect(() => spreadOf([])).toThrow("needs one or more finite numbers");
  expect(() => pairedT([1])).toThrow("needs two or more differences");
  expect(() => studentP(1, 0)).toThrow("freedom must be an integer >= 1, got 0");
});
