// The short form of augmentations in flags and config files.
import { expect, test } from "vitest";
import { createMix } from "../augment/batch/registry.ts";
import { augmentationNames, createAugmentation } from "../augment/registry.ts";
import { augmentationFrom, mixFrom } from "./augmentation-text.ts";

test.each<[string, object]>([
  ["grid-mask", { name: "grid-mask", options: {} }],
  [" grid-mask : ratio = 0.5 , rotation = 1 ", { name: "grid-mask", options: { ratio: 0.5, rotation: 1 } }],
  [
    "random-erasing:area=[0.02,0.2],corner=inside,fill=random",
    { name: "random-erasing", options: { area: [0.02, 0.2], corner: "inside", fill: "random" } },
  ],
  [
    'hide-and-seek:gridSizes=[0,4],fill={"uniform":[0,1],"per":"pixel"}',
    { name: "hide-and-seek", options: { gridSizes: [0, 4], fill: { uniform: [0, 1], per: "pixel" } } },
  ],
])("%s", (text, spec) => {
  expect(augmentationFrom(text)).toEqual(spec);
});

test("every augmentation whose options may be left out can be named alone", () => {
  const failures = augmentationNames.filter((name) => {
    try {
      createAugmentation(augmentationFrom(name));
      return false;
    } catch {
      return true;
    }
  });
  // Those that cannot guess a size or an angle.
  for (const name of [
    "grid-mask",
    "hide-and-seek",
    "occlusion",
    "random-erasing",
    "gaussian-noise",
    "trivial-augment",
  ]) {
    expect(failures).not.toContain(name);
  }
});

test.each<[string, object]>([
  ["cutmix", { name: "cutmix", options: {} }],
  ["mixup:alpha=0.2,probability=0.5", { name: "mixup", options: { alpha: 0.2, probability: 0.5 } }],
  ["batch-augmentation", { name: "batch-augmentation", options: {} }],
  ["batch-augmentation:copies=4", { name: "batch-augmentation", options: { copies: 4 } }],
])("mix %s", (text, spec) => {
  expect(mixFrom(text)).toEqual(spec);
  expect(createMix(mixFrom(text)).copies).toBe(
    { "batch-augmentation": 2, "batch-augmentation:copies=4": 4 }[text] ?? 1,
  );
});

test.each<[string, string]>([
  ["", "augmentations: name must be one of"],
  ["gridmask", "augmentations: name must be one of"],
  ["grid-mask:ratio", 'grid-mask: options must be key=value with commas between them, got "ratio"'],
  ["grid-mask:", 'grid-mask: options must be key=value with commas between them, got ""'],
  ["grid-mask:ratio=much", 'grid-mask: ratio must be a number from 0 to 1, got "much"'],
  ["grid-mask:d=4", "grid-mask: options must be among period, ratio"],
  ["grid-mask:__proto__=4", "grid-mask: options must be among period, ratio"],
])("wrong: %s", (text, message) => {
  expect(() => createAugmentation(augmentationFrom(text))).toThrow(message);
});

test.each<[string, string]>([
  ["toString", "mix: name must be one of cutmix, mixup, batch-augmentation"],
  ["cutmix:alpha=0", "cutmix: alpha must be a number > 0, got 0"],
  ["batch-augmentation:copies=1", "batch-augmentation: copies must be an integer >= 2, got 1"],
])("mix, wrong: %s", (text, message) => {
  expect(() => createMix(mixFrom(text))).toThrow(message);
});
