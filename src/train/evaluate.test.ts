// Evaluation: views averaged as probabilities, whatever the batch size.
import fc from "fast-check";
import { expect, test } from "vitest";
import { memoryDataset } from "../../test/helpers/memory-dataset.ts";
import { evaluationViews, trainingPipeline } from "../augment/index.ts";
import { openLoader } from "../data/index.ts";
import { type EvaluateOptions, evaluate } from "./evaluate.ts";
import { type ClassScoring, classScoring } from "./objectives/classify.ts";

const dataset = memoryDataset({ count: 12, numClasses: 3, side: 6, channels: 3, seed: 2, noise: 1 });
const pipeline = trainingPipeline({
  input: { height: 6, width: 6, channels: 3 },
  crop: { height: 4, width: 4, padding: 0 },
  flip: 0,
  normalization: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
  cutout: null,
});
const imageSize = 3 * 4 * 4;

/** Logits that depend on each pixel's place. */
const logitsOf = (image: Float32Array) =>
  [0, 1, 2].map((label) =>
    image.reduce((sum, value, place) => sum + value * Math.cos(place * (label + 1)), 0),
  );
const predictor = {
  predict: async (images: Float32Array, count: number) =>
    Float32Array.from(
      Array.from({ length: count }, (_, n) =>
        logitsOf(images.subarray(n * imageSize, (n + 1) * imageSize)),
      ).flat(),
    ),
};

/** Class probabilities and score. */
async function classified(options: Omit<EvaluateOptions<ClassScoring>, "scoring" | "loader">) {
  const scoring = classScoring(dataset, options.indices);
  const loader = openLoader({ dataset, pipeline, workers: 0 });
  await evaluate({ ...options, scoring, loader });
  return { score: scoring.score(), probabilities: scoring.probabilities() };
}

test("probabilities are the weighted mean of the views' softmax, for any images and batch size", async () => {
  const anyIndices = fc.array(fc.nat(11), { minLength: 1, maxLength: 12 });
  const crops = fc.constantFrom("center" as const, "ten" as const, "six" as const);
  await fc.assert(
    fc.asyncProperty(anyIndices, crops, fc.integer({ min: 1, max: 13 }), async (list, crops, batchSize) => {
      const indices = Int32Array.from(list);
      const progress: number[][] = [];
      const onProgress = (...each: [number, number]) => progress.push(each);
      const { score, probabilities } = await classified({
        predictor,
        dataset,
        indices,
        pipeline,
        crops,
        batchSize,
        onProgress,
      });
      const views = evaluationViews(crops, dataset, pipeline.output);
      expect(views).toHaveLength({ center: 1, ten: 10, six: 6 }[crops]);
      let loss = 0;
      list.forEach((index, n) => {
        const pixels = new Uint8Array(6 * 6 * 3);
        dataset.read([index], pixels);
        const mean = [0, 0, 0];
        for (const view of views) {
          const image = new Float32Array(imageSize);
          pipeline.apply(pixels, 0, view, image, 0);
          const powers = logitsOf(image).map((logit) => Math.exp(Math.fround(logit)));
          const total = powers.reduce((a, b) => a + b);
          for (const label of [0, 1, 2]) mean[label]! += (view.weight * powers[label]!) / total;
        }
        mean.forEach((expected, label) => {
          expect(probabilities[n * 3 + label]).toBeCloseTo(expected, 6);
        });
        loss -= Math.log(mean[dataset.labels[index]!]!) / list.length;
      });
      expect(score.loss).toBeCloseTo(loss, 4);
      expect(score.count).toBe(list.length);
      expect(progress.at(-1)).toEqual([list.length * views.length, list.length * views.length]);
    }),
    { numRuns: 40 },
  );
});

test("logits far apart do not overflow, NaN shows in the loss", async () => {
  const indices = Int32Array.of(0, 1, 2);
  const rest = { dataset, indices, pipeline, crops: "center", batchSize: 3 } as const;
  const huge = { predict: async () => Float32Array.from([1e38, -1e38, 0, 0, 1e38, 0, 0, 0, 1e38]) };
  expect((await classified({ predictor: huge, ...rest })).score).toMatchObject({ loss: 0, top1: 1 });
  const nan = { predict: async () => new Float32Array(9).fill(Number.NaN) };
  expect((await classified({ predictor: nan, ...rest })).score.loss).toBeNaN();
});

test("no images, and an interrupt", async () => {
  const rest = { predictor, dataset, pipeline, crops: "center", batchSize: 2 } as const;
  await expect(classified({ ...rest, indices: new Int32Array(0) })).rejects.toThrow(
    /at least one image, got none/,
  );
  const controller = new AbortController();
  const done: number[] = [];
  const stopped = classified({
    ...rest,
    indices: Int32Array.of(0, 1, 2, 3),
    signal: controller.signal,
    onProgress(images) {
      done.push(images);
      controller.abort(new Error("stop"));
    },
  });
  await expect(stopped).rejects.toThrow("stop");
  expect(done).toEqual([2]);
});
