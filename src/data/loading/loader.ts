// From a dataset to batches: in this thread or in others, a few ahead of the reader, the same bit for bit.

import type { Worker } from "node:worker_threads";
import type { ImageParameters, Pipeline, TrainingPipeline } from "../../augment/index.ts";
import { CutoutError } from "../../error.ts";
import { permutation, stream } from "../../rng.ts";
import { startThread } from "../../thread.ts";
import type { Dataset } from "../dataset.ts";
import type { Batch } from "./batch.ts";
import { type BatchOrder, batchMaker } from "./batch-maker.ts";
import { type WorkerData, WorkerPool } from "./worker-pool.ts";

export interface LoaderOptions {
  readonly dataset: Dataset;
  readonly pipeline: Pipeline;
  /**
   * Threads that make batches, 0 or more. Batches are made in this thread with 0, and also where other threads cannot
   * know the images or the pipeline: data sets that are not read from a cache, pipelines of one's own.
   */
  readonly workers: number;
}

export interface TrainingOrder {
  readonly indices: Int32Array;
  readonly batchSize: number;
  readonly seed: number;
  readonly epoch: number;
  /** Share of the training that is done when this epoch starts, 0 to 1; 1 when left out. */
  readonly progress?: number;
  /** Copies of each image in its batch, each augmented on its own; 1 when left out. A divisor of the batch's size. */
  readonly copies?: number;
  /** Number of batches to skip, without drawing them; 0 when left out. */
  readonly startBatch?: number;
}

export interface EvaluationOrder {
  readonly indices: Int32Array;
  readonly view: ImageParameters;
  readonly batchSize: number;
}

export interface Loader {
  /** See `trainingBatches`. */
  training(order: TrainingOrder): AsyncIterable<Batch>;
  /** See `evaluationBatches`. */
  evaluation(order: EvaluationOrder): AsyncIterable<Batch>;
  /**
   * Takes the memory of a batch's images back, to make another in it; nobody may use them afterwards. Without it each
   * batch has memory of its own.
   */
  readonly recycle: (images: Float32Array) => void;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** Makes the images of a batch in the memory given, or in as much. */
type Make = (order: BatchOrder, memory: ArrayBuffer) => Promise<ArrayBuffer>;

/**
 * What makes batches of a dataset, for many epochs. Its threads start with the first batch and live until `close`.
 *
 * With `n` threads at most `2 n` batches are made ahead of the one that the reader has: one that a thread makes and one
 * that waits for it, for a thread cannot wait until the reader has taken a batch of another. (With three, the
 * second of two threads stood still for a third of the time.) With 0 one is, as far as the reader leaves this thread free. That, and not the size of the data, bounds the memory.
 *
 * @param startWorker starts a thread; tests hand in ones that die
 * @throws Error when the pipeline takes images of another shape, or the number of threads is wrong
 */
export function openLoader(
  { dataset, pipeline, workers }: LoaderOptions,
  startWorker: (data: WorkerData) => Worker = startLoaderThread,
): Loader {
  check(dataset, pipeline, workers);
  const imageBytes = dataset.height * dataset.width * dataset.channels;
  const { channels, height, width } = pipeline.output;
  const imageFloats = channels * height * width;
  const { store } = dataset.read;
  const { options } = pipeline as Partial<TrainingPipeline>;
  const pool =
    workers > 0 && store !== undefined && options !== undefined
      ? new WorkerPool(workers, () => startWorker({ store, pipeline: options }))
      : null;
  const lead = pool === null ? 1 : 2 * workers;
  const make: Make =
    pool === null ? inThisThread(dataset, imageBytes, pipeline) : (order, memory) => pool.make(order, memory);

  /** Memory of batches that were read. */
  const free: ArrayBuffer[] = [];
  const keep = (memory: ArrayBuffer) => {
    free.push(memory);
    if (free.length > lead + 1) free.shift();
  };
  const takeMemory = (bytes: number): ArrayBuffer => {
    const at = free.findIndex((memory) => memory.byteLength === bytes);
    return at < 0 ? new ArrayBuffer(bytes) : free.splice(at, 1)[0]!;
  };

  async function* inOrder(
    batchSize: number,
    start: number,
    end: number,
    orderOf: (batch: number) => BatchOrder,
  ): AsyncGenerator<Batch> {
    const memoryBytes = batchSize * imageFloats * Float32Array.BYTES_PER_ELEMENT;
    const ahead: { readonly order: BatchOrder; readonly memory: Promise<ArrayBuffer> }[] = [];
    let next = start;
    const begin = () => {
      while (next < end && ahead.length < lead) {
        const order = orderOf(next++);
        const memory = make(order, takeMemory(memoryBytes));
        memory.catch(() => {}); // a reader that stops early, and closes the dataset, must not leave a rejection behind
        ahead.push({ order, memory });
      }
    };
    begin();
    try {
      for (let current = ahead.shift(); current !== undefined; current = ahead.shift()) {
        const { indices } = current.order;
        const images = new Float32Array(await current.memory, 0, indices.length * imageFloats);
        begin();
        const labels = indices.map((index) => dataset.labels[index]!);
        yield { images, labels, indices, count: indices.length };
      }
    } finally {
      for (const { memory } of ahead) memory.then(keep, () => {});
    }
  }

  return {
    training({ indices, batchSize, seed, epoch, progress = 1, copies = 1, startBatch = 0 }) {
      checkBatchSize(batchSize);
      const images = batchSize / copies;
      if (!Number.isInteger(copies) || copies < 1 || !Number.isInteger(images)) {
        throw new CutoutError({
          where: "data",
          what: `copies must be a divisor of batchSize (${batchSize})`,
          got: String(copies),
        });
      }
      if (images > indices.length) {
        throw new CutoutError({
          where: "data",
          what: `batchSize must be at most the number of training images (${indices.length})`,
          got: String(batchSize),
          remedy: "lower batchSize",
        });
      }
      const batches = Math.floor(indices.length / images);
      if (!Number.isInteger(startBatch) || startBatch < 0 || startBatch > batches) {
        throw new CutoutError({
          where: "data",
          what: `startBatch must be an integer from 0 to ${batches}`,
          got: String(startBatch),
        });
      }
      const shuffled = permutation(stream(seed, "shuffle", epoch), indices.length).map((at) => indices[at]!);
      return inOrder(batchSize, startBatch, batches, (batch) => ({
        indices: repeated(shuffled.subarray(batch * images, (batch + 1) * images), copies),
        draw: { kind: "training", seed, epoch, batch, progress },
      }));
    },
    evaluation({ indices, view, batchSize }) {
      checkBatchSize(batchSize);
      return inOrder(batchSize, 0, Math.ceil(indices.length / batchSize), (batch) => ({
        indices: indices.slice(batch * batchSize, (batch + 1) * batchSize),
        draw: { kind: "evaluation", view },
      }));
    },
    recycle: (images) => keep(images.buffer as ArrayBuffer),
    close: async () => pool?.close(),
  };
}

/** Each index `copies` times, one after the other. */
function repeated(indices: Int32Array, copies: number): Int32Array {
  if (copies === 1) return indices.slice();
  return Int32Array.from({ length: indices.length * copies }, (_, at) => indices[Math.floor(at / copies)]!);
}

/**
 * The batches of one epoch of training. The order comes from `stream(seed, "shuffle", epoch)`, the augmentation of
 * an image from `stream(seed, "augment", epoch, index)`: neither depends on the batch size, on the number of threads or
 * on where the epoch is taken up. The last, incomplete batch is dropped.
 *
 * What the images of a batch share, such as one hole for all, comes from `stream(seed, "augment batch", epoch, batch)`.
 *
 * For many epochs use one `openLoader`: its threads stay.
 *
 * @param options.workers threads that make batches, see {@link LoaderOptions}; 0 when left out
 * @throws Error when the batch is larger than the data, or the pipeline takes images of another shape
 */
export function trainingBatches(options: Opening & TrainingOrder): AsyncIterable<Batch> {
  return once(options, (loader) => loader.training(options));
}

/**
 * All images in their order, in one fixed view (see `evaluationViews`); the last batch may be smaller.
 *
 * @param options.workers threads that make batches, see {@link LoaderOptions}; 0 when left out
 * @throws Error when the pipeline takes images of another shape
 */
export function evaluationBatches(options: Opening & EvaluationOrder): AsyncIterable<Batch> {
  return once(options, (loader) => loader.evaluation(options));
}

type Opening = Omit<LoaderOptions, "workers"> & Partial<Pick<LoaderOptions, "workers">>;

/** A loader that is closed after one reading, whole or not. */
function once(
  { dataset, pipeline, workers = 0 }: Opening,
  read: (loader: Loader) => AsyncIterable<Batch>,
): AsyncIterable<Batch> {
  const loader = openLoader({ dataset, pipeline, workers });
  const batches = read(loader);
  return (async function* () {
    try {
      yield* batches;
    } finally {
      await loader.close();
    }
  })();
}

function startLoaderThread(workerData: WorkerData): Worker {
  return startThread("./worker", import.meta.url, { workerData });
}

/** Makes a batch when this thread has nothing else to do. */
function inThisThread(dataset: Dataset, imageBytes: number, pipeline: Pipeline): Make {
  const place = dataset.read.store?.place;
  const memory = place?.kind === "memory" ? new Uint8Array(place.bytes) : null;
  const make = batchMaker({ memory, read: dataset.read }, imageBytes, pipeline);
  return (order, target) =>
    new Promise((resolve, reject) => {
      setImmediate(() => {
        try {
          make(order, new Float32Array(target));
          resolve(target);
        } catch (error) {
          reject(error);
        }
      });
    });
}

function checkBatchSize(batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new CutoutError({
      where: "data",
      what: "batchSize must be an integer from 1 on",
      got: String(batchSize),
    });
  }
}

function check(dataset: Dataset, pipeline: Pipeline, workers: number): void {
  if (!Number.isInteger(workers) || workers < 0) {
    throw new CutoutError({
      where: "data",
      what: "workers must be an integer from 0 on",
      got: String(workers),
    });
  }
  // A pipeline of trainingPipeline() tells its input; of any other, the channels are known.
  const { height, width, channels } = (pipeline as Partial<TrainingPipeline>).options?.input ?? {
    ...dataset,
    channels: pipeline.output.channels,
  };
  if (height !== dataset.height || width !== dataset.width || channels !== dataset.channels) {
    throw new CutoutError({
      where: "data",
      what: `the pipeline must take images of ${dataset.height}x${dataset.width}x${dataset.channels}`,
      got: `${height}x${width}x${channels}`,
    });
  }
}
