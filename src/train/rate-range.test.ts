// The range test on losses whose steepest fall is known.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stream } from "../rng.ts";
import { outOfBounds, type RatePoint, rateFinding, rateOf } from "./rate-range.ts";

const range = { lowest: 1e-5, highest: 10, steps: 200 };

/** A loss that falls along a logistic curve around `steepest`, and grows from `edge` on. */
function losses(steepest: number, edge: number, noise: number, seed = 1): RatePoint[] {
  const rng = stream(seed, "losses");
  const points: RatePoint[] = [];
  for (let step = 0; step < range.steps; step++) {
    const rate = rateOf(range, step);
    const fall = 1 / (1 + Math.exp(-6 * Math.log10(rate / steepest)));
    const growth = rate > edge ? (rate / edge) ** 2 - 1 : 0;
    points.push({ rate, loss: 2.3 - 1.5 * fall + growth + noise * rng.normal() });
    if (outOfBounds(points)) break;
  }
  return points;
}

it("rates grow by one factor from the lowest to the highest", () => {
  expect(rateOf(range, 0)).toBeCloseTo(1e-5, 12);
  expect(rateOf(range, 199)).toBeCloseTo(10, 9);
  const factors = Array.from({ length: 199 }, (_, step) => rateOf(range, step + 1) / rateOf(range, step));
  expect(Math.max(...factors) / Math.min(...factors)).toBeCloseTo(1, 9);
});

describe("suggestion", () => {
  it("is where the loss falls fastest, within a factor of two whatever the noise", () => {
    fc.assert(
      fc.property(fc.double({ min: -4, max: -1.5, noNaN: true }), fc.integer(), (place, seed) => {
        const steepest = 10 ** place;
        const { suggestion } = rateFinding(losses(steepest, 0.5, 0.02, seed), range);
        expect(Math.abs(Math.log2(suggestion! / steepest))).toBeLessThan(1);
      }),
      { numRuns: 20 },
    );
  });
  it("is none where there is nothing but noise, nine times in ten", () => {
    const found = Array.from({ length: 40 }, (_, seed) => {
      const rng = stream(seed, "noise");
      const points = Array.from({ length: 200 }, (_, step) => ({
        rate: rateOf(range, step),
        loss: 0.7 + 0.05 * rng.normal(),
      }));
      return rateFinding(points, range).suggestion;
    });
    expect(found.filter((each) => each !== null).length).toBeLessThanOrEqual(4);
  });
  it("is none where the loss only grows", () => {
    const growing = Array.from({ length: 200 }, (_, step) => ({
      rate: rateOf(range, step),
      loss: 2 + step / 100,
    }));
    expect(rateFinding(growing, range).suggestion).toBeNull();
  });
});

describe("the end", () => {
  it("comes when the loss is far above its lowest, before the highest rate", () => {
    const points = losses(1e-3, 0.05, 0.02);
    expect(points.length).toBeLessThan(range.steps);
    expect(rateFinding(points, range)).toMatchObject({ blewUp: true });
    expect(rateFinding(points, range).lowest).toBeLessThan(0.1);
  });
  it("comes at the first loss that is no number, which is left out of the curve", () => {
    const points = [...losses(1e-3, 1e3, 0).slice(0, 150), { rate: 1, loss: Number.NaN }];
    expect(outOfBounds(points)).toBe(true);
    const found = rateFinding(points, range);
    expect(found.points).toHaveLength(150);
    expect(found.smooth.every(Number.isFinite)).toBe(true);
    expect(found.suggestion! / 1e-3).toBeCloseTo(1, 0);
  });
});
