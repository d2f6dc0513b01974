// Reads a cache: a file of 8-bit images, one after the other, and its index.
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import type { Dataset } from "./dataset.ts";

/** The JSON beside the file of images. Raise `cacheFormat` when this or the layout of the images changes. */
export const cacheFormat = 1;
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
  readonly officialTest: readonly number[] | null;
  readonly fingerprint: string;
  readonly broken: readonly { readonly name: string; readonly reason: string }[];
}

/** Up to this many bytes of images are kept in memory. */
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
  const images =
    imageFileBytes(index) < inMemoryBelow ? inMemory(imageFile, imageBytes) : onDisk(imageFile, imageBytes);
  return {
    name: index.name,
    classes: index.classes,
    height,
    width,
    channels,
    count,
    labels: Int32Array.from(index.labels),
    names: index.names,
    officialTest: index.officialTest === null ? null : Uint8Array.from(index.officialTest),
    fingerprint: index.fingerprint,
    broken: index.broken,
    read(indices, target) {
      if (target.length < indices.length * imageBytes) {
        throw new RangeError(
          `data: target must hold ${indices.length} images of ${imageBytes} bytes, got ${target.length} bytes`,
        );
      }
      for (let at = 0; at < indices.length; at++) {
        const image = indices[at]!;
        if (!Number.isInteger(image) || image < 0 || image >= count) {
          throw new RangeError(`data: index must be an integer from 0 to ${count - 1}, got ${image}`);
        }
        images.copy(image, target.subarray(at * imageBytes, (at + 1) * imageBytes));
      }
    },
    close: images.close,
  };
}

interface Images {
  copy(image: number, target: Uint8Array): void;
  close(): void;
}

const closed = "data: the dataset must be open, got a read after close()";

function inMemory(file: string, imageBytes: number): Images {
  let bytes: Uint8Array | null = readFileSync(file);
  return {
    copy(image, target) {
      if (bytes === null) throw new Error(closed);
      target.set(bytes.subarray(image * imageBytes, (image + 1) * imageBytes));
    },
    close() {
      bytes = null;
    },
  };
}

function onDisk(file: string, imageBytes: number): Images {
  let descriptor: number | null = openSync(file, "r");
  return {
    copy(image, target) {
      if (descriptor === null) throw new Error(closed);
      for (let done = 0; done < imageBytes; ) {
        const got = readSync(descriptor, target, done, imageBytes - done, image * imageBytes + done);
        if (got === 0)
          throw new Error(`data: ${file} ends before image ${image}; delete it, it is made again`);
        done += got;
      }
    },
    close() {
      if (descriptor !== null) closeSync(descriptor);
      descriptor = null;
    },
  };
}
