// Damaged files of every kind: read or refused with one line, in bounded time and memory. The long version is
// fuzz.full.test.ts.
import { expect, it } from "vitest";
import { temporaryFolder } from "../../test/helpers/data.ts";
import { fuzz, largestAllocation } from "../../test/helpers/fuzz-readers.ts";
import { fuzzTargets } from "../../test/helpers/fuzz-targets.ts";
import { dataFormats } from "./open.ts";

it.each(fuzzTargets)("$name", async (target) => {
  const folder = temporaryFolder();
  let noticed = 0;
  const largest = await largestAllocation(async () => {
    const { refused, leftOut } = await fuzz(target, folder, 25, 1);
    noticed = refused + leftOut;
  });
  expect(noticed).toBeGreaterThan(0);
  // The files have some thousand bytes; the image library is given a few million pixels at most.
  expect(largest).toBeLessThan(2 ** 25);
});

it("every format has its damaged files", () => {
  expect(new Set(fuzzTargets.map(({ format }) => format))).toEqual(new Set(dataFormats));
});
