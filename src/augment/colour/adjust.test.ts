// Changes of colour against what they must do to single pixels.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { arbitraryImage, pixelAt } from "../../../test/helpers/images.ts";
import { stream } from "../../rng.ts";
import type { Image } from "../augmentation.ts";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from "./adjust.ts";
import { type ColorJitterOptions, colorJitter } from "./color-jitter.ts";
import { greyscale } from "./greyscale.ts";

const colours = arbitraryImage({ channels: [3] });
const factors = fc.double({ min: 0, max: 3, noNaN: true });

/** Every pixel, red, green and blue on the scale 0 to 1. */
function pixelsOf(image: Image): number[][] {
  const white = image.pixels instanceof Uint8Array ? 255 : 1;
  const places = Array.from({ length: image.height * image.width }, (_, i) => [
    Math.floor(i / image.width),
    i % image.width,
  ]);
  return places.map(([y, x]) =>
    Array.from({ length: image.channels }, (_, c) => pixelAt(image, y!, x!, c, Number.NaN) / white),
  );
}

const clipped = (value: number) => Math.min(1, Math.max(0, value));
const greyOf = ([r, g, b]: readonly number[]) => 0.2989 * r! + 0.587 * g! + 0.114 * b!;

function expectPixels(actual: Image, expected: readonly (readonly number[])[]): void {
  const tolerance = actual.pixels instanceof Uint8Array ? 0.501 / 255 : 1e-6;
  pixelsOf(actual).forEach((pixel, place) => {
    pixel.forEach((value, c) => {
      expect(Math.abs(value - expected[place]![c]!)).toBeLessThanOrEqual(tolerance);
    });
  });
}

test("brightness, contrast and saturation blend with black, the mean grey, and each pixel's grey", () => {
  fc.assert(
    fc.property(colours, factors, (image, factor) => {
      const before = pixelsOf(image);
      const mean = before.reduce((sum, pixel) => sum + greyOf(pixel), 0) / before.length;
      const blend = (other: (pixel: readonly number[]) => number) =>
        before.map((pixel) => pixel.map((value) => clipped(factor * value + (1 - factor) * other(pixel))));
      expectPixels(
        adjustBrightness(image, factor),
        blend(() => 0),
      );
      expectPixels(
        adjustContrast(image, factor),
        blend(() => mean),
      );
      expectPixels(adjustSaturation(image, factor), blend(greyOf));
    }),
  );
});

describe("hue", () => {
  test("a third of the circle exchanges red, green and blue", () => {
    fc.assert(
      fc.property(colours, (image) => {
        expectPixels(
          adjustHue(image, 1 / 3),
          pixelsOf(image).map(([r, g, b]) => [b!, r!, g!]),
        );
        expectPixels(
          adjustHue(image, -1 / 3),
          pixelsOf(image).map(([r, g, b]) => [g!, b!, r!]),
        );
      }),
    );
  });

  test("keeps the largest and the smallest of the three, and comes back", () => {
    fc.assert(
      fc.property(colours, fc.double({ min: -0.5, max: 0.5, noNaN: true }), (image, turn) => {
        const turned = adjustHue(image, turn);
        const after = pixelsOf(turned);
        pixelsOf(image).forEach((pixel, place) => {
          expect(Math.max(...after[place]!)).toBeCloseTo(Math.max(...pixel), 5);
          expect(Math.min(...after[place]!)).toBeCloseTo(Math.min(...pixel), 5);
        });
        if (image.pixels instanceof Float32Array) {
          const back = pixelsOf(adjustHue(turned, -turn)).flat();
          // Nearly grey pixels have a hue of few bits.
          pixelsOf(image)
            .flat()
            .forEach((value, i) => {
              expect(back[i]).toBeCloseTo(value, 4);
            });
        }
      }),
    );
  });

  test("from red to yellow and to cyan", () => {
    const red = {
      height: 1,
      width: 1,
      channels: 3,
      layout: "HWC",
      pixels: Uint8Array.of(255, 0, 0),
    } as const;
    expect([...adjustHue(red, 1 / 6).pixels]).toEqual([255, 255, 0]);
    expect([...adjustHue(red, 0.5).pixels]).toEqual([0, 255, 255]);
    expect([...adjustHue(red, -0.5).pixels]).toEqual([0, 255, 255]);
  });
});

test("grey images keep their saturation and hue, and change their brightness", () => {
  const image: Image = { height: 1, width: 2, channels: 1, layout: "CHW", pixels: Uint8Array.of(10, 200) };
  expect(adjustSaturation(image, 3).pixels).toEqual(image.pixels);
  expect(adjustHue(image, 0.4).pixels).toEqual(image.pixels);
  expect([...adjustBrightness(image, 2).pixels]).toEqual([20, 255]);
});

test("greyscale: equal channels where it is drawn, as often as it should be", () => {
  const image: Image = {
    height: 1,
    width: 1,
    channels: 3,
    layout: "HWC",
    pixels: Uint8Array.of(200, 100, 0),
  };
  expect([...greyscale().apply(image, { grey: true }).pixels]).toEqual([118, 118, 118]);
  expect(greyscale().apply(image, { grey: false }).pixels).toEqual(image.pixels);
  const rng = stream(3, "grey");
  const drawn = Array.from(
    { length: 4000 },
    () => greyscale({ probability: 0.3 }).sample(rng, image, 0).grey,
  );
  expect(drawn.filter(Boolean).length / drawn.length).toBeCloseTo(0.3, 1);
});

describe("colour jitter", () => {
  const shape = { height: 4, width: 4, channels: 3 };

  test("draws what is asked for, from the whole range, in every order", () => {
    const augment = colorJitter({ brightness: 0.4, contrast: [0.5, 0.7], saturation: 2, hue: 0.1 });
    const rng = stream(9, "jitter");
    const drawn = Array.from({ length: 3000 }, () => augment.sample(rng, shape, 0).changes);
    const ranges = {
      brightness: [0.6, 1.4],
      contrast: [0.5, 0.7],
      saturation: [0, 3],
      hue: [-0.1, 0.1],
    } as const;
    for (const [property, [least, most]] of Object.entries(ranges)) {
      const amounts = drawn.map((changes) => changes.find((change) => change.property === property)!.amount);
      const margin = 0.01 * (most - least);
      expect(Math.min(...amounts)).toBeGreaterThanOrEqual(least);
      expect(Math.min(...amounts)).toBeLessThan(least + margin);
      expect(Math.max(...amounts)).toBeLessThanOrEqual(most);
      expect(Math.max(...amounts)).toBeGreaterThan(most - margin);
    }
    const orders = new Set(drawn.map((changes) => changes.map(({ property }) => property).join()));
    expect(orders.size).toBe(24);
  });

  test("nothing asked for, nothing drawn", () => {
    expect(colorJitter().sample(stream(1, "none"), shape, 0)).toEqual({ changes: [] });
    expect(colorJitter({ hue: 0, brightness: [1, 1] }).sample(stream(1, "none"), shape, 0)).toEqual({
      changes: [],
    });
  });

  test.each<[ColorJitterOptions, string]>([
    [
      { brightness: -1 },
      "color-jitter: brightness must be a number >= 0 or [min, max] with min <= max, both numbers >= 0, got -1",
    ],
    [{ contrast: [2, 1] }, "color-jitter: contrast must be"],
    [{ hue: 0.6 }, "color-jitter: hue must be a number from 0 to 0.5 or [min, max]"],
    [{ saturation: Number.NaN }, "color-jitter: saturation must be"],
    [
      { gamma: 1 } as ColorJitterOptions,
      'options must be among brightness, contrast, saturation, hue, got "gamma"',
    ],
  ])("bad options: %o", (options, message) => {
    expect(() => colorJitter(options)).toThrow(message);
  });

  test.each([
    [{ changes: [{ property: "gamma", amount: 1 }] }],
    [{ changes: [{ property: "hue", amount: 2 }] }],
    [{ changes: [{ property: "brightness" }] }],
    [{ changes: [null] }],
    [{ changes: "all" }],
  ])("bad parameters: %o", (parameters) => {
    const image: Image = { ...shape, layout: "HWC", pixels: new Uint8Array(48) };
    expect(() => colorJitter().apply(image, parameters as never)).toThrow(
      "color-jitter: changes must be a list of",
    );
  });

  test("bad input: floats of another scale, channels that are no colours", () => {
    const floats: Image = { ...shape, layout: "HWC", pixels: new Float32Array(48).fill(128) };
    expect(() => colorJitter().apply(floats, { changes: [] })).toThrow(
      "color-jitter: floats must be from 0 to 1, got 128 (change colours before normalization, or divide by 255)",
    );
    expect(() => colorJitter().outputShape({ ...shape, channels: 4 })).toThrow(
      "color-jitter: channels must be 1 (grey) or 3 (red, green, blue), got 4",
    );
  });
});
