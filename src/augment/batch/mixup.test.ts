// Mixup and CutMix: against their formulas written down slowly; labels; the box's share; bad options.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomImage } from "../../../test/helpers/augmentation-contract.ts";
import { stream } from "../../rng.ts";
import type { BatchAugmentation, ImageBatch } from "../augmentation.ts";
import { imageStrides } from "../image/layout.ts";
import { betaVariate } from "./beta.ts";
import { cutmix, expectedCutMixShare } from "./cutmix.ts";
import { mixup } from "./mixup.ts";

const anyBatch: fc.Arbitrary<ImageBatch> = fc
  .record({
    count: fc.integer({ min: 1, max: 5 }),
    height: fc.integer({ min: 1, max: 8 }),
    width: fc.integer({ min: 1, max: 8 }),
    channels: fc.integer({ min: 1, max: 3 }),
    layout: fc.constantFrom("HWC" as const, "CHW" as const),
    bytes: fc.boolean(),
    classes: fc.integer({ min: 1, max: 4 }),
    seed: fc.integer(),
  })
  .map(({ bytes, classes, seed, ...shape }) => {
    const size = shape.count * shape.height * shape.width * shape.channels;
    const labels = new Float32Array(shape.count * classes);
    const rng = stream(seed, "labels");
    for (let image = 0; image < shape.count; image++) labels[image * classes + rng.integer(classes)] = 1;
    const pixels = randomImage(bytes ? new Uint8Array(size) : new Float32Array(size), seed);
    return { ...shape, pixels, labels };
  });

type Drawn = { mix: { partners: readonly number[]; lambda?: number; box?: object } | null };

/** What both hold, and whatever `expected` says each number of the result is. */
function expectMixed<P extends Drawn>(
  augmentation: BatchAugmentation<P>,
  expected: (
    mix: NonNullable<P["mix"]>,
    own: number,
    other: number,
    y: number,
    x: number,
    bytes: boolean,
  ) => number,
  weight: (mix: NonNullable<P["mix"]>, batch: ImageBatch) => number,
): void {
  fc.assert(
    fc.property(anyBatch, fc.integer(), (batch, seed) => {
      const drawn: P = JSON.parse(JSON.stringify(augmentation.sample(stream(seed, "draw"), batch, 1)));
      const { mix } = drawn;
      const before = { pixels: batch.pixels.slice(), labels: batch.labels!.slice() };
      const result = augmentation.apply(batch, drawn);
      expect({ pixels: batch.pixels, labels: batch.labels }).toEqual(before);
      expect(result.pixels).not.toBe(batch.pixels);
      expect(result.pixels.constructor).toBe(batch.pixels.constructor);
      if (mix === null) {
        expect(result).toEqual(batch);
        return;
      }
      const { count, height, width, channels, labels } = batch;
      expect([...mix.partners].sort()).toEqual(Array.from({ length: count }, (_, image) => image));
      const strides = imageStrides(batch);
      const size = height * width * channels;
      const classes = labels!.length / count;
      const bytes = batch.pixels instanceof Uint8Array;
      const lambda = weight(mix, batch);
      for (let image = 0; image < count; image++) {
        const partner = mix.partners[image]!;
        for (let at = 0; at < size; at++) {
          const y = Math.floor(at / strides.row) % height;
          const x = Math.floor(at / strides.column) % width;
          const [own, other] = [batch.pixels[image * size + at]!, batch.pixels[partner * size + at]!];
          const value = expected(mix, own, other, y, x, bytes);
          expect(Math.abs(result.pixels[image * size + at]! - value)).toBeLessThan(1e-5);
        }
        for (let label = 0; label < classes; label++) {
          const value =
            lambda * labels![image * classes + label]! + (1 - lambda) * labels![partner * classes + label]!;
          expect(Math.abs(result.labels![image * classes + label]! - value)).toBeLessThan(1e-6);
        }
      }
      expect(augmentation.apply({ ...batch, labels: null }, drawn)).toEqual({ ...result, labels: null });
    }),
  );
}

test("mixup: the weighted mean of an image and its partner, and of their labels", () => {
  expectMixed(
    mixup({ alpha: 0.7, probability: 0.9 }),
    ({ lambda }, own, other, _y, _x, bytes) => {
      const value = lambda * own + (1 - lambda) * other;
      // A half is rounded to the even neighbour.
      if (!bytes) return value;
      return value % 1 === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
    },
    ({ lambda }) => lambda,
  );
});

test("CutMix: the partner's pixels in the box; its label weighs the share of the clipped box", () => {
  expectMixed(
    cutmix({ probability: 0.9 }),
    ({ box }, own, other, y, x) =>
      y >= box.top && y < box.bottom && x >= box.left && x < box.right ? other : own,
    ({ box }, { height, width }) => 1 - ((box.bottom - box.top) * (box.right - box.left)) / (height * width),
  );
});

describe("CutMix's box", () => {
  test("is the paper's: sides sqrt(1 - lambda) of the image around any pixel, clipped", () => {
    fc.assert(
      fc.property(
        fc.integer(),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 1, max: 50 }),
        (seed, height, width) => {
          const shape = { count: 2, height, width, channels: 1 };
          const { box } = cutmix({ alpha: 0.8 }).sample(stream(seed, "draw"), shape, 0).mix!;
          const rng = stream(seed, "draw");
          rng.uniform();
          const lambda = betaVariate(rng, 0.8, 0.8);
          const [cutHeight, cutWidth] = [height, width].map((side) =>
            Math.floor(side * Math.sqrt(1 - lambda)),
          );
          const [cy, cx] = [rng.integer(height), rng.integer(width)];
          expect(box).toEqual({
            top: Math.max(0, cy - Math.floor(cutHeight! / 2)),
            bottom: Math.min(height, cy + Math.floor(cutHeight! / 2)),
            left: Math.max(0, cx - Math.floor(cutWidth! / 2)),
            right: Math.min(width, cx + Math.floor(cutWidth! / 2)),
          });
        },
      ),
    );
  });

  test.each([{}, { alpha: 0.3 }, { alpha: 4 }, { alpha: 1, probability: 0.5 }])(
    "has the expected share on average: %o",
    (options) => {
      const rng = stream(4, "draws");
      const side = 400;
      const augmentation = cutmix(options);
      const draws = 6000;
      let sum = 0;
      for (let draw = 0; draw < draws; draw++) {
        const { mix } = augmentation.sample(rng, { count: 1, height: side, width: side, channels: 1 }, 0);
        if (mix !== null) sum += (mix.box.bottom - mix.box.top) * (mix.box.right - mix.box.left);
      }
      // Half a pixel less on each side than the formula; a standard error below 0.005.
      expect(Math.abs(sum / (draws * side * side) - expectedCutMixShare(options))).toBeLessThan(0.015);
    },
  );

  test("expected share with alpha 1 is 1/2 - 1/5 + 1/48", () => {
    expect(expectedCutMixShare()).toBeCloseTo(1 / 2 - 1 / 5 + 1 / 48, 12);
  });
});

describe.each([
  ["mixup", mixup, { lambda: 0.5, partners: [1, 0] }],
  ["cutmix", cutmix, { box: { top: 0, bottom: 1, left: 0, right: 1 }, partners: [1, 0] }],
] as const)("%s: bad input", (name, make, mix) => {
  const batch = {
    count: 2,
    height: 2,
    width: 2,
    channels: 1,
    layout: "HWC",
    pixels: new Uint8Array(8),
    labels: null,
  } as const;
  const apply = (change: object, drawn: object = mix) =>
    make().apply({ ...batch, ...change } as never, { mix: drawn } as never);

  test("options", () => {
    expect(() => make({ alpha: 0 })).toThrow(`${name}: alpha must be a number > 0, got 0`);
    expect(() => make({ alpha: Number.NaN })).toThrow(`${name}: alpha must be a number > 0, got NaN`);
    expect(() => make({ probability: 2 })).toThrow(
      `${name}: probability must be a number from 0 to 1, got 2`,
    );
    expect(() => make({ beta: 1 } as never)).toThrow(
      `${name}: options must be among alpha, probability, got "beta"`,
    );
  });

  test("batches and labels", () => {
    expect(() => apply({ pixels: new Uint8Array(7) })).toThrow(
      `${name}: 2 x 2 x 2 x 1 pixels hold 8 numbers, got 7`,
    );
    expect(() => apply({ labels: new Float32Array(3) })).toThrow(
      `${name}: labels must be null or a Float32Array of 2 images x classes`,
    );
    expect(() => apply({ labels: Float32Array.of(1, 0, 0.5, 0.4) })).toThrow(
      `${name}: labels of image 1 must be shares >= 0`,
    );
    expect(() => apply({ labels: Float32Array.of(1, 0, 2, -1) })).toThrow(`${name}: labels of image 1`);
    expect(() => make().sample(stream(0, "draw"), { ...batch, count: 0 }, 0)).toThrow(
      `${name}: count must be an integer >= 1, got 0`,
    );
  });

  test("parameters", () => {
    expect(() => apply({}, { ...mix, partners: [0] })).toThrow(
      `${name}: partners must be one for each of the 2 images, got 1`,
    );
    expect(() => apply({}, { ...mix, partners: [0, 2] })).toThrow(
      `${name}: partners must be images from 0 to 1, got 2`,
    );
    expect(() => apply({}, { ...mix, lambda: 2, box: { top: 0, bottom: 3, left: 0, right: 1 } })).toThrow(
      name === "mixup"
        ? "mixup: lambda must be from 0 to 1, got 2"
        : "cutmix: box must lie in the image of 2 x 2",
    );
  });
});
