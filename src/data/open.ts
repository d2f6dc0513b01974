// From a name, folder or file to a dataset: the table of what can be opened.
import { type CacheOptions, type OnProgress, openCached } from "./cache.ts";
import { cifarSize, cifarSource, findCifar } from "./cifar.ts";
import type { Dataset } from "./dataset.ts";
import { fashionMnistSize, fashionMnistSource } from "./fashion-mnist.ts";
import { folderSource } from "./folder.ts";
import type { Size } from "./image.ts";
import type { Source } from "./source.ts";

export interface OpenDatasetOptions extends CacheOptions {
  /** A folder of photos, a folder with the official CIFAR-10 binary files, or the name `fashion-mnist`. */
  readonly data: string;
}

export type DataKind = "folder" | "cifar10" | "fashion-mnist";

interface Kind {
  /** Size of the images where all have one, to be used when no other is asked for; null for photos. */
  readonly size: Size | null;
  source(data: string): Source;
}

const kinds: { readonly [K in DataKind]: Kind } = {
  folder: { size: null, source: (data) => folderSource(data) },
  cifar10: { size: cifarSize, source: (data) => cifarSource(findCifar(data) ?? data) },
  "fashion-mnist": { size: fashionMnistSize, source: () => fashionMnistSource() },
};

/**
 * What kind of data this is, and the size of its images where all have one (pixels; null for photos). Decodes
 * nothing. The name `fashion-mnist` wins over a folder of that name; write `./fashion-mnist` for the folder.
 */
export function describeData(data: string): { readonly kind: DataKind; readonly size: Size | null } {
  const kind = data === "fashion-mnist" ? data : findCifar(data) !== null ? "cifar10" : "folder";
  return { kind, size: kinds[kind].size };
}

/**
 * Opens data of any known kind, decoded to 8 bits and to `size`: from the cache, or into it the first time.
 *
 * @throws Error, one line for people, when an option is out of range or the data cannot be used; see docs/data.md
 */
export async function openDataset(
  options: OpenDatasetOptions,
  onProgress: OnProgress = () => {},
): Promise<Dataset> {
  const { data, size, maxPixels, maxBroken } = options;
  for (const [side, value] of Object.entries({ height: size.height, width: size.width, maxPixels })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new Error(`data: ${side} must be a whole number of pixels from 1 on, got ${value}`);
    }
  }
  if (!(maxBroken >= 0 && maxBroken <= 1)) {
    throw new Error(`data: maxBroken must be a share from 0 to 1, got ${maxBroken}`);
  }
  return openCached(kinds[describeData(data).kind].source(data), options, onProgress);
}
