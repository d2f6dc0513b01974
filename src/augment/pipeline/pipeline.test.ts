// The fused pass against its single steps; what is drawn.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { applyHoles } from "../cutout/cutout.ts";
import type { CutoutOptions, SizedCutoutOptions } from "../cutout/options.ts";
import { cropImage } from "../geometry/crop.ts";
import { flipImage } from "../geometry/flip.ts";
import type { ImageLayout } from "../image/layout.ts";
import { normalizeImage } from "../image/normalize.ts";
import { type CompletePipelineOptions, type ImageParameters, trainingPipeline } from "./pipeline.ts";

const side = fc.integer({ min: 2, max: 12 });

const pipelines: fc.Arbitrary<CompletePipelineOptions> = fc
  .record({ height: side, width: side, channels: fc.integer({ min: 1, max: 4 }) })
  .chain((input) =>
    fc
      .record({
        height: fc.integer({ min: 2, max: input.height }),
        width: fc.integer({ min: 2, max: input.width }),
      })
      .chain(({ height, width }) => {
        const values = (min: number) =>
          fc.array(fc.double({ min, max: 1, noNaN: true }), {
            minLength: input.channels,
            maxLength: input.channels,
          });
        return fc.record({
          input: fc.constant(input),
          crop: fc.record({
            height: fc.constant(height),
            width: fc.constant(width),
            padding: fc.integer({ min: 0, max: Math.min(height, width) - 1 }),
          }),
          flip: fc.constantFrom(0, 0.5, 1),
          normalization: fc.record({ mean: values(0), std: values(0.1) }),
          cutout: fc.option(
            fc.record<SizedCutoutOptions>({
              length: fc
                .integer({ min: 1, max: Math.floor(Math.min(height, width) / 2) })
                .map((half) => 2 * half),
              nHoles: fc.integer({ min: 1, max: 3 }),
              placement: fc.constantFrom("anywhere", "inside"),
              fill: fc.constantFrom("zero", "imageMean"),
              probability: fc.constantFrom(0, 0.5, 1),
            }),
          ),
        });
      }),
  );

function randomBytes(length: number, seed: number): Uint8Array {
  const rng = stream(seed, "bytes");
  return Uint8Array.from({ length }, () => rng.integer(256));
}

/** Crop, flip, normalize, Cutout, one after the other, each making a new image. */
function stepByStep(
  image: Uint8Array,
  { input, crop, normalization, cutout }: CompletePipelineOptions,
  { top, left, flip, holes }: ImageParameters,
): Float32Array {
  const whole: ImageLayout = { ...input, layout: "CHW" };
  const cropped: ImageLayout = { ...whole, height: crop.height, width: crop.width };
  const region = { top, left, height: crop.height, width: crop.width };
  // Padding is zero after normalization, so the crop comes after it here; normalization works pixel by pixel.
  let result = cropImage(normalizeImage(image, input, normalization), whole, region);
  if (flip) result = flipImage(result, cropped);
  if (cutout?.fill !== "imageMean") return applyHoles(result, cropped, holes, "zero");
  // The reviewed numpy version: cut the un-normalized image, then normalize.
  const plane = crop.height * crop.width;
  const { mean, std } = normalization;
  const plain = result.map((value, i) => value * std[Math.floor(i / plane)]! + mean[Math.floor(i / plane)]!);
  const cut = applyHoles(plain, cropped, holes, "imageMean");
  return cut.map((value, i) => (value - mean[Math.floor(i / plane)]!) / std[Math.floor(i / plane)]!);
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe("fused pass", () => {
  test("equals the single steps; input and neighbours in the batch unchanged; nothing left of the old batch", () => {
    fc.assert(
      fc.property(pipelines, fc.integer(), fc.nat(5), (options, seed, position) => {
        const pipeline = trainingPipeline(options);
        const { height, width, channels } = options.input;
        const inputSize = height * width * channels;
        const images = randomBytes((position + 1) * inputSize, seed);
        const before = images.slice();
        const parameters = pipeline.sample(stream(seed, "augment", 1, position));
        const outputSize = options.crop.height * options.crop.width * channels;
        const target = new Float32Array((position + 2) * outputSize).fill(77);
        pipeline.apply(images, position * inputSize, parameters, target, position * outputSize);
        const end = (position + 1) * outputSize;
        const expected = stepByStep(images.slice(position * inputSize), options, parameters);
        const actual = target.slice(position * outputSize, end);
        // Only the mean and its way through the un-normalized floats round differently.
        const tolerance = options.cutout?.fill === "imageMean" ? 2e-5 : 0;
        expect(largestDifference(actual, expected)).toBeLessThanOrEqual(tolerance);
        expect(images).toEqual(before);
        expect(
          [...target.subarray(0, position * outputSize), ...target.subarray(end)].every((v) => v === 77),
        ).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  const options: CompletePipelineOptions = {
    input: { height: 2, width: 2, channels: 1 },
    crop: { height: 2, width: 2, padding: 1 },
    flip: 0.5,
    normalization: { mean: [0.4], std: [0.2] },
    cutout: { length: 2, nHoles: 1, placement: "anywhere", fill: "imageMean", probability: 1 },
  };
  const image = Uint8Array.of(51, 102, 153, 204); // 0.2 0.4 / 0.6 0.8

  function run(parameters: ImageParameters, fill: CutoutOptions["fill"] = "imageMean"): number[] {
    const target = new Float32Array(4);
    const pipeline = trainingPipeline({ ...options, cutout: { ...options.cutout!, fill } });
    pipeline.apply(image, 0, parameters, target, 0);
    return [...target].map((value) => Math.round(value * 1e4) / 1e4 + 0);
  }

  test("injected parameters, by hand: the hole lies in the cropped and flipped image", () => {
    const hole = { top: 0, bottom: 1, left: 1, right: 2 };
    expect(run({ top: 0, left: 0, flip: false, holes: [] })).toEqual([-1, 0, 1, 2]);
    expect(run({ top: 0, left: 0, flip: true, holes: [] })).toEqual([0, -1, 2, 1]);
    expect(run({ top: 1, left: -1, flip: false, holes: [] })).toEqual([0, 1, 0, 0]);
    expect(run({ top: 1, left: -1, flip: true, holes: [] })).toEqual([1, 0, 0, 0]);
    expect(run({ top: 0, left: 0, flip: true, holes: [hole] }, "zero")).toEqual([0, 0, 2, 1]);
    expect(run({ top: 0, left: 0, flip: false, holes: [hole] })).toEqual([-1, 0.5, 1, 2]); // mean 0.5
    expect(run({ top: 1, left: -1, flip: false, holes: [hole] })).toEqual([0, 0.25, 0, 0]); // 0.6 and 3 x 0.4: 0.45
  });

  test("one mean for all channels, normalized for each", () => {
    const pipeline = trainingPipeline({
      ...options,
      input: { height: 1, width: 2, channels: 2 },
      crop: { height: 1, width: 2, padding: 0 },
      normalization: { mean: [0.1, 0.5], std: [0.2, 0.4] },
    });
    const target = new Float32Array(4);
    const holes = [{ top: 0, bottom: 1, left: 0, right: 1 }];
    pipeline.apply(Uint8Array.of(0, 51, 102, 51), 0, { top: 0, left: 0, flip: false, holes }, target, 0);
    // Mean of 0, 0.2, 0.4, 0.2 is 0.2.
    const expected = Float32Array.of(0.5, 1.5, -0.75, -0.75);
    expect(largestDifference(target, expected)).toBeLessThan(1e-6);
  });

  test("parameters far outside give zeros, not memory of others", () => {
    expect(run({ top: 9, left: 0, flip: false, holes: [] })).toEqual([0, 0, 0, 0]);
    expect(run({ top: 0, left: -9, flip: true, holes: [] })).toEqual([0, 0, 0, 0]);
    expect(run({ top: 0, left: 9, flip: false, holes: [] })).toEqual([0, 0, 0, 0]);
  });

  test("arrays too small and holes outside are refused", () => {
    const pipeline = trainingPipeline(options);
    const whole = { top: 0, left: 0, flip: false, holes: [] };
    const target = new Float32Array(4);
    expect(() => pipeline.apply(image, 1, whole, target, 0)).toThrow(
      "augment: image must hold 4 numbers from 1 on, got an array of 4",
    );
    expect(() => pipeline.apply(image, 0, whole, target, -1)).toThrow(
      "augment: target must hold 4 numbers from -1 on, got an array of 4",
    );
    const hole = { top: 0, bottom: 2, left: 1, right: 3 };
    expect(() => pipeline.apply(image, 0, { ...whole, holes: [hole] }, target, 0)).toThrow(
      "cutout: hole must lie in the image of 2 x 2, got rows [0, 2), columns [1, 3)",
    );
  });
});

describe("what is drawn", () => {
  test("is plain data, the same for the same (seed, epoch, index), and the same crop and flip without Cutout", () => {
    fc.assert(
      fc.property(pipelines, fc.integer(), fc.nat(9), fc.nat(99), (options, seed, epoch, index) => {
        const draw = (given: CompletePipelineOptions) =>
          trainingPipeline(given).sample(stream(seed, "augment", epoch, index));
        const parameters = draw(options);
        expect(draw(options)).toEqual(parameters);
        expect(JSON.parse(JSON.stringify(parameters))).toEqual(parameters);
        expect(draw({ ...options, cutout: null })).toEqual({ ...parameters, holes: [] });
        if (options.flip !== 0.5) expect(parameters.flip).toBe(options.flip === 1);
      }),
    );
  });

  test("epochs and images differ", () => {
    const pipeline = trainingPipeline({
      input: { height: 32, width: 32, channels: 3 },
      crop: { height: 32, width: 32, padding: 4 },
      flip: 0.5,
      normalization: { mean: [0.5, 0.5, 0.5], std: [0.2, 0.2, 0.2] },
      cutout: { length: 16, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 },
    });
    const drawn = [0, 1, 2, 3].flatMap((epoch) =>
      [0, 1, 2, 3].map((index) => JSON.stringify(pipeline.sample(stream(1, "augment", epoch, index)))),
    );
    expect(new Set(drawn).size).toBe(16);
  });
});

/** One image as NumPy's `pad(mode="reflect")` makes it of a row 1 2 3: 3 2 1 2 3 2 1. */
function padded(
  pixels: Uint8Array,
  { height, width, channels }: CompletePipelineOptions["input"],
  by: number,
) {
  const inside = (at: number, extent: number) => {
    const period = 2 * (extent - 1);
    const phase = ((at % period) + period) % period;
    return Math.min(phase, period - phase);
  };
  const wide = { height: height + 2 * by, width: width + 2 * by };
  return Uint8Array.from({ length: wide.height * wide.width * channels }, (_, at) => {
    const place = Math.floor(at / channels);
    const row = inside(Math.floor(place / wide.width) - by, height);
    const column = inside((place % wide.width) - by, width);
    return pixels[(row * width + column) * channels + (at % channels)]!;
  });
}

test("reflected padding is a crop of the image with its mirror image around it", () => {
  const input = { height: 5, width: 6, channels: 3 };
  const crop = { height: 4, width: 6, padding: 3 };
  expect(
    [...padded(Uint8Array.of(1, 2, 3, 1, 2, 3), { height: 2, width: 3, channels: 1 }, 1)].slice(0, 5),
  ).toEqual([2, 1, 2, 3, 2]);
  for (const fill of ["zero", "imageMean", "otherImage"] as const) {
    const rest = {
      flip: 0.5,
      normalization: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
      cutout: { length: 2, fill },
    };
    const pipeline = trainingPipeline({ ...rest, input, crop: { ...crop, paddingMode: "reflect" } });
    const wide = { height: 11, width: 12, channels: 3 };
    const around = trainingPipeline({ ...rest, input: wide, crop: { ...crop, padding: 0 } });
    const images = [randomBytes(90, 1), randomBytes(90, 2)];
    const own = Uint8Array.from(images.flatMap((image) => [...image]));
    const larger = Uint8Array.from(images.flatMap((image) => [...padded(image, input, 3)]));
    for (let index = 0; index < 50; index++) {
      const { border, ...drawn } = pipeline.sample(stream(1, "augment", 1, index));
      expect(border).toBe("reflect");
      const [seen, expected] = [new Float32Array(72), new Float32Array(72)];
      pipeline.apply(own, 90, { ...drawn, border: "reflect" }, seen, 0);
      around.apply(
        larger,
        wide.height * wide.width * 3,
        { ...drawn, top: drawn.top + 3, left: drawn.left + 3 },
        expected,
        0,
      );
      expect(seen).toEqual(expected);
    }
  }
});

test("options that do not fit each other are refused when the pipeline is made", () => {
  const options: CompletePipelineOptions = {
    input: { height: 32, width: 32, channels: 3 },
    crop: { height: 24, width: 24, padding: 0 },
    flip: 0.5,
    normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
    cutout: { length: 28, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 },
  };
  const make = (given: Partial<CompletePipelineOptions>) => () => trainingPipeline({ ...options, ...given });
  expect(make({})).toThrow("cutout: length must be at most the image's longer side, 24, got 28");
  expect(make({ cutout: null, flip: 2 })).toThrow(
    "flip: must be a probability from 0 to 1, or alternating, got 2",
  );
  expect(make({ cutout: null, normalization: { mean: [0], std: [1] } })).toThrow(
    "normalize: mean must hold 3 finite numbers, got [0]",
  );
  expect(make({ input: { height: 32, width: 0, channels: 3 } })).toThrow(
    "image: width must be an integer >= 1, got 0",
  );
  expect(make({ cutout: null })).not.toThrow();
});
