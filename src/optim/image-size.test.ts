// Sizes of a training's images: against Composer's formula, and what must hold whatever the options.
import fc from "fast-check";
import { expect, it } from "vitest";
import {
  checkProgressive,
  imageSizeAt,
  imageSizes,
  type ProgressiveOptions,
  pixelShare,
  sizesBetween,
} from "./image-size.ts";

const usual = { initialScale: 0.5, delayFraction: 0.5, finetuneFraction: 0.2, sizeIncrement: 4 };
const square = (side: number) => ({ height: side, width: side });

const anyOptions: fc.Arbitrary<ProgressiveOptions> = fc
  .record({
    initialScale: fc.double({ min: 0.05, max: 0.95, noNaN: true }),
    delayFraction: fc.double({ min: 0, max: 1, noNaN: true }),
    rest: fc.double({ min: 0, max: 1, noNaN: true }),
    sizeIncrement: fc.integer({ min: 1, max: 16 }),
  })
  .map(({ rest, ...options }) => ({ ...options, finetuneFraction: rest * (1 - options.delayFraction) }));
const anyCase = fc.record({
  options: anyOptions,
  side: fc.integer({ min: 4, max: 256 }),
  epochs: fc.integer({ min: 1, max: 40 }),
});

it("is Composer's at the start of an epoch", () => {
  // ProgressiveResizing.apply: elapsed is the share of the training that is done.
  const composer = (elapsed: number, side: number) => {
    const grown =
      elapsed >= usual.delayFraction
        ? Math.min((elapsed - 0.5) / (1 - usual.finetuneFraction - usual.delayFraction), 1)
        : 0;
    return Math.round((side * (0.5 + 0.5 * grown)) / 4) * 4;
  };
  for (const [side, epochs] of [
    [32, 16],
    [224, 50],
    [96, 23],
  ] as const) {
    for (let epoch = 1; epoch < epochs; epoch++) {
      const size = imageSizeAt(usual, square(side), epoch, epochs);
      expect([epoch, size]).toEqual([epoch, square(composer((epoch - 1) / epochs, side))]);
    }
  }
});

it("the epochs of a size, by hand", () => {
  const spans = imageSizes(usual, square(32), 20);
  expect(spans.map(({ height, first, last }) => [height, first, last])).toEqual([
    [16, 1, 11],
    [20, 12, 13],
    [24, 14, 14],
    [28, 15, 16],
    [32, 17, 20],
  ]);
  expect(pixelShare(spans[0]!, square(32))).toBe(0.25);
});

it("sizes never fall, end with the full one, are multiples of the increment, and are among those that were checked", () => {
  fc.assert(
    fc.property(anyCase, ({ options, side, epochs }) => {
      checkProgressive(options);
      const spans = imageSizes(options, square(side), epochs);
      expect(spans.at(-1)).toMatchObject({ ...square(side), last: epochs });
      const known = sizesBetween(options, square(side)).map(({ height }) => height);
      spans.forEach(({ height, first }, index) => {
        expect(first).toBe(index === 0 ? 1 : spans[index - 1]!.last + 1);
        if (index > 0) expect(height).toBeGreaterThan(spans[index - 1]!.height);
        if (height === side) return;
        expect(height % options.sizeIncrement).toBe(0);
        expect(known).toContain(height);
      });
    }),
  );
});

it("a single epoch, or one that is all finetuning, has full images", () => {
  expect(imageSizes(usual, square(32), 1)).toHaveLength(1);
  expect(imageSizes({ ...usual, delayFraction: 0, finetuneFraction: 1 }, square(32), 9)).toHaveLength(1);
});

it.each([
  [{ initialScale: 1 }, "initialScale must be above 0 and below 1, got 1"],
  [{ initialScale: Number.NaN }, "initialScale must be above 0 and below 1, got NaN"],
  [{ delayFraction: -0.1 }, "delayFraction must be from 0 to 1, got -0.1"],
  [{ sizeIncrement: 2.5 }, "sizeIncrement must be an integer >= 1, got 2.5"],
  [
    { finetuneFraction: 0.6 },
    "delayFraction must be at most 1 together with finetuneFraction, got 0.5 and 0.6",
  ],
])("%j is refused", (changes, message) => {
  expect(() => checkProgressive({ ...usual, ...changes })).toThrow(message);
});
