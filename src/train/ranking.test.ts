// Which epoch is the better one: by the first score that differs.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { ClassScores } from "./evaluation.ts";
import type { Ranking } from "./objective.ts";
import { isBetter, rankedScores } from "./ranking.ts";

const ranking: Ranking<ClassScores> = [
  { score: "top1", best: "highest" },
  { score: "loss", best: "lowest" },
];
const anyScore = fc.record({ top1: fc.integer({ min: 0, max: 3 }), loss: fc.integer({ min: 0, max: 3 }) });

test("the order is that of the numbers 10 top1 - loss", () => {
  fc.assert(
    fc.property(anyScore, anyScore, (one, other) => {
      const worth = ({ top1, loss }: typeof one) => 10 * top1 - loss;
      expect(isBetter(ranking, one, other)).toBe(worth(one) > worth(other));
    }),
  );
});

test("of a score only what is ranked is kept, in the ranking's order", () => {
  const kept = rankedScores(ranking, { loss: 2, top1: 0.5, top5: 1, count: 8 });
  expect(Object.entries(kept)).toEqual([
    ["top1", 0.5],
    ["loss", 2],
  ]);
});
