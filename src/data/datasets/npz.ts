// Images and labels as numpy arrays in an .npz file: MedMNIST's, Keras' mnist.npz, and anybody's own.
import { existsSync, statSync } from "node:fs";
import { basename, dirname, extname, resolve } from "node:path";
import type { Readable } from "node:stream";
import { type Entry, openPromise, type ZipFile } from "yauzl";
import type { Part } from "../dataset.ts";
import { listed } from "../formats/byte-file.ts";
import { ByteReader } from "../formats/byte-reader.ts";
import { checkDeflated } from "../formats/inflate.ts";
import { type NpyHeader, readNpyHeader } from "../formats/npy.ts";
import { toNumbers, typeName } from "../formats/numpy-type.ts";
import { explained, guardedStream, trouble, type Where } from "../formats/trouble.ts";
import type { Size } from "../images/image.ts";
import { fromPlanes } from "../images/pixel-order.ts";
import type { Columns } from "./columns.ts";
import type { DatasetKind, Purpose } from "./kind.ts";
import { mostImages, settleClasses } from "./labels.ts";
import { officialSplit } from "./official-split.ts";
import { resized, type Source, type SourceImage } from "./source.ts";

const format = "an .npz file";
const mostEntries = 1000;
const mostImageBytes = 2 ** 28;

/** Names of the arrays that are looked for, a pair a part. */
const pairsByName: readonly { readonly part: Part | null; readonly names: readonly Columns[] }[] = [
  {
    part: "train",
    names: [
      { image: "train_images", label: "train_labels" },
      { image: "x_train", label: "y_train" },
    ],
  },
  {
    part: "validation",
    names: [
      { image: "val_images", label: "val_labels" },
      { image: "x_val", label: "y_val" },
    ],
  },
  {
    part: "test",
    names: [
      { image: "test_images", label: "test_labels" },
      { image: "x_test", label: "y_test" },
    ],
  },
  {
    part: null,
    names: [
      { image: "images", label: "labels" },
      { image: "image", label: "label" },
      { image: "x", label: "y" },
      { image: "X", label: "y" },
      { image: "data", label: "labels" },
      { image: "data", label: "target" },
      { image: "arr_0", label: "arr_1" },
    ],
  },
];

/** How the images of an array lie: each one after the other, with its channels last, first, or none. */
interface Layout extends Size {
  readonly count: number;
  readonly channels: 1 | 3;
  readonly channelsFirst: boolean;
}

interface Pair {
  readonly part: Part | null;
  readonly image: string;
  readonly layout: Layout;
  readonly labels: Float64Array;
}

/**
 * The images of an .npz file, [count, height, width], [count, height, width, channels] or [count, channels, height,
 * width] of bytes, with labels [count] or [count, 1] of whole numbers. An array `label_names` is not read: classes
 * are called by their numbers.
 *
 * @param columns names of the arrays of images and labels; by default the usual ones
 * @throws Error when the file is damaged, has no such arrays, or they do not fit each other
 */
export async function npzSource(
  file: string,
  columns: Columns | null,
  purpose: Purpose = "train",
): Promise<Source> {
  const where = { reader: "npz", file };
  const pairs = await withZip(where, async (zip, entries) => {
    const found = choosePairs(where, [...entries.keys()], columns);
    const opened: Pair[] = [];
    for (const { part, names } of found) {
      const layout = await withArray(where, zip, entries.get(names.image)!, async (_, header) =>
        layoutOf(where, names.image, header),
      );
      const labels = await withArray(where, zip, entries.get(names.label)!, (reader, header) =>
        readLabels(where, names.label, reader, header, layout.count),
      );
      opened.push({ part, image: names.image, layout, labels });
    }
    return opened;
  });
  const { layout } = pairs[0]!;
  const { height, width, channels } = layout;
  const differs = (other: Layout) =>
    other.height !== height || other.width !== width || other.channels !== channels;
  if (pairs.some((pair) => differs(pair.layout))) {
    throw trouble(where, "hold images of one shape", "several", "choose the arrays by --columns");
  }
  const { classes, labelOf } = settleClasses(where, labelsOf(pairs), null, purpose);
  const split = officialSplit(pairs.map(({ part }) => part));
  const all = async function* (): AsyncGenerator<SourceImage> {
    for (const { part, image, labels, layout } of pairs) {
      let row = 0;
      for await (const pixels of guardedStream(where, format, imagesOf(where, image, layout))) {
        const label = labelOf.get(labels[row]!)!;
        yield { name: `${image}#${row++}`, label, pixels, part: split.partOf(part) };
      }
    }
  };
  return {
    name: basename(file, extname(file)),
    path: file,
    classes,
    channels,
    total: pairs.reduce((sum, { layout }) => sum + layout.count, 0),
    parts: split.parts,
    files: listed("npz", dirname(file), [basename(file)]),
    task: `reading ${basename(file)}`,
    images: (options) => resized(all(), { height, width, channels }, options),
  };
}

/** Height and width of the images, pixels. */
export async function npzSize(file: string, columns: Columns | null): Promise<Size> {
  const where = { reader: "npz", file };
  return withZip(where, async (zip, entries) => {
    const { image } = choosePairs(where, [...entries.keys()], columns)[0]!.names;
    return withArray(where, zip, entries.get(image)!, async (_, header) => {
      const { height, width } = layoutOf(where, image, header);
      return { height, width };
    });
  });
}

function* labelsOf(pairs: readonly Pair[]): Generator<number> {
  for (const { labels } of pairs) yield* labels;
}

function choosePairs(where: Where, arrays: readonly string[], columns: Columns | null) {
  const complete = ({ image, label }: Columns) => arrays.includes(image) && arrays.includes(label);
  const wanted = columns === null ? pairsByName : [{ part: null, names: [columns] }];
  const found = wanted.flatMap(({ part, names }) => {
    const pair = names.find(complete);
    return pair === undefined ? [] : [{ part, names: pair }];
  });
  // Named parts win over a pair without one.
  const parts = found.filter(({ part }) => part !== null);
  const chosen = parts.length > 0 ? parts : found;
  if (chosen.length > 0) return chosen;
  const must = columns === null ? `"images" and "labels"` : `"${columns.image}" and "${columns.label}"`;
  const got = arrays.slice(0, 10).join(", ") || "no arrays";
  throw trouble(where, `hold arrays ${must}`, got, "name them by --columns IMAGES,LABELS");
}

function layoutOf(where: Where, name: string, { shape, type, fortranOrder }: NpyHeader): Layout {
  const is = (value: number | undefined): value is 1 | 3 => value === 1 || value === 3;
  const [count = 0, ...rest] = shape;
  let layout: Layout | null = null;
  if (rest.length === 2) {
    layout = { count, height: rest[0]!, width: rest[1]!, channels: 1, channelsFirst: false };
  } else if (rest.length === 3 && is(rest[2])) {
    layout = { count, height: rest[0]!, width: rest[1]!, channels: rest[2], channelsFirst: false };
  } else if (rest.length === 3 && is(rest[0])) {
    layout = { count, height: rest[1]!, width: rest[2]!, channels: rest[0], channelsFirst: true };
  }
  const bytes = type.kind === "uint" && type.bytes === 1;
  if (layout === null || !bytes || fortranOrder) {
    const got = `${typeName(type)} [${shape.join(", ")}]${fortranOrder ? " in Fortran order" : ""}`;
    const must = `hold images "${name}" of uint8 [count, height, width(, 1 or 3)] in C order`;
    throw trouble(where, must, got, "convert them (astype(numpy.uint8), numpy.ascontiguousarray)");
  }
  const { height, width, channels } = layout;
  const size = height * width * channels;
  if (count < 1 || count > mostImages || size < 1 || size > mostImageBytes) {
    throw trouble(where, `hold images in "${name}"`, `the shape [${shape.join(", ")}]`);
  }
  return layout;
}

async function readLabels(
  where: Where,
  name: string,
  reader: ByteReader,
  { shape, type, dataBytes }: NpyHeader,
  count: number,
): Promise<Float64Array> {
  const [length, columns = 1, ...more] = shape;
  if (length !== count || columns !== 1 || more.length > 0) {
    const remedy = "several labels to an image cannot be learnt";
    throw trouble(where, `hold "${name}" [${count}] or [${count}, 1]`, `[${shape.join(", ")}]`, remedy);
  }
  return toNumbers(await reader.read(dataBytes), type);
}

async function* imagesOf(where: Where, name: string, layout: Layout): AsyncGenerator<Uint8Array> {
  const { zip, entries } = await openZip(where);
  let reader: ByteReader | null = null;
  try {
    reader = await openArray(where, zip, entries.get(name)!);
    await readNpyHeader(reader, where);
    const size = layout.height * layout.width * layout.channels;
    for (let row = 0; row < layout.count; row++) {
      const stored = Uint8Array.from(await reader.read(size));
      yield layout.channelsFirst ? fromPlanes(stored, layout) : stored;
    }
  } finally {
    await reader?.close();
    zip.close();
  }
}

async function withArray<T>(
  where: Where,
  zip: ZipFile,
  entry: Entry,
  use: (reader: ByteReader, header: NpyHeader) => Promise<T>,
): Promise<T> {
  const reader = await openArray(where, zip, entry);
  try {
    const header = await readNpyHeader(reader, where);
    if (header.dataBytes > entry.uncompressedSize) {
      const must = `hold ${header.dataBytes} bytes in ${entry.fileName}`;
      throw trouble(where, must, `${entry.uncompressedSize}`);
    }
    return await use(reader, header);
  } finally {
    await reader.close();
  }
}

async function openArray(where: Where, zip: ZipFile, entry: Entry): Promise<ByteReader> {
  checkDeflated(where, entry.fileName, entry.uncompressedSize, entry.compressedSize);
  return new ByteReader(where, (await zip.openReadStreamPromise(entry)) as Readable);
}

interface OpenZip {
  readonly zip: ZipFile;
  readonly entries: ReadonlyMap<string, Entry>;
}

/** Opens the file and lists its arrays by name. Names are only compared; nothing is ever written. */
async function openZip(where: Where): Promise<OpenZip> {
  const zip = await openPromise(where.file, { autoClose: false, lazyEntries: true });
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) {
      if (entries.size >= mostEntries) throw trouble(where, `hold at most ${mostEntries} arrays`, "more");
      if (entry.fileName.endsWith(".npy")) entries.set(entry.fileName.slice(0, -4), entry);
    }
    return { zip, entries };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function withZip<T>(
  where: Where,
  use: (zip: ZipFile, entries: ReadonlyMap<string, Entry>) => Promise<T>,
): Promise<T> {
  try {
    const { zip, entries } = await openZip(where);
    try {
      return await use(zip, entries);
    } finally {
      zip.close();
    }
  } catch (error) {
    throw explained(where, format, error);
  }
}

export const npz: DatasetKind<"npz"> = {
  name: "npz",
  find(data) {
    const file = resolve(data);
    if (!file.toLowerCase().endsWith(".npz") || !existsSync(file) || !statSync(file).isFile()) return null;
    return {
      data: file,
      size: (columns) => npzSize(file, columns),
      open: (columns, purpose) => npzSource(file, columns, purpose),
    };
  },
};
