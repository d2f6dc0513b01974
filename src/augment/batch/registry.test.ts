// What is done to whole batches, by name.
import { expect, test } from "vitest";
import { createMix, type MixSpec } from "./registry.ts";

test.each<[MixSpec, number, string | undefined]>([
  [{ name: "cutmix" }, 1, "cutmix"],
  [{ name: "mixup", options: { alpha: 0.2 } }, 1, "mixup"],
  [{ name: "batch-augmentation" }, 2, undefined],
  [{ name: "batch-augmentation", options: { copies: 4 } }, 4, undefined],
])("%j", (spec, copies, name) => {
  const mix = createMix(spec);
  expect(mix.copies).toBe(copies);
  expect(mix.augmentation?.name).toBe(name);
});

test.each<[unknown, string]>([
  [null, 'mix: each must be { "name", "options" }, got null'],
  [{ name: "toString" }, "mix: name must be one of cutmix, mixup, batch-augmentation, got"],
  [{ name: "mixup", alpha: 1 }, 'mix: mixup must have "name" and "options" only, got "alpha"'],
  [{ name: "mixup", options: { alpha: 0 } }, "mixup: alpha must be a number > 0, got 0"],
  [
    { name: "batch-augmentation", options: { copies: 1 } },
    "batch-augmentation: copies must be an integer >= 2, got 1",
  ],
])("bad config: %j", (spec, message) => {
  expect(() => createMix(spec as MixSpec)).toThrow(message);
});
