// src/stats against SciPy and statsmodels (test/golden/statistics_scipy.py), and against what must hold for any counts.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { holm, mcnemarExact } from "./mcnemar.ts";
import {
  binomialTail,
  type PairedCounts,
  pairedDifferenceInterval,
  pairedTotal,
  wilsonInterval,
} from "./proportion.ts";

interface Bounds {
  readonly lower: number;
  readonly upper: number;
}
interface Golden {
  readonly wilson: readonly ({ successes: number; count: number } & Bounds)[];
  readonly mcnemar: readonly { onlyFirstRight: number; onlySecondRight: number; p: number }[];
  readonly pairedDifference: readonly (PairedCounts & Bounds)[];
  readonly binomial: readonly { successes: number; count: number; share: number; tail: number }[];
  readonly holm: readonly { pValues: number[]; adjusted: number[] }[];
}
const golden: Golden = JSON.parse(
  readFileSync(new URL("../../test/golden/statistics.json", import.meta.url), "utf8"),
);

/** Relative difference; 0 for two zeros. */
const apart = (a: number, b: number) =>
  a === b ? 0 : Math.abs(a - b) / Math.max(Math.abs(a), Math.abs(b), 1e-300);
const cell = fc.nat({ max: 3000 });
const paired = fc.record({ bothRight: cell, onlyFirstRight: cell, onlySecondRight: cell, bothWrong: cell });

test("Wilson's interval equals statsmodels'", () => {
  expect(golden.wilson.length).toBeGreaterThan(8);
  for (const row of golden.wilson) {
    const { lower, upper } = wilsonInterval(row.successes, row.count);
    expect(Math.abs(lower - row.lower)).toBeLessThan(1e-14);
    expect(Math.abs(upper - row.upper)).toBeLessThan(1e-14);
  }
});

test("Wilson's interval holds the share, mirrors, and narrows with the count", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1e6 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (count, share) => {
        const successes = Math.round(share * count);
        const { lower, upper } = wilsonInterval(successes, count);
        expect(lower).toBeGreaterThanOrEqual(0);
        expect(upper).toBeLessThanOrEqual(1);
        expect(lower).toBeLessThanOrEqual(successes / count);
        expect(upper).toBeGreaterThanOrEqual(successes / count);
        const mirrored = wilsonInterval(count - successes, count);
        expect(mirrored.lower).toBeCloseTo(1 - upper, 12);
        const more = wilsonInterval(10 * successes, 10 * count);
        expect(more.upper - more.lower).toBeLessThan(upper - lower);
      },
    ),
  );
  expect(wilsonInterval(0, 0)).toEqual({ lower: 0, upper: 1 });
  expect(wilsonInterval(0, 7).lower).toBe(0);
  expect(wilsonInterval(7, 7).upper).toBe(1);
});

test("the binomial tail equals SciPy's", () => {
  for (const { successes, count, share, tail } of golden.binomial) {
    expect(apart(binomialTail(successes, count, share), tail)).toBeLessThan(1e-9);
  }
  expect(() => binomialTail(1, 2, 1)).toThrow("share must be above 0 and below 1, got 1");
});

test("McNemar's exact p equals statsmodels', from 0 to 10,400 images of disagreement", () => {
  expect(golden.mcnemar.length).toBeGreaterThan(12);
  for (const row of golden.mcnemar) {
    expect(apart(mcnemarExact(row.onlyFirstRight, row.onlySecondRight), row.p)).toBeLessThan(1e-9);
  }
});

test("McNemar's exact p equals the sum over all coin tosses in whole numbers", () => {
  const choose = (n: number, k: number): bigint =>
    k === 0 ? 1n : (choose(n, k - 1) * BigInt(n - k + 1)) / BigInt(k);
  fc.assert(
    fc.property(fc.nat({ max: 40 }), fc.nat({ max: 40 }), (b, c) => {
      let tail = 0n;
      for (let k = 0; k <= Math.min(b, c); k++) tail += choose(b + c, k);
      const exact = Math.min(1, (2 * Number(tail)) / 2 ** (b + c));
      expect(apart(mcnemarExact(b, c), exact)).toBeLessThan(1e-12);
      expect(mcnemarExact(c, b)).toBe(mcnemarExact(b, c));
    }),
  );
  expect(mcnemarExact(0, 0)).toBe(1);
  expect(mcnemarExact(0, 100_000)).toBe(0);
});

test("Tango's interval equals the one from a numerically maximized likelihood", () => {
  expect(golden.pairedDifference.length).toBeGreaterThan(10);
  for (const row of golden.pairedDifference) {
    const { bothRight, onlyFirstRight, onlySecondRight, bothWrong } = row;
    const found = pairedDifferenceInterval({ bothRight, onlyFirstRight, onlySecondRight, bothWrong });
    expect(Math.abs(found.lower - row.lower)).toBeLessThan(1e-7);
    expect(Math.abs(found.upper - row.upper)).toBeLessThan(1e-7);
  }
});

test("Tango's interval gives the published example: -0.517 to -0.026 (Fagerland et al. 2014)", () => {
  const found = pairedDifferenceInterval({
    bothRight: 1,
    onlyFirstRight: 7,
    onlySecondRight: 1,
    bothWrong: 12,
  });
  expect(found.lower).toBeCloseTo(-0.517, 3);
  expect(found.upper).toBeCloseTo(-0.026, 3);
});

test("Tango's interval holds the difference, mirrors, and contains 0 exactly when the score test keeps it", () => {
  fc.assert(
    fc.property(paired, (counts) => {
      fc.pre(pairedTotal(counts) > 0);
      const { onlyFirstRight: lost, onlySecondRight: gained } = counts;
      const difference = (gained - lost) / pairedTotal(counts);
      const { lower, upper } = pairedDifferenceInterval(counts);
      expect(lower).toBeGreaterThanOrEqual(-1);
      expect(upper).toBeLessThanOrEqual(1);
      expect(lower).toBeLessThanOrEqual(difference + 1e-12);
      expect(upper).toBeGreaterThanOrEqual(difference - 1e-12);
      const swapped = pairedDifferenceInterval({ ...counts, onlyFirstRight: gained, onlySecondRight: lost });
      expect(swapped.lower).toBeCloseTo(-upper, 10);
      expect(swapped.upper).toBeCloseTo(-lower, 10);
      // At difference 0 the score statistic is McNemar's z = (c - b) / sqrt(b + c), without continuity correction.
      const z = gained === lost ? 0 : (gained - lost) / Math.sqrt(gained + lost);
      if (Math.abs(Math.abs(z) - 1.959964) > 1e-4) {
        expect(lower <= 0 && upper >= 0).toBe(Math.abs(z) < 1.96);
      }
    }),
  );
});

test("Tango's interval without images knows nothing; two models that never disagree still leave room", () => {
  const none = { bothRight: 0, onlyFirstRight: 0, onlySecondRight: 0, bothWrong: 0 };
  expect(pairedDifferenceInterval(none)).toEqual({ lower: -1, upper: 1 });
  const same = pairedDifferenceInterval({ ...none, bothRight: 90, bothWrong: 10 });
  // With no disagreement the bound is z^2 / (n + z^2).
  expect(same.upper).toBeCloseTo(1.959963984540054 ** 2 / (100 + 1.959963984540054 ** 2), 10);
  expect(same.lower).toBeCloseTo(-same.upper, 10);
});

test("Holm's correction equals statsmodels' and never lowers a p-value", () => {
  for (const row of golden.holm) {
    for (const [index, adjusted] of holm(row.pValues).entries()) {
      expect(adjusted).toBeCloseTo(row.adjusted[index]!, 14);
    }
  }
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 9 }), (pValues) => {
      for (const [index, adjusted] of holm(pValues).entries()) {
        expect(adjusted).toBeGreaterThanOrEqual(pValues[index]!);
        expect(adjusted).toBeLessThanOrEqual(1);
      }
    }),
  );
});

test("counts that are none are refused by name", () => {
  expect(() => wilsonInterval(5, 4)).toThrow("successes must be at most count (4), got 5");
  expect(() => wilsonInterval(1, Number.NaN)).toThrow("count must be an integer >= 0, got NaN");
  expect(() => wilsonInterval(-1, 4)).toThrow("successes must be an integer >= 0, got -1");
  expect(() => mcnemarExact(1.5, 2)).toThrow("onlyFirstRight must be an integer >= 0, got 1.5");
  expect(() => holm([0.5, 1.5])).toThrow("p-values must be from 0 to 1, got 1.5");
  const counts = { bothRight: 1, onlyFirstRight: -2, onlySecondRight: 0, bothWrong: 0 };
  expect(() => pairedDifferenceInterval(counts)).toThrow("onlyFirstRight must be an integer >= 0, got -2");
});
