// What every augmentation that a config can name has in common.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { augmentationExamples } from "../../test/helpers/augmentations.ts";
import { arbitraryImage, toLayout } from "../../test/helpers/images.ts";
import { stream } from "../rng.ts";
import type { Image } from "./augmentation.ts";
import {
  type AugmentationSpec,
  aboutAugmentation,
  augmentationNames,
  createAugmentation,
} from "./registry.ts";

const specs = augmentationNames.map(
  (name) => ({ name, options: augmentationExamples[name] }) as AugmentationSpec,
);

describe.each(specs)("$name", (spec) => {
  const augment = createAugmentation(spec);
  const images = arbitraryImage({ channels: [3] }).filter((image) => image.height >= 4 && image.width >= 4);

  test("parameters are JSON data that do the same later; the input stays; shapes are as told", () => {
    fc.assert(
      fc.property(images, fc.integer(), (image, seed) => {
        const before = structuredClone(image);
        const drawn = augment.sample(stream(seed, "t"), image, 0.5);
        const stored = JSON.parse(JSON.stringify(drawn));
        expect(stored).toEqual(drawn);
        const result = augment.apply(image, drawn);
        expect(image).toEqual(before);
        expect(result.pixels).not.toBe(image.pixels);
        expect(result.pixels.constructor).toBe(image.pixels.constructor);
        const { height, width, channels } = augment.outputShape(image);
        expect(result).toMatchObject({ height, width, channels, layout: image.layout });
        expect(result.pixels.length).toBe(height * width * channels);
        const again = createAugmentation(JSON.parse(JSON.stringify(spec)));
        expect(again.apply(before, stored)).toEqual(result);
      }),
      { numRuns: 40 },
    );
  });

  test("the same seed draws the same, another one something else", () => {
    const image = { height: 8, width: 8, channels: 3 };
    const drawn = (seed: number) => {
      const rng = stream(seed, "t");
      return JSON.stringify(Array.from({ length: 20 }, () => augment.sample(rng, image, 0.5)));
    };
    expect(drawn(1)).toBe(drawn(1));
    expect(drawn(2)).not.toBe(drawn(1));
  });

  test("the same in both orders of the axes", () => {
    fc.assert(
      fc.property(images, fc.integer(), (image, seed) => {
        const drawn = augment.sample(stream(seed, "t"), image, 0.5);
        const other = toLayout(image, image.layout === "HWC" ? "CHW" : "HWC");
        expect(toLayout(augment.apply(other, drawn), image.layout)).toEqual(augment.apply(image, drawn));
      }),
      { numRuns: 40 },
    );
  });

  test("a Node Buffer is not changed", () => {
    const image: Image = { height: 6, width: 6, channels: 3, layout: "HWC", pixels: Buffer.alloc(108, 77) };
    for (let seed = 0; seed < 20; seed++)
      augment.apply(image, augment.sample(stream(seed, "t"), image, 0.5)).pixels.fill(1);
    expect(image.pixels.every((value) => value === 77)).toBe(true);
  });

  const image: Image = { height: 6, width: 6, channels: 3, layout: "HWC", pixels: new Float32Array(108) };
  const parameters = augment.sample(stream(1, "t"), image, 0.5);

  test.each<[string, Partial<Record<keyof Image, unknown>>, string]>([
    [
      "an array too short",
      { pixels: new Float32Array(107) },
      "1 x 6 x 6 x 3 pixels hold 108 numbers, got 107",
    ],
    [
      "doubles",
      { pixels: new Float64Array(108) },
      "pixels must be a Float32Array or a Uint8Array, got Float64Array",
    ],
    ["no pixels", { pixels: undefined }, "pixels must be a Float32Array or a Uint8Array, got undefined"],
    [
      "NaN",
      { pixels: new Float32Array(108).fill(Number.NaN, 5, 6) },
      "pixels must be finite, got NaN at index 5",
    ],
    ["no height", { height: 0, pixels: new Float32Array(0) }, "height must be an integer >= 1, got 0"],
    ["half a pixel", { width: 5.5 }, "width must be an integer >= 1, got 5.5"],
    ["another order", { layout: "WHC" }, 'layout must be "HWC" or "CHW", got "WHC"'],
  ])("bad input: %s", (_, wrong, message) => {
    expect(() => augment.apply({ ...image, ...wrong } as Image, parameters)).toThrow(
      `${spec.name}: ${message}`,
    );
  });

  test("bad input: no shape to draw for", () => {
    const wrong = { height: 6, width: 0, channels: 3 };
    expect(() => augment.sample(stream(1, "t"), wrong, 0)).toThrow("width must be an integer >= 1, got 0");
    expect(() => augment.outputShape(wrong)).toThrow("width must be an integer >= 1, got 0");
  });

  test.each([[null], [[1]], ["all"], [{ nothing: 1 }]])("bad parameters: %o", (wrong) => {
    expect(() => augment.apply(image, wrong)).toThrow(spec.name);
    if (augment.effects !== undefined) expect(() => augment.effects!(wrong, image)).toThrow(spec.name);
  });

  test("bad options: one that does not exist", () => {
    const wrong = { name: spec.name, options: { ...spec.options, strenght: 1 } };
    expect(() => createAugmentation(wrong as AugmentationSpec)).toThrow(`got "strenght"`);
  });
});

test.each(augmentationNames)("%s says what it is about", (name) => {
  const { kind, scale, normalized } = aboutAugmentation(name);
  // What works on colours needs their scale, and the others must not: they see normalized images.
  const image = {
    height: 6,
    width: 6,
    channels: 3,
    layout: "HWC",
    pixels: new Float32Array(108).fill(-3),
  } as const;
  const augment = createAugmentation({ name, options: augmentationExamples[name] } as AugmentationSpec);
  const apply = () => augment.apply(image, augment.sample(stream(1, "t"), image, 0.5));
  if (scale === "unit") expect(apply).toThrow("floats must be from 0 to 1");
  else expect(apply).not.toThrow();
  if (kind === "geometry") expect(augment.effects).toBeTypeOf("function");
  if (kind === "mask") expect(normalized).toBeTypeOf("function");
});

test.each<[object, string]>([
  [{ name: "rotate" }, "augmentations: name must be one of affine, "],
  [{ name: "constructor" }, "augmentations: name must be one of affine, "],
  [{}, "augmentations: name must be one of affine, "],
  [
    { name: "rotation", degrees: 5 },
    'augmentations: rotation must have "name" and "options" only, got "degrees"',
  ],
  [{ name: "rotation", options: 5 }, "rotation: options must be an object, got 5"],
  [{ name: "rotation", options: [5] }, "rotation: options must be an object, got [5]"],
  [
    { name: "rotation" },
    "rotation: degrees must be a number >= 0 or [min, max] with min <= max, both numbers, got nothing",
  ],
])("bad config: %o", (spec, message) => {
  expect(() => createAugmentation(spec as AugmentationSpec)).toThrow(message);
});
