// The range test on losses that grow from a known rate on.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stream } from "../rng.ts";
import { outOfBounds, type RatePoint, type RateRange, rateFinding, rateOf } from "./rate-range.ts";

const range = { lowest: 1e-5, highest: 10, steps: 200 };

/** A loss that falls along a logistic curve around `steepest`, and grows from `edge` on. */
function losses(
  steepest: number,
  edge: number,
  noise: number,
  seed = 1,
  over: RateRange = range,
): RatePoint[] {
  const rng = stream(seed, "losses");
  const points: RatePoint[] = [];
  for (let step = 0; step < over.steps; step++) {
    const rate = rateOf(over, step);
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
  it("lies between the rate at which the loss falls fastest and that from which it grows, whatever the noise", () => {
    const usual = { lowest: 1e-4, highest: 1, steps: 100 };
    fc.assert(
      fc.property(
        fc.double({ min: -3.5, max: -2, noNaN: true }),
        fc.double({ min: -1.5, max: -0.5, noNaN: true }),
        fc.integer(),
        (place, end, seed) => {
          const edge = 10 ** end;
          const { suggestion } = rateFinding(losses(10 ** place, edge, 0.02, seed, usual), usual);
          const rate = suggestion.kind === "rate" ? suggestion.rate : Number.NaN;
          expect(rate).toBeLessThan(edge);
          expect(rate).toBeGreaterThan(10 ** place);
        },
      ),
      { numRuns: 50 },
    );
  });
  it("is told apart from losses that were still falling at the highest rate", () => {
    const falling = Array.from({ length: 200 }, (_, step) => ({
      rate: rateOf(range, step),
      loss: 2 - step / 200,
    }));
    expect(rateFinding(falling, range).suggestion).toEqual({ kind: "still falling" });
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
    expect(found.filter(({ kind }) => kind !== "noise").length).toBeLessThanOrEqual(4);
  });
  it("is none where the loss only grows", () => {
    const growing = Array.from({ length: 200 }, (_, step) => ({
      rate: rateOf(range, step),
      loss: 2 + step / 100,
    }));
    expect(rateFinding(growing, range).suggestion).toEqual({ kind: "noise" });
  });
});

describe("the end", () => {
  it("comes when the loss is well above that of the first rates, before the highest rate", () => {
    const points = losses(1e-3, 0.05, 0.02);
    expect(points.length).toBeLessThan(range.steps);
    expect(rateFinding(points, range)).toMatchObject({ blewUp: true });
  });
  it("comes at the first loss that is no number, which is left out of the curve", () => {
    const points = [...losses(1e-3, 1e3, 0).slice(0, 150), { rate: 1, loss: Number.NaN }];
    expect(outOfBounds(points)).toBe(true);
    const found = rateFinding(points, range);
    expect(found.points).toHaveLength(150);
    expect(found.smooth.every(Number.isFinite)).toBe(true);
  });
});
