import { expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { hiddenShares, hide, placeOf, sideFor, slidingSquare, squareAt } from "./hiding.ts";

test("a square hides as much as it says, and nothing else is touched", () => {
  const shape = { height: 12, width: 16, channels: 3 };
  const size = 12 * 16 * 3;
  const random = stream(1, "pixels");
  const image = Float32Array.from({ length: size }, () => 1 + random.uniform());
  const kept = image.slice();
  for (const share of hiddenShares) {
    for (let position = 0; position < 20; position++) {
      const side = sideFor(shape, share);
      const hole = squareAt(shape, side, placeOf(7, position));
      const batch = new Float32Array(2 * size).fill(9);
      hide(image, shape, hole, batch, 1);
      const own = batch.subarray(size);
      expect(own.filter((value) => value === 0)).toHaveLength(3 * side * side);
      expect(own.every((value, at) => value === 0 || value === image[at])).toBe(true);
      expect(batch.subarray(0, size).every((value) => value === 9)).toBe(true);
    }
  }
  expect(image).toEqual(kept);
  expect(sideFor(shape, 0.5)).toBe(6);
  expect(Math.max(...hiddenShares)).toBe(0.75);
});

test("it is the same one for the same image and seed, and grows where it is", () => {
  const area = { height: 33, width: 40 };
  for (let position = 0; position < 50; position++) {
    const place = placeOf(0, position);
    expect(placeOf(0, position)).toEqual(place);
    let smaller = squareAt(area, 1, place);
    for (let side = 2; side <= 33; side++) {
      const larger = squareAt(area, side, place);
      expect(larger.top).toBeLessThanOrEqual(smaller.top);
      expect(larger.left).toBeLessThanOrEqual(smaller.left);
      expect(larger.bottom).toBeGreaterThanOrEqual(smaller.bottom);
      expect(larger.right).toBeGreaterThanOrEqual(smaller.right);
      expect(larger.bottom).toBeLessThanOrEqual(33);
      expect(larger.right).toBeLessThanOrEqual(40);
      smaller = larger;
    }
  }
  expect(placeOf(1, 0)).not.toEqual(placeOf(0, 0));
});

test("every place is as likely as any other", () => {
  const counts = new Array<number>(5).fill(0);
  for (let position = 0; position < 5000; position++) {
    counts[squareAt({ height: 8, width: 8 }, 4, placeOf(3, position)).top]!++;
  }
  // Chi-square with 4 degrees of freedom: 18.5 at 0.1 %.
  expect(counts.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(18.5);
});

test.each([
  { height: 64, width: 64 },
  { height: 28, width: 20 },
  { height: 3, width: 3 },
])(
  "the sliding square reaches every pixel of $height x $width, as often at one side as at the other",
  (area) => {
    const { holes, rows, columns } = slidingSquare(area);
    expect(holes).toHaveLength(rows * columns);
    const covered = new Int32Array(area.height * area.width);
    for (const { top, bottom, left, right } of holes) {
      expect([top >= 0, left >= 0, bottom <= area.height, right <= area.width]).not.toContain(false);
      for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) covered[y * area.width + x]!++;
    }
    expect(Math.min(...covered)).toBeGreaterThan(0);
  },
);
