// Crop, flip and normalization as single steps.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import type { ImageLayout } from "../image/layout.ts";
import { denormalize, normalizeImage } from "../image/normalize.ts";
import { type CropOptions, centerCrop, checkCrop, cropImage, fiveCrops, sampleCrop } from "./crop.ts";
import { flipImage, sampleFlip } from "./flip.ts";

const shape: ImageLayout = { height: 2, width: 3, channels: 2, layout: "HWC" };
// Pixel (y, x) of channel c is 100 y + 10 x + c.
const image = Uint8Array.of(0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121);

describe("crop", () => {
  test("takes a part out, zero outside", () => {
    const result = cropImage(image, shape, { top: 1, left: -1, height: 2, width: 3 });
    expect([...result]).toEqual([0, 0, 100, 101, 110, 111, 0, 0, 0, 0, 0, 0]);
  });

  test("the same in both layouts", () => {
    const chw = { ...shape, layout: "CHW" as const };
    const planes = Float32Array.of(0, 10, 20, 100, 110, 120, 1, 11, 21, 101, 111, 121);
    const result = cropImage(planes, chw, { top: 0, left: 1, height: 2, width: 2 });
    expect([...result]).toEqual([10, 20, 110, 120, 11, 21, 111, 121]);
  });

  test.each<[CropOptions, number, number[]]>([
    [{ height: 4, width: 4, padding: 2 }, 4, [-2, -1, 0, 1, 2]], // pad-and-crop
    [{ height: 4, width: 4, padding: 0 }, 7, [0, 1, 2, 3]], // from a larger image
    [{ height: 4, width: 4, padding: 0 }, 4, [0]],
  ])("%o of %i pixels: every position comes up, both ends too", (crop, side, expected) => {
    const rng = stream(3, "crop");
    const drawn = Array.from({ length: 600 }, () =>
      sampleCrop(rng, { height: side, width: side, channels: 1 }, crop),
    );
    for (const axis of ["top", "left"] as const) {
      const counts = expected.map((value) => drawn.filter((corner) => corner[axis] === value).length);
      expect(counts.reduce((sum, count) => sum + count)).toBe(600);
      for (const count of counts) expect(Math.abs(count / 600 - 1 / expected.length)).toBeLessThan(0.08);
    }
  });

  test("centre and corners", () => {
    const large = { height: 10, width: 9, channels: 3 };
    const size = { height: 4, width: 6 };
    expect(centerCrop(large, size)).toEqual({ top: 3, left: 1 });
    expect(fiveCrops(large, size).map(({ top, left }) => [top, left])).toEqual([
      [0, 0],
      [0, 3],
      [6, 0],
      [6, 3],
      [3, 1],
    ]);
  });

  test.each<[Partial<CropOptions>, string]>([
    [{ height: 33 }, "crop: height must be an integer from 1 to the image's 32, got 33"],
    [{ width: 0 }, "crop: width must be an integer from 1 to the image's 32, got 0"],
    [{ width: 1.5 }, "crop: width must be an integer from 1 to the image's 32, got 1.5"],
    [{ padding: -1 }, "crop: padding must be an integer from 0 to 31, got -1"],
    [{ padding: 32 }, "crop: padding must be an integer from 0 to 31, got 32"],
  ])("bad input: %o", (given, message) => {
    const crop = { height: 32, width: 32, padding: 4, ...given };
    expect(() => checkCrop(crop, { height: 32, width: 32, channels: 3 })).toThrow(message);
  });
});

describe("flip", () => {
  test("exchanges left and right", () => {
    expect([...flipImage(image, shape)]).toEqual([20, 21, 10, 11, 0, 1, 120, 121, 110, 111, 100, 101]);
    expect(image[0]).toBe(0);
  });

  test("twice is nothing, in both layouts", () => {
    for (const layout of ["HWC", "CHW"] as const) {
      const once = flipImage(image, { ...shape, layout });
      expect(flipImage(once, { ...shape, layout })).toEqual(image);
    }
  });

  test("alternating: half of the images at first, and each in every other epoch", () => {
    const flips = (epoch: number) =>
      Array.from({ length: 1000 }, (_, index) =>
        sampleFlip(stream(1, "flip", epoch, index), "alternating", {
          epoch,
          ofImage: () => stream(1, "image", index),
        }),
      );
    const first = flips(1);
    expect(first.filter(Boolean).length / 1000).toBeCloseTo(0.5, 1);
    expect(flips(2)).toEqual(first.map((flip) => !flip));
    expect(flips(3)).toEqual(first);
    expect(() => sampleFlip(stream(1, "flip"), "alternating")).toThrow("augment: turn must be the epoch");
  });

  test("off means never, 1 means always, bad chances are refused", () => {
    const rng = stream(1, "flip");
    const flips = (probability: number) =>
      Array.from({ length: 500 }, () => sampleFlip(rng, probability)).filter(Boolean).length;
    expect(flips(0)).toBe(0);
    expect(flips(1)).toBe(500);
    expect(flips(0.5) / 500).toBeCloseTo(0.5, 1);
    expect(() => flips(1.5)).toThrow("flip: must be a probability from 0 to 1, or alternating, got 1.5");
    expect(() => flips(Number.NaN)).toThrow(
      "flip: must be a probability from 0 to 1, or alternating, got NaN",
    );
  });
});

describe("normalize", () => {
  test("(byte / 255 - mean) / std, channel by channel, from HWC to CHW", () => {
    const result = normalizeImage(image, shape, { mean: [0.25, 0.5], std: [0.5, 0.25] });
    const expected = [0, 10, 20, 100, 110, 120]
      .map((byte) => (byte / 255 - 0.25) / 0.5)
      .concat([1, 11, 21, 101, 111, 121].map((byte) => (byte / 255 - 0.5) / 0.25));
    expect(result.length).toBe(expected.length);
    // A product and a sum in single precision.
    const errors = expected.map((value, at) => Math.abs(result[at]! - value));
    expect(Math.max(...errors)).toBeLessThan(3e-7);
  });

  test("denormalize brings every byte back, whatever the statistics", () => {
    const bytes = Uint8Array.from({ length: 768 }, (_, i) => i % 256);
    const statistic = (min: number) =>
      fc.array(fc.double({ min, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 });
    fc.assert(
      fc.property(statistic(0), statistic(0.01), (mean, std) => {
        const size = { height: 16, width: 16, channels: 3 };
        expect(denormalize(normalizeImage(bytes, size, { mean, std }), size, { mean, std })).toEqual(bytes);
      }),
      { numRuns: 30 },
    );
  });

  test("denormalize clips", () => {
    const size = { height: 1, width: 2, channels: 1 };
    expect([...denormalize(Float32Array.of(-9, 9), size, { mean: [0.5], std: [0.5] })]).toEqual([0, 255]);
  });

  test("bad input", () => {
    const normalize = (mean: number[], std: number[]) => normalizeImage(image, shape, { mean, std });
    expect(() => normalize([0.5], [1, 1])).toThrow("normalize: mean must hold 2 finite numbers, got [0.5]");
    expect(() => normalize([0.5, Number.NaN], [1, 1])).toThrow("normalize: mean must hold 2 finite numbers");
    expect(() => normalize([0, 0], [1, 0])).toThrow("normalize: std must hold 2 numbers above 0, got [1, 0]");
  });
});
