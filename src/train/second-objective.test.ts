// An objective of another kind, in this file alone: an auto-encoder that fills holes, trained by the same trainer.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { memoryDataset } from "../../test/helpers/memory-dataset.ts";
import { memoryStorage } from "../../test/helpers/memory-storage.ts";
import { contentOf } from "../../test/helpers/small-run.ts";
import { trainingPipeline } from "../augment/index.ts";
import { openLoader } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { flatten, linear, relu, sequential } from "../nn/layers/index.ts";
import { network } from "../nn/network.ts";
import { type Rng, stream } from "../rng.ts";
import { dataIdentity } from "../run-folder/identity.ts";
import { runFolderStorage } from "../run-folder/storage.ts";
import { nodeRuntime } from "../runtime/node.ts";
import type { MetricsRecord, TrainingEvent } from "./events.ts";
import type { Objective } from "./objective.ts";
import { createTrainingSession } from "./step.ts";
import type { RunStorage } from "./storage.ts";
import { train } from "./trainer.ts";
import { openTrainingThread } from "./training-thread.ts";

const side = 8;
const pixels = side * side;
const batchSize = 8;

interface Filled {
  readonly train: { readonly loss: number; readonly inHole: number };
  readonly score: { readonly loss: number };
  /** Mean squared error of each image. */
  readonly details: { readonly errors: readonly number[] };
}

/** Where the hole of an image is: 3 x 3 pixels. */
function holeOf(rng: Rng): number[] {
  const [top, left] = [rng.integer(side - 2), rng.integer(side - 2)];
  return Array.from({ length: 9 }, (_, at) => (top + Math.floor(at / 3)) * side + left + (at % 3));
}

const meanSquare = (numbers: readonly number[]) =>
  numbers.reduce((sum, number) => sum + number * number, 0) / numbers.length;

/** The target is the image, what is seen the image with a hole, the score the mean squared error. */
const fillHoles: Objective<Filled> = {
  name: "fill holes",
  options: {},
  identity: { objective: "fill holes" },
  ranking: [{ score: "loss", best: "lowest" }],
  targetShape: () => [pixels],
  loss(g, output, targets) {
    const columns = g.apply("transpose", [targets], { permutation: [1, 0] });
    const difference = g.apply("sub", [output, columns]);
    const sum = g.apply("reduceSumSquare", [difference], { axes: [0, 1] });
    const total = g.apply("reshape", [sum], { shape: [1] });
    return g.apply("mul", [total, g.scalar(1 / (pixels * targets.shape[0]!))]);
  },
  on: () => ({
    outputSize: pixels,
    labels: () => null,
    lesson({ images, count }, { seed, epoch, batch }) {
      const rng = stream(seed, "hole", epoch, batch);
      const holes = Array.from({ length: count }, () => holeOf(rng));
      const seen = images.slice();
      holes.forEach((hole, image) => {
        for (const at of hole) seen[image * pixels + at] = 0;
      });
      return {
        images: seen,
        targets: images,
        learnt: (output) => ({
          inHole: holes.reduce((sum, hole, image) => {
            const places = hole.map((at) => image * pixels + at);
            return sum + meanSquare(places.map((at) => output[at]! - images[at]!));
          }, 0),
        }),
      };
    },
    trained: ({ inHole = 0 }, images) => ({ inHole: inHole / images }),
    scoring(indices) {
      const errors = new Array<number>(indices.length).fill(0);
      return {
        question({ images, indices: here, count }, first) {
          const clean = images.slice();
          here.forEach((index, image) => {
            for (const at of holeOf(stream(0, "hole", index))) images[image * pixels + at] = 0;
          });
          return {
            images,
            answered(output) {
              for (let image = 0; image < count; image++) {
                const part = clean.subarray(image * pixels, (image + 1) * pixels);
                errors[first + image] = meanSquare(
                  Array.from(part, (value, at) => output[image * pixels + at]! - value),
                );
              }
            },
          };
        },
        score: () => ({ loss: errors.reduce((sum, error) => sum + error, 0) / errors.length }),
        details: () => ({ errors }),
      };
    },
  }),
};

const autoEncoder = network(
  "auto-encoder",
  { height: side, width: side, channels: 1 },
  pixels,
  sequential(flatten, linear("encode", 16), relu, linear("decode", pixels)),
);

const range = (start: number, end: number) => Int32Array.from({ length: end - start }, (_, n) => start + n);
const split = { train: range(0, 64), validation: range(64, 88), test: range(88, 112) };
const dataset = memoryDataset({ count: 112, numClasses: 4, side, channels: 1, seed: 5, noise: 0.3 });
const pipeline = trainingPipeline({
  input: { height: side, width: side, channels: 1 },
  crop: { height: side, width: side, padding: 0 },
  flip: 0,
  normalization: { mean: [0.5], std: [0.25] },
  cutout: null,
});
const optimizer = { momentum: 0.9, nesterov: false, weightDecay: 0, decayBiasAndNorm: false };
const made = { network: autoEncoder, batchSize, optimizer, seed: 2 };

async function fill(
  storage: RunStorage<Filled>,
  how: {
    readonly resume?: boolean;
    readonly signal?: AbortSignal;
    readonly onEvent?: (event: TrainingEvent<Filled>) => void;
  } = {},
) {
  const runtime = nodeRuntime({ threads: 1 });
  const session = await createTrainingSession({ ...made, objective: fillHoles, runtime });
  try {
    return await train({
      objective: fillHoles,
      dataset,
      split,
      pipeline,
      loader: openLoader({ dataset, pipeline, workers: 0 }),
      session,
      storage,
      identity: dataIdentity(dataset, split),
      options: {
        seed: 4,
        epochs: 6,
        batchSize,
        schedule: { kind: "constant", learningRate: 0.1, warmupEpochs: 0 },
        earlyStopping: null,
        keep: "best",
        crops: "center",
      },
      resume: false,
      signal: new AbortController().signal,
      onEvent: () => {},
      ...how,
    });
  } finally {
    await session.close();
  }
}

const withoutTimes = (records: readonly MetricsRecord<Filled>[]) =>
  records.map((record) => ({ ...record, seconds: 0, imagesPerSecond: 0 }));

const folder = mkdtempSync(join(tmpdir(), "cutout-objective-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("an auto-encoder, with the trainer that classifies", async () => {
  const storage = memoryStorage<Filled>();
  const steps: TrainingEvent<Filled>[] = [];
  const result = await fill(storage, { onEvent: (event) => event.type === "step" && steps.push(event) });
  const epochs = storage.records.filter((record) => record.type === "epoch");

  test("its error falls; records, steps and evaluation hold its own scores", () => {
    expect(result.status).toBe("finished");
    expect(epochs).toHaveLength(6);
    expect(epochs.at(-1)!.train.loss).toBeLessThan(0.5 * epochs[0]!.train.loss);
    expect(epochs.at(-1)!.train.inHole).toBeLessThan(0.5 * epochs[0]!.train.inHole);
    expect(steps.at(-1)).toMatchObject(epochs.at(-1)!.train);
    const { errors, score, epoch } = result.evaluation!;
    expect(errors).toHaveLength(24);
    expect(score.loss).toBeCloseTo(errors.reduce((sum, error) => sum + error, 0) / 24, 12);
    expect(epoch).toBe(result.best!.epoch);
    expect(storage.records.at(-1)).toMatchObject({ type: "test", test: score });
    expect(storage.evaluations).toEqual([result.evaluation]);
  });

  test("its best epoch is the one of the lowest error", async () => {
    const losses = epochs.map(({ validation }) => validation!.loss);
    const lowest = Math.min(...losses);
    expect(result.best).toEqual({ epoch: 1 + losses.indexOf(lowest), loss: lowest });
    expect(epochs.map(({ best }) => best)).toEqual(
      losses.map((loss, at) => loss < Math.min(Number.POSITIVE_INFINITY, ...losses.slice(0, at))),
    );
    expect((await storage.readCheckpoint("best")).position).toMatchObject({ epoch: result.best!.epoch });
  });

  test.each([
    ["in memory", () => memoryStorage<Filled>()],
    ["in a run folder", () => runFolderStorage<Filled>(join(folder, "run"))],
  ])("stopped in the middle of an epoch it goes on exactly, %s", async (_where, open) => {
    const other = open();
    const controller = new AbortController();
    let steps = 0;
    const stopped = await fill(other, {
      signal: controller.signal,
      onEvent: (event) => event.type === "step" && ++steps === 13 && controller.abort(),
    });
    expect([stopped.status, stopped.epochs]).toEqual(["interrupted", 1]);
    const resumed = await fill(other, { resume: true });
    expect(resumed).toEqual(result);
    for (const name of ["best", "last"] as const) {
      const [own, alone] = [await other.readCheckpoint(name), await storage.readCheckpoint(name)];
      expect(own.state).toEqual(alone.state);
    }
    if ("records" in other) {
      expect(withoutTimes(other.records as typeof storage.records)).toEqual(withoutTimes(storage.records));
    } else {
      const lines = readFileSync(join(folder, "run", "metrics.jsonl"), "utf8")
        .trimEnd()
        .split("\n");
      const records = lines.map((line) => contentOf(line) as MetricsRecord<Filled>);
      expect(withoutTimes(records)).toEqual(withoutTimes(storage.records));
    }
  });
});

test("a thread makes objectives of the list only, and says so", async () => {
  const opened = openTrainingThread({ ...made, objective: fillHoles, threads: 1 });
  await expect(opened).rejects.toThrow(
    new CutoutError({
      where: "objective",
      what: "must be one of classify, context-encoder, denoise in a thread of its own",
      got: "fill holes",
      kind: "settings",
    }),
  );
  await expect(opened).rejects.toBeInstanceOf(CutoutError);
});
