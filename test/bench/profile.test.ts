// The profile of a training step.
import { expect, it, vi } from "vitest";
import { profile } from "../../bench/profile.ts";
import type { CostRow } from "../../bench/work.ts";

it("says what the operators of a step take, which is no more than the step", async () => {
  const log = vi.spyOn(console, "log").mockReturnValue();
  const options = { models: ["tiny"], batch: [4], threads: 1, seconds: 0.1, rounds: 1, peers: [], cases: [] };
  const rows = (await profile.run({ ...options, photos: null })) as readonly CostRow[];
  const said = log.mock.calls.flat().join("\n");
  log.mockRestore();
  expect(said).toContain("profile, tiny 32x32, batch 4");
  expect(said).toContain("FusedMatMul");
  const shares = rows.map(({ share }) => share);
  expect(shares).toEqual([...shares].sort((a, b) => b - a));
  expect(shares.reduce((sum, share) => sum + share)).toBeLessThan(1.02);
  expect(rows.every(({ nodes }) => Number.isInteger(nodes) && nodes >= 1)).toBe(true);
  // The first convolution, forward, as a product: filters of 3 x 3 x 3 on 32 x 32 pixels of 4 images.
  const first = rows.find(({ what }) => what === "MatMul 16x27 · 27x4096 -> 16x4096");
  expect(first!.gigaflops! * first!.milliseconds * 1e6).toBeCloseTo(2 * 16 * 27 * 4096, 3);
});
