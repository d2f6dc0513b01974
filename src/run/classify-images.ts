// Images of any number to their likeliest classes, a batch at a time, in the order given.

import type { Crops } from "../augment/index.ts";
import { type Dataset, openLoader } from "../data/index.ts";
import { evaluate } from "../train/evaluate.ts";
import { classScoring } from "../train/objectives/classify.ts";
import type { Predictor } from "../train/step.ts";
import { decodeInput, type ImageInput, nameOfInput } from "./image-input.ts";
import type { TrainedModel } from "./trained-model.ts";

export interface RankedClass {
  readonly name: string;
  /** 0 to 1 */
  readonly probability: number;
}

/** The answer for an image. */
export interface Classification {
  /** Its place among those that were given, 0 for the first. */
  readonly index: number;
  /** Its path or address as given; null for bytes and pixels. */
  readonly file: string | null;
  /** Likeliest first. */
  readonly classes: readonly RankedClass[];
}

/** An image without an answer. */
export interface NotClassified extends Pick<Classification, "index" | "file"> {
  /** A short reason for people. */
  readonly reason: string;
}

export type Classified = Classification | NotClassified;

export type Images = Iterable<ImageInput> | AsyncIterable<ImageInput>;

export interface ClassifyArguments {
  readonly model: TrainedModel;
  readonly predictor: Pick<Predictor, "predict">;
  readonly crops: Crops;
  /** How many classes of each image are told; all when undefined. */
  readonly topK: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (done: number) => void;
}

export const batchSize = 64;
/** A stream that brings nothing for so long does not keep those waiting that it has brought, milliseconds. */
const patience = 20;

export async function* classifyImages(images: Images, args: ClassifyArguments): AsyncGenerator<Classified> {
  let index = 0;
  for await (const batch of batchesOf(images)) {
    args.signal?.throwIfAborted();
    for (const answer of await classifyBatch(batch, args)) yield { index: index++, ...answer };
    args.onProgress(index);
  }
}

type Answer<T> = T extends Classified ? Omit<T, "index"> : never;

async function classifyBatch(
  batch: readonly ImageInput[],
  { model, predictor, crops, topK, signal }: ClassifyArguments,
): Promise<readonly Answer<Classified>[]> {
  const { classes, pipeline, decoding } = model;
  const { input } = pipeline.options;
  const channels = input.channels === 1 ? 1 : 3;
  const decoded = await Promise.all(batch.map((image) => decodeInput(image, decoding, channels, signal)));
  const dataset = datasetOf(
    decoded.flatMap((image) => (image.ok ? [image.pixels] : [])),
    model,
  );
  const indices = Int32Array.from({ length: dataset.count }, (_, at) => at);
  const scoring = classScoring(dataset, indices);
  if (dataset.count > 0) {
    const loader = openLoader({ dataset, pipeline, workers: 0 });
    await evaluate({
      predictor,
      scoring,
      dataset,
      indices,
      pipeline,
      loader,
      crops,
      batchSize,
      ...(signal && { signal }),
    });
  }
  const probabilities = scoring.probabilities();
  let row = 0;
  return decoded.map((image, at) => {
    const file = nameOfInput(batch[at]!);
    if (!image.ok) return { file, reason: image.reason };
    const from = classes.length * row++;
    const own = probabilities.subarray(from, from + classes.length);
    if (!own.every(Number.isFinite)) return { file, reason: notFinite };
    return { file, classes: ranked(own, classes, topK) };
  });
}

/** What is said of an image for which there is no number. */
export const notFinite = "the network gives NaN or infinite numbers for it";

function ranked(probabilities: Float32Array, classes: readonly string[], topK?: number): RankedClass[] {
  const order = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]! || a - b);
  return order.slice(0, topK).map((label) => ({ name: classes[label]!, probability: probabilities[label]! }));
}

/** Decoded images as a dataset; their labels are not known and not looked at. */
function datasetOf(images: readonly Uint8Array[], { classes, pipeline }: TrainedModel): Dataset {
  const { height, width, channels } = pipeline.options.input;
  const size = height * width * channels;
  return {
    name: "images",
    classes,
    height,
    width,
    channels: channels === 1 ? 1 : 3,
    count: images.length,
    labels: new Int32Array(images.length),
    names: images.map(String),
    officialParts: null,
    fingerprint: "",
    broken: [],
    read(indices, target) {
      for (let row = 0; row < indices.length; row++) target.set(images[indices[row]!]!, row * size);
    },
    close() {},
  };
}

/** Full batches, and smaller ones where a stream lets wait. */
async function* batchesOf<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<readonly T[]> {
  const iterator: Iterator<T> | AsyncIterator<T> =
    Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  let batch: T[] = [];
  let next: Promise<IteratorResult<T>> | null = null;
  let ended = false;
  try {
    while (!ended) {
      next ??= Promise.resolve(iterator.next());
      const result: IteratorResult<T> | "late" =
        batch.length === 0 ? await next : await Promise.race([next, late()]);
      if (result !== "late") {
        next = null;
        ended = result.done === true;
        if (!result.done) batch.push(result.value);
      }
      if (batch.length > 0 && (result === "late" || ended || batch.length === batchSize)) {
        yield batch;
        batch = [];
      }
    }
  } finally {
    // Whoever stops early, stops the stream.
    if (!ended) {
      next?.catch(() => {});
      Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }
}

function late(): Promise<"late"> {
  return new Promise((tell) => setTimeout(tell, patience, "late").unref());
}
