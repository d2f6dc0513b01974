// Comparisons with the best, against SciPy, against the paired t, and by simulation.
import { expect, test } from "vitest";
import { stream } from "../rng.ts";
import { pairedT } from "./student.ts";
import { withTheBest } from "./with-the-best.ts";

test("of two settings it is the paired t interval", () => {
  const [a, b] = [
    [0.81, 0.84, 0.8, 0.83],
    [0.85, 0.86, 0.82, 0.83],
  ];
  const { best, behind } = withTheBest([a, b]);
  const { mean, interval } = pairedT(a.map((value, at) => value - b[at]!));
  expect(best).toBe(1);
  expect(behind[0]!.mean).toBeCloseTo(mean, 12);
  expect(behind[0]!.interval!.lower).toBeCloseTo(interval.lower, 9);
  expect(behind[0]!.interval!.upper).toBeCloseTo(interval.upper, 9);
  expect(behind[1]).toEqual({ mean: 0, interval: null });
});

test("four settings with three seeds as SciPy 1 computes them (two-way residuals, t.ppf)", () => {
  const { best, behind } = withTheBest([
    [0.812, 0.831, 0.806],
    [0.843, 0.851, 0.83],
    [0.84, 0.86, 0.835],
    [0.8, 0.842, 0.811],
  ]);
  expect(best).toBe(2);
  const reach = 0.01968918628329598;
  for (const [index, mean] of [-0.02866667, -0.00366667, 0, -0.02733333].entries()) {
    expect(behind[index]!.mean).toBeCloseTo(mean, 8);
    if (index === best) continue;
    expect(behind[index]!.interval!.upper).toBeCloseTo(mean + reach, 8);
    expect(behind[index]!.interval!.lower).toBeCloseTo(mean - reach, 8);
  }
});

test("one seed tells nothing", () => {
  expect(withTheBest([[0.5], [0.9]])).toEqual({
    best: 1,
    behind: [
      { mean: -0.4, interval: null },
      { mean: 0, interval: null },
    ],
  });
});

test("unequal numbers of seeds are refused", () => {
  expect(() => withTheBest([[1, 2], [3]])).toThrow("withTheBest: needs equally many values");
});

test("the truly best setting is kept in at least 95 % of studies, and 3 seeds find what a pair alone cannot", () => {
  const studies = 2000;
  const truth = [0.9, 0.905, 0.91, 0.91, 0.9];
  let lost = 0;
  let told = 0;
  let toldByPairs = 0;
  for (let study = 0; study < studies; study++) {
    const random = stream(study, "comparisons with the best");
    const seeds = [0, 1, 2].map(() => 0.01 * random.normal());
    const values = truth.map((mean) => seeds.map((seed) => mean + seed + 0.003 * random.normal()));
    const { best, behind } = withTheBest(values);
    const below = behind.map(({ interval }) => interval !== null && interval.upper < 0);
    if (below[2] || below[3]) lost++;
    if (below[0]) told++;
    const pair = pairedT(values[0]!.map((value, at) => value - values[best]![at]!));
    if (pair.interval.upper < 0) toldByPairs++;
  }
  expect(lost / studies).toBeLessThan(0.05);
  expect(told).toBeGreaterThan(1.2 * toldByPairs);
});
