// Images and labels in Parquet files, as on the Hugging Face hub.
import { type Dirent, existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Part } from "../dataset.ts";
import { type ByteFile, listed, openBytes } from "../formats/byte-file.ts";
import { columnValues, openParquet, type ParquetColumn, type ParquetFile } from "../formats/parquet.ts";
import { explained, guarded, guardedStream, trouble, type Where } from "../formats/trouble.ts";
import { type DecodeOptions, decodeImage, decodesAtOnce, type Size, sizeOfImage } from "../images/image.ts";
import { inOrder } from "../images/in-order.ts";
import type { Columns } from "./columns.ts";
import type { DatasetKind, Purpose } from "./kind.ts";
import { byCode, type Label, settleClasses } from "./labels.ts";
import { officialSplit, partInName } from "./official-split.ts";
import type { BrokenImage, Source, SourceImage } from "./source.ts";
import { type ColumnSplit, splitByColumn, splitColumnIn } from "./split-column.ts";

const format = "a Parquet file";
const imageNames = ["image", "img", "images", "picture", "photo", "jpg", "png"];
const labelNames = ["label", "labels", "fine_label", "class", "category", "target", "cls"];
/** Larger images are broken: nothing is decoded of them. */
const largestImage = 2 ** 28;
/** Folders below the given one that are looked into: `data/`, `plain_text/train/`. */
const deepest = 3;
const mostFolders = 64;

export interface FoundParquet {
  readonly folder: string;
  /** Paths of the shards below the folder, sorted. */
  readonly names: readonly string[];
}

/** The shards in a folder, or the one that is given; null when there is none. */
export function findParquet(data: string): FoundParquet | null {
  if (/\.parquet$/i.test(data)) {
    const file = existsSync(data) && statSync(data).isFile();
    return file ? { folder: dirname(data), names: [basename(data)] } : null;
  }
  const names = shardsBelow(data, "", deepest).sort(byCode);
  return names.length > 0 ? { folder: data, names } : null;
}

function shardsBelow(folder: string, below: string, depth: number): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(join(folder, below), { withFileTypes: true });
  } catch {
    return []; // no folder, or one that may not be read: then it is of no use here
  }
  // A repository has a few folders; a folder of photos may have thousands.
  if (entries.filter((entry) => entry.isDirectory()).length > mostFolders) return [];
  return entries.flatMap((entry) => {
    const name = below === "" ? entry.name : `${below}/${entry.name}`;
    if (entry.name.startsWith(".")) return [];
    if (entry.isDirectory()) return depth > 1 ? shardsBelow(folder, name, depth - 1) : [];
    return /\.parquet$/i.test(entry.name) ? [name] : [];
  });
}

/** What is known of a shard before its images are read. */
interface Shard {
  readonly name: string;
  readonly part: Part | null;
  readonly file: ParquetFile;
  readonly image: ParquetColumn;
  /** Null for a row without a label: it is left out. */
  readonly labels: readonly (Label | null)[];
  /** The column of parts, where there is one, and what it says of each row. */
  readonly parts: { readonly column: string; readonly values: readonly string[] } | null;
  /** Names of the classes, where the file tells them. */
  readonly names: readonly string[] | null;
}

/**
 * The images of all shards: a column of encoded images (plain bytes, or `{bytes, path}`), and one of labels (numbers
 * or names). Shards named `test` are the official test part, those named `validation` where there is no other. Rows
 * without a label, or with the label -1, are left out. Class names come from what the `datasets` library writes into
 * the file.
 *
 * @param columns names of the columns of images and labels; by default the usual ones
 * @throws Error when a shard is cut short or damaged, has no such columns, or shards do not fit each other
 */
export async function parquetSource(
  { folder, names }: FoundParquet,
  columns: Columns | null,
  purpose: Purpose = "train",
): Promise<Source> {
  const shards = names.map((name) => openShard(folder, name, columns));
  const where = { reader: "parquet", file: names.length === 1 ? join(folder, names[0]!) : folder };
  checkConfigurations(where, names);
  const named = shards.find((shard) => shard.names)?.names ?? null;
  const { classes, labelOf } = settleClasses(where, labelsOf(shards), named, purpose);
  const labelled = shards.filter(({ labels }) => labels.some((label) => label !== null));
  const split = officialSplit(labelled.map(({ part }) => part));
  const count = shards.reduce((sum, { labels }) => sum + labels.filter((label) => label !== null).length, 0);
  const rows = shards.reduce((sum, { labels }) => sum + labels.length, 0);
  const column = byColumn(shards, split.parts.length > 0);
  const parts = column !== null && column.split.parts.length > 0 ? column : null;
  const images = async function* (options: DecodeOptions) {
    let row = 0;
    const partOf = (part: Part | null) =>
      parts === null ? split.partOf(part) : parts.split.partOf(parts.named[row++]!);
    const decode = async ({ name, bytes, label, part }: Row): Promise<SourceImage | BrokenImage> => {
      if (bytes === null) return { name, reason: "no bytes in the file" };
      if (bytes.length > largestImage) return { name, reason: `more than ${largestImage} bytes` };
      const result = await decodeImage(bytes, options);
      if (!result.ok) return { name, reason: result.reason };
      return { name, label: labelOf.get(label)!, pixels: result.pixels, part };
    };
    const divided = async function* () {
      for await (const each of rowsOf(folder, shards)) yield { ...each, part: partOf(each.part) };
    };
    yield* inOrder(divided(), decode, decodesAtOnce);
  };
  return {
    name: basename(folder),
    path: where.file,
    classes,
    channels: 3,
    total: count,
    parts: (parts ?? { split }).split.parts,
    notes: column === null ? [] : [column.note],
    leftOut: rows > count ? [{ what: "rows without a label", count: rows - count, names: [] }] : [],
    files: listed("parquet", folder, names),
    task: `decoding ${basename(folder)}`,
    images,
  };
}

function* labelsOf(shards: readonly Shard[]): Generator<Label> {
  for (const { labels } of shards) for (const label of labels) if (label !== null) yield label;
}

/** Repositories hold several data sets in folders beside each other; only one can be meant. */
function checkConfigurations(where: Where, names: readonly string[]): void {
  const tops = new Set(names.map((name) => (name.includes("/") ? name.slice(0, name.indexOf("/")) : "")));
  const sets = [...tops].filter((top) => partInName(top) === null);
  if (sets.length <= 1) return;
  const got = sets.map((top) => top || "files beside them").slice(0, 6);
  throw trouble(where, "hold one data set", `several (${got.join(", ")})`, "give one of these folders");
}

function openShard(folder: string, name: string, columns: Columns | null): Shard {
  const where = { reader: "parquet", file: join(folder, name) };
  return withShard(where, (bytes) => {
    const file = openParquet(bytes, where);
    const features = featuresOf(file);
    const { image, label } = chooseColumns(where, file, columns, features);
    const unlabelled = -1;
    const labels: (Label | null)[] = [];
    for (const value of columnValues(bytes, where, file, label)) {
      if (value === null || value === unlabelled) labels.push(null);
      else labels.push(typeof value === "number" ? value : Buffer.from(value).toString("utf8"));
    }
    const names = features.get(label.path[0]!)?.names ?? null;
    const parts = partsIn(bytes, where, file, [image, label]);
    return { name, part: partInName(name), file, image, labels, parts, names };
  });
}

function partsIn(
  bytes: ByteFile,
  where: Where,
  file: ParquetFile,
  others: readonly ParquetColumn[],
): Shard["parts"] {
  const flat = file.columns.filter(
    (column) => column.path.length === 1 && !column.repeated && !others.includes(column),
  );
  const column = flat[splitColumnIn(flat.map(({ path }) => path[0]!))];
  if (column === undefined) return null;
  const values = Array.from(columnValues(bytes, where, file, column), (value) =>
    value === null ? "" : value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : String(value),
  );
  return { column: column.path[0]!, values };
}

/** The parts that a column tells, of the rows that have labels; null where none does, or the names of the shards do. */
function byColumn(shards: readonly Shard[], namesTell: boolean): ColumnSplit | null {
  const column = shards.find(({ parts }) => parts !== null)?.parts?.column;
  if (column === undefined) return null;
  const values = shards.flatMap(({ labels, parts }) =>
    labels.flatMap((label, row) => (label === null ? [] : [parts?.values[row] ?? ""])),
  );
  if (!namesTell) return splitByColumn(column, values);
  return {
    split: officialSplit([]),
    named: [],
    note: `the column "${column}" is not used to divide the images: the names of the files tell the parts`,
  };
}

function withShard<T>(where: Where, use: (bytes: ByteFile) => T): T {
  const bytes = openBytes(where);
  try {
    return guarded(where, format, () => use(bytes));
  } finally {
    bytes.close();
  }
}

interface Feature {
  readonly kind: string;
  readonly names: readonly string[] | null;
}

/** What the `datasets` library says of the columns, as JSON under the key `huggingface`. */
function featuresOf({ texts }: ParquetFile): ReadonlyMap<string, Feature> {
  const found = new Map<string, Feature>();
  try {
    const { info } = JSON.parse(texts.get("huggingface") ?? "{}") as { info?: { features?: object } };
    for (const [column, feature] of Object.entries(info?.features ?? {})) {
      const { _type, names } = (feature ?? {}) as { _type?: unknown; names?: unknown };
      const texts = Array.isArray(names) && names.every((name) => typeof name === "string");
      found.set(column, { kind: String(_type), names: texts ? (names as string[]) : null });
    }
  } catch {
    // Other tools may write what they like under this key.
  }
  return found;
}

function chooseColumns(
  where: Where,
  file: ParquetFile,
  columns: Columns | null,
  features: ReadonlyMap<string, Feature>,
): { readonly image: ParquetColumn; readonly label: ParquetColumn } {
  const first = (kind: string) => [...features].find(([, feature]) => feature.kind === kind)?.[0];
  const choose = (wanted: string | undefined, kind: string, usual: readonly string[]) => {
    const names = wanted === undefined ? [...usual, first(kind)] : [wanted];
    return (name: ParquetColumn) => names.indexOf(name.path[0]!);
  };
  const best = (place: (column: ParquetColumn) => number, among: readonly ParquetColumn[]) =>
    among.filter((column) => place(column) >= 0).sort((a, b) => place(a) - place(b))[0];
  const encoded = file.columns.filter(
    ({ path, type }) =>
      type === "BYTE_ARRAY" && (path.length === 1 || (path.length === 2 && path[1] === "bytes")),
  );
  const flat = file.columns.filter(({ path }) => path.length === 1);
  const image = best(choose(columns?.image, "Image", imageNames), encoded);
  const label = best(choose(columns?.label, "ClassLabel", labelNames), flat);
  if (image !== undefined && label !== undefined && image !== label) return { image, label };
  const wanted = columns ?? { image: "image", label: "label" };
  const got = file.columns.map(({ path }) => path.join(".")).slice(0, 10);
  const must = `have columns "${wanted.image}" of encoded images and "${wanted.label}"`;
  throw trouble(where, must, got.join(", ").slice(0, 300) || "none", "name them by --columns IMAGE,LABEL");
}

interface Row {
  readonly name: string;
  readonly bytes: Uint8Array | null;
  readonly label: Label;
  readonly part: Part | null;
}

async function* rowsOf(folder: string, shards: readonly Shard[]): AsyncGenerator<Row> {
  for (const { name, part, file, image, labels } of shards) {
    const where = { reader: "parquet", file: join(folder, name) };
    const bytes = openBytes(where);
    try {
      let row = 0;
      for await (const value of guardedStream(where, format, columnValues(bytes, where, file, image))) {
        const at = row++;
        const label = labels[at];
        const image = value instanceof Uint8Array ? value : null;
        if (label !== null && label !== undefined) yield { name: `${name}#${at}`, bytes: image, label, part };
      }
    } finally {
      bytes.close();
    }
  }
}

/** Images that are looked at to tell their size. */
const lookedAt = 8;
/** Data sets of small images have one size; photos are brought to one. */
const largestSmallSide = 96;

/** Height and width where the first images are squares of one small size (MNIST, CIFAR); null for photos. */
export async function parquetSize(
  { folder, names }: FoundParquet,
  columns: Columns | null,
): Promise<Size | null> {
  const where = { reader: "parquet", file: join(folder, names[0]!) };
  const shard = openShard(folder, names[0]!, columns);
  const sizes: (Size | null)[] = [];
  try {
    for await (const { bytes } of rowsOf(folder, [shard])) {
      sizes.push(bytes === null ? null : await sizeOfImage(bytes));
      if (sizes.length === lookedAt) break;
    }
  } catch (error) {
    throw explained(where, format, error);
  }
  const side = sizes[0]?.height ?? 0;
  const small = sizes.every((size) => size !== null && size.height === side && size.width === side);
  return small && side > 0 && side <= largestSmallSide ? { height: side, width: side } : null;
}

export const parquet: DatasetKind<"parquet"> = {
  name: "parquet",
  find(data) {
    const found = findParquet(resolve(data));
    if (found === null) return null;
    return {
      data: resolve(data),
      size: (columns) => parquetSize(found, columns),
      open: (columns, purpose) => parquetSource(found, columns, purpose),
    };
  },
};
