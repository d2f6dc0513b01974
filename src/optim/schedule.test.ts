// Schedules against PyTorch's, and their shape over random options.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  checkSchedule,
  initialPlateau,
  learningRateAt,
  type PlateauSchedule,
  type ScheduleOptions,
  updatePlateau,
} from "./schedule.ts";

interface GoldenCase {
  readonly schedule: ScheduleOptions;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  readonly learningRates: readonly number[];
  readonly scores?: readonly number[];
}

/** Made by test/golden/schedules_torch.py. */
const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/schedules.json", import.meta.url), "utf8"),
) as { readonly cases: readonly GoldenCase[] };

function allRates({ schedule, epochs, stepsPerEpoch, scores }: Omit<GoldenCase, "learningRates">): number[] {
  let plateau = initialPlateau(schedule);
  const rates: number[] = [];
  for (let step = 0; step < epochs * stepsPerEpoch; step++) {
    rates.push(learningRateAt(schedule, { step, stepsPerEpoch, epochs }, plateau));
    if (scores !== undefined && (step + 1) % stepsPerEpoch === 0) {
      plateau = updatePlateau(schedule, plateau, scores[(step + 1) / stepsPerEpoch - 1]!);
      plateau = JSON.parse(JSON.stringify(plateau));
    }
  }
  return rates;
}

describe("against PyTorch", () => {
  test("every kind has a golden case", () => {
    expect(new Set(golden.cases.map((each) => each.schedule.kind))).toEqual(
      new Set(["constant", "steps", "cosine", "one-cycle", "plateau"]),
    );
  });
  test.each(golden.cases.map((each, index) => [index, each.schedule.kind, each] as const))(
    "case %i: %s",
    (_index, _kind, each) => {
      const rates = allRates(each);
      expect(rates).toHaveLength(each.learningRates.length);
      rates.forEach((rate, step) => {
        const expected = each.learningRates[step]!;
        expect(Math.abs(rate - expected), `step ${step}: ${rate}, PyTorch ${expected}`).toBeLessThanOrEqual(
          1e-9 * each.schedule.learningRate,
        );
      });
    },
  );
});

const time = fc.record({
  epochs: fc.integer({ min: 1, max: 20 }),
  stepsPerEpoch: fc.integer({ min: 1, max: 9 }),
});

test("one-cycle starts at the divided peak, reaches it at most once and ends at the last division", () => {
  const schedule = fc.record({
    kind: fc.constant("one-cycle" as const),
    learningRate: fc.double({ min: 1e-4, max: 10, noNaN: true }),
    shape: fc.constantFrom("triangular" as const, "cosine" as const),
    warmupShare: fc.double({ min: 0, max: 1, noNaN: true }),
    initialDivision: fc.double({ min: 1, max: 1e3, noNaN: true }),
    finalDivision: fc.double({ min: 1, max: 1e5, noNaN: true }),
  });
  fc.assert(
    fc.property(schedule, time, (options, { epochs, stepsPerEpoch }) => {
      const rates = allRates({ schedule: options, epochs, stepsPerEpoch });
      const top = rates.indexOf(Math.max(...rates));
      rates.forEach((rate, step) => {
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThanOrEqual(options.learningRate * (1 + 1e-12));
        if (step === 0) return;
        const change = rate - rates[step - 1]!;
        expect(change * (step <= top ? 1 : -1)).toBeGreaterThanOrEqual(-1e-12 * options.learningRate);
      });
      if (rates.length > 2 && options.warmupShare < 1) {
        const end = options.learningRate / options.initialDivision / options.finalDivision;
        expect(rates.at(-1)!).toBeCloseTo(end, 9);
      }
    }),
  );
});

test("cosine falls from the rate to the floor", () => {
  fc.assert(
    fc.property(time, fc.double({ min: 0, max: 1, noNaN: true }), ({ epochs, stepsPerEpoch }, share) => {
      const schedule = { kind: "cosine", learningRate: 0.3, floor: 0.3 * share, warmupEpochs: 0 } as const;
      const rates = allRates({ schedule, epochs, stepsPerEpoch });
      expect(rates[0]).toBeCloseTo(0.3, 12);
      rates.forEach((rate, step) => {
        expect(rate).toBeGreaterThanOrEqual(schedule.floor - 1e-12);
        if (step > 0) expect(rate).toBeLessThanOrEqual(rates[step - 1]! + 1e-12);
      });
    }),
  );
});

test("a warm-up may end within an epoch", () => {
  const schedule = { kind: "constant", learningRate: 1, warmupEpochs: 0.5 } as const;
  expect(allRates({ schedule, epochs: 1, stepsPerEpoch: 8 })).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 1, 1]);
});

describe("plateau", () => {
  const asirra: PlateauSchedule = {
    kind: "plateau",
    learningRate: 0.01,
    factor: 0.1,
    patience: 30,
    threshold: 1e-4,
    floor: 0,
    epsilon: 1e-8,
    warmupEpochs: 0,
  };
  test("reduces after the 31st bad epoch and stops reducing below epsilon", () => {
    let state = initialPlateau(asirra);
    const rates: number[] = [];
    for (let epoch = 0; epoch < 400; epoch++) {
      rates.push(learningRateAt(asirra, { step: epoch, stepsPerEpoch: 1, epochs: 400 }, state));
      state = updatePlateau(asirra, state, 0.5);
    }
    expect(rates[31]).toBe(0.01);
    expect(rates[32]).toBeCloseTo(1e-3, 12);
    // 1e-2 ... 1e-8: the step from 1e-8 to 1e-9 is smaller than epsilon.
    expect(rates.at(-1)!).toBeCloseTo(1e-8, 14);
    expect(new Set(rates).size).toBe(7);
  });
  test("an improvement below the threshold is a bad epoch, one above it is not", () => {
    let state = updatePlateau(asirra, initialPlateau(asirra), 0.9);
    state = updatePlateau(asirra, state, 0.9 * (1 + 0.99e-4));
    expect(state).toEqual({ learningRate: 0.01, best: 0.9, badEpochs: 1 });
    state = updatePlateau(asirra, state, 0.9 * (1 + 1.01e-4));
    expect(state!.badEpochs).toBe(0);
    expect(state!.best).toBeGreaterThan(0.9);
  });
  test("of a loss the lowest is the best, by the same share", () => {
    const lowest = (state: ReturnType<typeof initialPlateau>, score: number) =>
      updatePlateau(asirra, state, score, "lowest");
    let state = lowest(initialPlateau(asirra), 0.9);
    state = lowest(state, 0.9 * (1 - 0.99e-4));
    expect(state).toEqual({ learningRate: 0.01, best: 0.9, badEpochs: 1 });
    state = lowest(state, 1.2);
    expect(state).toEqual({ learningRate: 0.01, best: 0.9, badEpochs: 2 });
    state = lowest(state, 0.9 * (1 - 1.01e-4));
    expect(state).toMatchObject({ best: 0.9 * (1 - 1.01e-4), badEpochs: 0 });
  });
  test("the other schedules keep no state", () => {
    const constant = { kind: "constant", learningRate: 1, warmupEpochs: 0 } as const;
    expect(initialPlateau(constant)).toBeNull();
    expect(updatePlateau(constant, null, 0.5)).toBeNull();
  });
});

describe("bad options", () => {
  const cosine = { kind: "cosine", learningRate: 0.1, floor: 0, warmupEpochs: 0 } as const;
  const steps = {
    kind: "steps",
    learningRate: 0.1,
    milestones: [2, 4],
    gamma: 0.1,
    warmupEpochs: 0,
  } as const;
  test("good ones pass", () => {
    checkSchedule(cosine, 1);
    checkSchedule(steps, 3);
    checkSchedule({ ...cosine, warmupEpochs: 0.5 }, 1);
  });
  const bad: readonly (readonly [ScheduleOptions, RegExp])[] = [
    [{ ...cosine, learningRate: 0 }, /schedule cosine: learningRate must be a number > 0, got 0/],
    [{ ...cosine, learningRate: Number.NaN }, /learningRate .* got NaN/],
    [{ ...cosine, learningRate: Number.POSITIVE_INFINITY }, /learningRate .* got Infinity/],
    [{ ...cosine, floor: -1 }, /floor must be a number >= 0, got -1/],
    [{ ...cosine, floor: 0.2 }, /floor must be at most learningRate 0.1, got 0.2/],
    [{ ...cosine, warmupEpochs: 10 }, /warmupEpochs must be less than the 10 epochs, got 10/],
    [{ ...steps, milestones: [4, 2] }, /milestones must be rising whole epochs >= 1, got \[4, 2\]/],
    [{ ...steps, milestones: [0] }, /milestones .* got \[0\]/],
    [{ ...steps, gamma: 2 }, /gamma .* got 2/],
    [
      {
        kind: "one-cycle",
        learningRate: 1,
        shape: "cosine",
        warmupShare: 1.1,
        initialDivision: 25,
        finalDivision: 1,
      },
      /schedule one-cycle: warmupShare must be a number from 0 to 1, got 1.1/,
    ],
  ];
  test.each(bad)("%j", (schedule, message) => {
    expect(() => checkSchedule(schedule, 10)).toThrow(message);
  });
});
