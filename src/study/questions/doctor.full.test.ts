// How often a doctor's study finds a difference where there is none.
import { expect, test } from "vitest";
import { conducted, plan, quick } from "../../../test/fixtures/doctor-world.ts";

test("treatments without any effect: at most 5 % of studies name one", { timeout: 3_600_000 }, () => {
  const studies = 4000;
  let named = 0;
  for (let seed = 0; seed < studies; seed++) {
    const { answer } = conducted(plan, { ...quick, effects: [0, 0, 0, 0, 0], deviation: 0.05, seed });
    if (answer.kept.some(({ result }) => ["better", "worse"].includes(result.verdict.kind))) named++;
  }
  // Three standard deviations above 5 % of so many.
  console.log(`${named} of ${studies} studies without any effect found one`);
  expect(named / studies).toBeLessThanOrEqual(0.05 + 3 * Math.sqrt((0.05 * 0.95) / studies));
});
