// Presets in a training: the fused pass paints what the library paints on the image before normalization.
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { trainingPipeline } from "../pipeline/pipeline.ts";
import { applyHoles } from "./cutout.ts";
import { parsePreset, presetForTraining } from "./preset-settings.ts";
import { presetNames, presetOptions } from "./presets.ts";
import { optionsOfSettings } from "./settings.ts";

const side = 16;
const normalization = { mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.3] };
const shape = { height: side, width: side, channels: 3 };

const texts: readonly string[] = presetNames.map((name) => {
  const options: Readonly<Record<string, string>> = {
    "authors-pytorch": "length=6",
    "authors-lua": "length=6",
    "reviewed-numpy": "cutLength=6",
    torchvision: "p=1,value=[1,2,3]",
    timm: "probability=1,mode=const",
    albumentations: "p=1,fill=[10,20,30]",
    keras: "factor=[1,1],fillValue=128",
    imgaug: "nbIterations=2",
    ffcv: "cropSize=6,fill=[125,122,113]",
  };
  return `${name}:${options[name]}`;
});

function pipelineOf(like: string) {
  return trainingPipeline({
    input: shape,
    crop: { height: side, width: side, padding: 0 },
    flip: 0,
    normalization,
    cutout: optionsOfSettings({ like }, normalization),
  });
}

/** An image of the training, without and with its holes. */
function painted(like: string, index: number) {
  const bytes = Uint8Array.from({ length: side * side * 3 }, (_, at) => (at * 37 + index * 11) % 256);
  const pipeline = pipelineOf(like);
  const parameters = pipeline.sample(stream(3, like, index));
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
  test.each(texts)("%s", (like) => {
    let holes = 0;
    for (let index = 0; index < 20; index++) {
      const { bytes, parameters, result, before } = painted(like, index);
      holes += parameters.holes.length;
      const { fill } = presetOptions(parsePreset(like));
      // The library's own way: on bytes and then normalized, or on the normalized image.
      const expected = onBytes.test(like)
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
  test.each([
    ["albumentations:p=1,fill=random", 0, 1],
    ["albumentations:p=1,fill=random_uniform", 0, 1],
    ["keras:factor=[1,1]", 0, 1],
    ["keras:factor=[1,1],valueRange=[0,1]", 0, 1],
    ["imgaug:size=0.5,fillMode=gaussian", 0, 1],
    ["imgaug:size=0.5,cval=[51,102]", 0.2, 0.4],
  ])("%s", (like, least, most) => {
    const { mean, std } = normalization;
    let [low, high, count] = [Infinity, -Infinity, 0];
    for (let index = 0; index < 60; index++) {
      const { result, before } = painted(like, index);
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
    const { result, parameters } = painted("imgaug:size=0.5,fillMode=gaussian", 1);
    const { top, left } = parameters.holes[0]!;
    const share = (c: number) => result[c * side * side + top * side + left]! * std[c]! + mean[c]!;
    expect(share(1)).toBeCloseTo(share(0), 5);
    expect(share(2)).toBeCloseTo(share(0), 5);
  });
});

test("a colour of one number fits grey images", () => {
  expect(presetForTraining(parsePreset("ffcv:cropSize=4"), { mean: [0.5], std: [0.25] }).fill).toEqual([-2]);
});

test("mistakes", () => {
  expect(() => parsePreset("pytorch")).toThrow("cutout: like must be authors-pytorch, ");
  expect(() => parsePreset("timm:area=1")).toThrow("cutout like timm: options are ");
  expect(() => parsePreset("timm:like=keras")).toThrow("cutout like timm: like must stand before");
  expect(() => presetForTraining(parsePreset("keras:valueRange=[1,1]"), normalization)).toThrow(
    "cutout like keras: valueRange must be two numbers, the smaller first",
  );
});
