// The numbers that are said to be corrupted are those that are, for every mask and noise that there is.
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import type { AugmentationSpec } from "../registry.ts";
import { checkCorruption, corruption, corruptionNames } from "./corruption.ts";

const shape = { height: 12, width: 14, channels: 3 };
const size = 12 * 14 * 3;
const normalization = { mean: [0.4, 0.5, 0.6], std: [0.2, 0.3, 0.25] };
const examples: Readonly<Record<string, readonly AugmentationSpec["options"][]>> = {
  cutout: [{ length: 4 }, { length: 4, fill: "imageMean" }, { length: 6, nHoles: 2, fill: "random" }],
  "gaussian-noise": [{ std: 0.5 }, { std: 0.5, probability: 0.5 }],
  "grid-mask": [{ period: [3, 6] }],
  "hide-and-seek": [{ gridSizes: [3, 4] }, { gridSizes: [3], fill: "channelMean" }],
  "masking-noise": [{ share: 0.25 }, { share: 0.5, per: "pixel" }, { probability: 0.5 }],
  occlusion: [{ probability: 1 }],
  "random-erasing": [{ probability: 1 }, { probability: 0.5, fill: "random" }],
  "salt-and-pepper": [{ share: 0.2, pepper: -2, salt: 2 }, { per: "pixel" }],
} as never;

/** Numbers that nothing paints by chance. */
function anyImage(key: number): Float32Array {
  const rng = stream(key, "image");
  return Float32Array.from({ length: size }, () => 3 + rng.uniform());
}

test("all masks and noises are tried", () => {
  expect(Object.keys(examples).sort()).toEqual([...corruptionNames()].sort());
});

describe.each(Object.keys(examples) as AugmentationSpec["name"][])("%s", (name) => {
  test.each(examples[name]!)("%j", (options) => {
    const made = corruption([{ name, options } as AugmentationSpec], shape, normalization);
    let all = 0;
    for (let key = 0; key < 20; key++) {
      const clean = anyImage(key);
      // Between two other images, which stay as they are.
      const images = new Float32Array(3 * size).fill(7);
      images.set(clean, size);
      const touched = made.apply(images, size, made.sample(stream(key, "draw")));
      const changed = Array.from(images.subarray(size, 2 * size), (value, at) =>
        value === clean[at] ? 0 : 1,
      );
      // The mean of an image could be one of its numbers.
      expect([...touched]).toEqual(changed);
      all += changed.filter(Boolean).length;
      expect(images.subarray(0, size).every((value) => value === 7)).toBe(true);
      expect(images.subarray(2 * size).every((value) => value === 7)).toBe(true);
    }
    expect(all).toBeGreaterThan(0);
  });
});

test("one after the other: what either has touched, whatever is put on it again", () => {
  const specs: AugmentationSpec[] = [
    { name: "cutout", options: { length: 6 } },
    { name: "salt-and-pepper", options: { share: 0.3, pepper: 0, salt: 3.5 } },
  ];
  const made = corruption(specs, shape, normalization);
  const clean = anyImage(1);
  const images = clean.slice();
  const touched = made.apply(images, 0, made.sample(stream(1, "draw")));
  expect([...touched]).toEqual(Array.from(images, (value, at) => (value === clean[at] ? 0 : 1)));
});

test("what is no mask and no noise is refused by name, with those that are", () => {
  expect(() => checkCorruption({ name: "rotation", options: { degrees: 5 } })).toThrow(
    `corruption: each must be one of ${corruptionNames().join(", ")}, got rotation`,
  );
});
