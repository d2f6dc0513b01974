// Hide-and-Seek: against the authors' loop written down slowly; the expected area; bad options.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  anyShape,
  expectContract,
  randomImage,
  simulatedShare,
} from "../../../test/helpers/augmentation-contract.ts";
import { stream } from "../../rng.ts";
import { hideAndSeek, hideAndSeekSizes } from "./hide-and-seek.ts";

test("what every augmentation holds", () => {
  expectContract(() => hideAndSeek({ gridSizes: [0, 1, 2, 3], fill: "random" }));
});

test("the authors' loop: cells of the drawn size, cut off at the border, each hidden by chance", () => {
  fc.assert(
    fc.property(anyShape, fc.integer(), fc.double({ min: 0, max: 1, noNaN: true }), (shape, seed, chance) => {
      const { height, width, channels } = shape;
      const sizes = [0, 2, 3];
      const pixels = randomImage(new Float32Array(height * width * channels), seed);
      const expected = pixels.slice();
      const random = stream(seed, "draw");
      const size = sizes[random.integer(3)]!;
      if (size !== 0) {
        for (let y = 0; y < height; y += size) {
          for (let x = 0; x < width; x += size) {
            if (random.uniform() >= chance) continue;
            for (let i = y; i < Math.min(height, y + size); i++) {
              for (let j = x; j < Math.min(width, x + size); j++) {
                for (let c = 0; c < channels; c++) expected[(i * width + j) * channels + c] = 0;
              }
            }
          }
        }
      }
      const hide = hideAndSeek({ gridSizes: sizes, hideProbability: chance });
      const drawn = hide.sample(stream(seed, "draw"), shape, 0);
      expect(hide.apply({ ...shape, layout: "HWC", pixels }, drawn).pixels).toEqual(expected);
    }),
  );
});

test("the expected area is the hidden share of the sizes that hide", () => {
  const area = { height: 224, width: 224 };
  expect(hideAndSeek().expectedArea(area)).toBeCloseTo(0.4, 12);
  const hide = hideAndSeek({ gridSizes: [0, 5, 9], hideProbability: 0.3 });
  const small = { height: 32, width: 20 };
  expect(hide.expectedArea(small)).toBeCloseTo(0.2, 12);
  expect(Math.abs(simulatedShare(hide, small, 4000) - 0.2)).toBeLessThan(0.02);
});

test("the paper's sizes, for 224 pixels and for fewer", () => {
  expect(hideAndSeekSizes(224)).toEqual([0, 16, 32, 44, 56]);
  expect(hideAndSeekSizes(32)).toEqual([0, 2, 5, 6, 8]);
  const rng = stream(3, "draws");
  const sizes = Array.from(
    { length: 200 },
    () => hideAndSeek().sample(rng, { height: 40, width: 32, channels: 1 }, 0).gridSize,
  );
  expect([...new Set(sizes)].sort()).toEqual([0, 2, 5, 6, 8]);
  expect(() =>
    hideAndSeek({ gridSizes: hideAndSeekSizes(4) }).outputShape({ height: 4, width: 4, channels: 1 }),
  ).not.toThrow();
});

test.each<[object, string]>([
  [{ gridSizes: [] }, "hide-and-seek: gridSizes must be a list of integers >= 0, not empty, or null, got []"],
  [
    { gridSizes: [1.5] },
    "hide-and-seek: gridSizes must be a list of integers >= 0, not empty, or null, got [1.5]",
  ],
  [{ gridSizes: 16 }, "hide-and-seek: gridSizes must be a list"],
  [{ hideProbability: -1 }, "hide-and-seek: hideProbability must be a number from 0 to 1, got -1"],
  [{ fill: {} }, "hide-and-seek: fill must be"],
  [
    { probability: 1 },
    'hide-and-seek: options must be among gridSizes, hideProbability, fill, got "probability"',
  ],
])("bad option %o", (options, message) => {
  expect(() => hideAndSeek(options as never)).toThrow(message);
});

test("a cell as large as the image, and cells that are not there", () => {
  const shape = { height: 32, width: 32, channels: 3 };
  expect(() => hideAndSeek({ gridSizes: [0, 56] }).sample(stream(0, "draw"), shape, 0)).toThrow(
    "hide-and-seek: gridSizes must be less than the image's longer side, 32, got 56; the paper's for this image are 0, 2, 5, 6, 8",
  );
  const hide = hideAndSeek({ gridSizes: [16] });
  const image = { ...shape, layout: "HWC", pixels: new Uint8Array(32 * 32 * 3) } as const;
  expect(() => hide.apply(image, { gridSize: 16, hidden: [4], fillSeed: 0 })).toThrow(
    "hide-and-seek: hidden must be cells from 0 to 3 for 32 x 32 pixels, got 4",
  );
});
