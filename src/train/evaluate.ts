// Evaluation of a network on images: fixed views, softmax averaged over them.
import { evaluationViews, type Pipeline } from "../augment/pipeline.ts";
import { type Dataset, type Loader, openLoader } from "../data/index.ts";
import type { Score } from "./events.ts";
import { scoreOf } from "./metrics.ts";
import type { TrainingSession } from "./network-session.ts";

export interface EvaluateOptions {
  /** Gives logits [count, dataset.classes.length]. */
  readonly predictor: Pick<TrainingSession, "predict">;
  readonly dataset: Dataset;
  /** [n], n >= 1 */
  readonly indices: Int32Array;
  readonly pipeline: Pipeline;
  /** The centre crop, or the four corners and the centre, each also flipped. */
  readonly crops: "center" | "ten";
  readonly batchSize: number;
  /** Images done of images to do, views counted one by one. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Of this dataset and pipeline; one in this thread when left out. */
  readonly loader?: Loader;
  /** Ends the evaluation after the batch it is at, by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * Class probabilities and score: p[n] is the mean over the views of softmax(logits), the loss the mean of
 * -log(p[n, label]) (of the averaged probabilities; held at 2^-126 or above).
 * @returns probabilities [n, classes], in the order of `indices`
 */
export async function evaluate(
  options: EvaluateOptions,
): Promise<{ readonly score: Score; readonly probabilities: Float32Array }> {
  const { predictor, dataset, indices, pipeline, crops, batchSize, onProgress, signal } = options;
  if (indices.length === 0) throw new Error("evaluate: there must be at least one image, got none");
  const loader = options.loader ?? openLoader({ dataset, pipeline, workers: 0 });
  const numClasses = dataset.classes.length;
  const views = evaluationViews(crops, dataset, pipeline.output);
  const sums = new Float64Array(indices.length * numClasses);
  let done = 0;
  for (const view of views) {
    let image = 0;
    for await (const batch of loader.evaluation({ indices, view, batchSize })) {
      signal?.throwIfAborted();
      const logits = await predictor.predict(batch.images, batch.count, loader.recycle);
      for (let row = 0; row < batch.count; row++) {
        addSoftmax(logits, row * numClasses, numClasses, sums, (image + row) * numClasses);
      }
      image += batch.count;
      done += batch.count;
      onProgress?.(done, indices.length * views.length);
    }
  }
  const probabilities = Float32Array.from(sums, (sum) => sum / views.length);
  const labels = Int32Array.from(indices, (index) => dataset.labels[index]!);
  return { score: scoreOf(probabilities, labels, numClasses), probabilities };
}

/** sums += exp(x - max) / sum(exp(x - max)), in double precision. */
function addSoftmax(
  logits: Float32Array,
  start: number,
  count: number,
  sums: Float64Array,
  target: number,
): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let index = 0; index < count; index++) largest = Math.max(largest, logits[start + index]!);
  let total = 0;
  for (let index = 0; index < count; index++) total += Math.exp(logits[start + index]! - largest);
  for (let index = 0; index < count; index++) {
    sums[target + index]! += Math.exp(logits[start + index]! - largest) / total;
  }
}
