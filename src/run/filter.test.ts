// A training of which each batch is filtered, whole: what it says of itself, and gone on with it is the same.
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

const root = mkdtempSync(join(tmpdir(), "cutout-filter-"));
const data = join(root, "photos");
beforeAll(() => paintPhotos(data, 20));
afterAll(() => rmSync(root, { recursive: true }));

const settings = smallTrial(root, {
  augment: { augmentations: [] },
  filter: { model: "wrn-10-1", keep: 0.5 },
});

test("says what is learnt, and stopped within an epoch and gone on with it is the same, bit for bit", async () => {
  const texts: string[] = [];
  const alone = await runTrial(settings, {
    onEvent: (event) => event.type === "message" && texts.push(event.text),
  });
  const line =
    /of each batch the 4 of 8 images are learnt on which wrn-10-1\S*, trained alongside, has the highest loss/;
  expect(texts.join("\n")).toMatch(line);
  expect(readFileSync(alone.report, "utf8")).toMatch(line);
  const lastOf = (path: string) => loadCheckpoint(join(path, "last.safetensors")).state;
  expect(lastOf(alone.runDir).optimizer.has("filter.parameters.conv1.weight")).toBe(true);

  const stop = new AbortController();
  const onEvent = (event: RunEvent) => {
    if (event.type === "step" && event.epoch === 2 && event.stepInEpoch === 2) stop.abort();
  };
  const { runDir } = await runTrial(settings, { signal: stop.signal, onEvent });
  const resumed = await resumeTrial(runDir);
  expect(resumed.test).toEqual(alone.test);
  expect(lastOf(runDir)).toEqual(lastOf(alone.runDir));
}, 600_000);

test("a dry run times both networks", async () => {
  const found = await dryRun(classification, settings, () => {});
  const plain = await dryRun(classification, { ...settings, filter: null }, () => {});
  expect(found.steps).toBe(plain.steps);
  expect(found.parameters).toBe(plain.parameters);
  // Half of the large network's, and what the small one does.
  expect(found.operationsPerStep).toBeGreaterThan(plain.operationsPerStep / 2);
  expect(found.operationsPerStep).toBeLessThan(plain.operationsPerStep);
}, 600_000);
