// GridMask: against stripes painted on a square that is turned; the expected area; the ramp; bad options.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectContract, simulatedShare } from "../../../test/helpers/augmentation-contract.ts";
import { stream } from "../../rng.ts";
import { type Grid, gridMask, gridMaskPeriod } from "./grid-mask.ts";

const small = { period: [3, 6], probability: 1 } as const;

test("what every augmentation holds", () => {
  expectContract(() => gridMask({ period: [2, 4], fill: "imageMean" }));
});

/** The authors' way: stripes of what is kept on a square of the image's diagonal, without rotation. */
function stripes(height: number, width: number, { period, kept, top, left }: Grid): number[] {
  const side = Math.ceil(Math.hypot(height, width));
  const keptRow = new Array<boolean>(side).fill(false);
  const keptColumn = new Array<boolean>(side).fill(false);
  for (let unit = -1; unit <= side / period; unit++) {
    for (let i = 0; i < kept; i++) {
      keptRow[unit * period + top + i] = true;
      keptColumn[unit * period + left + i] = true;
    }
  }
  const [y0, x0] = [Math.floor((side - height) / 2), Math.floor((side - width) / 2)];
  return Array.from({ length: height * width }, (_, pixel) => {
    const [y, x] = [Math.floor(pixel / width) + y0, (pixel % width) + x0];
    return keptRow[y] || keptColumn[x] ? 0 : 1;
  });
}

test("without rotation: what lies in no stripe is dropped", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 2, max: 9 }),
      fc.nat(8),
      fc.nat(8),
      fc.nat(9),
      (height, width, period, top, left, kept) => {
        const grid = {
          period,
          kept: kept % (period + 1),
          top: top % period,
          left: left % period,
          rotation: 0,
        };
        const mask = gridMask(small).mask({ height, width }, { grid, fillSeed: 0 });
        expect(Array.from(mask)).toEqual(stripes(height, width, grid));
      },
    ),
  );
});

test("quarter turns of a square image turn the mask exactly", () => {
  const side = 14; // An even diagonal of 20, so that the centre is the same for both.
  const grid = { period: 5, kept: 3, top: 1, left: 4 };
  const at = (rotation: number) =>
    gridMask(small).mask({ height: side, width: side }, { grid: { ...grid, rotation }, fillSeed: 0 });
  const straight = at(0);
  const quarter = at(90);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      // Counter-clockwise: what was at the right is at the top.
      expect(quarter[y * side + x]).toBe(straight[x * side + (side - 1 - y)]);
    }
  }
});

describe("expected area", () => {
  test("is the mean of the dropped squares' share", () => {
    // Periods 3, 4, 5 with r 0.6 keep 2, 3, 3.
    const expected = ((1 / 3) ** 2 + (1 / 4) ** 2 + (2 / 5) ** 2) / 3;
    const area = { height: 18, width: 25 };
    expect(gridMask(small).expectedArea(area)).toBeCloseTo(expected, 12);
    for (const rotation of [1, 360]) {
      const mask = gridMask({ ...small, rotation });
      expect(Math.abs(simulatedShare(mask, area, 3000) - expected)).toBeLessThan(0.01);
    }
  });

  test("follows the ramp", () => {
    const mask = gridMask({ period: [3, 6], probability: 0.8, ramp: 0.5 });
    const area = { height: 18, width: 18 };
    const most = mask.expectedArea(area);
    expect(mask.expectedArea(area, 0)).toBe(0);
    expect(mask.expectedArea(area, 0.25)).toBeCloseTo(most / 2, 12);
    expect(mask.expectedArea(area, 0.5)).toBeCloseTo(most, 12);
    expect(gridMask({ period: [3, 6], ramp: 0 }).expectedArea(area, 0)).toBeCloseTo(most, 12);
    expect(Math.abs(simulatedShare(mask, area, 4000, 0.25) - most / 2)).toBeLessThan(0.01);
  });

  test("of the paper's settings at the end of the training: about 0.8 x 0.16", () => {
    const area = gridMask().expectedArea({ height: 224, width: 224 });
    expect(area).toBeGreaterThan(0.8 * 0.155);
    expect(area).toBeLessThan(0.8 * 0.16);
  });
});

test("the paper's periods, for 224 pixels and for fewer", () => {
  expect(gridMaskPeriod(224)).toEqual([96, 224]);
  expect(gridMaskPeriod(32)).toEqual([14, 32]);
  expect(gridMaskPeriod(2)).toEqual([2, 3]);
  const [small, given] = [{}, { period: [14, 32] } as const].map((options) =>
    gridMask({ ...options, ramp: 0 }),
  );
  for (let seed = 0; seed < 20; seed++) {
    const draw = (mask: typeof small) =>
      mask!.sample(stream(seed, "draw"), { height: 32, width: 40, channels: 1 }, 1);
    expect(draw(small)).toEqual(draw(given));
  }
});

test.each<[object, string]>([
  [
    { period: [5, 5] },
    "grid-mask: period must be [first, end), two integers with 2 <= first < end, or null, got [5, 5]",
  ],
  [{ period: [1, 5] }, "grid-mask: period must be"],
  [{ period: 5 }, "grid-mask: period must be"],
  [{ ratio: 1.2 }, "grid-mask: ratio must be a number from 0 to 1, got 1.2"],
  [{ rotation: 0 }, "grid-mask: rotation must be an integer >= 1, got 0"],
  [{ probability: "often" }, 'grid-mask: probability must be a number from 0 to 1, got "often"'],
  [{ ramp: 2 }, "grid-mask: ramp must be a number from 0 to 1, got 2"],
  [{ fill: "none" }, "grid-mask: fill must be"],
  [{ d: 4 }, 'grid-mask: options must be among period, ratio, rotation, probability, ramp, fill, got "d"'],
])("bad option %o", (options, message) => {
  expect(() => gridMask(options as never)).toThrow(message);
});

test("units larger than the image, and a progress that is none", () => {
  expect(() => gridMask({ period: [96, 224] }).outputShape({ height: 32, width: 32, channels: 3 })).toThrow(
    "grid-mask: period must end at most at the image's longer side, 32, got 224; the paper's for this image is 14 to 32",
  );
  expect(() => gridMask(small).sample(stream(0, "draw"), { height: 9, width: 9, channels: 1 }, 1.5)).toThrow(
    "grid-mask: progress must be a number from 0 to 1, got 1.5",
  );
});
