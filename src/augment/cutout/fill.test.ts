// Every fill, on floats and bytes, in both orders of the axes; batches, in place, masks.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import type { Fill } from "../fill/fill.ts";
import type { ImageLayout, PixelArray } from "../image/layout.ts";
import { cutoutAugmentation, cutoutBatchAugmentation } from "./augmentation.ts";
import { applyHoles, cutout, sampleHoles } from "./cutout.ts";
import { coverageMap, type Hole } from "./hole.ts";
import type { CutoutOptions } from "./options.ts";
import type { CutoutPreset } from "./presets.ts";

const shape: ImageLayout = { height: 24, width: 30, channels: 3, layout: "HWC" };
const size = 24 * 30 * 3;
const hole: Hole = { top: 2, bottom: 22, left: 3, right: 27, seed: 5 };
const floats = (count = 1) =>
  Float32Array.from({ length: count * size }, (_, i) => ((i * 7919) % 1000) / 1000);
const bytes = (count = 1) => Uint8Array.from({ length: count * size }, (_, i) => (i * 7919) % 251);

/** Channel c of the pixels in the hole. */
function cut(
  pixels: PixelArray,
  c: number,
  { height, width, channels, layout }: ImageLayout = shape,
  holes = [hole],
): number[] {
  const map = coverageMap(holes, { height, width });
  return [...map.keys()]
    .filter((at) => map[at] === 1)
    .map((at) => (layout === "HWC" ? pixels[at * channels + c]! : pixels[c * height * width + at]!));
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

const fills: readonly Fill[] = [
  "zero",
  "imageMean",
  "channelMean",
  "random",
  "randomColour",
  "otherImage",
  0.5,
  [0.1, 0.2, 0.3],
  { colour: [0.4, 0.5, 0.6] },
  { uniform: [0.2, 0.4], per: "pixel" },
  {
    uniform: [
      [0, 1, 2],
      [1, 2, 3],
    ],
    per: "channel",
  },
  { normal: [1, 2], per: "grey" },
  { normal: [1, 2], per: "hole", clip: [0, 2] },
];

test("both orders of the axes get the same, and pixels outside the hole stay", () => {
  const transposed = (pixels: PixelArray, toPlanes: boolean): Float32Array =>
    Float32Array.from({ length: size }, (_, i) => {
      const [at, c] = toPlanes ? [i % 720, Math.floor(i / 720)] : [Math.floor(i / 3), i % 3];
      return pixels[toPlanes ? at * 3 + c : c * 720 + at]!;
    });
  const holes = sampleHoles(stream(3, "x"), shape, {
    length: 14,
    shape: "circle",
    nHoles: 2,
    placement: "anywhere",
    fill: "random",
    probability: 1,
  });
  for (const fill of fills) {
    const image = floats();
    const other = Float32Array.from(image, (value) => 1 - value);
    const hwc = applyHoles(image, shape, holes, fill, other);
    const chw = applyHoles(
      transposed(image, true),
      { ...shape, layout: "CHW" },
      holes,
      fill,
      transposed(other, true),
    );
    const back = transposed(chw, false);
    expect(Math.max(...back.map((value, i) => Math.abs(value - hwc[i]!)))).toBeLessThan(1e-6);
    const map = coverageMap(holes, shape);
    hwc.forEach((value, i) => {
      if (map[Math.floor(i / 3)] === 0) expect(value).toBe(image[i]);
    });
  }
});

describe("values", () => {
  const painted = (fill: Fill, image: PixelArray = floats()) =>
    [0, 1, 2].map((c) => cut(applyHoles(image, shape, [hole], fill), c));
  const single = (values: readonly number[]) => {
    expect(new Set(values).size).toBe(1);
    return values[0]!;
  };

  test("constants, means, colours on the scale 0 to 1", () => {
    expect(painted("zero").map(single)).toEqual([0, 0, 0]);
    expect(painted([1, 2, 3]).map(single)).toEqual([1, 2, 3]);
    expect(painted({ colour: [0.25, 0.5, 0.75] }).map(single)).toEqual([0.25, 0.5, 0.75]);
    expect(painted({ colour: [0.25, 0.5, 1] }, bytes()).map(single)).toEqual([64, 128, 255]);
    expect(painted(300, bytes()).map(single)).toEqual([255, 255, 255]);
    const image = floats();
    for (const value of painted("imageMean", image).map(single))
      expect(value).toBeCloseTo(mean([...image]), 5);
    painted("channelMean", image)
      .map(single)
      .forEach((value, c) => {
        expect(value).toBeCloseTo(mean([...image].filter((_, i) => i % 3 === c)), 5);
      });
  });

  test("random: normal in floats, uniform bytes; a number for each channel of each pixel", () => {
    const normal = painted("random").flat();
    expect(normal.length).toBe(1440);
    expect(new Set(normal).size).toBeGreaterThan(1430);
    expect(Math.abs(mean(normal))).toBeLessThan(0.1);
    expect(Math.abs(deviation(normal) - 1)).toBeLessThan(0.08);
    const uniform = painted("random", bytes()).flat();
    expect(Math.abs(mean(uniform) - 127.5)).toBeLessThan(8);
    expect(Math.abs(deviation(uniform) - 255 / Math.sqrt(12))).toBeLessThan(5);
    expect([Math.min(...uniform) < 4, Math.max(...uniform) > 251]).toEqual([true, true]);
  });

  test("a number for each channel, for each pixel, for the hole", () => {
    expect(new Set(painted("randomColour").map(single)).size).toBe(3);
    expect(new Set(painted({ uniform: [0, 1], per: "hole" }).map(single)).size).toBe(1);
    const [red, green, blue] = painted({ normal: [0, 1], per: "grey" });
    expect(red).toEqual(green);
    expect(red).toEqual(blue);
    expect(new Set(red).size).toBeGreaterThan(470);
  });

  test("ranges, for each channel too, clipping, and shares of white", () => {
    painted({
      uniform: [
        [0, 1, 2],
        [1, 2, 3],
      ],
      per: "pixel",
    }).forEach((values, c) => {
      expect(Math.min(...values)).toBeGreaterThanOrEqual(c);
      expect(Math.max(...values)).toBeLessThanOrEqual(c + 1);
      expect(Math.abs(mean(values) - c - 0.5)).toBeLessThan(0.06);
    });
    const clipped = painted({ normal: [0, 10], per: "pixel", clip: [0, 1] }).flat();
    expect(Math.abs(clipped.filter((value) => value === 0).length / clipped.length - 0.5)).toBeLessThan(0.06);
    expect(new Set(painted({ uniform: [10, 12], per: "pixel" }, bytes()).flat())).toEqual(
      new Set([10, 11, 12]),
    );
    const [low, high] = [Math.min, Math.max].map((end) =>
      end(...painted({ uniform: [0, 1], per: "pixel", unit: "white" }, bytes()).flat()),
    );
    expect([low! < 4, high! > 251]).toEqual([true, true]);
  });

  test("the same hole gives the same noise, another seed other noise", () => {
    expect(painted("random")).toEqual(painted("random"));
    const other = cut(applyHoles(floats(), shape, [{ ...hole, seed: 6 }], "random"), 0);
    expect(other).not.toEqual(painted("random")[0]);
    expect(() => applyHoles(floats(), shape, [{ top: 0, bottom: 1, left: 0, right: 1 }], "random")).toThrow(
      "cutout: hole must have a seed for a random fill",
    );
  });

  test.each<[CutoutPreset, Fill]>([
    [
      { like: "torchvision", value: "random" },
      { normal: [0, 1], per: "pixel" },
    ],
    [{ like: "torchvision", value: [7] }, 7],
    [
      { like: "timm", mode: "rand" },
      { normal: [0, 1], per: "channel" },
    ],
    [
      { like: "timm", mode: "pixel" },
      { normal: [0, 1], per: "pixel" },
    ],
    [
      { like: "albumentations", fill: "random_uniform" },
      { uniform: [0, 1], per: "channel", unit: "white" },
    ],
    [{ like: "keras" }, { normal: [0, 255], per: "pixel", clip: [0, 255] }],
    [{ like: "keras", fillValue: 300 }, 255],
    [{ like: "imgaug" }, 128],
    [
      { like: "imgaug", fillMode: "gaussian" },
      { normal: [1 / 2, 1 / 6], per: "grey", clip: [0, 1], unit: "white" },
    ],
    [{ like: "ffcv", cropSize: 8 }, [0, 0, 0]],
    [{ like: "reviewed-numpy", cutLength: 8 }, "imageMean"],
  ])("fill of %j", (preset, fill) => expect(cutout(preset).options.fill).toEqual(fill));

  test("Keras' default noise is black in about half of the hole", () => {
    const values = painted(cutout({ like: "keras" }).options.fill, bytes()).flat();
    expect(Math.abs(values.filter((value) => value === 0).length / values.length - 0.5)).toBeLessThan(0.05);
  });
});

const batch = { ...shape, count: 4 };

describe("batches", () => {
  test("copying, into a target and in place give the same, whatever the fill", () => {
    for (const fill of fills) {
      for (const images of [floats(4), bytes(4)]) {
        const augment = cutout({ length: 12, fill, nHoles: 3 });
        const before = images.slice();
        const copied = augment(images, batch, 9);
        expect(images).toEqual(before);
        const target = images.slice().fill(1);
        expect(augment.into(target as typeof images, images as never, batch, 9)).toBe(target);
        expect(target).toEqual(copied);
        expect(images).toEqual(before);
        expect(augment.inPlace(images as never, batch, 9)).toBe(images);
        expect(images).toEqual(copied);
        const again = before.slice();
        augment.into(again as never, again as never, batch, 9);
        expect(again).toEqual(copied);
      }
    }
  });

  test("per batch: one hole for all images; else each its own", () => {
    const holesOf = (per: "image" | "batch") => {
      const result = cutout({ length: 12, per })(bytes(4).fill(9), batch, 3);
      return new Set([0, 1, 2, 3].map((index) => result.subarray(index * size, (index + 1) * size).join()));
    };
    expect(holesOf("batch").size).toBe(1);
    expect(holesOf("image").size).toBe(4);
  });

  test("another image's pixels, as they were before any hole, and never the image's own", () => {
    const images = bytes(4).map((_, i) => Math.floor(i / size) * 10 + 1);
    const augment = cutout({ length: 12, fill: "otherImage", placement: "inside" });
    const seen = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      const result = augment(images, batch, seed);
      const own = result.subarray(0, size).filter((value) => value !== 1);
      expect(own.length).toBe(12 * 12 * 3);
      expect(new Set(own).size).toBe(1);
      seen.add(own[0]!);
    }
    expect([...seen].sort((a, b) => a - b)).toEqual([11, 21, 31]);
    expect(() => augment(bytes(), shape, 1)).toThrow(
      "cutout: count must be at least 2 for the fill otherImage, got 1",
    );
  });

  test("a schedule asks for the progress", () => {
    const augment = cutout({
      length: {
        schedule: [
          [0, 0],
          [1, 8],
        ],
      },
      placement: "inside",
    });
    const zeros = (progress?: number) =>
      augment(bytes().fill(1), shape, 3, progress).filter((value) => value === 0).length;
    expect([zeros(0), zeros(0.5), zeros(1), zeros()]).toEqual([0, 48, 192, 192]);
    expect(() => zeros(1.5)).toThrow("cutout: progress must be a number from 0 to 1, got 1.5");
  });
});

describe("behind the common interfaces", () => {
  test("parameters can be stored and applied later, to the mask too", () => {
    const augmentation = cutoutAugmentation({ length: 12, shape: "circle", fill: "random" });
    const parameters = augmentation.sample(stream(1, "x"), shape, 1);
    const stored = JSON.parse(JSON.stringify(parameters));
    const image = { ...shape, pixels: bytes() };
    const result = augmentation.apply(image, parameters);
    expect(cutoutAugmentation({ length: 2 }).apply(image, stored)).toEqual(result);
    const mask = augmentation.mask(shape, parameters);
    const segmentation = applyHoles(
      new Uint8Array(720).fill(3),
      { ...shape, channels: 1 },
      parameters.holes,
      255,
    );
    segmentation.forEach((value, at) => {
      expect(value).toBe(mask[at] === 1 ? 255 : 3);
    });
    expect(augmentation.effects(parameters, shape)).toEqual([{ kind: "hide", covered: mask }]);
    expect(augmentation.outputShape(shape)).toEqual(shape);
    expect(() => augmentation.outputShape({ height: 4, width: 4, channels: 3 })).toThrow(
      "cutout: length must be at most",
    );
  });

  test("batches: the same holes where asked for, other images where asked for", () => {
    const images = { ...shape, pixels: bytes(4), count: 4, labels: null };
    const same = cutoutBatchAugmentation({ length: 8, per: "batch" });
    const drawn = same.sample(stream(1, "x"), { ...shape, count: 4 }, 1);
    expect(new Set(drawn.holes.map((holes) => JSON.stringify(holes))).size).toBe(1);
    const other = cutoutBatchAugmentation({ length: 8, fill: "otherImage", nHoles: 2 });
    const parameters = other.sample(stream(1, "x"), { ...shape, count: 4 }, 1);
    const before = images.pixels.slice();
    const result = other.apply(images, JSON.parse(JSON.stringify(parameters)));
    expect(images.pixels).toEqual(before);
    const expected = cutout({ length: 8, fill: "otherImage", nHoles: 2 })(
      images.pixels,
      batch,
      stream(1, "x"),
    );
    expect(result.pixels).toEqual(expected);
    expect(() => cutoutAugmentation({ length: 8, per: "batch" })).toThrow("use cutoutBatchAugmentation");
  });
});

describe("bad input", () => {
  test("pixels that are no numbers: an error where the image's mean is asked for, else they stay", () => {
    const image = floats();
    image[1000] = Number.NaN;
    for (const fill of ["imageMean", "channelMean"] as const) {
      expect(() => applyHoles(image, shape, [hole], fill)).toThrow(
        "cutout: pixels must be finite for a fill with the image's mean, got a mean of NaN",
      );
    }
    const outside: Hole = { top: 0, bottom: 1, left: 0, right: 1 };
    expect(applyHoles(image, shape, [outside], "zero")[1000]).toBeNaN();
  });

  test.each<[unknown, string]>([
    [
      { length: { pixels: [0, 4] } },
      "cutout: length.pixels must be [min, max] with min <= max, both integers >= 1, got [0, 4]",
    ],
    [
      { length: { pixels: [6, 4] } },
      "cutout: length.pixels must be [min, max] with min <= max, both integers >= 1, got [6, 4]",
    ],
    [{ length: { share: 0 } }, "cutout: length.share must be a number above 0 and at most 1"],
    [
      { length: { share: 0.5, of: "middle" } },
      'cutout: length.of must be "shorter", "longer", "height" or "width", got "middle"',
    ],
    [
      { length: { area: [0.5, 2] } },
      "cutout: length.area must be [min, max] with min <= max, both numbers from 0 to 1, got [0.5, 2]",
    ],
    [{ length: { schedule: [] } }, "cutout: length.schedule must be points"],
    [
      {
        length: {
          schedule: [
            [0.5, 2],
            [0.5, 4],
          ],
        },
      },
      "cutout: length.schedule must be points [progress, length] with rising progress",
    ],
    [
      { length: { schedule: [[0, 2]], unit: "metres" } },
      'cutout: length.unit must be "pixels" or "share", got "metres"',
    ],
    [{ length: {} }, "cutout: length must be an even integer >= 2, got {}"],
    [
      { length: 4, shape: "hexagon" },
      'cutout: shape must be "square", "circle", or have the kind "rectangle"',
    ],
    [
      { length: 4, shape: { kind: "rectangle", aspect: [0, 1] } },
      "cutout: shape.aspect must be [min, max] with min <= max, both numbers > 0, got [0, 1]",
    ],
    [
      {
        length: 4,
        shape: {
          kind: "polygon",
          points: [
            [0, 0],
            [1, 1],
          ],
        },
      },
      "cutout: shape.points must be at least 3 corners",
    ],
    [
      {
        length: 4,
        shape: {
          kind: "polygon",
          points: [
            [0, 0],
            [1, 1],
            [2, 0],
          ],
        },
      },
      "cutout: shape.points must be at least 3 corners [x, y] with x and y from 0 to 1",
    ],
    [
      { length: 4, shape: { kind: "mask", rows: [[1], [1, 0]] } },
      "cutout: shape.rows must be lists of numbers of one length",
    ],
    [
      { length: 4, shape: { kind: "mask", rows: [[0, 0]] } },
      "not 0 where the hole is, and not 0 everywhere, got [[0, 0]]",
    ],
    [
      { length: 4, shape: { kind: "sides", height: { share: [0, 1] }, width: { share: [0, 1] } } },
      "cutout: length must be left out",
    ],
    [
      { shape: { kind: "sides", height: { share: [0, 2] }, width: { share: [0, 1] } } },
      "cutout: shape.height.share must be [min, max] with min <= max, both numbers from 0 to 1, got [0, 2]",
    ],
    [
      { length: 4, nHoles: [3, 1] },
      "cutout: nHoles must be an integer >= 1 or [min, max] with min <= max, both integers >= 1, got [3, 1]",
    ],
    [{ length: 4, per: "epoch" }, 'cutout: per must be "image" or "batch", got "epoch"'],
    [
      { length: 4, shape: "circle", placement: "anywhereContinuous" },
      "cutout: shape must be a square or a rectangle",
    ],
    [{ length: 4, fill: Number.NaN }, 'cutout: fill must be "zero", "imageMean"'],
    [
      { length: 4, fill: { colour: [128] } },
      "cutout: fill.colour must be a number from 0 to 1, or a list with one number a channel, got [128]",
    ],
    [
      { length: 4, fill: { uniform: [1, 0], per: "pixel" } },
      "cutout: fill.uniform must be [low, high] with low <= high",
    ],
    [
      {
        length: 4,
        fill: {
          uniform: [
            [0, 0],
            [1, 1],
          ],
          per: "hole",
        },
      },
      "cutout: fill.uniform must be two numbers",
    ],
    [
      { length: 4, fill: { normal: [0, -1], per: "pixel" } },
      "cutout: fill.normal must be [mean, deviation >= 0]",
    ],
    [
      { length: 4, fill: { normal: [0, 1], per: "row" } },
      'cutout: fill.per must be "pixel", "grey", "channel" or "hole", got "row"',
    ],
    [{ like: "pytorch" }, "cutout: like must be authors-pytorch, authors-lua, reviewed-numpy, torchvision"],
    [
      { like: "timm", area: 1 },
      'cutout like timm: options must be among probability, minArea, maxArea, minAspect, maxAspect, mode, minCount, maxCount, got "area"',
    ],
    [{ like: "timm", mode: "noise" }, "cutout like timm: mode must be"],
    [{ like: "torchvision", p: 2 }, "cutout like torchvision: p must be a number from 0 to 1, got 2"],
    [
      { like: "authors-lua", length: 7 },
      "cutout like authors-lua: length must be an even integer >= 2, got 7",
    ],
    [{ like: "albumentations", fill: "inpaint_ns" }, "cutout like albumentations: fill must be a number"],
    [{ like: "imgaug", fillMode: "noise" }, "cutout like imgaug: fillMode must be"],
  ])("%j", (options, message) => expect(() => cutout(options as never)).toThrow(message));

  test("what does not fit the images", () => {
    const run = (options: object) => () => cutout(options as never)(bytes(), shape, 1);
    expect(run({ length: { pixels: [4, 32] } })).toThrow(
      "cutout: length must be at most the image's longer side, 30, got 32",
    );
    expect(run({ length: 26, placement: "inside" })).toThrow(
      "cutout: length must be at most the image's shorter side, 24",
    );
    expect(run({ length: 4, fill: [1, 2] })).toThrow(
      "cutout: fill must be a number, or a list of 3, one a channel, got [1, 2]",
    );
    expect(
      run({ shape: { kind: "sides", height: { pixels: [25, 99] }, width: { pixels: [1, 2] } } }),
    ).toThrow("cutout: height must be at most the image's 24, got 25");
    const none = { ...shape, height: 0 };
    expect(() => cutout({ length: 2 })(new Uint8Array(), none, 1)).toThrow(
      "cutout: height must be an integer >= 1, got 0",
    );
    expect(() => cutout({ length: 2 })(new Float64Array(size) as never, shape, 1)).toThrow(
      "cutout: pixels must be a Float32Array or a Uint8Array, got Float64Array",
    );
    expect(() => cutout({ length: 2 }).into(new Uint8Array(size), floats() as never, shape, 1)).toThrow(
      "cutout: target must be of the same kind as the images",
    );
    expect(() => cutout({ length: 2 }).into(new Float32Array(9), floats(), shape, 1)).toThrow(
      "pixels hold 2160 numbers, got 9",
    );
  });
});

test("any options that are taken can be drawn and painted", () => {
  const range = (max: number) =>
    fc
      .tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }))
      .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
  fc.assert(
    fc.property(
      fc.constantFrom<CutoutOptions["shape"]>(
        "square",
        "circle",
        { kind: "rectangle", aspect: [0.4, 3] },
        { kind: "mask", rows: [[1, 0, 1]] },
      ),
      fc.oneof(
        range(24).map((pixels) => ({ pixels })),
        range(10).map(([a, b]) => ({ share: [a / 10, b / 10] as const })),
        range(10).map(([a, b]) => ({ area: [a / 10, b / 10] as const })),
      ),
      fc.constantFrom("anywhere", "inside"),
      fc.constantFrom(...fills),
      range(3),
      fc.integer(),
      (form, length, placement, fill, nHoles, seed) => {
        const augment = cutout({ length, shape: form, placement, fill, nHoles } as never);
        const result = augment(bytes(2), { ...shape, count: 2 }, seed);
        expect(result.length).toBe(2 * size);
      },
    ),
    { numRuns: 200 },
  );
});
