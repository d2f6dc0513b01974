// A training with targeted Cutout: its first epoch is that of a run without, later ones are not; and stopped within an
// epoch and gone on with it is the same, bit for bit.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { paintPhotos } from "../../test/helpers/photos.ts";
import { smallTrial } from "../../test/helpers/small-trial.ts";
import { loadCheckpoint } from "../run-folder/checkpoint.ts";
import type { RunEvent } from "./events.ts";
import { resumeTrial, runTrial } from "./trial.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-targeted-"));
const data = join(root, "photos");
beforeAll(() => paintPhotos(data, 16));
afterAll(() => rmSync(root, { recursive: true }));

const settings = smallTrial(root, {
  accumulate: 2,
  split: { validation: 0, test: 6 },
  augment: { augmentations: [], targeted: { layer: "layer3" } },
});

const losses = (runDir: string) =>
  readFileSync(join(runDir, "metrics.jsonl"), "utf8")
    .split("\n")
    .flatMap((line) =>
      line.includes('"epoch"') && line.includes('"train"') ? [JSON.parse(line).train.loss] : [],
    );
const lastOf = (runDir: string) => loadCheckpoint(join(runDir, "last.safetensors"));

test("masks by the epoch before, and is the same when it is gone on with", async () => {
  const alone = await runTrial(settings, { test: false });
  const plain = await runTrial(
    { ...settings, augment: { ...settings.augment, targeted: null } },
    { test: false },
  );
  expect(losses(alone.runDir)).toHaveLength(2);
  expect(losses(alone.runDir)[0]).toBe(losses(plain.runDir)[0]);
  expect(losses(alone.runDir)[1]).not.toBe(losses(plain.runDir)[1]);

  const { optimizer } = lastOf(alone.runDir).state;
  // 26 training images, two of them left over in each epoch of three steps.
  expect(optimizer.get("targeted.maps")!.shape).toEqual([26, 7, 7]);
  expect(lastOf(plain.runDir).state.optimizer.has("targeted.maps")).toBe(false);

  // The report shows maps and masks.
  expect(existsSync(join(alone.runDir, "targeted.png"))).toBe(true);
  expect(readFileSync(join(alone.runDir, "report.html"), "utf8")).toContain("What was hidden from the model");
  expect(existsSync(join(plain.runDir, "targeted.png"))).toBe(false);

  const stop = new AbortController();
  let steps = 0;
  const onEvent = (event: RunEvent) => {
    if (event.type === "step" && ++steps === 4) stop.abort();
  };
  const { runDir } = await runTrial(settings, { signal: stop.signal, onEvent, test: false });
  await resumeTrial(runDir, { test: false });
  expect(losses(runDir)).toEqual(losses(alone.runDir));
  expect(lastOf(runDir).state).toEqual(lastOf(alone.runDir).state);
}, 600_000);
