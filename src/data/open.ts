// From a name, folder, file or address to a dataset: the table of what can be opened.
import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { type DataFormat, dataFormats } from "./data-format.ts";
import type { Dataset } from "./dataset.ts";
import { type CifarName, cifarSize, cifarSource, findCifar } from "./datasets/cifar.ts";
import { csvSource, findCsv } from "./datasets/csv.ts";
import { fashionMnistSize, fashionMnistSource } from "./datasets/fashion-mnist.ts";
import { folderSource } from "./datasets/folder.ts";
import { findIdx, idxSize, idxSource } from "./datasets/idx.ts";
import { npzSize, npzSource } from "./datasets/npz.ts";
import { findParquet, parquetSize, parquetSource } from "./datasets/parquet.ts";
import { findShards } from "./datasets/shards.ts";
import type { Columns, Source } from "./datasets/source.ts";
import { findStl10, stl10Size, stl10Source } from "./datasets/stl10.ts";
import { findSvhn, type SvhnName, svhnSize, svhnSource } from "./datasets/svhn.ts";
import { webDatasetSource } from "./datasets/webdataset.ts";
import type { Size } from "./images/image.ts";
import { type CacheOptions, type OnProgress, openCached } from "./loading/cache.ts";

export interface DataOptions {
  /** A folder, a file, an address of shards, or the name `fashion-mnist`; see docs/data.md for what may be in it. */
  readonly data: string;
  /** How the data are kept; told from what is there when left out. */
  readonly format?: DataFormat | "auto" | undefined;
  /** Columns, arrays or fields of the images and the labels; the usual names when left out. */
  readonly columns?: Columns | null | undefined;
}

export interface OpenDatasetOptions extends CacheOptions, DataOptions {}

/** Data of one format that have been found. */
interface Found {
  /** What to remember them by: the absolute path, or the name. */
  readonly data: string;
  /** Size of the images where all have one, to be used when no other is asked for; null for photos. */
  size(columns: Columns | null): Size | null | Promise<Size | null>;
  open(columns: Columns | null): Source | Promise<Source>;
}

/** Looks whether data are there; null when they are of another format. Reads names and first bytes at most. */
type Find = (data: string) => Found | null;

interface Kind {
  readonly find: Find;
  /** Only when it is asked for: another format reads the same files in the usual way. */
  readonly onRequest?: true;
}

const isFile = (path: string) => existsSync(path) && statSync(path).isFile();

const findCifarNamed =
  (name: CifarName): Find =>
  (data) => {
    const found = findCifar(resolve(data));
    if (found === null || !name.startsWith(found.version.name)) return null;
    // `cifar100` starts with `cifar10`.
    if ((name === "cifar10") !== (found.version.name === "cifar10")) return null;
    return { data: resolve(data), size: () => cifarSize, open: () => cifarSource(found, { name }) };
  };

const findSvhnNamed =
  (name: SvhnName): Find =>
  (data) => {
    const found = findSvhn(resolve(data), name);
    return found && { data: resolve(data), size: () => svhnSize, open: () => svhnSource(found) };
  };

/** Of several that would do, the first wins. */
const kinds: { readonly [F in DataFormat]: Kind } = {
  "fashion-mnist": {
    find: (data) =>
      data === "fashion-mnist"
        ? { data, size: () => fashionMnistSize, open: () => fashionMnistSource() }
        : null,
  },
  cifar10: { find: findCifarNamed("cifar10") },
  cifar100: { find: findCifarNamed("cifar100") },
  "cifar100-coarse": { find: findCifarNamed("cifar100-coarse"), onRequest: true },
  stl10: {
    find(data) {
      const folder = findStl10(resolve(data));
      if (folder === null) return null;
      return { data: resolve(data), size: () => stl10Size, open: () => stl10Source(folder) };
    },
  },
  "svhn-extra": { find: findSvhnNamed("svhn-extra") },
  svhn: { find: findSvhnNamed("svhn") },
  idx: {
    find(data) {
      const found = findIdx(resolve(data));
      return found && { data: resolve(data), size: () => idxSize(found), open: () => idxSource(found) };
    },
  },
  npz: {
    find(data) {
      const file = resolve(data);
      if (!file.toLowerCase().endsWith(".npz") || !isFile(file)) return null;
      return {
        data: file,
        size: (columns) => npzSize(file, columns),
        open: (columns) => npzSource(file, columns),
      };
    },
  },
  parquet: {
    find(data) {
      const found = findParquet(resolve(data));
      if (found === null) return null;
      return {
        data: resolve(data),
        size: (columns) => parquetSize(found, columns),
        open: (columns) => parquetSource(found, columns),
      };
    },
  },
  webdataset: {
    find(data) {
      const found = findShards(data);
      if (found === null) return null;
      return { data: found.data, size: () => null, open: (columns) => webDatasetSource(found, columns) };
    },
  },
  csv: {
    find(data) {
      const file = findCsv(resolve(data));
      return file === null
        ? null
        : { data: resolve(data), size: () => null, open: (columns) => csvSource(file, columns) };
    },
  },
  folder: { find: (data) => ({ data: resolve(data), size: () => null, open: () => folderSource(data) }) },
};

function find({ data, format = "auto" }: DataOptions): { format: DataFormat; found: Found } {
  if (format !== "auto") {
    const found = kinds[format].find(data);
    if (found !== null) return { format, found };
    throw new Error(
      `data: ${data} must hold data in the format ${format}, got none of its files; choose another --format, ` +
        "or leave it out",
    );
  }
  for (const format of dataFormats) {
    const { find, onRequest } = kinds[format];
    const found = onRequest ? null : find(data);
    if (found !== null) return { format, found };
  }
  throw new Error(`internal: no format takes ${data}`);
}

/**
 * What kind of data this is, and the size of its images where all have one (pixels; null for photos). Decodes
 * nothing. The name `fashion-mnist` wins over a folder of that name; write `./fashion-mnist` for the folder.
 *
 * @returns also `data`, to find them again from any folder: an absolute path, an address, or the name
 * @throws Error when the data are not of the format that is asked for, or its first file cannot be read
 */
export async function describeData(
  options: DataOptions,
): Promise<{ readonly format: DataFormat; readonly data: string; readonly size: Size | null }> {
  const { format, found } = find(options);
  return { format, data: found.data, size: await found.size(options.columns ?? null) };
}

/**
 * The images of data of any known format, before they are decoded.
 *
 * @throws Error, one line for people, when the data cannot be used
 */
export async function openSource(options: DataOptions): Promise<Source> {
  return find(options).found.open(options.columns ?? null);
}

/**
 * Opens data of any known format, decoded to 8 bits and to `size`: from the cache, or into it the first time.
 *
 * @throws Error, one line for people, when an option is out of range or the data cannot be used; see docs/data.md
 */
export async function openDataset(
  options: OpenDatasetOptions,
  onProgress: OnProgress = () => {},
): Promise<Dataset> {
  const { size, maxPixels, maxBroken } = options;
  for (const [side, value] of Object.entries({ height: size.height, width: size.width, maxPixels })) {
    if (!Number.isInteger(value) || value < 1) {
      throw new Error(`data: ${side} must be a whole number of pixels from 1 on, got ${value}`);
    }
  }
  if (!(maxBroken >= 0 && maxBroken <= 1)) {
    throw new Error(`data: maxBroken must be a share from 0 to 1, got ${maxBroken}`);
  }
  return openCached(await openSource(options), options, onProgress);
}
