// Noise of denoising auto-encoders: exact shares, both values, moments; bad options.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { anyShape, expectContract, randomImage } from "../../../test/helpers/augmentation-contract.ts";
import { stream } from "../../rng.ts";
import { gaussianNoise, maskingNoise, saltAndPepper } from "./noise.ts";

const makers = { maskingNoise, saltAndPepper, gaussianNoise };

describe.each(Object.entries(makers))("%s", (_, make) => {
  test("what every augmentation holds", () => {
    expectContract(() => make({ probability: 0.8 }));
    expectContract(() => make({ per: "pixel" }));
  });

  test("in the asked share of the images", () => {
    const noise = make({ probability: 0.3 });
    const rng = stream(1, "draws");
    const shape = { height: 4, width: 4, channels: 1 };
    const hit = Array.from({ length: 4000 }, () => noise.sample(rng, shape, 0)).filter(
      ({ seed }) => seed !== null,
    );
    expect(Math.abs(hit.length / 4000 - 0.3)).toBeLessThan(0.03);
  });
});

test("masking noise forces exactly the asked number of values, or of whole pixels, to the value", () => {
  fc.assert(
    fc.property(
      anyShape,
      fc.integer(),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom("value", "pixel"),
      (shape, seed, share, per) => {
        const size = shape.height * shape.width * shape.channels;
        const pixels = randomImage(new Float32Array(size), seed);
        const image = { ...shape, layout: "HWC", pixels } as const;
        const result = maskingNoise({ share, per, value: 77 }).apply(image, { seed });
        const units = per === "value" ? size : size / shape.channels;
        let forced = 0;
        result.pixels.forEach((value, index) => {
          if (value === 77) forced++;
          else expect(value).toBe(pixels[index]);
        });
        expect(forced).toBe(Math.round(share * units) * (size / units));
      },
    ),
  );
});

test("every value is as likely to be masked", () => {
  const shape = { height: 3, width: 4, channels: 2, layout: "CHW" } as const;
  const times = new Float64Array(24);
  const image = { ...shape, pixels: new Float32Array(24).fill(1) };
  for (let seed = 0; seed < 4000; seed++) {
    maskingNoise()
      .apply(image, { seed })
      .pixels.forEach((value, index) => {
        times[index]! += 1 - value;
      });
  }
  for (const count of times) expect(Math.abs(count / 4000 - 0.25)).toBeLessThan(0.03);
});

test("salt and pepper: a fair coin between the two, colour by colour", () => {
  const shape = { height: 50, width: 40, channels: 3, layout: "HWC" } as const;
  const grey = { ...shape, pixels: new Uint8Array(6000).fill(100) };
  const bytes = saltAndPepper({ share: 0.5 }).apply(grey, { seed: 3 }).pixels;
  const count = (value: number) => bytes.reduce((sum, each) => sum + (each === value ? 1 : 0), 0);
  expect(count(0) + count(255)).toBe(3000);
  expect(count(100)).toBe(3000);
  expect(Math.abs(count(0) - 1500)).toBeLessThan(110);
  const floats = { ...shape, pixels: new Float32Array(6000).fill(0.5) };
  expect(new Set(saltAndPepper().apply(floats, { seed: 3 }).pixels)).toEqual(new Set([0, 0.5, 1]));
  const normalized = { per: "pixel", pepper: [-2, -3, -4], salt: [2, 3, 4] } as const;
  const result = saltAndPepper(normalized).apply(floats, { seed: 3 }).pixels;
  const pixels = Array.from({ length: 2000 }, (_, at) => result.slice(3 * at, 3 * at + 3).join());
  expect(new Set(pixels)).toEqual(new Set(["-2,-3,-4", "2,3,4", "0.5,0.5,0.5"]));
});

test("Gaussian noise has the mean 0 and the asked deviation; bytes are rounded and clipped", () => {
  const shape = { height: 100, width: 100, channels: 3, layout: "HWC" } as const;
  const image = { ...shape, pixels: new Float32Array(30_000).fill(2) };
  const { pixels } = gaussianNoise({ std: 0.25 }).apply(image, { seed: 9 });
  const mean = pixels.reduce((sum, value) => sum + value, 0) / pixels.length;
  const variance = pixels.reduce((sum, value) => sum + (value - mean) ** 2, 0) / pixels.length;
  expect(Math.abs(mean - 2)).toBeLessThan(0.006);
  expect(Math.abs(Math.sqrt(variance) - 0.25)).toBeLessThan(0.005);
  const together = gaussianNoise({ per: "pixel" }).apply(image, { seed: 9 }).pixels;
  expect(together[0]).toBe(together[1]);
  expect(together[0]).not.toBe(together[3]);
  const bytes = gaussianNoise({ std: 100 }).apply(
    { ...shape, pixels: new Uint8Array(30_000).fill(250) },
    { seed: 9 },
  );
  expect(bytes.pixels.filter((value) => value === 255).length).toBeGreaterThan(10_000);
  expect(bytes.pixels.filter((value) => value === 0).length).toBeGreaterThan(50);
});

test.each<[() => unknown, string]>([
  [() => maskingNoise({ share: 1.1 }), "masking-noise: share must be a number from 0 to 1, got 1.1"],
  [() => maskingNoise({ value: "black" as never }), "masking-noise: value must be a number, or a list"],
  [
    () => maskingNoise({ std: 1 } as never),
    "masking-noise: options must be among probability, share, per, value",
  ],
  [
    () => saltAndPepper({ per: "image" as never }),
    'salt-and-pepper: per must be "value" or "pixel", got "image"',
  ],
  [
    () => saltAndPepper({ salt: [] }),
    "salt-and-pepper: salt must be a number, or a list with one number a channel, or null",
  ],
  [() => gaussianNoise({ std: -1 }), "gaussian-noise: std must be a number >= 0, got -1"],
  [
    () => gaussianNoise({ probability: Number.NaN }),
    "gaussian-noise: probability must be a number from 0 to 1, got NaN",
  ],
  [
    () => saltAndPepper({ salt: [1, 1] }).outputShape({ height: 2, width: 2, channels: 3 }),
    "salt-and-pepper: salt must be a number, or a list of 3, one a channel, got [1, 1]",
  ],
])("bad option %#", (make, message) => {
  expect(make).toThrow(message);
});
