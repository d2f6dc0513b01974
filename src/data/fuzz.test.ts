// Damaged files of every kind: read or refused with one line, in bounded time and memory. The long version is
// fuzz.full.test.ts.
import { expect, it } from "vitest";
import { temporaryFolder } from "../../test/helpers/data.ts";
import { fuzz, fuzzTargets, largestAllocation } from "../../test/helpers/fuzz-readers.ts";

it.each(fuzzTargets)("$name", async (target) => {
  const folder = temporaryFolder();
  let refused = 0;
  const largest = await largestAllocation(async () => {
    ({ refused } = await fuzz(target, folder, 25, 1));
  });
  expect(refused).toBeGreaterThan(0);
  // The files have some thousand bytes; the image library is given a few million pixels at most.
  expect(largest).toBeLessThan(2 ** 25);
});
