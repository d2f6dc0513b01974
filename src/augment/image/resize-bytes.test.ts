// Resizing in whole numbers: with and without vectors, against the plain resize, and what must not change.
import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { resizeRegion } from "../geometry/resize.ts";
import { kernels } from "../simd/kernels.ts";
import { resizeBytes } from "./resize-bytes.ts";

const extent = fc.integer({ min: 1, max: 60 });
const cases = fc
  .record({
    height: extent,
    width: extent,
    channels: fc.constantFrom(1, 3, 4),
    size: fc.record({ height: extent, width: extent }),
    seed: fc.integer(),
  })
  .map(({ size, seed, ...shape }) => {
    const rng = stream(seed, "pixels");
    const count = shape.height * shape.width * shape.channels;
    const top = rng.integer(shape.height);
    const left = rng.integer(shape.width);
    const part = {
      top,
      left,
      height: 1 + rng.integer(shape.height - top),
      width: 1 + rng.integer(shape.width - left),
    };
    return { shape, size, part, rng, pixels: Uint8Array.from({ length: count }, () => rng.integer(256)) };
  });

test("vectors and plain loops give the same bits, for parts that begin and end between pixels too", () => {
  fc.assert(
    fc.property(cases, ({ shape, size, part, rng, pixels }) => {
      const inner = {
        top: part.top + rng.uniform() / 2,
        left: part.left + rng.uniform() / 2,
        height: part.height - rng.uniform() / 2,
        width: part.width - rng.uniform() / 2,
      };
      for (const where of [part, { ...inner, height: inner.height - 0.5, width: inner.width - 0.5 }]) {
        if (where.height <= 0 || where.width <= 0) continue;
        const resized = resizeBytes(pixels, shape, where, size, kernels());
        expect(resized).toEqual(resizeBytes(pixels, shape, where, size, null));
      }
    }),
    { numRuns: 300 },
  );
});

test("within one of the resize in floats, where the part is the whole image", () => {
  fc.assert(
    fc.property(cases, ({ shape, size, pixels }) => {
      const whole = { top: 0, left: 0, height: shape.height, width: shape.width };
      const exact = resizeRegion({ pixels, ...shape, layout: "HWC" }, whole, {
        ...size,
        interpolation: "bilinear",
        antialias: true,
      });
      const resized = resizeBytes(pixels, shape, whole, size);
      const errors = resized.map((value, at) => Math.abs(value - exact.pixels[at]!));
      expect(Math.max(...errors)).toBeLessThanOrEqual(1);
    }),
  );
});

test("one colour stays that colour; the image's own size leaves it as it is", () => {
  fc.assert(
    fc.property(cases, fc.integer({ min: 0, max: 255 }), ({ shape, size, part, pixels }, colour) => {
      const plain = resizeBytes(pixels.slice().fill(colour), shape, part, size);
      expect([...new Set(plain)]).toEqual([colour]);
      const whole = { top: 0, left: 0, height: shape.height, width: shape.width };
      expect(resizeBytes(pixels, shape, whole, shape)).toEqual(pixels);
    }),
  );
});

test("an image that is too large for the vectors' memory", () => {
  const [height, width] = [6000, 4000];
  const pixels = new Uint8Array(height * width * 3).fill(9);
  const whole = { top: 0, left: 0, height, width };
  const resized = resizeBytes(pixels, { height, width, channels: 3 }, whole, { height: 2, width: 3 });
  expect([...new Set(resized)]).toEqual([9]);
});
