// Warping and resizing against slow versions that look at one number at a time.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryImage, pixelAt } from "../../../test/helpers/images.ts";
import type { Image } from "../augmentation.ts";
import { inverse, type Matrix, move } from "./matrix.ts";
import { resizeRegion } from "./resize.ts";
import { warp } from "./warp.ts";

/** Every number of `actual` is what `expected` says, rounded and clipped for bytes. */
function expectPixels(actual: Image, expected: (y: number, x: number, c: number) => number): void {
  const isByte = actual.pixels instanceof Uint8Array;
  for (let y = 0; y < actual.height; y++) {
    for (let x = 0; x < actual.width; x++) {
      for (let c = 0; c < actual.channels; c++) {
        const exact = expected(y, x, c);
        const wanted = isByte ? Math.min(255, Math.max(0, exact)) : exact;
        const difference = Math.abs(pixelAt(actual, y, x, c, Number.NaN) - wanted);
        // Half a level of rounding, and 32 bits of floats.
        expect(difference).toBeLessThanOrEqual(isByte ? 0.5001 : 1e-6);
      }
    }
  }
}

const matrices: fc.Arbitrary<Matrix> = fc
  .tuple(...Array.from({ length: 4 }, () => fc.double({ min: -2, max: 2, noNaN: true })))
  .filter(([a, b, d, e]) => Math.abs(a! * e! - b! * d!) > 0.05)
  .chain(([a, b, d, e]) =>
    fc
      .tuple(fc.double({ min: -6, max: 6, noNaN: true }), fc.double({ min: -6, max: 6, noNaN: true }))
      .map(([c, f]): Matrix => [a!, b!, c, d!, e!, f]),
  );

const side = fc.integer({ min: 1, max: 9 });

test("nearest: the pixel that lies there, or the fill", () => {
  fc.assert(
    fc.property(arbitraryImage(), matrices, side, side, (image, matrix, height, width) => {
      const fill = Array.from({ length: image.channels }, (_, c) => c / 8);
      const result = warp(image, matrix, { height, width, interpolation: "nearest", fill });
      expectPixels(result, (y, x, c) => {
        const place = move(inverse(matrix), { x: x + 0.5, y: y + 0.5 });
        return pixelAt(image, Math.floor(place.y + 1e-7), Math.floor(place.x + 1e-7), c, fill[c]!);
      });
    }),
  );
});

test("bilinear: the four around it, weighted by closeness, in an image that goes on in the fill's colour", () => {
  fc.assert(
    fc.property(arbitraryImage(), matrices, side, side, (image, matrix, height, width) => {
      const fill = Array.from({ length: image.channels }, (_, c) => c / 8);
      const result = warp(image, matrix, { height, width, interpolation: "bilinear", fill });
      expectPixels(result, (y, x, c) => {
        const place = move(inverse(matrix), { x: x + 0.5, y: y + 0.5 });
        let sum = 0;
        for (let row = Math.floor(place.y) - 2; row <= place.y + 2; row++) {
          for (let column = Math.floor(place.x) - 2; column <= place.x + 2; column++) {
            const weight =
              Math.max(0, 1 - Math.abs(row + 0.5 - place.y)) *
              Math.max(0, 1 - Math.abs(column + 0.5 - place.x));
            sum += weight * pixelAt(image, row, column, c, fill[c]!);
          }
        }
        return sum;
      });
    }),
  );
});

test("a quarter turn of even by odd pixels loses one line, not some pixels here and there", () => {
  const image = {
    height: 4,
    width: 3,
    channels: 1,
    layout: "HWC",
    pixels: Uint8Array.from({ length: 12 }, (_, i) => i + 1),
  } as const;
  const cos = Math.cos(Math.PI / 2);
  const matrix: Matrix = [cos, 1, 1.5 - 2 - 1.5 * cos, -1, cos, 2 + 1.5 - 2 * cos];
  const result = warp(image, matrix, { height: 4, width: 3, interpolation: "nearest", fill: 0 });
  const rows = [0, 1, 2, 3].map((y) => [...result.pixels.subarray(3 * y, 3 * y + 3)]);
  const whole = rows.filter((row) => row.every((value) => value > 0));
  expect(whole).toHaveLength(3);
  for (const [first, second, third] of whole) expect([second! - first!, third! - second!]).toEqual([3, 3]);
});

test("bad input: a fill with another number of channels, a map that cannot be undone", () => {
  const image = { height: 2, width: 2, channels: 3, layout: "HWC", pixels: new Uint8Array(12) } as const;
  const options = { height: 2, width: 2, interpolation: "nearest" } as const;
  expect(() => warp(image, [1, 0, 0, 0, 1, 0], { ...options, fill: [1, 2] })).toThrow(
    "warp: fill must be a number, or a list of 3, one a channel, got [1, 2]",
  );
  expect(() => warp(image, [1, 1, 0, 1, 1, 0], { ...options, fill: 0 })).toThrow(
    "matrix: determinant must not be 0",
  );
});

describe("resizing a region", () => {
  const cases = arbitraryImage().chain((image) =>
    fc.record({
      image: fc.constant(image),
      top: fc.integer({ min: 0, max: image.height - 1 }),
      left: fc.integer({ min: 0, max: image.width - 1 }),
      height: side,
      width: side,
    }),
  );

  test.each([true, false])(
    "bilinear, antialias %s: a triangle's mean over what is in the region",
    (antialias) => {
      fc.assert(
        fc.property(cases, ({ image, top, left, height, width }) => {
          const region = { top, left, height: image.height - top, width: image.width - left };
          const result = resizeRegion(image, region, { height, width, interpolation: "bilinear", antialias });
          const down = region.height / height;
          const across = region.width / width;
          const triangle = (distance: number, scale: number) =>
            Math.max(0, 1 - Math.abs(distance) / (antialias ? Math.max(1, scale) : 1));
          expectPixels(result, (y, x, c) => {
            let sum = 0;
            let total = 0;
            for (let row = 0; row < region.height; row++) {
              for (let column = 0; column < region.width; column++) {
                const weight =
                  triangle(row + 0.5 - (y + 0.5) * down, down) *
                  triangle(column + 0.5 - (x + 0.5) * across, across);
                sum += weight * pixelAt(image, top + row, left + column, c, Number.NaN);
                total += weight;
              }
            }
            return sum / total;
          });
        }),
      );
    },
  );

  test("to its own size is a copy", () => {
    fc.assert(
      fc.property(
        arbitraryImage(),
        fc.constantFrom("nearest", "bilinear" as const),
        (image, interpolation) => {
          const { height, width } = image;
          const region = { top: 0, left: 0, height, width };
          const result = resizeRegion(image, region, { height, width, interpolation, antialias: true });
          expectPixels(result, (y, x, c) => pixelAt(image, y, x, c, Number.NaN));
        },
      ),
    );
  });
});
