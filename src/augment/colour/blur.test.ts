// Blur against a sum over the whole kernel at every pixel.
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryImage, pixelAt } from "../../../test/helpers/images.ts";
import { blur } from "./blur.ts";

test("is a Gaussian-weighted mean of the image mirrored at its border", () => {
  const cases = arbitraryImage().chain((image) => {
    const size = (extent: number) =>
      fc.integer({ min: 0, max: Math.min(4, extent - 1) }).map((half) => 2 * half + 1);
    return fc.record({
      image: fc.constant(image),
      kernelSize: fc.tuple(size(image.width), size(image.height)),
      sigma: fc.double({ min: 0.05, max: 5, noNaN: true }),
    });
  });
  fc.assert(
    fc.property(cases, ({ image, kernelSize, sigma }) => {
      const result = blur({ kernelSize }).apply(image, { sigma });
      const [across, down] = kernelSize.map((size) => (size - 1) / 2) as [number, number];
      const mirrored = (at: number, extent: number): number => {
        if (at < 0) return -at;
        return at < extent ? at : 2 * extent - 2 - at;
      };
      const tolerance = image.pixels instanceof Uint8Array ? 0.501 : 1e-6;
      for (let y = 0; y < image.height; y++) {
        for (let x = 0; x < image.width; x++) {
          for (let c = 0; c < image.channels; c++) {
            let sum = 0;
            let total = 0;
            for (let v = -down; v <= down; v++) {
              for (let u = -across; u <= across; u++) {
                const weight = Math.exp(-(u * u + v * v) / (2 * sigma * sigma));
                sum +=
                  weight *
                  pixelAt(image, mirrored(y + v, image.height), mirrored(x + u, image.width), c, Number.NaN);
                total += weight;
              }
            }
            expect(Math.abs(pixelAt(result, y, x, c, Number.NaN) - sum / total)).toBeLessThanOrEqual(
              tolerance,
            );
          }
        }
      }
    }),
  );
});

test.each<[object, string]>([
  [{}, "blur: kernelSize must be an odd integer >= 1, or [width, height] of such, got nothing"],
  [{ kernelSize: 4 }, "blur: kernelSize must be an odd integer >= 1, or [width, height] of such, got 4"],
  [{ kernelSize: [3, 2] }, "blur: kernelSize must be"],
  [
    { kernelSize: 3, sigma: 0 },
    "blur: sigma must be a number > 0 or [min, max] with min <= max, both numbers > 0, got 0",
  ],
  [{ kernelSize: 3, sigma: [2, 1] }, "blur: sigma must be"],
])("bad options: %o", (options, message) => {
  expect(() => blur(options as never)).toThrow(message);
});

test("bad input: a kernel that reaches over the mirror", () => {
  expect(() => blur({ kernelSize: [9, 3] }).outputShape({ height: 4, width: 4, channels: 1 })).toThrow(
    "blur: kernelSize must be smaller than twice the image of 4 x 4, got 3 x 9",
  );
});
