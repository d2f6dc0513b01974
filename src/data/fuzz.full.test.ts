// Thousands of damaged files of every kind: read or refused with one line, in bounded time and memory.
import { expect, it } from "vitest";
import { temporaryFolder } from "../../test/helpers/data.ts";
import { fuzz, largestAllocation } from "../../test/helpers/fuzz-readers.ts";
import { fuzzTargets } from "../../test/helpers/fuzz-targets.ts";

const attempts = Number(process.env.CUTOUT_FUZZ_ATTEMPTS ?? 600);
const seed = Number(process.env.CUTOUT_FUZZ_SEED ?? 2);

it.each(fuzzTargets)(
  "$name",
  async (target) => {
    const folder = temporaryFolder();
    const before = process.memoryUsage.rss();
    const largest = await largestAllocation(() => fuzz(target, folder, attempts, seed));
    expect(largest).toBeLessThan(2 ** 25);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 30);
  },
  600_000,
);
