// A training whose images grow, whole: what it says of itself, its records, and a dry run of it.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { smallTrial } from "../../test/helpers/small-trial.ts";
import { loadCheckpoint } from "../run-folder/checkpoint.ts";
import { classification } from "./classification.ts";
import { dryRun } from "./dry-run.ts";
import type { RunEvent } from "./events.ts";
import { resumeTrial, runTrial } from "./trial.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-progressive-"));
const data = join(root, "photos");
beforeAll(() => paintPhotos(data, 20));
afterAll(() => rmSync(root, { recursive: true }));

const settings = smallTrial(root, {
  epochs: 4,
  augment: { augmentations: [] },
  progressive: { delayFraction: 0.25, finetuneFraction: 0.25 },
});

test("tells its sizes, and stopped within an epoch and gone on with it is the same, bit for bit", async () => {
  const texts: string[] = [];
  const alone = await runTrial(settings, {
    onEvent: (event) => event.type === "message" && texts.push(event.text),
  });
  const sizes =
    "trained on images of 16 x 16 pixels in epochs 1 to 2, 20 x 20 in epoch 3, 28 x 28 in epoch 4";
  expect(texts).toContain(sizes);
  expect(texts.filter((text) => text.startsWith("from epoch"))).toEqual([
    "from epoch 1 on images of 16 x 16 pixels",
    "from epoch 3 on images of 20 x 20 pixels",
    "from epoch 4 on images of 28 x 28 pixels",
  ]);
  expect(readFileSync(alone.report, "utf8")).toContain(sizes);

  const stop = new AbortController();
  const onEvent = (event: RunEvent) => {
    if (event.type === "step" && event.epoch === 3 && event.stepInEpoch === 2) stop.abort();
  };
  const { runDir } = await runTrial(settings, { signal: stop.signal, onEvent });
  const resumed = await resumeTrial(runDir);
  expect(resumed.test).toEqual(alone.test);
  const lastOf = (path: string) => loadCheckpoint(join(path, "last.safetensors")).state;
  expect(lastOf(runDir)).toEqual(lastOf(alone.runDir));
}, 600_000);

test("a dry run times full images, and counts smaller ones by their pixels", async () => {
  const found = await dryRun(classification, settings, () => {});
  const perEpoch = found.steps / 4;
  const steps = perEpoch * ((2 * 16 ** 2 + 20 ** 2) / 28 ** 2 + 1);
  const views = (4 * found.images.validation + found.images.test) / 8 / 3;
  expect(found.seconds / found.secondsPerStep).toBeCloseTo(steps + views, 6);
}, 600_000);
