// Reads a cache: a file of 8-bit images, one after the other, and its index.
import type { Dataset, Part } from "../dataset.ts";
import { type ImageStore, loadStore, openStore } from "./image-store.ts";

/** The JSON beside the file of images. Raise `cacheFormat` when this or the layout of the images changes. */
export const cacheFormat = 2;
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
}

/** Up to this many bytes of images are kept in memory, once for all threads. */
const memoryLimit = 2 ** 30;

/** Bytes of all images of a cache. */
export function imageFileBytes(index: CacheIndex): number {
  return index.count * index.height * index.width * index.channels;
}

/**
 * The dataset of a finished cache. Below `inMemoryBelow` bytes (1 GiB) the images are read into memory, above it
 * each is read from the file when it is asked for.
 */
export function readCache(index: CacheIndex, imageFile: string, inMemoryBelow = memoryLimit): Dataset {
  const { height, width, channels, count } = index;
  const imageBytes = height * width * channels;
  const store: ImageStore =
    imageFileBytes(index) < inMemoryBelow
      ? loadStore(imageFile, imageBytes, count)
      : { place: { kind: "file", path: imageFile }, imageBytes, count };
  return datasetOf(index, store);
}

/** The dataset that an index describes, its images being in the store. */
export function datasetOf(index: CacheIndex, store: ImageStore): Dataset {
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
    read: Object.assign(images.read, { store }),
    close: images.close,
  };
}
