// The settings of progressive image sizes: their defaults, configs of before, what is refused and in which words.
import { describe, expect, it, test } from "vitest";
import { checkFor, completeConfig, sizesFor } from "../../test/helpers/config.ts";
import type { SettingsInput } from "./config.ts";
import { formatVersion } from "./config.ts";
import { sizesOfTraining } from "./progressive-fields.ts";
import { readCompleteConfig, readSettings } from "./settings.ts";

const usual = { initialScale: 0.5, delayFraction: 0.5, finetuneFraction: 0.2, sizeIncrement: 4 };

test("off by default; what is left out is Composer's", () => {
  expect(completeConfig({}).progressive).toBeNull();
  expect(completeConfig({ progressive: {} }).progressive).toEqual(usual);
  expect(completeConfig({ progressive: { initialScale: 0.6 } }).progressive).toEqual({
    ...usual,
    initialScale: 0.6,
  });
});

test("a complete config is read as it is; one of version 6 has images of one size", () => {
  const config = completeConfig({ progressive: {} });
  const stored = JSON.parse(JSON.stringify({ ...config, formatVersion }));
  expect(readCompleteConfig(stored)).toEqual(config);
  const { progressive, ...before } = stored;
  expect(readCompleteConfig({ ...before, formatVersion: 6 })).toEqual({ ...config, progressive: null });
  expect(() => readCompleteConfig(before)).toThrow("progressive: must be there, got nothing");
});

test("the sizes of a training", () => {
  const config = completeConfig({ progressive: {}, imageSize: 64, epochs: 10 });
  expect(sizesOfTraining(config).map(({ height, first, last }) => [height, first, last])).toEqual([
    [32, 1, 6],
    [44, 7, 7],
    [52, 8, 8],
    [64, 9, 10],
  ]);
  expect(sizesOfTraining({ ...config, progressive: null })).toEqual([
    { height: 64, width: 64, first: 1, last: 10 },
  ]);
});

describe("refused", () => {
  it.each([
    [{ initialScale: 1 }, "progressive.initialScale: must be a number > 0 and < 1, got 1"],
    [{ delayFraction: 2 }, "progressive.delayFraction: must be a number from 0 to 1, got 2"],
    [{ sizeIncrement: 0 }, "progressive.sizeIncrement: must be an integer >= 1, got 0"],
    [
      { delayFraction: 0.5, finetuneFraction: 0.6 },
      "progressive.delayFraction: must be at most 1 together with the share at the end",
    ],
    [{ scale: 0.5 }, "progressive.scale: unknown key"],
  ])("%j", (progressive, message) => {
    expect(() => readSettings({ data: "x", progressive } as SettingsInput)).toThrow(message);
  });

  const check = (told: Partial<SettingsInput>) => {
    const settings = readSettings({ data: "x", progressive: {}, ...told });
    checkFor(settings, sizesFor(settings, null));
  };
  it.each<[string, Partial<SettingsInput>, string]>([
    [
      "alexnet",
      { model: "alexnet" },
      "progressive.initialScale: alexnet: its weights must not depend on the size of the images (fc6.weight is another for 112x112 pixels); leave it out",
    ],
    [
      "images that become too small",
      { model: "airbench94", imageSize: 32, progressive: { initialScale: 0.2 } },
      "airbench94: images of 8x8 are too small for it",
    ],
    [
      "a pretraining",
      { objective: { kind: "context-encoder" } },
      "progressive.initialScale: is of classifiers: a pretraining rebuilds the images; leave it out",
    ],
    [
      "targeted Cutout",
      { augment: { targeted: { layer: "last" } } },
      "progressive.initialScale: does not go with targeted Cutout: it keeps maps of one size",
    ],
    [
      "nothing smaller",
      { imageSize: 32, progressive: { initialScale: 0.99 } },
      "progressive.initialScale: must make images smaller than 32 x 32 pixels, in multiples of 4, got 0.99",
    ],
  ])("%s", (_, told, message) => {
    expect(() => check(told)).toThrow(message);
  });

  const taken = ["resnet9", "resnet18", "wrn-16-4", "shake-shake-26-2x32d", "airbench94"] as const;
  it.each(taken)("%s is not", (model) => {
    check({ model, imageSize: 32, regularize: ["spatial-dropout:0.1@last"] });
  });
});
