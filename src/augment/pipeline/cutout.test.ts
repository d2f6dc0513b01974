// Cutout in the fused pass, with every shape and fill.
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { applyHoles } from "../cutout/cutout.ts";
import type { CutoutOptions } from "../cutout/options.ts";
import type { Fill } from "../fill/fill.ts";
import { normalizedFill } from "../fill/normalized.ts";
import type { ImageLayout } from "../image/layout.ts";
import { trainingPipeline } from "./pipeline.ts";

const normalization = { mean: [0.25, 0.5, 0.75], std: [0.25, 0.5, 0.25] };

const input = { height: 12, width: 14, channels: 3 };
const output: ImageLayout = { height: 10, width: 10, channels: 3, layout: "CHW" };
const images = Uint8Array.from({ length: 3 * 12 * 14 * 3 }, (_, i) => (i * 7919) % 256);
const pipelineOf = (cutout: CutoutOptions | null) =>
  trainingPipeline({ input, crop: { height: 10, width: 10, padding: 2 }, flip: 0.5, normalization, cutout });

/** Image `index` of the three after crop, flip and normalization, without holes. */
function whole(index: number, parameters: { top: number; left: number; flip: boolean }): Float32Array {
  const target = new Float32Array(300);
  pipelineOf(null).apply(images, index * 504, { ...parameters, holes: [] }, target, 0);
  return target;
}

const common = { nHoles: 2, placement: "anywhere", probability: 1 } as const;
const fills: readonly CutoutOptions["fill"][] = [
  "zero",
  "channelMean",
  "random",
  "randomColour",
  0.5,
  [1, 2, 3],
  { normal: [0, 1], per: "grey" },
];

test.each(fills)("the fused pass equals normalizing and then cutting: %j", (fill) => {
  for (const shape of ["square", "circle", { kind: "rectangle", aspect: [0.3, 3] }] as const) {
    for (let index = 0; index < 3; index++) {
      const pipeline = pipelineOf({ ...common, length: 6, shape, fill });
      const parameters = pipeline.sample(stream(4, "augment", 1, index));
      expect(parameters.holes.length).toBe(2);
      const target = new Float32Array(400).fill(9);
      pipeline.apply(images, index * 504, JSON.parse(JSON.stringify(parameters)), target, 50);
      const expected = applyHoles(whole(index, parameters), output, parameters.holes, fill);
      expect(target.subarray(50, 350)).toEqual(expected);
      expect([target[49], target[350]]).toEqual([9, 9]);
    }
  }
});

describe("what is told on the scale 0 to 1 is normalized", () => {
  const black = [-1, -1, -3];
  const white = [3, 1, 1];
  test.each<[Fill, Fill]>([
    [{ colour: [0, 0, 0] }, black],
    [{ colour: 1 }, white],
    [{ colour: [1, 0, 0] }, [3, -1, -3]],
    [
      { uniform: [0, 1], per: "pixel", unit: "white" },
      { uniform: [0, 1], per: "pixel", unit: { black, white } },
    ],
    [
      { uniform: [0, 1], per: "pixel" },
      { uniform: [0, 1], per: "pixel" },
    ],
    ["imageMean", "imageMean"],
    [0.5, 0.5],
  ])("%j", (fill, expected) => expect(normalizedFill(fill, normalization)).toEqual(expected));

  test("red, green and blue become one grey where there is one channel", () => {
    expect(normalizedFill({ colour: [1, 0, 0] }, { mean: [0], std: [1] })).toEqual([1 / 3]);
  });
});

test("the image's mean in a circle is that of the crop, normalized", () => {
  const square = pipelineOf({ ...common, length: 6, fill: "imageMean" });
  const circle = pipelineOf({ ...common, length: 6, shape: "circle", fill: "imageMean" });
  const target = new Float32Array(300);
  const parameters = circle.sample(stream(8, "augment", 1, 0));
  circle.apply(images, 0, parameters, target, 0);
  const squares = new Float32Array(300);
  square.apply(
    images,
    0,
    { ...parameters, holes: parameters.holes.map(({ runs: _, ...box }) => box) },
    squares,
    0,
  );
  const inCircle = applyHoles(new Float32Array(300), output, parameters.holes, 1);
  const before = whole(0, parameters);
  target.forEach((value, at) => {
    expect(value).toBe(inCircle[at] === 1 ? squares[at] : before[at]);
  });
});

test("the data set's mean is zero after normalization", () => {
  const pipeline = pipelineOf({ ...common, length: 6, fill: { colour: normalization.mean } });
  const parameters = pipeline.sample(stream(8, "augment", 1, 0));
  const target = new Float32Array(300);
  pipeline.apply(images, 0, parameters, target, 0);
  expect(target).toEqual(applyHoles(whole(0, parameters), output, parameters.holes, "zero"));
});

test("a hole shows another image of the batch, cropped and mirrored as its own", () => {
  const pipeline = pipelineOf({ ...common, nHoles: 1, length: 6, fill: "otherImage" });
  const seen = new Set<number>();
  for (let draw = 0; draw < 20; draw++) {
    const parameters = pipeline.sample(stream(4, "augment", 1, draw));
    const target = new Float32Array(300);
    pipeline.apply(images, 504, parameters, target, 0);
    const candidates = [0, 2].map((other) =>
      applyHoles(whole(1, parameters), output, parameters.holes, "otherImage", whole(other, parameters)),
    );
    const which = candidates.findIndex((candidate) => candidate.join() === target.join());
    expect(which).toBeGreaterThanOrEqual(0);
    seen.add(which);
  }
  expect(seen.size).toBe(2);
  const alone = images.subarray(0, 504);
  expect(() =>
    pipeline.apply(alone, 0, pipeline.sample(stream(1, "augment")), new Float32Array(300), 0),
  ).toThrow("augment: image must hold a batch for holes that show another image");
});

test("per batch: images have crops of their own and the same holes", () => {
  const pipeline = pipelineOf({ ...common, length: 6, fill: "zero", per: "batch" });
  const drawn = [0, 1, 2, 3].map((index) =>
    pipeline.sample(stream(1, "augment", 1, index), { ofBatch: () => stream(1, "augment batch", 1, 0) }),
  );
  expect(new Set(drawn.map(({ holes }) => JSON.stringify(holes))).size).toBe(1);
  expect(new Set(drawn.map(({ top, left, flip }) => `${top},${left},${flip}`)).size).toBeGreaterThan(1);
  expect(() => pipeline.sample(stream(1, "augment"))).toThrow("augment: ofBatch must be a stream");
});

test("a schedule follows the progress, and crops and flips do not depend on it", () => {
  const pipeline = pipelineOf({
    ...common,
    length: {
      schedule: [
        [0, 2],
        [1, 8],
      ],
    },
    placement: "inside",
    fill: "zero",
  });
  const at = (progress: number) => pipeline.sample(stream(1, "augment", 1, 0), { progress });
  expect(at(0).holes.map(({ top, bottom }) => bottom - top)).toEqual([2, 2]);
  expect(at(1).holes.map(({ top, bottom }) => bottom - top)).toEqual([8, 8]);
  expect({ ...at(0), holes: [] }).toEqual({ ...at(1), holes: [] });
});
