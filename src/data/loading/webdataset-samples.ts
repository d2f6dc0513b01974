// The samples of WebDataset shards as a stream: shards dealt to workers, a shuffle buffer, bounded memory.
import { CutoutError } from "../../error.ts";
import { permutation, stream } from "../../rng.ts";
import type { Columns } from "../datasets/columns.ts";
import { findShards } from "../datasets/shards.ts";
import { trouble } from "../formats/trouble.ts";
import { type Sample, samplesOf } from "../formats/webdataset.ts";

export interface WebDatasetOptions {
  /** A file, folder, pattern (`train-{000..099}.tar`) or http(s) address; or several. */
  readonly shards: string | readonly string[];
  /** Endings of the image and the label in a sample, or the label's key in its `.json`; the usual ones when null. */
  readonly columns?: Columns | null;
  /** Null reads everything in its order; left out, the buffer holds 1,000 samples. */
  readonly shuffle?: {
    readonly seed: number;
    readonly epoch: number;
    /** Samples that are waiting in memory to be drawn from, from 1 on; 1,000 when left out. */
    readonly buffer?: number;
  } | null;
  /** Shards `index`, `index + count`, ... (in the epoch's order) are read; all of them when left out. */
  readonly worker?: { readonly index: number; readonly count: number };
}

/** A sample and where it stands: the same for any shuffling and any number of workers. */
export interface WebDatasetSample extends Sample {
  /** Index of the shard among all, in the order in which they were named. */
  readonly shard: number;
  /** Position in the shard, from 0 on. */
  readonly position: number;
}

/** Encoded images waiting in the buffer may take so many bytes, however many samples are asked for. */
const largestBuffer = 2 ** 28;
const usualBuffer = 1000;

/**
 * The samples of the shards, once each, images still encoded. Shuffled, the order of the shards is drawn anew for
 * each epoch (the same for all workers), and samples are drawn from a buffer of waiting ones: the order depends on
 * seed, epoch, buffer and worker alone. The buffer holds 256 MiB at most.
 *
 * @throws Error when there are no shards, an option is out of range, or a shard is not there, cut short or damaged
 */
export async function* readWebDataset(options: WebDatasetOptions): AsyncGenerator<WebDatasetSample> {
  const { columns = null, shuffle = null, worker = { index: 0, count: 1 } } = options;
  const { index, count } = worker;
  if (!(Number.isInteger(count) && count >= 1 && Number.isInteger(index) && index >= 0 && index < count)) {
    throw new CutoutError({
      where: "webdataset",
      what: "worker must be an index below a count",
      got: `${index} of ${count}`,
    });
  }
  const shards = shardsOf(options.shards);
  const order =
    shuffle === null
      ? Int32Array.from(shards.keys())
      : permutation(stream(shuffle.seed, "webdataset shards", shuffle.epoch), shards.length);
  const mine = order.filter((_, at) => at % count === index);
  const samples = samplesIn(shards, mine, columns);
  if (shuffle === null) {
    yield* samples;
    return;
  }
  const { seed, epoch, buffer = usualBuffer } = shuffle;
  if (!(Number.isInteger(buffer) && buffer >= 1 && buffer <= 10_000_000)) {
    throw new CutoutError({
      where: "webdataset",
      what: "buffer must be a number of samples from 1 to 10,000,000",
      got: String(buffer),
    });
  }
  yield* shuffled(samples, buffer, stream(seed, "webdataset buffer", epoch, index));
}

function shardsOf(named: string | readonly string[]): readonly string[] {
  return [named].flat().flatMap((name) => {
    const found = findShards(name);
    if (found !== null) return found.shards;
    throw trouble(
      { reader: "webdataset", file: name },
      "be shards (.tar)",
      "none",
      "give a file, folder or address",
    );
  });
}

async function* samplesIn(
  shards: readonly string[],
  wanted: Int32Array,
  columns: Columns | null,
): AsyncGenerator<WebDatasetSample> {
  for (const shard of wanted) {
    let position = 0;
    for await (const sample of samplesOf({ reader: "webdataset", file: shards[shard]! }, columns)) {
      yield { ...sample, shard, position: position++ };
    }
  }
}

async function* shuffled(
  samples: AsyncIterable<WebDatasetSample>,
  buffer: number,
  rng: ReturnType<typeof stream>,
): AsyncGenerator<WebDatasetSample> {
  const waiting: WebDatasetSample[] = [];
  let bytes = 0;
  const sizeOf = ({ image }: WebDatasetSample) => (image?.length ?? 0) + 1024;
  const draw = () => {
    const at = rng.integer(waiting.length);
    const drawn = waiting[at]!;
    waiting[at] = waiting.at(-1)!;
    waiting.pop();
    bytes -= sizeOf(drawn);
    return drawn;
  };
  for await (const sample of samples) {
    waiting.push(sample);
    bytes += sizeOf(sample);
    while (waiting.length > buffer || bytes > largestBuffer) yield draw();
  }
  while (waiting.length > 0) yield draw();
}
