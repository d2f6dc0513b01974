// Learning without labels: the loss against a plain sum in double precision, what is hidden, and a training that resumes.
import { describe, expect, test } from "vitest";
import { memoryDataset } from "../../../test/helpers/memory-dataset.ts";
import { memoryStorage } from "../../../test/helpers/memory-storage.ts";
import { trainingPipeline } from "../../augment/index.ts";
import { openLoader } from "../../data/index.ts";
import { Graph } from "../../graph/graph.ts";
import { autoEncoder } from "../../nn/encoder.ts";
import { batchNorm, conv, flatten, globalAvgPool, linear, relu, sequential } from "../../nn/layers/index.ts";
import { network } from "../../nn/network.ts";
import { stream } from "../../rng.ts";
import { dataIdentity } from "../../run-folder/identity.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { tensor } from "../../tensor.ts";
import type { ReconstructionScores } from "../evaluation.ts";
import type { Objective } from "../objective.ts";
import { createTrainingSession } from "../step.ts";
import { train } from "../trainer.ts";
import { contextEncoder } from "./context-encoder.ts";
import { denoise } from "./denoise.ts";

const side = 16;
const shape = { height: side, width: side, channels: 3 };
const size = 3 * side * side;
const normalization = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const place = { seed: 3, epoch: 1, batch: 0, progress: 0 };
const noisy = (emphasis: number) =>
  denoise({
    corruption: [{ name: "masking-noise", options: { share: 0.25, per: "pixel" } }],
    emphasis,
    normalization,
  });
const middle = contextEncoder({ region: "center", overlapWeight: 10 });
const blobs = contextEncoder({ region: "random", overlapWeight: 10 });
const dataset = memoryDataset({ count: 80, numClasses: 2, side, channels: 3, seed: 5, noise: 0.2 });

/** What a step learns of a batch of random images. */
function lessonOf(objective: Objective<ReconstructionScores>, count: number, key = 1) {
  const rng = stream(key, "images");
  const clean = Float32Array.from({ length: count * size }, () => rng.normal());
  const task = objective.on(dataset, shape);
  const lesson = task.lesson({ images: clean.slice(), labels: null, count }, place);
  const part = (image: number, of: 0 | 1) =>
    lesson.targets.subarray((2 * image + of) * size, (2 * image + of + 1) * size);
  return {
    clean,
    lesson,
    task,
    weights: (image: number) => part(image, 1),
    target: (image: number) => part(image, 0),
  };
}

describe.each([
  ["denoise", noisy(1)],
  ["denoise, with emphasis", noisy(0.7)],
  ["context encoder, middle", middle],
  ["context encoder, blobs", blobs],
] as const)("%s", (_, objective) => {
  test("the target is the clean image; what weighs is written beside it; a batch is the same again", () => {
    const { clean, lesson, weights, target } = lessonOf(objective, 4);
    for (let image = 0; image < 4; image++) {
      expect(target(image)).toEqual(clean.subarray(image * size, (image + 1) * size));
      expect(weights(image).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 4);
    }
    expect(lesson.images).not.toEqual(clean);
    expect(lessonOf(objective, 4).lesson.images).toEqual(lesson.images);
  });

  test("the loss is mean over images of sum(w (y - x)^2), as a plain sum in double precision has it", async () => {
    const count = 5;
    const { lesson, task } = lessonOf(objective, count);
    const rng = stream(9, "output");
    const output = Float32Array.from({ length: count * size }, () => rng.normal());
    const g = new Graph();
    const y = g.input("output", "float32", [3, side, side, count]);
    const targets = g.input("targets", "float32", [count, 2, 3, side, side]);
    g.output("loss", objective.loss(g, y, targets));
    const executable = await nodeRuntime({ threads: 1 }).compile(g);
    // The batch is innermost in the graph.
    const innermost = Float32Array.from(
      output,
      (__, at) => output[(at % count) * size + Math.floor(at / count)]!,
    );
    const { loss } = await executable.run({
      output: tensor("float32", [3, side, side, count], innermost),
      targets: tensor("float32", [count, 2, 3, side, side], lesson.targets),
    });
    await executable.close();
    let expected = 0;
    for (let image = 0; image < count; image++) {
      for (let at = 0; at < size; at++) {
        const [x, w] = [0, 1].map((of) => lesson.targets[(2 * image + of) * size + at]!) as [number, number];
        expected += (w * (output[image * size + at]! - x) ** 2) / count;
      }
    }
    expect(loss!.data[0]).toBeCloseTo(expected, 5);
    const learnt = task.trained(lesson.learnt(output), count);
    expect(learnt.corrupted).toBeGreaterThan(1);
  });
});

test("denoise: corrupted pixels have the emphasis, others the rest of 1", () => {
  const { clean, lesson, weights } = lessonOf(noisy(0.75), 2);
  const [own, seen] = [weights(1), lesson.images.subarray(size, 2 * size)];
  const corrupted = Array.from(seen, (value, at) => value !== clean[size + at]);
  expect(corrupted.filter(Boolean)).toHaveLength(3 * Math.round(0.25 * side * side));
  const [heavy, light] = [true, false].map((is) => own[corrupted.indexOf(is)]!) as [number, number];
  expect(heavy / light).toBeCloseTo(3, 4);
  expect([...own]).toEqual(corrupted.map((is) => (is ? heavy : light)));
});

test("context encoder: of 128 pixels the middle 56 are hidden, and the border of 4 around them weighs ten times", () => {
  const large = { height: 128, width: 128, channels: 1 };
  const task = middle.on(dataset, large);
  const { images, targets } = task.lesson(
    { images: new Float32Array(128 * 128).fill(5), labels: null, count: 1 },
    place,
  );
  const hidden = (y: number, x: number) => Math.min(y, x) >= 36 && Math.max(y, x) < 92;
  const predicted = (y: number, x: number) => Math.min(y, x) >= 32 && Math.max(y, x) < 96;
  const weights = targets.subarray(128 * 128);
  const unit = weights[64 * 128 + 64]!;
  expect(unit).toBeCloseTo(1 / (56 * 56 + 10 * (64 * 64 - 56 * 56)), 8);
  for (let at = 0; at < 128 * 128; at++) {
    const [y, x] = [Math.floor(at / 128), at % 128];
    expect(images[at]).toBe(hidden(y, x) ? 0 : 5);
    expect(weights[at]! / unit).toBeCloseTo(hidden(y, x) ? 1 : predicted(y, x) ? 10 : 0, 4);
  }
});

test("context encoder: blobs are a quarter of each image, the same pixels in all channels, in another place each time", () => {
  const { clean, lesson } = lessonOf(blobs, 6);
  const masks = Array.from({ length: 6 }, (_, image) =>
    Array.from({ length: size }, (__, at) => lesson.images[image * size + at] !== clean[image * size + at]),
  );
  for (const mask of masks) {
    const area = side * side;
    expect(mask.filter(Boolean)).toHaveLength(3 * (area / 4));
    expect(mask.slice(0, area)).toEqual(mask.slice(area, 2 * area));
    // Blobs, not scattered pixels: far more hidden pixels than a quarter have a hidden one to the right.
    const right = mask.slice(0, area).filter((is, at) => is && at % side < side - 1 && mask[at + 1]).length;
    expect(right).toBeGreaterThan(0.4 * (area / 4));
  }
  expect(new Set(masks.map((mask) => mask.join())).size).toBe(6);
});

const batchSize = 8;
const range = (start: number, end: number) => Int32Array.from({ length: end - start }, (_, n) => start + n);
const split = { train: range(0, 48), validation: range(48, 64), test: range(64, 80) };
const pipeline = trainingPipeline({
  input: shape,
  crop: { height: side, width: side, padding: 0 },
  flip: 0.5,
  normalization,
  cutout: null,
});
const classifier = network(
  "small",
  { height: side, width: side, channels: 3 },
  2,
  sequential(conv("a", 6, 3, 2, 1), batchNorm("a.bn"), relu, globalAvgPool, flatten, linear("classes", 2)),
);

async function pretrain(
  objective: Objective<ReconstructionScores>,
  storage: ReturnType<typeof memoryStorage<ReconstructionScores>>,
  how: { readonly resume?: boolean; readonly stopAfter?: number } = {},
) {
  const session = await createTrainingSession({
    network: autoEncoder(classifier),
    objective,
    batchSize,
    optimizer: { momentum: 0.9, nesterov: true, weightDecay: 0, decayBiasAndNorm: false },
    seed: 2,
    runtime: nodeRuntime({ threads: 1 }),
  });
  const controller = new AbortController();
  let steps = 0;
  try {
    return await train({
      objective,
      dataset,
      split,
      pipeline,
      loader: openLoader({ dataset, pipeline, workers: 0 }),
      session,
      storage,
      identity: dataIdentity(dataset, split),
      options: {
        seed: 4,
        epochs: 4,
        batchSize,
        schedule: { kind: "constant", learningRate: 0.05, warmupEpochs: 0 },
        earlyStopping: null,
        keep: "last",
        crops: "center",
      },
      resume: how.resume ?? false,
      signal: controller.signal,
      onEvent: (event) => event.type === "step" && ++steps === how.stopAfter && controller.abort(),
    });
  } finally {
    await session.close();
  }
}

test("the score over several views is their weighted mean", () => {
  const { clean } = lessonOf(middle, 4, 3);
  const other = lessonOf(middle, 4, 4).clean;
  const indices = range(0, 4);
  const scoreOf = (views: readonly (readonly [images: Float32Array, weight: number])[]) => {
    const scoring = middle.on(dataset, shape).scoring(indices);
    for (const [images, weight] of views) {
      const batch = { images: images.slice(), labels: new Int32Array(4), indices, count: 4 };
      scoring.question(batch, 0, weight).answered(new Float32Array(4 * size).fill(0.5));
    }
    return scoring.score();
  };
  const [first, second] = [scoreOf([[clean, 1]]), scoreOf([[other, 1]])];
  const both = scoreOf([
    [clean, 0.75],
    [other, 0.25],
  ]);
  expect(Math.abs(first.loss - second.loss)).toBeGreaterThan(1e-3);
  expect(both.loss).toBeCloseTo(0.75 * first.loss + 0.25 * second.loss, 6);
  expect(both.corrupted).toBeCloseTo(0.75 * first.corrupted + 0.25 * second.corrupted, 6);
});

test.each([
  ["denoise", noisy(1)],
  ["context-encoder", middle],
] as const)("%s learns, and goes on exactly after an interruption", async (_, objective) => {
  const storage = memoryStorage<ReconstructionScores>();
  const result = await pretrain(objective, storage);
  const epochs = storage.records.filter((record) => record.type === "epoch");
  expect(epochs.at(-1)!.train.corrupted).toBeLessThan(0.7 * epochs[0]!.train.corrupted);
  const { reconstructions, score } = result.evaluation!;
  expect(reconstructions).toHaveLength(16);
  const mean = reconstructions.reduce((sum, { loss }) => sum + loss, 0) / 16;
  expect(score.loss).toBeCloseTo(mean, 10);
  const { clean, seen, rebuilt } = reconstructions[3]!.shown!;
  expect(seen).not.toEqual(clean);
  expect(rebuilt).not.toEqual(clean);

  const other = memoryStorage<ReconstructionScores>();
  expect((await pretrain(objective, other, { stopAfter: 9 })).status).toBe("interrupted");
  expect(await pretrain(objective, other, { resume: true })).toEqual(result);
  const [own, alone] = [await other.readCheckpoint("last"), await storage.readCheckpoint("last")];
  expect(own.state).toEqual(alone.state);
});
