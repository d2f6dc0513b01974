import fc from "fast-check";
import { expect, it } from "vitest";
import { inOrder } from "./in-order.ts";

it("answers in order, with at most `ahead` under way", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(3), { maxLength: 20 }),
      fc.integer({ min: 1, max: 5 }),
      async (waits, ahead) => {
        let running = 0;
        let most = 0;
        const work = async (item: [number, number]) => {
          most = Math.max(most, ++running);
          for (let tick = 0; tick < item[1]; tick++) await new Promise(setImmediate);
          running--;
          return item[0];
        };
        const results: number[] = [];
        for await (const result of inOrder(
          waits.map((wait, at) => [at, wait] as [number, number]),
          work,
          ahead,
        )) {
          results.push(result);
        }
        expect(results).toEqual(waits.map((_, at) => at));
        expect(most).toBeLessThanOrEqual(ahead);
      },
    ),
    { numRuns: 30 },
  );
});

it("throws the first failure in its place", async () => {
  const seen: number[] = [];
  const run = async () => {
    const work = async (item: number) => {
      if (item >= 2) throw new Error(`item ${item}`);
      return item;
    };
    for await (const result of inOrder([0, 1, 2, 3], work, 3)) seen.push(result);
  };
  await expect(run()).rejects.toThrow("item 2");
  expect(seen).toEqual([0, 1]);
});
