// Rounds and their price on several machines.
import fc from "fast-check";
import { expect, test } from "vitest";
import { secondsAfter, secondsOn } from "./rounds.ts";

const seconds = fc.integer({ min: 0, max: 1000 });
const rounds = fc.array(fc.array(seconds, { maxLength: 12 }), { maxLength: 5 });
const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);

test("one machine takes the sum; many take the longest trial of each round; none takes less than its share", () => {
  fc.assert(
    fc.property(rounds, fc.integer({ min: 1, max: 12 }), (all, machines) => {
      const took = secondsOn(machines, all);
      expect(secondsOn(1, all)).toBe(sum(all.flat()));
      expect(secondsOn(12, all)).toBe(sum(all.map((round) => Math.max(0, ...round))));
      expect(took).toBeGreaterThanOrEqual(sum(all.flat()) / machines);
      // Graham's bound of list scheduling: at most 2 - 1/m of the best possible one.
      const least = sum(all.map((round) => Math.max(0, ...round, sum(round) / machines)));
      expect(took).toBeLessThanOrEqual((2 - 1 / machines) * least + 1e-9);
    }),
  );
});

test("a machine takes the next in order as soon as it is free", () => {
  expect(secondsOn(2, [[3, 1, 1, 4]])).toBe(6);
  expect(
    secondsOn(2, [
      [3, 1],
      [2, 2, 2],
    ]),
  ).toBe(7);
  expect(secondsAfter([5, 1], [2, 2], 2)).toBe(5);
  expect(secondsAfter([], [], 3)).toBe(0);
});
