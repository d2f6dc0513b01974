// What a network looks at in single images: Grad-CAM, and how its answer falls while a square slides over the image.
import { denormalize, evaluationViews, type TrainingPipeline } from "../../augment/index.ts";
import { evaluationBatches } from "../../data/index.ts";
import type { Unit } from "../../nn/units.ts";
import type { ImagesToScore } from "../images-to-score.ts";
import { hide, slidingSquare } from "./hiding.ts";
import { hasPositions } from "./layers.ts";
import { type GradCam, gradCams, type InnerNetwork, type InnerNetworkOptions } from "./networks.ts";
import { type Answer, answerOf } from "./probabilities.ts";

/** How much the probability of the true class falls where the square's centre lies. */
export interface OcclusionMap {
  /** Side of the square, pixels; at the border it is clipped. */
  readonly length: number;
  readonly height: number;
  readonly width: number;
  /** Row by row, probability without the square minus that with it: -1 to 1. */
  readonly values: Float32Array;
}

export interface ImageMaps extends Answer {
  /** Bytes [height, width, channels] of the view that the network has. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** For the true class; null of a network whose chosen layers have no positions. */
  readonly gradCam: GradCam | null;
  readonly occlusion: OcclusionMap;
}

export interface MapsOptions {
  readonly inner: InnerNetwork;
  /** For Grad-CAM, whose graph also has the gradients. */
  readonly gradCam: InnerNetworkOptions;
  readonly layers: readonly Unit[];
  readonly images: ImagesToScore;
  /** Which of the images: places in `images.indices`. */
  readonly positions: readonly number[];
  readonly pipeline: TrainingPipeline;
  readonly batchSize: number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (done: number, total: number) => void;
}

/** Maps of a few images, in the order asked for; Grad-CAM in the last of the layers that has positions. */
export async function imageMaps(options: MapsOptions): Promise<ImageMaps[]> {
  const { inner, layers, images, positions, pipeline, batchSize, signal, onProgress } = options;
  if (positions.length === 0) return [];
  const { dataset } = images;
  const { output } = pipeline;
  const { normalization } = pipeline.options;
  const pixels = output.channels * output.height * output.width;
  const indices = Int32Array.from(positions, (position) => images.indices[position]!);
  const labels = Array.from(indices, (index) => dataset.labels[index]!);
  const shown = new Float32Array(indices.length * pixels);
  const view = evaluationViews("center", dataset, output)[0]!;
  let next = 0;
  for await (const batch of evaluationBatches({ dataset, pipeline, indices, view, batchSize })) {
    shown.set(batch.images, next * pixels);
    next += batch.count;
  }
  const layer = layers.findLast(hasPositions);
  const cams = layer === undefined ? [] : await gradCams(options.gradCam, layer.name, shown, labels);
  const { holes, rows, columns, length } = slidingSquare(output);
  const covered = new Float32Array(batchSize * pixels);
  const maps: ImageMaps[] = [];
  for (const [at, label] of labels.entries()) {
    const image = shown.subarray(at * pixels, (at + 1) * pixels);
    const of = { label, name: dataset.names[indices[at]!]! };
    const numClasses = dataset.classes.length;
    const answer = answerOf(await inner.predict(image, 1), 0, numClasses, of);
    const values = new Float32Array(holes.length);
    for (let first = 0; first < holes.length; first += batchSize) {
      signal?.throwIfAborted();
      const some = holes.slice(first, first + batchSize);
      for (const [row, hole] of some.entries()) hide(image, output, hole, covered, row);
      const logits = await inner.predict(covered, some.length);
      for (const row of some.keys()) {
        const { probability } = answerOf(logits, row, numClasses, of);
        values[first + row] = answer.probability - probability;
      }
    }
    maps.push({
      ...answer,
      pixels: denormalize(image, output, normalization),
      height: output.height,
      width: output.width,
      channels: output.channels,
      gradCam: cams[at] ?? null,
      occlusion: { length, height: rows, width: columns, values },
    });
    onProgress(at + 1, labels.length);
  }
  return maps;
}
