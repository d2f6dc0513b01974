// Resized crop: which parts are drawn, and what is refused.
import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { resizedCrop } from "./resized-crop.ts";

const side = fc.integer({ min: 1, max: 60 });

test("every part lies in the image", () => {
  fc.assert(
    fc.property(side, side, fc.integer(), (height, width, seed) => {
      const { top, left, ...part } = resizedCrop({ size: 8 }).sample(
        stream(seed, "t"),
        { height, width, channels: 3 },
        0,
      );
      expect(Math.min(top, left)).toBeGreaterThanOrEqual(0);
      expect(part.height).toBeGreaterThanOrEqual(1);
      expect(part.width).toBeGreaterThanOrEqual(1);
      expect(top + part.height).toBeLessThanOrEqual(height);
      expect(left + part.width).toBeLessThanOrEqual(width);
    }),
  );
});

test("areas are uniform in the scale, log aspects in the ratio, corners over all places", () => {
  const image = { height: 400, width: 400, channels: 3 };
  // Every such part fits, so none is drawn again.
  const augment = resizedCrop({ size: 8, scale: [0.1, 0.5], ratio: [0.5, 2] });
  const rng = stream(5, "parts");
  const drawn = Array.from({ length: 4000 }, () => augment.sample(rng, image, 0));
  const uniform = (values: readonly number[]) => {
    // Kolmogorov and Smirnov: a distance above 1.63 / sqrt(n) has a chance of 1 %.
    const sorted = [...values].sort((a, b) => a - b);
    const distance = sorted.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - (i + 0.5) / sorted.length)),
      0,
    );
    expect(distance).toBeLessThan(1.63 / Math.sqrt(sorted.length));
  };
  uniform(drawn.map(({ height, width }) => ((height * width) / 400 ** 2 - 0.1) / 0.4));
  uniform(drawn.map(({ height, width }) => Math.log2(width / height) / 2 + 0.5));
  uniform(drawn.map(({ top, height }) => (top + 0.5) / (400 - height + 1)));
  uniform(drawn.map(({ left, width }) => (left + 0.5) / (400 - width + 1)));
});

test.each([
  [
    { height: 10, width: 100 },
    { top: 0, left: 43, height: 10, width: 13 },
  ],
  [
    { height: 100, width: 9 },
    { top: 44, left: 0, height: 12, width: 9 },
  ],
])("where no part fits: the middle, as square as allowed, of %o", (image, expected) => {
  // Parts of the whole area and an allowed aspect do not fit in so long an image.
  const augment = resizedCrop({ size: 4, scale: [1, 1] });
  expect(augment.sample(stream(1, "t"), { ...image, channels: 1 }, 0)).toEqual(expected);
});

test("where the whole image has an allowed aspect but parts do not fit: the whole image", () => {
  const augment = resizedCrop({ size: 4, scale: [1, 1], ratio: [0.5, 3] });
  const never = { uniform: () => 0.999, integer: () => 0, normal: () => 0, seed: () => 0 };
  const image = { height: 12, width: 10, channels: 1 };
  expect(augment.sample(never, image, 0)).toEqual({ top: 0, left: 0, height: 12, width: 10 });
});

test.each<[object, string]>([
  [{ size: 0 }, "resized-crop: size must be an integer >= 1 or { height, width } of such, got 0"],
  [{ size: { height: 3 } }, 'size must be an integer >= 1 or { height, width } of such, got {"height":3}'],
  [
    { size: 3, scale: [0.5, 0.2] },
    "scale must be [min, max] with min <= max, both numbers > 0 and <= 1, got [0.5, 0.2]",
  ],
  [{ size: 3, scale: [0, 1] }, "resized-crop: scale must be"],
  [{ size: 3, ratio: 1 }, "resized-crop: ratio must be [min, max]"],
  [{ size: 3, interpolation: "bicubic" }, 'interpolation must be "nearest" or "bilinear", got "bicubic"'],
  [{ size: 3, antialias: 1 }, "resized-crop: antialias must be true or false, got 1"],
  [
    { size: 3, scales: [0, 1] },
    'options must be among size, scale, ratio, interpolation, antialias, got "scales"',
  ],
])("bad options: %o", (options, message) => {
  expect(() => resizedCrop(options as never)).toThrow(message);
});

test("bad parameters: a part outside the image", () => {
  const image = { height: 4, width: 4, channels: 1, layout: "HWC", pixels: new Uint8Array(16) } as const;
  expect(() => resizedCrop({ size: 2 }).apply(image, { top: 2, left: 0, height: 3, width: 4 })).toThrow(
    "resized-crop: the part must lie in the image of 4 x 4, got rows [2, 5), columns [0, 4)",
  );
});

test("without a size the result is as large as the image", () => {
  const own = resizedCrop();
  expect(own.outputShape({ height: 9, width: 6, channels: 3 })).toEqual({ height: 9, width: 6, channels: 3 });
  const image = {
    height: 9,
    width: 6,
    channels: 1,
    layout: "HWC",
    pixels: new Uint8Array(54).map((_, at) => at),
  } as const;
  const region = { top: 2, left: 1, height: 4, width: 3 };
  expect(own.apply<Uint8Array>(image, region)).toEqual(
    resizedCrop({ size: { height: 9, width: 6 } }).apply<Uint8Array>(image, region),
  );
  expect(own.effects!(region, image)).toEqual([
    { kind: "move", matrix: [2, 0, -2, 0, 9 / 4, -4.5], height: 9, width: 6 },
  ]);
});
