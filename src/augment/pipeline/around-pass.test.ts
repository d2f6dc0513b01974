// Augmentations around the fused pass: each at the place of its kind, as if it had been applied alone; drawn after the rest.
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import type { Image } from "../augmentation.ts";
import { type AugmentationSpec, createAugmentation } from "../registry.ts";
import { afterPass } from "./around-pass.ts";
import { evaluationViews } from "./evaluation-views.ts";
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
    const parameters = followed.sample(stream(seed, "draw"), { progress: 0.3 });
    const { after, ...rest } = parameters;
    expect(rest).toEqual(plain.sample(stream(seed, "draw"), { progress: 0.3 }));
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
    Array.from(
      { length: 50 },
      (_, seed) => ramped.sample(stream(seed, "draw"), { progress }).after![0],
    ).filter((drawn) => (drawn as { grid: unknown }).grid !== null).length;
  expect(grids(0)).toBe(0);
  expect(grids(1)).toBe(50);
  expect(grids(0.5)).toBeGreaterThan(10);
});

describe("geometry and colours come first, on the decoded bytes", () => {
  const rotation: AugmentationSpec = { name: "rotation", options: { degrees: 40 } };
  const mean = normalization.mean.map((value) => Math.round(255 * value));

  test("then the pass as it is without them, then masks and noise; in the order of the kinds, however they are told", () => {
    const early: AugmentationSpec[] = [
      rotation,
      { name: "color-jitter", options: { brightness: 0.5 } },
      { name: "greyscale", options: { probability: 0.5 } },
    ];
    const late: AugmentationSpec[] = [
      { name: "grid-mask", options: { probability: 1, period: [4, 6], ramp: 0 } },
      { name: "gaussian-noise", options: { std: 0.1 } },
    ];
    const pipeline = pipelineWith([late[1]!, early[1]!, late[0]!, early[2]!, early[0]!]);
    const [plain, followed] = [pipelineWith([]), pipelineWith(late)];
    const filled = { name: "rotation", options: { degrees: 40, fill: mean } } as AugmentationSpec;
    const steps = [filled, early[1]!, early[2]!].map(createAugmentation);
    for (let seed = 0; seed < 20; seed++) {
      const parameters = pipeline.sample(stream(seed, "draw"), { progress: 0.3 });
      expect(JSON.parse(JSON.stringify(parameters))).toEqual(parameters);
      const { before, after, ...rest } = parameters;
      expect(rest).toEqual(plain.sample(stream(seed, "draw"), { progress: 0.3 }));
      const own = bytes.slice();
      const target = new Float32Array(2 * size).fill(7);
      pipeline.apply(own, 12 * 12 * 3, parameters, target, size);
      expect(own).toEqual(bytes);
      const augmented = steps.reduce<Image<Uint8Array>>((image, step, at) => step.apply(image, before![at]), {
        ...input,
        layout: "HWC",
        pixels: bytes.slice(12 * 12 * 3),
      });
      const expected = new Float32Array(size);
      followed.apply(augmented.pixels, 0, { ...rest, ...(after && { after }) }, expected, 0);
      expect(target.slice(size)).toEqual(expected);
      expect(target.slice(0, size).every((value) => value === 7)).toBe(true);
    }
  });

  test("a resized crop takes the whole decoded image, and its size is the network's", () => {
    const decoded = { height: 24, width: 30, channels: 3 };
    const pixels = Uint8Array.from({ length: 24 * 30 * 3 }, (_, at) => (at * 29) % 256);
    const pipeline = trainingPipeline({
      input: decoded,
      crop: { height: 16, width: 16, padding: 0 },
      flip: 0,
      normalization,
      cutout: { length: 4, nHoles: 1, placement: "inside", fill: "zero", probability: 1 },
      augmentations: [{ name: "resized-crop" }],
    });
    const alone = createAugmentation({ name: "resized-crop", options: { size: 16 } });
    const reached = { top: 24, left: 30, bottom: 0, right: 0 };
    for (let seed = 0; seed < 100; seed++) {
      const parameters = pipeline.sample(stream(seed, "draw"));
      expect(parameters).toMatchObject({ top: 0, left: 0 });
      const [region] = parameters.before as [{ top: number; left: number; height: number; width: number }];
      reached.top = Math.min(reached.top, region.top);
      reached.left = Math.min(reached.left, region.left);
      reached.bottom = Math.max(reached.bottom, region.top + region.height);
      reached.right = Math.max(reached.right, region.left + region.width);
      const target = new Float32Array(16 * 16 * 3);
      pipeline.apply(pixels, 0, parameters, target, 0);
      const cropped = alone.apply<Uint8Array>({ ...decoded, layout: "HWC", pixels }, region).pixels;
      const [hole] = parameters.holes;
      let worst = 0;
      target.forEach((value, at) => {
        const [c, y, x] = [Math.floor(at / 256), Math.floor((at % 256) / 16), at % 16];
        const inHole = y >= hole!.top && y < hole!.bottom && x >= hole!.left && x < hole!.right;
        const unit = cropped[(y * 16 + x) * 3 + c]! / 255;
        // The hole is whole and square: nothing is resized after it.
        const expected = inHole ? 0 : (unit - normalization.mean[c]!) / normalization.std[c]!;
        worst = Math.max(worst, Math.abs(value - expected));
      });
      expect(worst).toBeLessThan(1e-5);
      expect(hole).toMatchObject({ bottom: hole!.top + 4, right: hole!.left + 4 });
    }
    expect(reached).toEqual({ top: 0, left: 0, bottom: 24, right: 30 });
  });

  test("evaluation sees the decoded image as it is", () => {
    const pipeline = pipelineWith([rotation, { name: "greyscale", options: { probability: 1 } }]);
    for (const view of evaluationViews("ten", input, pipeline.output)) {
      const [target, plain] = [new Float32Array(size), new Float32Array(size)];
      pipeline.apply(bytes, 0, view, target, 0);
      pipelineWith([]).apply(bytes, 0, view, plain, 0);
      expect(target).toEqual(plain);
    }
  });

  test("what the image does not cover is the mean colour, unless told otherwise", () => {
    const corners = (spec: AugmentationSpec) => {
      const pipeline = trainingPipeline({
        input,
        crop: { height: 12, width: 12, padding: 0 },
        flip: 0,
        normalization,
        cutout: null,
        augmentations: [spec],
      });
      const target = new Float32Array(12 * 12 * 3);
      pipeline.apply(new Uint8Array(12 * 12 * 3).fill(255), 0, pipeline.sample(stream(2, "draw")), target, 0);
      return [0, 144, 288].map((at, c) => target[at]! * normalization.std[c]! + normalization.mean[c]!);
    };
    const degrees: [number, number] = [45, 45];
    corners({ name: "rotation", options: { degrees } }).forEach((value, c) => {
      expect(Math.abs(value - normalization.mean[c]!)).toBeLessThan(0.5 / 255 + 1e-6);
    });
    for (const value of corners({ name: "rotation", options: { degrees, fill: 51 } }))
      expect(value).toBeCloseTo(0.2, 5);
  });

  test("a hole that shows another image shows it as it would be in this one's place", () => {
    const pipeline = trainingPipeline({
      input,
      crop: { height: 12, width: 12, padding: 0 },
      flip: 0,
      normalization,
      cutout: { length: 12, nHoles: 1, placement: "inside", fill: "otherImage", probability: 1 },
      augmentations: [rotation],
    });
    const own = pipeline.sample(stream(4, "draw"));
    const [shown, other] = [new Float32Array(432), new Float32Array(432)];
    pipeline.apply(bytes, 0, own, shown, 0);
    pipeline.apply(bytes, 432, { ...own, holes: [] }, other, 0);
    expect(shown).toEqual(other);
  });
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
      "augmentations: random-crop must leave at least the 8 x 10 pixels that the network takes, got 4 x 4",
    ],
    [
      { name: "grid-mask", options: { period: [90, 100] } },
      "grid-mask: period must end at most at the image's longer side, 10",
    ],
  ])("%o", (spec, message) => {
    expect(() => pipelineWith([spec as AugmentationSpec])).toThrow(message);
  });
});
