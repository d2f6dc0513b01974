// Bad input at every door of cutout/augment: one clear error each, never a TypeError, never a silent result.
import { describe, expect, test } from "vitest";
import { augmentationExamples } from "../../test/helpers/augmentations.ts";
import { CutoutError } from "../error.ts";
import * as augment from "./index.ts";

const shape = { height: 8, width: 8, channels: 3, layout: "HWC" } as const;
const pixels = new Float32Array(192).fill(0.5);
const image = { ...shape, pixels };
const batch = { ...image, count: 1, labels: null };
const nan = pixels.slice().fill(Number.NaN);
const rng = () => augment.stream(1, "bad input");
const { options } = augment.cutout({ length: 4 });
const grows = augment.cutoutOptions({
  length: {
    schedule: [
      [0, 2],
      [1, 4],
    ],
  },
});
const flip = augment.horizontalFlip();

/** What a caller without types, or a file, may hand over. */
const wrong = (value: unknown) => value as never;

const calls: readonly [name: string, call: () => unknown, message: string][] = [
  ["no options", () => augment.cutout(wrong(undefined)), "cutout: options must be an object, got undefined"],
  ["a number", () => augment.cutout(wrong(16)), "cutout: options must be an object, got 16"],
  [
    "two kinds of length",
    () => augment.cutout(wrong({ length: { pixels: [2, 4], share: 0.5 } })),
    'cutout: options of length must be among pixels, got "share"',
  ],
  [
    "a mistyped key of a length",
    () => augment.cutout(wrong({ length: { share: 0.5, off: "height" } })),
    'cutout: options of length must be among share, of, got "off"',
  ],
  [
    "a mistyped key of a shape",
    () => augment.cutout(wrong({ length: 4, shape: { kind: "rectangle", aspect: [1, 2], ratio: 3 } })),
    'cutout: options of shape must be among kind, aspect, got "ratio"',
  ],
  [
    "a mistyped key of a fill",
    () => augment.cutout(wrong({ length: 4, fill: { uniform: [0, 1], per: "pixel", units: "white" } })),
    'cutout: options of fill must be among uniform, per, unit, got "units"',
  ],
  [
    "two kinds of side",
    () =>
      augment.cutout(
        wrong({
          shape: { kind: "sides", height: { pixels: [1, 2], share: [0, 1] }, width: { share: [0, 1] } },
        }),
      ),
    'cutout: options of shape.height must be among pixels, got "share"',
  ],
  ["no shape", () => augment.cutout(options)(pixels, wrong(undefined), 1), "cutout: shape must be an object"],
  [
    "no count",
    () => augment.cutout(options)(pixels, wrong({ ...shape, count: null }), 1),
    "cutout: count must be an integer >= 1, got null",
  ],
  [
    "a layout that objects have",
    () => augment.cutout(options)(pixels, wrong({ ...shape, layout: "toString" }), 1),
    'cutout: layout must be "HWC" or "CHW", got "toString"',
  ],
  [
    "an image without pixels",
    () => augment.cutout(options)(new Float32Array(0), { ...shape, height: 0 }, 1),
    "cutout: height must be an integer >= 1, got 0",
  ],
  [
    "64-bit floats",
    () => augment.cutout(options)(wrong(new Float64Array(192)), shape, 1),
    "cutout: pixels must be a Float32Array or a Uint8Array, got Float64Array",
  ],
  [
    "a mean of no numbers",
    () => augment.cutout({ length: 4, fill: "imageMean" })(nan, shape, 1),
    "cutout: pixels must be finite for a fill with the image's mean, got a mean of NaN",
  ],
  ["no image", () => augment.expectedArea(options, wrong(undefined)), "cutout: image must be an object"],
  [
    "no image",
    () => augment.sampleHoles(rng(), wrong(undefined), options),
    "cutout: image must be an object",
  ],
  [
    "no stream",
    () => augment.sampleHoles(wrong(undefined), shape, options),
    "cutout: rng must be an Rng, as",
  ],
  [
    "progress above 1",
    () => augment.expectedArea(grows, shape, 2),
    "cutout: progress must be a number from 0 to 1, got 2",
  ],
  [
    "progress above 1",
    () => augment.sampleHoles(rng(), shape, grows, 7),
    "cutout: progress must be a number from 0 to 1, got 7",
  ],
  [
    "no progress for a schedule",
    () => augment.cutoutAugmentation(grows).sample(rng(), shape, wrong(undefined)),
    "cutout: progress must be a number from 0 to 1, got undefined",
  ],
  ["no holes", () => augment.applyHoles(pixels, shape, wrong(null), "zero"), "cutout: holes must be a list"],
  [
    "a hole that is none",
    () => augment.applyHoles(pixels, shape, [wrong(null)], "zero"),
    "cutout: hole must be an object, got null",
  ],
  [
    "runs that are none",
    () =>
      augment.applyHoles(pixels, shape, [wrong({ top: 0, bottom: 1, left: 0, right: 1, runs: "a" })], "zero"),
    'cutout: runs must be a list, got "a"',
  ],
  [
    "parameters that are none",
    () => augment.cutoutAugmentation(options).apply(image, wrong(null)),
    "cutout: parameters must be an object, got null",
  ],
  [
    "parameters of another augmentation",
    () => augment.cutoutAugmentation(options).apply(image, wrong({ flip: true })),
    "cutout: holes must be a list, got undefined",
  ],
  [
    "a batch without a count",
    () => augment.cutoutBatchAugmentation(options).sample(rng(), wrong(shape), 0),
    "cutout: count must be an integer >= 1, got undefined",
  ],
  [
    "parameters that are none",
    () => augment.cutoutBatchAugmentation(options).apply(batch, wrong({})),
    "cutout: holes must be a list, got undefined",
  ],
  [
    "pixels that are no numbers",
    () => augment.mixup().apply({ ...batch, pixels: nan }, { mix: null }),
    "got NaN",
  ],
  [
    "pixels that are no numbers",
    () => augment.cutmix().apply({ ...batch, pixels: nan }, { mix: null }),
    "cutmix: pixels must be finite, got NaN at index 0",
  ],
  [
    "no batch",
    () => augment.mixup().apply(wrong(null), { mix: null }),
    "mixup: batch must be { pixels, count,",
  ],
  [
    "no labels",
    () => augment.mixup().apply({ ...batch, labels: wrong(undefined) }, { mix: null }),
    "mixup: labels must be null or a Float32Array of 1 images x classes, got undefined",
  ],
  [
    "parameters that are none",
    () => augment.mixup().apply(batch, wrong({})),
    "mixup: parameters must be { mix: null or what sample drew }, got {}",
  ],
  [
    "a box that is none",
    () => augment.cutmix().apply(batch, wrong({ mix: { partners: [0] } })),
    "cutmix: box must be { top, bottom, left, right }, got undefined",
  ],
  [
    "no partners",
    () => augment.mixup().apply(batch, wrong({ mix: { lambda: 0.5 } })),
    "mixup: partners must be one for each of the 1 images, got undefined",
  ],
  [
    "copies of nothing",
    () => augment.batchAugmentation({ copies: 2, augmentation: wrong(undefined) }),
    "batch-augmentation: augmentation must be one that was made, got undefined",
  ],
  [
    "parameters that are none",
    () => augment.batchAugmentation({ copies: 2, augmentation: flip }).apply(batch, wrong({})),
    "batch-augmentation: parameters must be { images } with a list for each image",
  ],
  ["no steps", () => augment.compose(wrong(undefined)), "compose: steps must be a list of augmentations"],
  [
    "no stream",
    () => augment.augmentEach(flip, batch, wrong(undefined)),
    "augmentEach: random must be a function that gives the stream of an image, got undefined",
  ],
  [
    "no parameters",
    () => augment.applyEach(flip, batch, wrong(null)),
    "applyEach: parameters must be 1, one for each image, got null",
  ],
  [
    "no batch",
    () => augment.applyEach(flip, wrong(null), []),
    "applyEach: image must have height, width and",
  ],
  [
    "no name",
    () => augment.createAugmentation(wrong(undefined)),
    'augmentations: each must be { "name", "options" }, got undefined',
  ],
  [
    "a box that is none",
    () => augment.transformTargets(flip, { flip: true }, shape, { boxes: [wrong(null)] }),
    "targets: boxes must be a list of objects, got [null]",
  ],
];

test("options of another library's preset are no options of ours, by their types too", () => {
  // @ts-expect-error
  expect(() => augment.cutout({ like: "torchvision", length: 3 })).toThrow(
    "cutout like torchvision: options must be among p, scale, ratio, value",
  );
});

test.each(calls)("%s", (_, call, message) => {
  expect(call).toThrow(message);
  try {
    call();
  } catch (error) {
    expect([Error, CutoutError]).toContain((error as Error).constructor);
  }
});

describe.each(augment.augmentationNames)("%s", (name) => {
  const made = augment.createAugmentation({
    name,
    options: augmentationExamples[name],
  } as augment.AugmentationSpec);
  const drawn = made.sample(rng(), shape, 1);

  test("pixels that are no numbers, no image, no parameters", () => {
    expect(() => made.apply({ ...image, pixels: nan }, drawn)).toThrow(
      `${name}: pixels must be finite, got NaN at index 0`,
    );
    expect(() => made.apply(wrong(null), drawn)).toThrow(`${name}: image must be {`);
    expect(() => made.sample(rng(), wrong(undefined), 1)).toThrow("image must have height, width and");
    expect(() => made.sample(wrong(Math.random), shape, 1)).toThrow(
      `${name}: rng must be an Rng, as stream()`,
    );
    for (const parameters of [null, [], {}]) {
      expect(() => made.apply(image, wrong(parameters))).toThrow(new RegExp(`^${name}: `));
    }
  });
});

test("a box that reaches far out of the image takes no more time and memory than one inside", () => {
  const far = { left: -1e12, right: 1e12, top: 2, bottom: 4 };
  const { boxes } = augment.transformTargets(flip, { flip: true }, shape, { boxes: [far] });
  expect(boxes).toEqual([{ left: 0, right: 8, top: 2, bottom: 4, visibility: expect.closeTo(4e-12, 15) }]);
});
