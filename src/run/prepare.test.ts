import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { paint } from "../../test/helpers/data.ts";
import { readSettings } from "../config/settings.ts";
import { channelStatistics } from "../data/index.ts";
import { classWeightsOf, prepare } from "./prepare.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-prepare-"));
const classes = { blue: [0, 0, 200], green: [0, 200, 0], red: [200, 0, 0] } as const;
const counts = { blue: 40, green: 10, red: 10 } as const;

beforeAll(async () => {
  for (const [name, colour] of Object.entries(classes)) {
    for (let index = 0; index < counts[name as keyof typeof counts]; index++) {
      await paint(join(root, "photos", name, `${index}.png`), [...colour], 8);
    }
  }
});
afterAll(() => rmSync(root, { recursive: true }));

function prepared(flags: object) {
  const data = join(root, "photos");
  const settings = readSettings({
    data,
    imageSize: 8,
    cacheSize: 8,
    epochs: 3,
    cacheDir: join(root, "cache"),
    ...flags,
  });
  return prepare(settings, () => {});
}

test("fewer training images: each class in its share, the same for the same seed, within the training part", async () => {
  const all = await prepared({});
  const some = await prepared({ split: { train: 12 } });
  expect(some.split.train).toHaveLength(12);
  expect(some.split.train.every((index) => all.split.train.includes(index))).toBe(true);
  const perClass = Object.keys(classes).map(
    (_, label) => some.split.train.filter((index) => some.dataset.labels[index] === label).length,
  );
  expect(perClass).toEqual([8, 2, 2]);
  expect((await prepared({ split: { train: 12 } })).split).toEqual(some.split);
  expect((await prepared({ split: { train: 12 }, seed: 1 })).split.train).not.toEqual(some.split.train);
});

test("the parts follow from their own seed, which is the run's where none is told", async () => {
  const partsOf = async (flags: object) => (await prepared({ split: { train: 12 }, ...flags })).split;
  const [first, second] = [await partsOf({ seed: 0 }), await partsOf({ seed: 1 })];
  const split = { train: 12 };
  expect(second).not.toEqual(first);
  expect(await partsOf({ seed: 1, split: { ...split, seed: 0 } })).toEqual(first);
  expect(await partsOf({ seed: 0, split: { ...split, seed: 1 } })).toEqual(second);
  expect((await prepared({ seed: 5 })).config.split.seed).toBe(5);
  expect((await prepared({ seed: 5, split: { seed: 6 } })).config.split.seed).toBe(6);
});

test("so few training images that a class would have none are refused", async () => {
  await expect(prepared({ split: { train: 2 } })).rejects.toThrow(
    'split.train: must leave every class a training image, got 2 and none of "green"',
  );
});

test("sizes that do not fit are refused before an image is decoded", async () => {
  const unread = () => {
    throw new Error("decoded");
  };
  const cacheDir = join(root, "untouched");
  const refused = (flags: object) =>
    prepare(readSettings({ data: join(root, "photos"), cacheDir, ...flags }), unread);
  await expect(refused({ model: "alexnet", imageSize: 32 })).rejects.toThrow(
    /^imageSize: must be at least \d+ for alexnet, got 32$/,
  );
  await expect(refused({ imageSize: 32, augment: { padding: 40 } })).rejects.toThrow(
    "augment.padding: must be less than the image size (32), got 40",
  );
  expect(existsSync(cacheDir)).toBe(false);
});

test("a schedule that does not fit the epochs is refused before a run folder is made", async () => {
  await expect(prepared({ schedule: { kind: "cosine", warmupEpochs: 3 } })).rejects.toThrow(
    "schedule cosine: warmupEpochs must be less than the 3 epochs, got 3",
  );
  await expect(prepared({ schedule: { kind: "cosine", learningRate: 0.1, floor: 0.2 } })).rejects.toThrow(
    "schedule cosine: floor must be at most learningRate 0.1, got 0.2",
  );
});

test("the pipeline is what the config says, normalized by the training part alone", async () => {
  const { config, dataset, split, statistics, pipeline } = await prepared({
    split: { train: 13 },
    augment: { cutout: { length: 4 }, flip: 0.25, padding: 1, augmentations: [] },
  });
  expect(config.augment.cutout).toMatchObject({ length: 4, nHoles: 1 });
  expect(pipeline.options).toEqual({
    input: { height: 8, width: 8, channels: 3 },
    crop: { height: 8, width: 8, padding: 1, paddingMode: "constant" },
    flip: 0.25,
    normalization: statistics,
    augmentations: [],
    cutout: {
      length: 4,
      shape: "square",
      nHoles: 1,
      placement: "anywhere",
      fill: "zero",
      probability: 1,
      per: "image",
    },
  });
  expect(statistics).toEqual(channelStatistics(dataset, split.train));
  const all = Int32Array.from({ length: dataset.count }, (_, index) => index);
  expect(statistics).not.toEqual(channelStatistics(dataset, all));
});

test("balanced class weights: every class counts the same in the sum over the training images", async () => {
  const { config, dataset, split } = await prepared({ split: { train: 12 }, classWeights: "balanced" });
  // 8, 2 and 2 images: 12 / (3 * 8), 12 / (3 * 2), 12 / (3 * 2)
  expect(classWeightsOf(config, dataset, split.train)).toEqual([0.5, 2, 2]);
  expect(classWeightsOf({ ...config, classWeights: "none" }, dataset, split.train)).toBeNull();
});
