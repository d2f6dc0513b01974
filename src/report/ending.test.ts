// How a run ended, and whether it learnt by heart: each at the edges of its rule.
import { expect, test } from "vitest";
import { epochsOf } from "../../test/fixtures/run-folder.ts";
import { completeConfig } from "../../test/helpers/config.ts";
import type { SettingsInput } from "../config/config.ts";
import type { EpochRecord, TestRecord } from "../train/events.ts";
import { endingText } from "./ending.ts";
import { memorizedText } from "./memorized.ts";

const score = { loss: 1, top1: 0.5, top5: 1, count: 10 };
const tested: TestRecord = { type: "test", epoch: 1, crops: "center", test: score };
const run = (
  told: Partial<SettingsInput>,
  epochs: readonly EpochRecord[],
  test: TestRecord | null = tested,
) => ({
  config: completeConfig(told),
  epochs,
  test,
  failure: null,
});
const stopping = { epochs: 50, earlyStopping: { patience: 5 } };

test("each way to end is said", () => {
  expect(endingText(run({ epochs: 3 }, epochsOf(3)))).toBe("ended after all 3 epochs");
  expect(endingText(run({ epochs: 1 }, epochsOf(1)))).toBe("ended after its one epoch");
  expect(endingText(run(stopping, epochsOf(12, 7)))).toBe(
    "ended after epoch 12 of 50: no better validation accuracy than that of epoch 7 for 5 epochs (early stopping)",
  );
  expect(endingText(run(stopping, epochsOf(11, 7), null))).toBe("was interrupted after epoch 11 of 50");
  expect(endingText(run(stopping, [], null))).toBe("was interrupted before the first epoch had ended");
  expect(endingText(run({ epochs: 50 }, epochsOf(4)), { failure: "the loss must be a finite number" })).toBe(
    "ended by an error after epoch 4 of 50: the loss must be a finite number",
  );
  const failure = { reason: "the disk is full", at: "2026-01-02T03:04:05.678Z" };
  expect(endingText({ ...run({ epochs: 50 }, epochsOf(4), null), failure })).toBe(
    "ended by an error after epoch 4 of 50: the disk is full",
  );
  expect(endingText(run(stopping, epochsOf(4), null), { by: "Ctrl-C" })).toBe(
    "was interrupted by Ctrl-C after epoch 4 of 50",
  );
  expect(endingText({ config: null, epochs: [], test: null, failure: null })).toBe(null);
});

const last = (training: number, right: number, count: number): readonly EpochRecord[] => [
  {
    ...epochsOf(1)[0]!,
    train: { loss: 0.1, top1: training },
    validation: { loss: 1, top1: right / count, top5: 1, count },
  },
];
const says = (training: number, right: number, count: number) =>
  memorizedText(run({}, last(training, right, count))) !== null;

test.each<[training: number, right: number, count: number, memorized: boolean]>([
  [1, 70, 100, true],
  [0.97, 870, 1000, true],
  [0.9699, 700, 1000, false],
  [1, 900, 1000, true],
  [1, 901, 1000, false],
  [0.98, 881, 1000, false],
  // The fewest validation images that are too few to be chance: 2 of 4 wrong, 3 of 10, 3 of 20.
  [1, 3, 4, false],
  [1, 2, 4, true],
  [1, 8, 10, false],
  [1, 7, 10, true],
  [1, 18, 20, false],
  [1, 17, 20, true],
  [1, 0, 1, false],
])("training %f, validation %i of %i: %s", (training, right, count, memorized) => {
  expect(says(training, right, count)).toBe(memorized);
});

test("the sentence names both numbers, and only what is not yet done", () => {
  expect(memorizedText(run({}, last(1, 42, 60)))?.replaceAll("\u00a0", " ")).toBe(
    "it knows its training images by heart: training 100.0 %, validation 70.0 %; too few photos or too weak augmentation; " +
      "try --augment trivial-augment, --cutout, more photos, fewer epochs",
  );
  const augment = { cutout: { length: 16 }, augmentations: ["trivial-augment"] };
  expect(memorizedText(run({ augment }, last(1, 42, 60)))).toContain("; try more photos, fewer epochs");
  expect(memorizedText(run({}, []))).toBe(null);
});
