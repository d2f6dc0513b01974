import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkFor, configFor, sizesFor } from "../../test/helpers/config.ts";
import { presetNames } from "../augment/cutout/presets.ts";
import { buildNetwork } from "../nn/build.ts";
import { networkNames } from "../nn/networks/index.ts";
import { shortForm } from "../text.ts";
import { configSchema, type SettingsInput } from "./config.ts";
import { defaultLength } from "./resolve.ts";
import { readSettings } from "./settings.ts";

/** Wrong settings too: that is what files hold. */
const read = (told: object, file?: string) => readSettings(told as SettingsInput, file);

const settingsOf = (flags: Record<string, unknown> = {}) => read({ data: "photos", ...flags });

function complete(flags: Record<string, unknown>, naturalSide: number | null, trainingImages: number) {
  const settings = settingsOf(flags);
  return configFor(settings, sizesFor(settings, naturalSide), trainingImages);
}

describe("defaults that follow from the data", () => {
  test("photos are seen at 64 pixels, in crops from 72; small images as they are, padded", () => {
    expect(sizesFor(settingsOf(), null)).toMatchObject({ imageSize: 64, cacheSize: 72, padding: 0 });
    expect(sizesFor(settingsOf(), 32)).toMatchObject({ imageSize: 32, cacheSize: 32, padding: 4 });
    expect(sizesFor(settingsOf({ imageSize: 96 }), null)).toMatchObject({
      imageSize: 96,
      cacheSize: 108,
      padding: 0,
    });
  });

  test("AlexNet sees 227 pixels in crops from 256, whatever the data", () => {
    for (const side of [null, 32]) {
      const sizes = sizesFor(settingsOf({ model: "alexnet" }), side);
      expect(sizes).toMatchObject({ imageSize: 227, cacheSize: 256, padding: 0 });
    }
  });

  test("few photos get TrivialAugment; many, and small images, do not; what is told wins", () => {
    const [trivial, erasing] = ["trivial-augment", "random-erasing"];
    const listFor = (told: string[] | undefined, naturalSide: number | null, trainingImages: number) => {
      const settings = settingsOf(told === undefined ? {} : { augment: { augmentations: told } });
      const { augment } = configFor(settings, sizesFor(settings, naturalSide), trainingImages);
      return augment.augmentations.map(({ name }) => name);
    };
    expect(listFor(undefined, null, 2000)).toEqual([trivial]);
    expect(listFor(undefined, null, 2001)).toEqual([]);
    expect(listFor(undefined, 32, 200)).toEqual([]);
    expect(listFor([], null, 200)).toEqual([]);
    expect(listFor(["random-erasing"], null, 200)).toEqual([erasing]);
    expect(listFor(["random-erasing", "auto"], null, 200)).toEqual([trivial, erasing]);
    expect(listFor(["random-erasing", "auto"], null, 4000)).toEqual([erasing]);
  });

  test("any data give a config that is complete, fits together, and is not changed by resolving it again", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...networkNames),
        fc.option(fc.integer({ min: 8, max: 64 })),
        fc.integer({ min: 1, max: 200_000 }),
        fc.option(fc.integer({ min: 8, max: 1024 }), { nil: undefined }),
        (model, naturalSide, trainingImages, imageSize) => {
          const flags = { model, augment: { cutout: {} }, ...(imageSize !== undefined && { imageSize }) };
          const config = complete(flags, naturalSide, trainingImages);
          expect(configSchema.parse(config)).toEqual(config);
          expect(config.batchSize).toBeLessThanOrEqual(trainingImages);
          expect(config.cacheSize).toBeGreaterThanOrEqual(config.imageSize);
          expect(config.epochs).toBeGreaterThanOrEqual(15);
          expect(config.epochs).toBeLessThanOrEqual(60);
          expect(config.augment.cutout).toMatchObject({ length: defaultLength(config.imageSize) });
          expect(configFor(config, sizesFor(config, naturalSide), trainingImages)).toEqual(config);
        },
      ),
    );
  });

  test("a hole is half of the side, the paper's 16 of 32, and always even", () => {
    expect(defaultLength(32)).toBe(16);
    expect(defaultLength(28)).toBe(14);
    for (let side = 8; side <= 1024; side++) {
      expect(defaultLength(side) % 2).toBe(0);
      expect(Math.abs(defaultLength(side) - side / 2)).toBeLessThanOrEqual(1);
    }
  });
});

describe("recipes", () => {
  const ofModel = (model: string, flags: Record<string, unknown> = {}, trainingImages = 10_000) =>
    complete({ model, ...flags }, null, trainingImages);

  test("AlexNet on batches of 256 has the Asirra baseline's: 0.01, plain momentum, weight decay of biases too", () => {
    for (const kind of ["constant", "cosine", "one-cycle", "plateau"]) {
      const { schedule, optimizer } = ofModel("alexnet", { batchSize: 256, schedule: { kind } });
      expect(schedule.learningRate).toBe(0.01);
      expect(optimizer).toEqual({
        name: "sgd",
        momentum: 0.9,
        nesterov: false,
        weightDecay: 5e-4,
        decayBiasAndNorm: true,
      });
    }
  });

  test("AlexNet's rate falls with the batch and never rises above the baseline's", () => {
    const rate = (batchSize: number) => ofModel("alexnet", { batchSize }).schedule.learningRate;
    expect(rate(32)).toBe(0.00125);
    expect(rate(128)).toBe(0.005);
    expect(rate(1024)).toBe(0.01);
    // Few images get a small batch, and with it a small rate.
    const small = ofModel("alexnet", {}, 480);
    expect([small.batchSize, small.schedule.learningRate]).toEqual([32, 0.00125]);
  });

  test("residual networks have Nesterov's momentum, and a rate that falls below batches of 128 only", () => {
    for (const model of ["resnet9", "resnet18", "wrn-16-4"]) {
      for (const batchSize of [8, 128, 512]) {
        const { schedule, optimizer } = ofModel(model, { batchSize });
        expect(schedule).toMatchObject({
          kind: "one-cycle",
          learningRate: batchSize === 8 ? 0.00625 : 0.1,
          warmupShare: 0.25,
        });
        expect(optimizer).toEqual({
          name: "sgd",
          momentum: 0.9,
          nesterov: true,
          weightDecay: 5e-4,
          decayBiasAndNorm: false,
        });
      }
    }
  });

  test("what is told wins; without momentum there is none of Nesterov's", () => {
    const told = { optimizer: { nesterov: true, decayBiasAndNorm: false }, schedule: { learningRate: 0.3 } };
    expect(ofModel("alexnet", { batchSize: 32, ...told })).toMatchObject(told);
    expect(ofModel("resnet9", { optimizer: { momentum: 0 } }).optimizer).toMatchObject({ nesterov: false });
  });
});

test.each([
  ["one-cycle", {}, "last"],
  ["cosine", {}, "last"],
  ["constant", {}, "best"],
  ["steps", {}, "best"],
  ["plateau", {}, "best"],
  ["one-cycle", { earlyStopping: { patience: 3 } }, "best"],
  ["constant", { split: { validation: 0 } }, "last"],
  ["one-cycle", { keep: "best" }, "best"],
  ["plateau", { keep: "last" }, "last"],
  ["one-cycle", { earlyStopping: { patience: 3 }, keep: "last" }, "last"],
])("%s with %j keeps the %s epoch", (kind, told, keep) => {
  const schedule = kind === "steps" ? { kind, milestones: [5] } : { kind };
  expect(complete({ schedule, ...told }, null, 5000).keep).toBe(keep);
});

describe("Cutout like another implementation", () => {
  const like = (text: string, naturalSide: number | null = 32) =>
    complete({ augment: { cutout: { like: text } } }, naturalSide, 5000).augment.cutout;

  test.each(presetNames)("%s is kept as it was told", (name) => {
    const required: Readonly<Record<string, object>> = {
      "reviewed-numpy": { cutLength: 8 },
      ffcv: { cropSize: 8 },
    };
    const options = required[name] ?? {};
    expect(like(shortForm(name, options))).toEqual({ like: name, ...options });
  });

  test("a hole that does not fit the image is named by its flag", () => {
    const settings = settingsOf({ augment: { cutout: { like: "ffcv:cropSize=40" } } });
    expect(() => sizesFor(settings, 32)).toThrow(
      "augment.cutout.like: cutout: length must be at most the image's longer side, 32, got 40",
    );
  });
});

describe("what does not fit is named by its flag", () => {
  test("a batch larger than the data", () => {
    const settings = settingsOf({ batchSize: 100 });
    expect(() => configFor(settings, sizesFor(settings, null), 99)).toThrow(
      "batchSize: must be at most the number of training images (99), got 100",
    );
  });

  test("a hole larger than the image", () => {
    expect(() => sizesFor(settingsOf({ augment: { cutout: { length: 66 } } }), null)).toThrow(
      "augment.cutout.length: must be at most the image's longer side, 64, got 66",
    );
    expect(() => sizesFor(settingsOf({ augment: { cutout: { length: "8-66" } } }), null)).toThrow(
      "augment.cutout.length: must be at most the image's longer side, 64, got 66",
    );
  });

  test("augmentations that do not take images of this size, or change it", () => {
    const sizes = (augmentation: string) =>
      sizesFor(settingsOf({ imageSize: 32, augment: { augmentations: [augmentation] } }), null);
    expect(() => sizes("grid-mask:period=[96,224]")).toThrow(
      "augment.augmentations: grid-mask: period must end at most at the image's longer side, 32, got 224",
    );
    expect(() => sizes("random-crop:height=8,width=8")).toThrow(
      "augment.augmentations: augmentations: random-crop must leave at least the 32 x 32 pixels that the network takes, got 8 x 8",
    );
    expect(() => sizes("random-erasing:fill=[0.5]")).not.toThrow();
    expect(() => sizes("random-erasing:fill=[0.5,1]")).toThrow(
      "fill must be a number, or a list of 3, one a channel, got [0.5, 1]",
    );
    for (const name of ["grid-mask", "hide-and-seek", "random-erasing"])
      expect(() => sizes(name)).not.toThrow();
  });

  test("a batch that is no multiple of the copies of its images", () => {
    const mix = "batch-augmentation:copies=3";
    expect(() =>
      configFor(settingsOf({ batchSize: 32, augment: { mix } }), sizesFor(settingsOf(), null), 99),
    ).toThrow("batchSize: must be a multiple of the 3 copies of batch-augmentation, got 32");
    expect(complete({ augment: { mix } }, null, 5000).batchSize % 3).toBe(0);
    expect(complete({ batchSize: 33, augment: { mix } }, null, 11).batchSize).toBe(33);
  });

  const sizesOf = (flags: object) => sizesFor(settingsOf({ ...flags }), null);
  const check = (flags: object) => checkFor(settingsOf({ ...flags }), sizesOf(flags));

  const smallest: { readonly [model: string]: number } = { alexnet: 67, "alexnet-2012": 67, airbench94: 9 };

  test.each(networkNames)("images too small for %s: the size it names is the smallest that does", (model) => {
    for (let imageSize = 8; imageSize <= 80; imageSize++) {
      const input = { height: imageSize, width: imageSize, channels: 3 };
      try {
        buildNetwork(model, { input, numClasses: 2 });
      } catch {
        const where = "imageSize: must be at least";
        expect(() => check({ model, imageSize })).toThrow(
          `${where} ${smallest[model]} for ${model}, got ${imageSize}`,
        );
        continue;
      }
      expect(() => check({ model, imageSize })).not.toThrow();
    }
  });

  test("a padding as large as the image", () => {
    expect(() => check({ imageSize: 32, augment: { padding: 31 } })).not.toThrow();
    expect(() => check({ imageSize: 32, augment: { padding: 32 } })).toThrow(
      "augment.padding: must be less than the image size (32), got 32",
    );
  });

  test("a crop larger than the decoded image", () => {
    expect(() => sizesFor(settingsOf({ imageSize: 64, cacheSize: 63 }), null)).toThrow(
      "cacheSize: must be at least the image size (64), got 63",
    );
  });
});
