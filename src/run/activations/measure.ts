// One pass over images: magnitudes of the features, and the answers while a growing square hides more and more.
import { evaluationViews, type TrainingPipeline } from "../../augment/index.ts";
import { openLoader } from "../../data/index.ts";
import type { Unit } from "../../nn/units.ts";
import type { ImagesToScore } from "../images-to-score.ts";
import { hiddenShares, hide, placeOf, sideFor, squareAt } from "./hiding.ts";
import { type Magnitudes, magnitudeSums } from "./magnitudes.ts";
import type { InnerNetwork } from "./networks.ts";
import { type Answer, answerOf } from "./probabilities.ts";

export interface LayerMagnitudes extends Magnitudes {
  readonly name: string;
  /** Of its result for one image: [channels, height, width] or [features]. */
  readonly shape: readonly number[];
}

/** The answers to all images with a square of one size. */
export interface HiddenAnswers {
  /** Of the image's shorter side. */
  readonly share: number;
  /** Side of the square, pixels. */
  readonly side: number;
  /** Of the image's area. */
  readonly area: number;
  /** 1 for each image that was classified right, else 0. */
  readonly right: Uint8Array;
}

export interface Measured {
  readonly layers: readonly LayerMagnitudes[];
  /** The first one has nothing hidden. */
  readonly hidden: readonly HiddenAnswers[];
  /** For each image as it is. */
  readonly answers: readonly Answer[];
}

export interface MeasureOptions {
  readonly inner: InnerNetwork;
  readonly layers: readonly Unit[];
  readonly images: ImagesToScore;
  /** Its centre view is shown, normalized. */
  readonly pipeline: TrainingPipeline;
  readonly batchSize: number;
  /** Of the places of the squares. */
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
  /** Images done of images to do, each of them counted once a size. */
  readonly onProgress: (done: number, total: number) => void;
}

export async function measure(options: MeasureOptions): Promise<Measured> {
  const { inner, layers, pipeline, batchSize, seed, signal, onProgress } = options;
  const { dataset, indices } = options.images;
  const { output } = pipeline;
  const pixels = output.channels * output.height * output.width;
  const sums = layers.map(({ output: shape }) => magnitudeSums(shape[0]));
  const hidden = hiddenShares.map((share): HiddenAnswers => {
    const side = sideFor(output, share);
    const area = side ** 2 / (output.height * output.width);
    return { share, side, area, right: new Uint8Array(indices.length) };
  });
  const answers: Answer[] = [];
  const total = indices.length * hidden.length;
  const loader = openLoader({ dataset, pipeline, workers: 0 });
  const view = evaluationViews("center", dataset, output)[0]!;
  const covered = new Float32Array(batchSize * pixels);

  const judged = (logits: Float32Array, labels: Int32Array, first: number): Answer[] =>
    Array.from(labels, (label, row) => {
      const name = dataset.names[indices[first + row]!]!;
      return answerOf(logits, row, dataset.classes.length, { label, name });
    });

  let first = 0;
  for await (const batch of loader.evaluation({ indices, view, batchSize })) {
    const { images, labels, count } = batch;
    for (const [step, { side, right }] of hidden.entries()) {
      signal?.throwIfAborted();
      let found: Answer[];
      if (side === 0) {
        const { logits, magnitudes } = await inner.activations(images, count);
        found = judged(logits, labels, first);
        answers.push(...found);
        for (const [index, values] of magnitudes.entries()) sums[index]!.add(values, count);
      } else {
        for (let row = 0; row < count; row++) {
          const hole = squareAt(output, side, placeOf(seed, first + row));
          hide(images.subarray(row * pixels, (row + 1) * pixels), output, hole, covered, row);
        }
        found = judged(await inner.predict(covered, count), labels, first);
      }
      for (const [row, { predicted }] of found.entries())
        right[first + row] = Number(predicted === labels[row]);
      onProgress(first * hidden.length + (step + 1) * count, total);
    }
    first += count;
    loader.recycle(images);
  }
  return {
    layers: layers.map(({ name, output: shape }, index) => ({ name, shape, ...sums[index]!.result() })),
    hidden,
    answers,
  };
}
