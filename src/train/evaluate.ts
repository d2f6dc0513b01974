// Evaluation of a network on images: fixed views, each batch of them predicted and scored.
import { type Crops, evaluationViews, type ImageShape, type Pipeline } from "../augment/index.ts";
import type { Loader } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import type { TrainingSession } from "./network-session.ts";
import type { Scores, Scoring } from "./objective.ts";

export interface EvaluateOptions<T extends Scoring<Scores>> {
  readonly predictor: Pick<TrainingSession, "predict">;
  /** Begun for these images, for example by `classScoring`. */
  readonly scoring: T;
  readonly dataset: ImageShape;
  /** [n], n >= 1 */
  readonly indices: Int32Array;
  readonly pipeline: Pipeline;
  /** Of this dataset and pipeline. */
  readonly loader: Pick<Loader, "evaluation" | "recycle">;
  /** Which views of an image are averaged. */
  readonly crops: Crops;
  readonly batchSize: number;
  /** Images done of images to do, views counted one by one. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Ends the evaluation after the batch it is at, by throwing the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Shows the network every view of every image. @returns the scoring, which then knows all answers */
export async function evaluate<T extends Scoring<Scores>>(options: EvaluateOptions<T>): Promise<T> {
  const { predictor, scoring, dataset, indices, pipeline, loader, crops, batchSize } = options;
  if (indices.length === 0) {
    throw new CutoutError({ where: "evaluate", what: "there must be at least one image", got: "none" });
  }
  const views = evaluationViews(crops, dataset, pipeline.output);
  let done = 0;
  for (const view of views) {
    let first = 0;
    for await (const batch of loader.evaluation({ indices, view, batchSize })) {
      options.signal?.throwIfAborted();
      const { images, answered } = scoring.question(batch, first, view.weight);
      if (images !== batch.images) loader.recycle(batch.images);
      answered(await predictor.predict(images, batch.count, loader.recycle));
      first += batch.count;
      done += batch.count;
      options.onProgress?.(done, indices.length * views.length);
    }
  }
  return scoring;
}
