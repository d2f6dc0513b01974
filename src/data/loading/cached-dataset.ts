// Reads a cache: a file of 8-bit images, one after the other, and its index.
import { createHash } from "node:crypto";
import { openSync } from "node:fs";
import type { Dataset, Part } from "../dataset.ts";
import type { Source } from "../datasets/source.ts";
import { fileStore, type ImageStore, loadStore, openStore } from "./image-store.ts";

/** The JSON beside the file of images. Raise `cacheFormat` when this or the layout of the images changes. */
export const cacheFormat = 3;
/** The parts of a split as the index numbers them. */
export const storedParts: readonly Part[] = ["train", "test", "validation"];
export interface CacheIndex {
  readonly format: number;
  /** What the cache was made from and how; see cache.ts. */
  readonly key: string;
  readonly name: string;
  readonly classes: readonly string[];
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly count: number;
  readonly labels: readonly number[];
  readonly names: readonly string[];
  /** Places in `storedParts`; null where the data have no split of their own. */
  readonly officialParts: readonly number[] | null;
  readonly fingerprint: string;
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
  /** Of the blocks of the file of images; see image-store.ts. */
  readonly sums: readonly string[];
}

const checksumBytes = 64;
const opening = '{"checksum":"';

/** The text of an index: JSON whose first field is the SHA-256 of the others. */
export function indexText(index: CacheIndex): string {
  const text = JSON.stringify(index);
  return `${opening}${checksumOf(text)}",${text.slice(1)}`;
}

/** @returns null when the text is not exactly what {@link indexText} has written */
export function indexFrom(text: string): CacheIndex | null {
  const end = opening.length + checksumBytes;
  const rest = `{${text.slice(end + 2)}`;
  const whole = text.startsWith(opening) && text.slice(opening.length, end) === checksumOf(rest);
  return whole ? (JSON.parse(rest) as CacheIndex) : null;
}

function checksumOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Up to this many bytes of images are kept in memory, once for all threads. */
const memoryLimit = 2 ** 30;

/** Bytes of all images of a cache. */
export function imageFileBytes(index: CacheIndex): number {
  return index.count * index.height * index.width * index.channels;
}

/** What is not in the cache, but told by the source whenever it is opened. */
export type ToldBySource = Pick<Source, "leftOut" | "notes">;

/**
 * The dataset of a finished cache. Below `inMemoryBelow` bytes (1 GiB) the images are read into memory, above it
 * each is read from the file when it is asked for.
 *
 * @param descriptor of the file of images, which is taken over
 * @throws DamagedImages when the images are not those that were written; those of a file when they are read
 */
export function readCache(
  index: CacheIndex,
  imageFile: string,
  inMemoryBelow = memoryLimit,
  descriptor = openSync(imageFile, "r"),
  { leftOut = [], notes = [] }: ToldBySource = {},
): Dataset {
  const { height, width, channels, count } = index;
  const imageBytes = height * width * channels;
  const store = (imageFileBytes(index) < inMemoryBelow ? loadStore : fileStore)(
    { path: imageFile, descriptor, sums: index.sums },
    imageBytes,
    count,
  );
  return datasetOf(index, store, { leftOut, notes });
}

/** The dataset that an index describes, its images being in the store. */
export function datasetOf(
  index: CacheIndex,
  store: ImageStore,
  { leftOut = [], notes = [] }: ToldBySource = {},
): Dataset {
  const { height, width, channels, count } = index;
  const images = openStore(store);
  return {
    name: index.name,
    classes: index.classes,
    height,
    width,
    channels,
    count,
    labels: Int32Array.from(index.labels),
    names: index.names,
    officialParts: index.officialParts?.map((place) => storedParts[place]!) ?? null,
    fingerprint: index.fingerprint,
    broken: index.broken,
    leftOut,
    notes,
    read: Object.assign(images.read, { store }),
    close: images.close,
  };
}
