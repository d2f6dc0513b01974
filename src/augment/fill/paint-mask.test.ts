// Fills: what masked pixels get, in floats and bytes.
import { describe, expect, test } from "vitest";
import { randomImage } from "../../../test/helpers/augmentation-contract.ts";
import type { PixelArray } from "../image/layout.ts";
import { readValue } from "../options.ts";
import { type MaskFill, maskFill } from "./fill.ts";
import { paintMask } from "./paint-mask.ts";

const shape = { height: 40, width: 50, channels: 3, layout: "HWC" } as const;
const size = 40 * 50 * 3;
const mask = Uint8Array.from({ length: 40 * 50 }, (_, pixel) => (pixel % 3 === 0 ? 0 : 1));

/** The painted numbers of each channel; fails when another pixel has changed. */
function painted(pixels: PixelArray, fill: MaskFill, seed = 1): number[][] {
  const result = paintMask({ ...shape, pixels }, mask, fill, seed).pixels;
  const channels: number[][] = [[], [], []];
  result.forEach((value, index) => {
    if (mask[Math.floor(index / 3)] === 1) channels[index % 3]!.push(value);
    else expect(value).toBe(pixels[index]);
  });
  return channels;
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]) =>
  Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2)));

const floats = randomImage(new Float32Array(size), 1);
const bytes = randomImage(new Uint8Array(size), 1);

test("constants", () => {
  expect(new Set(painted(floats, "zero").flat())).toEqual(new Set([0]));
  expect(new Set(painted(floats, 0.25).flat())).toEqual(new Set([0.25]));
  expect(painted(floats, [1, 2, 3]).map((values) => [...new Set(values)])).toEqual([[1], [2], [3]]);
  expect(painted(bytes, [-5, 99.6, 300]).map((values) => [...new Set(values)])).toEqual([[0], [100], [255]]);
});

test("the image's mean, over all it holds", () => {
  const all = [...new Set(painted(floats, "imageMean").flat())];
  expect(all).toEqual([Math.fround(mean([...floats]))]);
  expect([...new Set(painted(bytes, "imageMean").flat())]).toEqual([Math.round(mean([...bytes]))]);
});

test("the mean of each channel; a colour on the scale 0 to 1", () => {
  const ofChannel = [0, 1, 2].map((c) => Math.fround(mean([...floats].filter((_, at) => at % 3 === c))));
  expect(painted(floats, "channelMean").map((values) => [...new Set(values)])).toEqual(
    ofChannel.map((one) => [one]),
  );
  const colour = [0, 0.5, 1];
  expect(painted(floats, { colour }).map((values) => [...new Set(values)])).toEqual([[0], [0.5], [1]]);
  expect(painted(bytes, { colour }).map((values) => [...new Set(values)])).toEqual([[0], [128], [255]]);
});

describe("noise", () => {
  test("a number for each pixel and channel", () => {
    for (const values of painted(floats, "random")) {
      expect(Math.abs(mean(values))).toBeLessThan(0.15);
      expect(Math.abs(deviation(values) - 1)).toBeLessThan(0.1);
      expect(new Set(values).size).toBeGreaterThan(values.length * 0.99);
    }
    for (const values of painted(bytes, "random")) {
      expect(Math.abs(mean(values) - 127.5)).toBeLessThan(8);
      expect(Math.abs(deviation(values) - 73.9)).toBeLessThan(5);
    }
    for (const values of painted(floats, { uniform: [2, 4], per: "pixel" })) {
      expect(Math.abs(mean(values) - 3)).toBeLessThan(0.07);
      expect(Math.min(...values)).toBeGreaterThanOrEqual(2);
      expect(Math.max(...values)).toBeLessThanOrEqual(4);
    }
    for (const values of painted(floats, { normal: [-3, 0.5], per: "pixel" })) {
      expect(Math.abs(mean(values) + 3)).toBeLessThan(0.07);
      expect(Math.abs(deviation(values) - 0.5)).toBeLessThan(0.05);
    }
  });

  test("a random colour", () => {
    for (const fill of ["randomColour", { uniform: [0, 255], per: "channel" }] as const) {
      const colours = painted(bytes, fill).map((values) => [...new Set(values)]);
      expect(colours.map((values) => values.length)).toEqual([1, 1, 1]);
      expect(new Set(colours.flat()).size).toBe(3);
    }
  });

  test("one number a pixel, or one for all; clipped; shares of white", () => {
    const [red, green] = painted(floats, { normal: [0, 1], per: "grey" });
    expect(red).toEqual(green);
    expect(new Set(red).size).toBeGreaterThan(red!.length * 0.99);
    expect(new Set(painted(floats, { uniform: [0, 1], per: "hole" }).flat()).size).toBe(1);
    const clipped = painted(floats, { normal: [0, 9], per: "pixel", clip: [-1, 1] }).flat();
    expect([Math.min(...clipped), Math.max(...clipped)]).toEqual([-1, 1]);
    const white = painted(bytes, { uniform: [0.5, 1], per: "pixel", unit: "white" }).flat();
    expect([Math.min(...white) < 130, Math.max(...white) > 250]).toEqual([true, true]);
    const unit = { black: [-1, 0, 5], white: [1, 2, 6] };
    painted(floats, { uniform: [0, 1], per: "pixel", unit }).forEach((values, c) => {
      expect(Math.min(...values)).toBeGreaterThanOrEqual(unit.black[c]!);
      expect(Math.max(...values)).toBeLessThanOrEqual(unit.white[c]!);
    });
  });

  test("follows the seed", () => {
    expect(painted(floats, "random", 7)).toEqual(painted(floats, "random", 7));
    expect(painted(floats, "random", 7)).not.toEqual(painted(floats, "random", 8));
  });
});

test.each([
  "black",
  Number.NaN,
  [],
  [1, Number.POSITIVE_INFINITY],
  null,
  {},
  { uniform: [1, 0], per: "pixel" },
  { uniform: [0, 1] },
  { normal: [0, -1], per: "pixel" },
  { normal: [0, 1], per: "image" },
  { normal: [0, 1], per: "pixel", uniform: [0, 1] },
  { colour: 2 },
  "otherImage",
])("%o is no fill", (value) => {
  expect(() => readValue("mask", "fill", maskFill, value)).toThrow(
    /^mask: (options of )?fill(\.\w+)? must be /,
  );
});
