// From a dataset to batches.
import type { ImageParameters, Pipeline, TrainingPipeline } from "../augment/pipeline.ts";
import { permutation, stream, streamSeries } from "../rng.ts";
import type { Batch } from "./batch.ts";
import type { Dataset } from "./dataset.ts";

export type { OnProgress } from "./cache.ts";
export { readGroups } from "./groups.ts";
export type { Fit, Size } from "./image.ts";
export {
  type DataFormat,
  dataFormats,
  describeData,
  type OpenDatasetOptions,
  openDataset,
} from "./open.ts";
export { type SplitOptions, splitDataset } from "./split.ts";
export { channelStatistics } from "./statistics.ts";

/**
 * The batches of one epoch of training. The order comes from `stream(seed, "shuffle", epoch)`, the augmentation of
 * an image from `stream(seed, "augment", epoch, index)`: neither depends on the batch size or on where the epoch is
 * taken up. The last, incomplete batch is dropped.
 *
 * What the images of a batch share, such as one hole for all, comes from `stream(seed, "augment batch", epoch, batch)`.
 *
 * @param options.progress share of the training that is done when this epoch starts, 0 to 1; 1 when left out
 * @param options.startBatch number of batches to skip, without drawing them; 0 when left out
 * @throws Error when the batch is larger than the data, or the pipeline takes images of another shape
 */
export function trainingBatches(options: {
  readonly dataset: Dataset;
  readonly indices: Int32Array;
  readonly pipeline: Pipeline;
  readonly batchSize: number;
  readonly seed: number;
  readonly epoch: number;
  readonly progress?: number;
  readonly startBatch?: number;
}): AsyncIterable<Batch> {
  const { dataset, indices, pipeline, batchSize, seed, epoch, progress = 1, startBatch = 0 } = options;
  check(dataset, pipeline, batchSize);
  if (batchSize > indices.length) {
    throw new Error(
      `data: batchSize must be at most the number of training images (${indices.length}), got ${batchSize}; ` +
        "lower batchSize",
    );
  }
  const batches = Math.floor(indices.length / batchSize);
  if (!Number.isInteger(startBatch) || startBatch < 0 || startBatch > batches) {
    throw new Error(`data: startBatch must be an integer from 0 to ${batches}, got ${startBatch}`);
  }
  const order = permutation(stream(seed, "shuffle", epoch), indices.length).map((at) => indices[at]!);
  const streamOf = streamSeries(seed, "augment", epoch);
  return ahead(startBatch, batches, (batch) => {
    const images = order.slice(batch * batchSize, (batch + 1) * batchSize);
    return makeBatch(dataset, pipeline, images, (index) =>
      pipeline.sample(streamOf(index), progress, () => stream(seed, "augment batch", epoch, batch)),
    );
  });
}

/**
 * All images in their order, in one fixed view (see `evaluationViews`); the last batch may be smaller.
 *
 * @throws Error when the pipeline takes images of another shape
 */
export function evaluationBatches(options: {
  readonly dataset: Dataset;
  readonly indices: Int32Array;
  readonly pipeline: Pipeline;
  readonly view: ImageParameters;
  readonly batchSize: number;
}): AsyncIterable<Batch> {
  const { dataset, indices, pipeline, view, batchSize } = options;
  check(dataset, pipeline, batchSize);
  return ahead(0, Math.ceil(indices.length / batchSize), (batch) =>
    makeBatch(dataset, pipeline, indices.slice(batch * batchSize, (batch + 1) * batchSize), () => view),
  );
}

function makeBatch(
  dataset: Dataset,
  pipeline: Pipeline,
  indices: Int32Array,
  parametersOf: (index: number) => ImageParameters,
): Batch {
  const imageBytes = dataset.height * dataset.width * dataset.channels;
  const pixels = new Uint8Array(indices.length * imageBytes);
  dataset.read(indices, pixels);
  const { channels, height, width } = pipeline.output;
  const imageFloats = channels * height * width;
  const images = new Float32Array(indices.length * imageFloats);
  indices.forEach((index, at) => {
    pipeline.apply(pixels, at * imageBytes, parametersOf(index), images, at * imageFloats);
  });
  return { images, labels: indices.map((index) => dataset.labels[index]!), indices, count: indices.length };
}

function check(dataset: Dataset, pipeline: Pipeline, batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new Error(`data: batchSize must be an integer from 1 on, got ${batchSize}`);
  }
  // A pipeline of trainingPipeline() tells its input; of any other, the channels are known.
  const { height, width, channels } = (pipeline as Partial<TrainingPipeline>).options?.input ?? {
    ...dataset,
    channels: pipeline.output.channels,
  };
  if (height !== dataset.height || width !== dataset.width || channels !== dataset.channels) {
    throw new Error(
      `data: the pipeline must take images of ${dataset.height}x${dataset.width}x${dataset.channels}, ` +
        `got ${height}x${width}x${channels}`,
    );
  }
}

/** Makes batch `k + 1` while the reader is busy with batch `k`, as far as the reader leaves the thread free. */
async function* ahead(start: number, end: number, make: (batch: number) => Batch): AsyncGenerator<Batch> {
  const begin = (batch: number): Promise<Batch> | null => {
    if (batch >= end) return null;
    const made = new Promise<Batch>((done, fail) => {
      setImmediate(() => {
        try {
          done(make(batch));
        } catch (error) {
          fail(error);
        }
      });
    });
    made.catch(() => {}); // a reader that stops early, and closes the dataset, must not leave a rejection behind
    return made;
  };
  let next = begin(start);
  for (let batch = start; next !== null; batch++) {
    const current = await next;
    next = begin(batch + 1);
    yield current;
  }
}
