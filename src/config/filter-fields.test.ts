// The settings of data filtering: their defaults, configs of before, what is refused and in which words.
import { describe, expect, it, test } from "vitest";
import { checkFor, completeConfig, sizesFor } from "../../test/helpers/config.ts";
import { formatVersion, type SettingsInput } from "./config.ts";
import { imagesLearnt } from "./filter-fields.ts";
import { readCompleteConfig, readSettings } from "./settings.ts";

test("off by default; what is left out is filled in, the network's options too", () => {
  expect(completeConfig({}).filter).toBeNull();
  expect(completeConfig({ filter: {} }).filter).toMatchObject({ model: { name: "wrn-16-1" }, keep: 0.5 });
  const { filter } = completeConfig({ filter: { model: "wrn-10-1:dropout=0.3", keep: 0.25 } });
  expect(filter).toMatchObject({ model: { name: "wrn-10-1", options: { dropout: 0.3 } }, keep: 0.25 });
});

test("a complete config is read as it is; one of version 6 learns all images", () => {
  const config = completeConfig({ filter: {} });
  const stored = JSON.parse(JSON.stringify({ ...config, formatVersion }));
  expect(readCompleteConfig(stored)).toEqual(config);
  const { filter, ...before } = stored;
  expect(readCompleteConfig({ ...before, formatVersion: 6 })).toEqual({ ...config, filter: null });
});

test("as many are learnt as the parts of a batch divide", () => {
  expect(imagesLearnt({ batchSize: 64, accumulate: 1, filter: null })).toBe(64);
  expect(imagesLearnt({ batchSize: 64, accumulate: 1, filter: { keep: 0.3 } })).toBe(19);
  expect(imagesLearnt({ batchSize: 64, accumulate: 4, filter: { keep: 0.3 } })).toBe(20);
  expect(imagesLearnt({ batchSize: 64, accumulate: 1, filter: { keep: 0.001 } })).toBe(1);
});

describe("refused", () => {
  it.each([
    [{ keep: 1 }, "filter.keep: must be a number > 0 and < 1, got 1"],
    [{ model: "wrn-17-1" }, "filter.model"],
    [{ model: "./mine.js" }, 'filter.model: must be a network that comes with cutout, got "./mine.js"'],
  ])("%j", (filter, message) => {
    expect(() => readSettings({ data: "x", filter } as SettingsInput)).toThrow(message);
  });

  it.each<[string, Partial<SettingsInput>, string]>([
    ["a pretraining", { objective: { kind: "context-encoder" } }, "filter.model: goes by the classes"],
    [
      "targeted Cutout",
      { augment: { targeted: { layer: "last" } } },
      "filter.model: does not go with targeted Cutout: that keeps a map of every image",
    ],
    [
      "a small network that needs larger images",
      { filter: { model: "alexnet" } },
      "filter.model: alexnet: images of 64x64 are too small for it",
    ],
    [
      "a small network whose weights depend on the size",
      { imageSize: 128, filter: { model: "alexnet" }, progressive: {} },
      "filter.model: alexnet: ",
    ],
  ])("%s", (_, told, message) => {
    const settings = readSettings({ data: "x", filter: {}, ...told });
    expect(() => checkFor(settings, sizesFor(settings, null))).toThrow(message);
  });

  test("a batch of which nothing is left out", () => {
    expect(() => completeConfig({ filter: { keep: 0.99 }, batchSize: 8 })).toThrow(
      "filter.keep: must leave an image out of each batch of 8, got 0.99",
    );
  });
});
