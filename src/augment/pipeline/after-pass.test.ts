// Augmentations after the fused pass: as if each had been applied alone; scales; drawn after everything else.
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import type { Image } from "../augmentation.ts";
import { type AugmentationSpec, createAugmentation } from "../registry.ts";
import { afterPass } from "./after-pass.ts";
import { trainingPipeline } from "./pipeline.ts";

const input = { height: 12, width: 12, channels: 3 };
const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] };
const bytes = Uint8Array.from({ length: 2 * 12 * 12 * 3 }, (_, at) => (at * 37) % 256);

function pipelineWith(augmentations: readonly AugmentationSpec[]) {
  return trainingPipeline({
    input,
    crop: { height: 8, width: 10, padding: 1 },
    flip: 0.5,
    normalization,
    cutout: { length: 4, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 },
    ...(augmentations.length > 0 && { augmentations }),
  });
}

const shape = { height: 8, width: 10, channels: 3 };
const size = 8 * 10 * 3;

test("follow the pass in their order, at their place in the batch, and the rest is as without them", () => {
  const specs: AugmentationSpec[] = [
    { name: "random-erasing", options: { probability: 1 } },
    { name: "gaussian-noise", options: { std: 0.1 } },
  ];
  const [plain, followed] = [pipelineWith([]), pipelineWith(specs)];
  for (let seed = 0; seed < 20; seed++) {
    const parameters = followed.sample(stream(seed, "draw"), 0.3);
    const { after, ...rest } = parameters;
    expect(rest).toEqual(plain.sample(stream(seed, "draw"), 0.3));
    expect(JSON.parse(JSON.stringify(parameters))).toEqual(parameters);
    const target = new Float32Array(3 * size).fill(7);
    followed.apply(bytes, 12 * 12 * 3, parameters, target, size);
    const alone = new Float32Array(size);
    plain.apply(bytes, 12 * 12 * 3, rest, alone, 0);
    const steps = specs.map(createAugmentation);
    const expected = steps.reduce<Image<Float32Array>>((image, step, at) => step.apply(image, after![at]), {
      ...shape,
      layout: "CHW",
      pixels: alone,
    });
    expect(target.slice(size, 2 * size)).toEqual(expected.pixels);
    expect(target.slice(0, size).every((value) => value === 7)).toBe(true);
    expect(target.slice(2 * size).every((value) => value === 7)).toBe(true);
  }
});

test("progress reaches what follows a schedule", () => {
  const ramped = pipelineWith([{ name: "grid-mask", options: { probability: 1, ramp: 1 } }]);
  const grids = (progress: number) =>
    Array.from({ length: 50 }, (_, seed) => ramped.sample(stream(seed, "draw"), progress).after![0]).filter(
      (drawn) => (drawn as { grid: unknown }).grid !== null,
    ).length;
  expect(grids(0)).toBe(0);
  expect(grids(1)).toBe(50);
  expect(grids(0.5)).toBeGreaterThan(10);
});

test("colours are changed on the scale 0 to 1 and normalized again", () => {
  const pass = afterPass([{ name: "greyscale", options: { probability: 1 } }], shape, normalization)!;
  const target = Float32Array.from({ length: size }, (_, at) => Math.sin(at));
  const before = target.slice();
  pass.apply(target, 0, pass.sample(stream(1, "draw"), 0));
  const plane = 80;
  for (let pixel = 0; pixel < plane; pixel++) {
    const unit = [0, 1, 2].map((c) =>
      Math.min(1, Math.max(0, before[c * plane + pixel]! * normalization.std[c]! + normalization.mean[c]!)),
    );
    const grey = 0.299 * unit[0]! + 0.587 * unit[1]! + 0.114 * unit[2]!;
    for (let c = 0; c < 3; c++) {
      const value = target[c * plane + pixel]! * normalization.std[c]! + normalization.mean[c]!;
      expect(Math.abs(value - grey)).toBeLessThan(1e-3);
    }
  }
});

describe("a colour on the scale 0 to 1 is normalized, whoever paints it", () => {
  const colour = [1, 0.5, 0.25];
  const expected = colour.map((value, c) => (value - normalization.mean[c]!) / normalization.std[c]!);
  test.each<AugmentationSpec>([
    { name: "cutout", options: { length: 4, placement: "inside", fill: { colour } } },
    { name: "cutout", options: { like: "ffcv", cropSize: 4, fill: [255, 127.5, 63.75] } },
    { name: "random-erasing", options: { probability: 1, fill: { colour } } },
  ])("%j", (spec) => {
    const pass = afterPass([spec], shape, normalization)!;
    const target = new Float32Array(size).fill(99);
    pass.apply(target, 0, pass.sample(stream(3, "draw"), 0));
    const painted = [0, 1, 2].map((c) => target.slice(80 * c, 80 * c + 80).filter((value) => value !== 99));
    for (const [c, values] of painted.entries()) {
      expect(values.length).toBeGreaterThan(0);
      expect(values.length).toBeLessThan(80);
      for (const value of values) expect(value).toBeCloseTo(expected[c]!, 5);
    }
  });
});

test("noise in shares of white lies between black and white of the normalized image", () => {
  const fill = { uniform: [0, 1], per: "pixel", unit: "white" } as const;
  const spec: AugmentationSpec = { name: "hide-and-seek", options: { gridSizes: [2], fill } };
  const pass = afterPass([spec], shape, normalization)!;
  const target = new Float32Array(size).fill(99);
  pass.apply(target, 0, pass.sample(stream(3, "draw"), 0));
  target.forEach((value, at) => {
    const c = Math.floor(at / 80);
    if (value === 99) return;
    const share = value * normalization.std[c]! + normalization.mean[c]!;
    expect(share).toBeGreaterThan(-1e-6);
    expect(share).toBeLessThan(1 + 1e-6);
  });
});

describe("bad input", () => {
  test.each<[object, string]>([
    [{ name: "grid" }, "augmentations: name must be one of"],
    [{ name: "grid-mask", options: { ratio: 2 } }, "grid-mask: ratio must be a number from 0 to 1, got 2"],
    [
      { name: "random-crop", options: { height: 4, width: 4 } },
      "augmentations: random-crop must keep the size of the image, 8 x 10, got 4 x 4",
    ],
    [
      { name: "grid-mask", options: { period: [90, 100] } },
      "grid-mask: period must end at most at the image's longer side, 10",
    ],
  ])("%o", (spec, message) => {
    expect(() => pipelineWith([spec as AugmentationSpec])).toThrow(message);
  });
});
