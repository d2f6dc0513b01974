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
