// A run with timed convolutions keeps what was timed: it goes on, and can be made again, whatever is timed later.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { paintPhotos } from "../../test/helpers/photos.ts";
import type { Config, Settings } from "../config/config.ts";
import { readSettings } from "../config/settings.ts";
import { openRun } from "../run-folder/index.ts";
import { timingFile } from "../runtime/timing-file.ts";
import { openClassifier } from "./classifier.ts";
import { resumeTrial, runTrial } from "./trial.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-timed-run-"));
const data = join(root, "photos");
const never = new AbortController().signal;
const quiet = () => {};

beforeAll(async () => {
  vi.stubEnv("XDG_CACHE_HOME", join(root, "caches"));
  await paintPhotos(data, 12);
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true });
});

const settings = (convolution: Settings["convolution"]): Settings =>
  readSettings({
    data,
    imageSize: 16,
    cacheSize: 16,
    epochs: 1,
    batchSize: 8,
    threads: 1,
    loaderWorkers: 0,
    convolution,
    split: { validation: 4, test: 4 },
    cacheDir: join(root, "cache"),
    runsDir: join(root, "runs"),
  });

const weights = (runDir: string) => readFileSync(join(runDir, "best.safetensors")).toString("base64");
const choices = (runDir: string): Config["timedConvolutions"] => openRun(runDir).config.timedConvolutions;

/** As if every algorithm but the fastest had been faster. */
function timeOtherwise(): void {
  const file = JSON.parse(readFileSync(timingFile(), "utf8"));
  for (const entries of Object.values<Record<string, { algorithm: string; milliseconds: object }>>(
    file.timings,
  )) {
    for (const entry of Object.values(entries)) {
      entry.algorithm = Object.keys(entry.milliseconds).find((name) => name !== entry.algorithm)!;
    }
  }
  writeFileSync(timingFile(), JSON.stringify(file));
}

test("a run goes on with the algorithms it began with, and its config makes it again", async () => {
  const controller = new AbortController();
  const progress: string[] = [];
  const { runDir, status } = await runTrial(settings("timed"), {
    signal: controller.signal,
    onEvent(event) {
      if (event.type === "step") controller.abort(new Error("stop"));
      if (event.type === "progress") progress.push(`${event.what} ${event.done} of ${event.total}`);
    },
  });
  expect(status).toBe("interrupted");
  expect(progress.filter((line) => line.startsWith("timing convolutions")).length).toBeGreaterThan(2);
  const began = choices(runDir);
  expect(Object.keys(began).length).toBeGreaterThan(4);

  timeOtherwise();
  await resumeTrial(runDir, { signal: never, onEvent: quiet });
  expect(choices(runDir)).toEqual(began);

  const { config } = openRun(runDir);
  const again = await runTrial(config, { signal: never, onEvent: quiet });
  expect(choices(again.runDir)).toEqual(began);
  expect(weights(again.runDir)).toBe(weights(runDir));

  const other = await runTrial(settings("timed"), { signal: never, onEvent: quiet });
  expect(choices(other.runDir)).not.toEqual(began);
  expect(weights(other.runDir), "with other algorithms").not.toBe(weights(runDir));

  // Nothing is timed for predictions.
  const before = readFileSync(timingFile(), "utf8");
  const classifier = await openClassifier(again.runDir);
  await classifier.evaluateTest();
  await classifier.close();
  expect(readFileSync(timingFile(), "utf8")).toBe(before);
});

test("without timing a run keeps no choices, also when its settings come from one that did", async () => {
  const name = "3x16x16 to 32x16x16, 3x3, padding 1, batch 8: forward";
  const timedConvolutions = { [name]: "winograd" } as const;
  const { runDir } = await runTrial(
    { ...settings("fixed"), timedConvolutions },
    { signal: never, onEvent: quiet },
  );
  expect(openRun(runDir).config).toMatchObject({ convolution: "fixed", timedConvolutions: {} });
});

test("what is no algorithm is told with its field", () => {
  const read = (more: object) => () => readSettings({ data, ...more });
  expect(read({ convolution: "fft" })).toThrow(
    'config: convolution: must be fixed, timed, pointwise, im2col, winograd or spaceToDepth, got "fft"',
  );
  expect(read({ timedConvolutions: { a: "timed" } })).toThrow(
    'config: timedConvolutions.a: must be pointwise, im2col, winograd or spaceToDepth, got "timed"',
  );
  expect(read({ timedConvolutions: "winograd" })).toThrow("config: timedConvolutions: must be an object");
});
