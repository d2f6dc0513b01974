// Random Erasing: against algorithm 1 written down slowly; the expected area against simulation; bad options.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  anyShape,
  expectContract,
  randomImage,
  simulatedShare,
} from "../../../test/helpers/augmentation-contract.ts";
import { stream } from "../../rng.ts";
import { type RandomErasingOptions, randomErasing } from "./random-erasing.ts";

test("what every augmentation holds", () => {
  expectContract(() => randomErasing({ probability: 0.8 }));
});

/** Algorithm 1 of the paper with whole pixels; null when it gives up. */
function algorithm1(seed: number, height: number, width: number, tries: number): number[] | null {
  const random = stream(seed, "draw");
  if (random.uniform() >= 0.5) return null;
  for (let attempt = 0; attempt < tries; attempt++) {
    const erasedArea = (0.02 + (0.4 - 0.02) * random.uniform()) * height * width;
    const aspect = 0.3 + (1 / 0.3 - 0.3) * random.uniform();
    const erasedHeight = Math.round(Math.sqrt(erasedArea * aspect));
    const erasedWidth = Math.round(Math.sqrt(erasedArea / aspect));
    const y = random.integer(height);
    const x = random.integer(width);
    if (x + erasedWidth <= width && y + erasedHeight <= height) return [y, x, erasedHeight, erasedWidth];
  }
  return null;
}

test("algorithm 1, with its defaults", () => {
  fc.assert(
    fc.property(anyShape, fc.integer(), ({ height, width, channels }, seed) => {
      const shape = { height, width, channels, layout: "HWC" } as const;
      const erase = randomErasing({ fill: -100 });
      const pixels = randomImage(new Float32Array(height * width * channels), seed);
      const result = erase.apply({ ...shape, pixels }, erase.sample(stream(seed, "draw"), shape, 0)).pixels;
      const expected = algorithm1(seed, height, width, 100);
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          const [top = 0, left = 0, h = 0, w = 0] = expected ?? [];
          const erased = y >= top && y < top + h && x >= left && x < left + w;
          for (let c = 0; c < channels; c++) {
            const at = (y * width + x) * channels + c;
            expect(result[at]).toBe(erased ? -100 : pixels[at]);
          }
        }
      }
    }),
  );
});

test("gives up after the last try", () => {
  const tight = { area: [0.9, 1], probability: 1 } as const;
  const shape = { height: 12, width: 12, channels: 1 };
  const whole = (tries: number) => {
    const erase = randomErasing({ ...tight, tries });
    const rng = stream(1, "tries");
    return Array.from({ length: 200 }, () => erase.sample(rng, shape, 0)).filter(({ box }) => box === null)
      .length;
  };
  expect(whole(1)).toBeGreaterThan(190);
  expect(whole(2000)).toBeLessThan(whole(20));
});

describe("expected area", () => {
  const cases: [Partial<RandomErasingOptions>, number, number][] = [
    [{}, 32, 32],
    [{ corner: "inside" }, 32, 32],
    [{ corner: "inside", aspectScale: "logUniform", tries: 10, area: [0.02, 0.33] }, 24, 40],
    [{ probability: 1, area: [0.5, 1], tries: 3 }, 20, 20],
    [{ probability: 1, area: [0, 0.05] }, 9, 14],
  ];
  test.each(cases)("%o on %i x %i", (options, height, width) => {
    const erase = randomErasing(options);
    const area = { height, width };
    // A standard error of 4000 shares in [0, 1] is below 0.008.
    expect(Math.abs(simulatedShare(erase, area, 4000) - erase.expectedArea(area))).toBeLessThan(0.02);
  });

  test("of one size that always fits is that size", () => {
    const erase = randomErasing({ probability: 1, corner: "inside", area: [0.25, 0.25], aspect: [1, 1] });
    expect(erase.expectedArea({ height: 32, width: 32 })).toBeCloseTo(0.25, 12);
  });
});

test.each<[object, string]>([
  [{ probability: 2 }, "random-erasing: probability must be a number from 0 to 1, got 2"],
  [
    { area: [0.4, 0.2] },
    "random-erasing: area must be [min, max] with min <= max, both numbers from 0 to 1, got [0.4, 0.2]",
  ],
  [{ area: 0.2 }, "random-erasing: area must be [min, max]"],
  [
    { aspect: [0, 1] },
    "random-erasing: aspect must be [min, max] with min <= max, both numbers > 0, got [0, 1]",
  ],
  [{ aspectScale: "log" }, 'random-erasing: aspectScale must be "uniform" or "logUniform", got "log"'],
  [{ corner: "outside" }, 'random-erasing: corner must be "anywhere" or "inside", got "outside"'],
  [{ tries: 0 }, "random-erasing: tries must be an integer >= 1, got 0"],
  [{ fill: "noise" }, 'random-erasing: fill must be "zero", "imageMean", "channelMean", "random"'],
  [
    { size: 3 },
    'random-erasing: options must be among probability, area, aspect, aspectScale, corner, tries, fill, got "size"',
  ],
])("bad option %o", (options, message) => {
  expect(() => randomErasing(options as never)).toThrow(message);
});

test("images and parameters that do not fit", () => {
  const erase = randomErasing({ fill: [0, 0, 0] });
  const grey = { height: 4, width: 4, channels: 1 };
  expect(() => erase.outputShape(grey)).toThrow(
    "random-erasing: fill must be a number, or a list of 1, one a channel, got [0, 0, 0]",
  );
  const image = { ...grey, channels: 3, layout: "HWC", pixels: new Uint8Array(48) } as const;
  const box = { top: 0, bottom: 5, left: 0, right: 1 };
  expect(() => erase.apply(image, { box, fillSeed: 1 })).toThrow(
    "random-erasing: box must lie in the image of 4 x 4, got rows [0, 5), columns [0, 1)",
  );
  expect(() => erase.apply({ ...image, pixels: new Uint8Array(5) }, { box: null, fillSeed: 1 })).toThrow(
    "got 5",
  );
});
