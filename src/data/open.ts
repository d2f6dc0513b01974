// The kinds of data that can be opened, and the choice among them.
// Each is loaded when data are looked for: whoever needs the names alone (flags, config) loads no library with them.
import { CutoutError } from "../error.ts";
import type { Columns } from "./datasets/columns.ts";
import type { DatasetKind, FoundData, Purpose } from "./datasets/kind.ts";
import type { Source } from "./datasets/source.ts";
import { missingDataRemedy } from "./download/catalog.ts";
import type { Size } from "./images/image.ts";
import { isMissing } from "./missing.ts";

/** Of several that would do, the first wins. */
const kinds = listed({
  "fashion-mnist": async () => (await import("./datasets/fashion-mnist.ts")).fashionMnist,
  cifar10: async () => (await import("./datasets/cifar.ts")).cifar10,
  cifar100: async () => (await import("./datasets/cifar.ts")).cifar100,
  "cifar100-coarse": async () => (await import("./datasets/cifar.ts")).cifar100Coarse,
  stl10: async () => (await import("./datasets/stl10.ts")).stl10,
  "svhn-extra": async () => (await import("./datasets/svhn.ts")).svhnExtra,
  svhn: async () => (await import("./datasets/svhn.ts")).svhn,
  idx: async () => (await import("./datasets/idx.ts")).idx,
  npz: async () => (await import("./datasets/npz.ts")).npz,
  parquet: async () => (await import("./datasets/parquet.ts")).parquet,
  webdataset: async () => (await import("./datasets/webdataset.ts")).webDataset,
  csv: async () => (await import("./datasets/csv.ts")).csv,
  folder: async () => (await import("./datasets/folder.ts")).folder,
});

/** A kind stands under its own name, or it does not compile. */
function listed<Names extends string>(
  list: {
    readonly [Name in Names]: () => Promise<DatasetKind<Name>>;
  },
): { readonly [Name in Names]: () => Promise<DatasetKind> } {
  return list;
}

/** How data are kept. */
export type DataFormat = keyof typeof kinds;

/** In the order in which they are tried. */
export const dataFormats = Object.keys(kinds) as [DataFormat, ...DataFormat[]];

export interface DataOptions {
  /** A folder, a file, an address of shards, or the name `fashion-mnist`; see docs/data.md for what may be in it. */
  readonly data: string;
  /** How the data are kept; told from what is there when left out. */
  readonly format?: DataFormat | "auto" | undefined;
  /** Columns, arrays or fields of the images and the labels; the usual names when left out. */
  readonly columns?: Columns | null | undefined;
  /** `train` when left out. */
  readonly purpose?: Purpose | undefined;
}

interface Found {
  readonly format: DataFormat;
  readonly found: FoundData;
}

async function find({ data, format = "auto" }: DataOptions): Promise<Found> {
  if (format !== "auto") {
    const found = (await kinds[format]()).find(data);
    if (found !== null) return { format, found };
    if (isMissing(data)) {
      throw new CutoutError({
        where: "data",
        what: `${data} does not exist`,
        remedy: missingDataRemedy(data),
      });
    }
    throw new CutoutError({
      where: "data",
      what: `${data} must hold data in the format ${format}`,
      got: "none of its files",
      remedy: "choose another --format, or leave it out",
    });
  }
  const taken = await takenBy(data);
  const [first] = taken;
  if (first === undefined) throw new Error(`internal: no format takes ${data}`);
  const beside = taken.filter((each) => besideFolders.has(each.format));
  if (!besideFolders.has(first.format)) return first;
  // What lies beside folders of images does not change what the data are, unless it is a table of these images.
  const { holdsClasses } = await import("./datasets/holds-classes.ts");
  const { namesOtherClasses } = await import("./datasets/csv.ts");
  if (!holdsClasses(data) || namesOtherClasses(data)) return first;
  const folder = taken.at(-1)!;
  return { ...folder, found: withFlags(folder.found, beside) };
}

/** All formats that would take the data, in their order. */
async function takenBy(data: string): Promise<Found[]> {
  const taken: Found[] = [];
  for (const format of dataFormats) {
    const { find, onRequest } = await kinds[format]();
    const found = onRequest ? null : find(data);
    if (found !== null) taken.push({ format, found });
    if (found !== null && !besideFolders.has(format)) break;
  }
  return taken;
}

/** Formats whose files may lie beside folders of images, and the endings of these files. */
const besideFolders: ReadonlyMap<DataFormat, RegExp> = new Map([
  ["parquet", /^\.parquet$/],
  ["webdataset", /^\.(tar|tgz)$/],
  ["csv", /^\.[ct]sv$/],
]);

/** The same source, which says of files of other formats how they would be read. */
function withFlags(found: FoundData, beside: readonly Found[]): FoundData {
  const flagOf = (what: string) => {
    const other = beside.find(({ format }) => besideFolders.get(format)!.test(what));
    return other === undefined
      ? {}
      : { remedy: `--format ${other.format} takes them instead of the folders` };
  };
  return {
    ...found,
    async open(columns, purpose) {
      const source = await found.open(columns, purpose);
      return { ...source, leftOut: source.leftOut?.map((each) => ({ ...each, ...flagOf(each.what) })) ?? [] };
    },
  };
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
  const { format, found } = await find(options);
  return { format, data: found.data, size: await found.size(options.columns ?? null) };
}

/**
 * The images of data of any known format, before they are decoded.
 *
 * @throws Error, one line for people, when the data cannot be used
 */
export async function openSource(options: DataOptions): Promise<Source> {
  return (await find(options)).found.open(options.columns ?? null, options.purpose ?? "train");
}
