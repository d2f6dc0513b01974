// A dry run: what it says agrees with the config, it times real steps, and nothing but the cache is written.
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { smallTrial } from "../../test/helpers/small-trial.ts";
import { classification } from "./classification.ts";
import { dryRun } from "./dry-run.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-dry-run-"));
afterAll(() => rmSync(root, { recursive: true }));

test("config, parameters, operations, memory and time; no run folder", async () => {
  await paintPhotos(join(root, "photos"), 26);
  const settings = smallTrial(root, {
    epochs: 3,
    split: { validation: 8, test: 12 },
  });
  const found = await dryRun(classification, settings, () => {});
  expect(found).toMatchObject({
    config: { epochs: 3, batchSize: 8, split: { seed: 0 } },
    images: { train: 32, validation: 8, test: 12 },
    steps: 12,
    timed: { first: 2, last: 4 },
  });
  // resnet9 at 28 pixels: about 0.1 billion multiplications an image forward, and the gradients twice that.
  expect(found.operationsPerStep / 8).toBeGreaterThan(1e8);
  expect(found.memory).toBeGreaterThan(2 ** 26);
  expect(found.seconds).toBeGreaterThan(11 * found.secondsPerStep);
  expect(readdirSync(root).sort()).toEqual(["cache", "photos"]);
});

test("weights to begin with are looked at as in a run", async () => {
  await paintPhotos(join(root, "others"), 26);
  const from = { run: join(root, "nowhere"), weights: null, sha256: null };
  const settings = smallTrial(root, { data: join(root, "others"), split: { validation: 8, test: 12 }, from });
  await expect(dryRun(classification, settings, () => {})).rejects.toThrow("nowhere");
});
