// Presets in a training: the fused pass paints what the library paints on the image before normalization.
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { applyHoles } from "../cutout/cutout.ts";
import { cutoutOptions, trainingCutout } from "../cutout/given.ts";
import { type CutoutPreset, presetNames } from "../cutout/presets.ts";
import { normalizedFill } from "../fill/normalized.ts";
import { makePipeline, trainingPipeline } from "./pipeline.ts";

const side = 16;
const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] };
const shape = { height: side, width: side, channels: 3 };

const presets: readonly CutoutPreset[] = [
  { like: "authors-pytorch", length: 6 },
  { like: "authors-lua", length: 6 },
  { like: "reviewed-numpy", cutLength: 6 },
  { like: "torchvision", p: 1, value: [1, 2, 3] },
  { like: "timm", probability: 1, mode: "const" },
  { like: "albumentations", p: 1, fill: [10, 20, 30] },
  { like: "keras", factor: [1, 1], fillValue: 128 },
  { like: "imgaug", nbIterations: 2 },
  { like: "ffcv", cropSize: 6, fill: [125, 122, 113] },
];

test("every preset is tried", () => expect(presets.map(({ like }) => like)).toEqual(presetNames));

function pipelineOf(cutout: CutoutPreset) {
  return trainingPipeline({
    input: shape,
    crop: { height: side, width: side, padding: 0 },
    flip: 0,
    normalization,
    cutout,
  });
}

/** An image of the training, without and with its holes. */
function painted(preset: CutoutPreset, index: number) {
  const bytes = Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * 37 + index * 11) % 256);
  const pipeline = pipelineOf(preset);
  const parameters = pipeline.sample(stream(3, preset.like, index));
  const result = new Float32Array(bytes.length);
  pipeline.apply(bytes, 0, parameters, result, 0);
  const before = new Float32Array(bytes.length);
  pipeline.apply(bytes, 0, { ...parameters, holes: [] }, before, 0);
  return { bytes, parameters, result, before };
}

/** [H, W, C] before normalization to [C, H, W] after it. */
function normalized(pixels: ArrayLike<number>, white: number): Float32Array {
  const { mean, std } = normalization;
  const plane = side * side;
  return Float32Array.from({ length: 3 * plane }, (_, at) => {
    const c = Math.floor(at / plane);
    return (pixels[(at % plane) * 3 + c]! / white - mean[c]!) / std[c]!;
  });
}

describe("constant fills", () => {
  const onBytes = /^(albumentations|keras|imgaug|ffcv)/;
  test.each(presets)("$like", (preset) => {
    let holes = 0;
    for (let index = 0; index < 20; index++) {
      const { bytes, parameters, result, before } = painted(preset, index);
      holes += parameters.holes.length;
      const { fill } = cutoutOptions(preset);
      // The library's own way: on bytes and then normalized, or on the normalized image.
      const expected = onBytes.test(preset.like)
        ? normalized(
            applyHoles(Float32Array.from(bytes), { ...shape, layout: "HWC" }, parameters.holes, fill),
            255,
          )
        : fill === "imageMean"
          ? normalized(
              applyHoles(
                Float32Array.from(bytes, (b) => b / 255),
                { ...shape, layout: "HWC" },
                parameters.holes,
                fill,
              ),
              1,
            )
          : applyHoles(before, { ...shape, layout: "CHW" }, parameters.holes, fill);
      for (let at = 0; at < result.length; at++) expect(result[at]).toBeCloseTo(expected[at]!, 4);
    }
    expect(holes).toBeGreaterThan(0);
  });
});

describe("random fills lie between black and white of the normalized image", () => {
  test.each<[CutoutPreset, number, number]>([
    [{ like: "albumentations", p: 1, fill: "random" }, 0, 1],
    [{ like: "albumentations", p: 1, fill: "random_uniform" }, 0, 1],
    [{ like: "keras", factor: [1, 1] }, 0, 1],
    [{ like: "keras", factor: [1, 1], valueRange: [0, 1] }, 0, 1],
    [{ like: "imgaug", size: 0.5, fillMode: "gaussian" }, 0, 1],
    [{ like: "imgaug", size: 0.5, cval: [51, 102] }, 0.2, 0.4],
  ])("%j", (preset, least, most) => {
    const { mean, std } = normalization;
    let [low, high, count] = [Infinity, -Infinity, 0];
    for (let index = 0; index < 60; index++) {
      const { result, before } = painted(preset, index);
      result.forEach((value, at) => {
        if (value === before[at]) return;
        const c = Math.floor(at / (side * side));
        const share = value * std[c]! + mean[c]!;
        low = Math.min(low, share);
        high = Math.max(high, share);
        count++;
      });
    }
    expect(count).toBeGreaterThan(100);
    expect(low).toBeGreaterThan(least - 1e-4);
    expect(high).toBeLessThan(most + 1e-4);
    // They reach both ends nearly.
    expect(low).toBeLessThan(least + 0.15 * (most - least));
    expect(high).toBeGreaterThan(most - 0.15 * (most - least));
  });

  test("grey noise is grey before normalization", () => {
    const { mean, std } = normalization;
    const { result, parameters } = painted({ like: "imgaug", size: 0.5, fillMode: "gaussian" }, 1);
    const { top, left } = parameters.holes[0]!;
    const share = (c: number) => result[c * side * side + top * side + left]! * std[c]! + mean[c]!;
    expect(share(1)).toBeCloseTo(share(0), 5);
    expect(share(2)).toBeCloseTo(share(0), 5);
  });
});

test.each(presets)(
  "$like: what has been checked is not checked again, and another thread makes the same",
  (cutout) => {
    const options = { input: shape, crop: { height: side, width: side, padding: 0 }, flip: 0, normalization };
    const checked = trainingPipeline({ ...options, cutout }).options;
    expect(makePipeline({ ...options, cutout }).options).toEqual(checked);
    expect(makePipeline(JSON.parse(JSON.stringify(checked))).options).toEqual(checked);
  },
);

test("a colour of one number fits grey images", () => {
  const { fill } = trainingCutout({ like: "ffcv", cropSize: 4 });
  expect(normalizedFill(fill, { mean: [0.5], std: [0.25] })).toEqual([-2]);
});

test("mistakes", () => {
  const training = (preset: object) => () => trainingCutout(preset as CutoutPreset);
  expect(training({ like: "pytorch" })).toThrow("cutout: like must be authors-pytorch, ");
  expect(training({ like: "timm", area: 1 })).toThrow("cutout like timm: options must be among ");
  expect(training({ like: "timm", minArea: 0.5 })).toThrow(
    "cutout like timm: length.area must be [min, max]",
  );
  expect(training({ like: "keras", valueRange: [1, 1] })).toThrow(
    "cutout like keras: valueRange must be two numbers, the smaller first, got [1, 1]",
  );
  expect(cutoutOptions({ like: "keras", valueRange: [1, 1] }).probability).toBe(0.5);
});
