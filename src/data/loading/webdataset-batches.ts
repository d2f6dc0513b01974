// Training batches straight from WebDataset shards, for data too large for a cache.
import type { Pipeline, TrainingPipeline } from "../../augment/pipeline/pipeline.ts";
import { CutoutError } from "../../error.ts";
import { stream } from "../../rng.ts";
import type { BrokenImage } from "../datasets/source.ts";
import { type DecodeOptions, decodeImage, decodesAtOnce, type Fit } from "../images/image.ts";
import { inOrder } from "../images/in-order.ts";
import type { Batch } from "./batch.ts";
import { readWebDataset, type WebDatasetOptions, type WebDatasetSample } from "./webdataset-samples.ts";

export interface WebDatasetBatchOptions extends WebDatasetOptions {
  /** Names of the classes. Labels that are numbers are indices into them, labels that are names are looked up. */
  readonly classes: readonly string[];
  /** Decoded size, pixels: what the pipeline takes. */
  readonly size: DecodeOptions["size"];
  readonly fit: Fit;
  /** An image with more pixels counts as broken; 100 million when left out. */
  readonly maxPixels?: number;
  readonly pipeline: Pipeline;
  readonly batchSize: number;
  /** Augmentation follows from the seed, the epoch and the sample's place alone. */
  readonly seed: number;
  readonly epoch: number;
  /** Share of the training that is done when this epoch starts, 0 to 1, for what follows a schedule; 1 when left out. */
  readonly progress?: number;
  /** Copies of each image in its batch, each augmented on its own; 1 when left out. A divisor of the batch's size. */
  readonly copies?: number;
  /** Is told of images that are left out because they cannot be read. */
  readonly onBroken?: (name: string, reason: string) => void;
  /** Share of broken images above which the stream ends with an error, once 1,000 are seen or it ends; 0.1 by default. */
  readonly maxBroken?: number;
}

const judgedAfter = 1000;

interface Readable {
  readonly sample: WebDatasetSample;
  readonly label: number;
  readonly pixels: Uint8Array;
}
type Decoded = BrokenImage | Readable;

/**
 * Training batches straight from the shards: what {@link readWebDataset} gives, decoded, augmented and normalized.
 * `indices` number the images as they are delivered. The last, incomplete batch is dropped. Memory: the shuffle
 * buffer, a batch, and a few images under way.
 *
 * What the images of a batch share, such as one hole for all, comes from `stream(seed, "augment batch", epoch, b)`,
 * where batches are numbered across workers: those of worker `i` of `n` are `i`, `n + i`, `2 n + i`, ...
 *
 * @throws Error when an option does not fit, a label is none of the classes, or too many images are broken
 */
export async function* webDatasetBatches(options: WebDatasetBatchOptions): AsyncGenerator<Batch> {
  const { classes, size, fit, maxPixels = 100_000_000, pipeline, batchSize } = options;
  const { onBroken = () => {}, maxBroken = 0.1, copies = 1, worker = { index: 0, count: 1 } } = options;
  check(options);
  const { channels } = pipeline.output;
  const labelOf = new Map(classes.map((name, label) => [name, label]));
  const decode = async (sample: WebDatasetSample): Promise<Decoded> => {
    const name = `shard ${sample.shard}, ${sample.key}`;
    const { image, label } = sample;
    if (image === null || label === null) return { name, reason: sample.problem ?? "incomplete" };
    const known = typeof label === "number" ? label : labelOf.get(label);
    if (known === undefined || known >= classes.length) {
      throw new CutoutError({
        where: "webdataset",
        what: `labels must be among the ${classes.length} classes`,
        got: `${JSON.stringify(label)} in ${name}`,
        remedy: "give the names of all classes",
      });
    }
    const result = await decodeImage(image, { size, fit, maxPixels }, channels as 1 | 3);
    if (!result.ok) return { name, reason: result.reason };
    return { sample, label: known, pixels: result.pixels };
  };
  let broken = 0;
  let delivered = 0;
  const judge = (last: string) => {
    const share = broken / (broken + delivered);
    if (share <= maxBroken) return;
    throw new CutoutError({
      where: "webdataset",
      what: `at most a share of ${maxBroken} of the images may be broken`,
      got: `${broken} of ${broken + delivered} (the last: ${last})`,
      remedy: "repair the shards or raise maxBroken",
    });
  };
  const augment = batchAugmentation(options);
  let waiting: Readable[] = [];
  let batches = 0;
  let last = "";
  for await (const image of inOrder(readWebDataset(options), decode, decodesAtOnce)) {
    if ("reason" in image) {
      broken++;
      last = `${image.name}: ${image.reason}`;
      onBroken(image.name, image.reason);
    } else {
      delivered++;
      waiting.push(image);
      if (waiting.length * copies === batchSize) {
        const repeated = waiting.flatMap((one) => Array.from({ length: copies }, () => one));
        const first = delivered - waiting.length;
        const { index, count } = worker;
        yield {
          images: augment(repeated, batches++ * count + index),
          labels: Int32Array.from(repeated, ({ label }) => label),
          indices: Int32Array.from(repeated, (_, at) => first + Math.floor(at / copies)),
          count: batchSize,
        };
        waiting = [];
      }
    }
    if (broken + delivered >= judgedAfter) judge(last);
  }
  if (broken > 0) judge(last);
}

/** Augments the images of a batch, equal ones beside each other, each from a stream of its own. */
function batchAugmentation({
  pipeline,
  seed,
  epoch,
  progress = 1,
}: WebDatasetBatchOptions): (images: readonly Readable[], batch: number) => Float32Array {
  const { channels, height, width } = pipeline.output;
  const imageFloats = channels * height * width;
  return (images, batch) => {
    const ofBatch = () => stream(seed, "augment batch", epoch, batch);
    // One array: holes may show another image of the batch.
    const pixels = Buffer.concat(images.map((image) => image.pixels));
    const imageBytes = pixels.length / images.length;
    const target = new Float32Array(images.length * imageFloats);
    let copy = 0;
    for (const [at, { sample }] of images.entries()) {
      copy = at > 0 && images[at - 1]!.sample === sample ? copy + 1 : 0;
      const { shard, position } = sample;
      const rng =
        copy === 0
          ? stream(seed, "augment", epoch, shard, position)
          : stream(seed, "augment copy", epoch, shard, position, copy);
      const turn = { epoch, ofImage: () => stream(seed, "augment image", shard, position) };
      const parameters = pipeline.sample(rng, { progress, ofBatch, turn });
      pipeline.apply(pixels, at * imageBytes, parameters, target, at * imageFloats);
    }
    return target;
  };
}

function check(options: WebDatasetBatchOptions): void {
  const { classes, size, pipeline, batchSize, maxBroken = 0.1, progress = 1, copies = 1 } = options;
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new CutoutError({
      where: "webdataset",
      what: "batchSize must be an integer from 1 on",
      got: String(batchSize),
    });
  }
  if (!Number.isInteger(copies) || copies < 1 || batchSize % copies !== 0) {
    throw new CutoutError({
      where: "webdataset",
      what: `copies must be a divisor of batchSize (${batchSize})`,
      got: String(copies),
    });
  }
  if (!(progress >= 0 && progress <= 1)) {
    throw new CutoutError({
      where: "webdataset",
      what: "progress must be from 0 to 1",
      got: String(progress),
    });
  }
  if (classes.length < 2) {
    throw new CutoutError({
      where: "webdataset",
      what: "classes must be two names or more",
      got: String(classes.length),
    });
  }
  if (!(maxBroken >= 0 && maxBroken <= 1)) {
    throw new CutoutError({
      where: "webdataset",
      what: "maxBroken must be a share from 0 to 1",
      got: String(maxBroken),
    });
  }
  // A pipeline of trainingPipeline() tells its input.
  const input = (pipeline as Partial<TrainingPipeline>).options?.input ?? size;
  if (input.height !== size.height || input.width !== size.width) {
    throw new CutoutError({
      where: "webdataset",
      what: `the pipeline must take images of ${size.height}x${size.width}`,
      got: `${input.height}x${input.width}`,
    });
  }
}
