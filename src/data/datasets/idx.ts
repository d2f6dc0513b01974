// IDX files, plain or gzipped: MNIST and its family (http://yann.lecun.com/exdb/mnist/, "The IDX file format").
// Our own, as its header is a few numbers: the images behind it are streamed, and may be gzipped.
import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { CutoutError, telling } from "../../error.ts";
import { listed, streamBytes, withBytes } from "../formats/byte-file.ts";
import { ByteReader } from "../formats/byte-reader.ts";
import { checkDeflated, inflated } from "../formats/inflate.ts";
import { explained, guardedStream, trouble, type Where } from "../formats/trouble.ts";
import type { Size } from "../images/image.ts";
import { fromColumns } from "../images/pixel-order.ts";
import { fashionMnistClasses } from "./fashion-mnist.ts";
import type { DatasetKind, Purpose } from "./kind.ts";
import { byCode, mostImages, settleClasses } from "./labels.ts";
import { officialSplit, partInName } from "./official-split.ts";
import { resized, type Source, type SourceImage } from "./source.ts";

const imagesName = /images[-.]idx3[-.]ubyte(\.gz)?$/i;
const format = "an IDX file";
/** Where tools that download MNIST put it, below the folder they are given. */
const subfolders = ["", "raw", "MNIST/raw", "FashionMNIST/raw", "KMNIST/raw", "EMNIST/raw"];

export interface FoundIdx {
  readonly folder: string;
  /** Names of files of images, each with a file of labels beside it. */
  readonly images: readonly string[];
}

/** The files of images of a folder, or the one that is given; null when there is none. */
export function findIdx(data: string): FoundIdx | null {
  if (imagesName.test(data) && existsSync(data) && statSync(data).isFile()) {
    return { folder: dirname(data), images: [basename(data)] };
  }
  for (const subfolder of subfolders) {
    const folder = join(data, subfolder);
    const names =
      existsSync(folder) && statSync(folder).isDirectory() ? telling(folder, () => readdirSync(folder)) : [];
    const images = names.filter((name) => imagesName.test(name)).sort(byCode);
    // Tools leave the packed file beside the unpacked one.
    const once = images.filter((name) => !(name.endsWith(".gz") && images.includes(name.slice(0, -3))));
    if (once.length > 0) return { folder, images: once };
  }
  return null;
}

/** A file of images with its labels. */
interface Pair {
  readonly name: string;
  readonly part: ReturnType<typeof partOf>;
  readonly size: Size;
  readonly labels: Uint8Array;
}

/** `t10k` is how MNIST calls its test part. */
const partOf = (name: string) => (/t10k/i.test(name) ? "test" : partInName(name));

/**
 * Grey images [count, height, width] with labels [count], in pairs of files: `train-images-idx3-ubyte.gz` and
 * `train-labels-idx1-ubyte.gz`. Files named `t10k` or `test` are the official test part when there are others.
 * The format has no class names: Fashion-MNIST's are known (by the folder's name), others are the labels themselves.
 * EMNIST keeps its images in columns; files named `emnist-...` are turned upright.
 *
 * @throws Error when a file is missing, cut short, too long, damaged, or not of bytes
 */
export async function idxSource({ folder, images }: FoundIdx, purpose: Purpose = "train"): Promise<Source> {
  const pairs: Pair[] = [];
  for (const name of images) pairs.push(await openPair(folder, name, images));
  const where = { reader: "idx", file: folder };
  const seen = pairs.flatMap(({ labels }) => [...new Set(labels)]);
  const fashion = /fashion/i.test(folder) && seen.every((label) => label < fashionMnistClasses.length);
  const { classes, labelOf } = settleClasses(where, seen, fashion ? fashionMnistClasses : null, purpose);
  const { size } = pairs[0]!;
  const other = pairs.find((pair) => pair.size.height !== size.height || pair.size.width !== size.width);
  if (other !== undefined) {
    throw trouble(where, "hold images of one size", `another in ${other.name}`, "give one file of images");
  }
  const split = officialSplit(pairs.map(({ part }) => part));
  const all = async function* (): AsyncGenerator<SourceImage> {
    for (const { name, part, labels } of pairs) {
      const where = { reader: "idx", file: join(folder, name) };
      const turned = /^emnist/i.test(name);
      let row = 0;
      for await (const stored of guardedStream(where, format, imagesOf(where, size, labels.length))) {
        const pixels = turned ? fromColumns(stored, { ...size, channels: 1 }) : stored;
        const label = labelOf.get(labels[row]!)!;
        yield { name: `${name}#${row++}`, label, pixels, part: split.partOf(part) };
      }
    }
  };
  return {
    name: "idx",
    path: pairs.length === 1 ? join(folder, pairs[0]!.name) : folder,
    classes,
    channels: 1,
    total: pairs.reduce((sum, { labels }) => sum + labels.length, 0),
    parts: split.parts,
    files: listed("idx", folder, [...images, ...images.map((name) => labelsBeside(folder, name))]),
    task: "reading IDX files",
    images: (options) => resized(all(), { ...size, channels: 1 }, options),
  };
}

/** Height and width of the images, pixels. @throws Error when the first file is none of images */
export async function idxSize({ folder, images }: FoundIdx): Promise<Size> {
  const where = { reader: "idx", file: join(folder, images[0]!) };
  const { dims } = await withReader(where, 3, async (_, header) => header);
  return sizeOf(where, dims);
}

/** The file of labels, packed or not, whatever the file of images is. */
function labelsBeside(folder: string, name: string): string {
  const plain = name
    .replace(/\.gz$/i, "")
    .replace(/images([-.])idx3/i, (_, separator: string) => `labels${separator}idx1`);
  const found = [plain, `${plain}.gz`].find((candidate) => existsSync(join(folder, candidate)));
  if (found !== undefined) return found;
  throw new CutoutError({
    where: "idx",
    what: `${join(folder, plain)} must hold the labels of ${name}`,
    got: "no such file",
    remedy: "add it",
  });
}

/** More bytes of one image are taken for a damaged header. */
const mostPixels = 2 ** 26;

function sizeOf(where: Where, [, height = 0, width = 0]: readonly number[]): Size {
  if (height < 1 || width < 1 || height * width > mostPixels) {
    throw trouble(where, "hold images [count, height, width]", `images of ${height}x${width}`);
  }
  return { height, width };
}

async function openPair(folder: string, name: string, all: readonly string[]): Promise<Pair> {
  const where = { reader: "idx", file: join(folder, name) };
  const { dims } = await withReader(where, 3, async (_, header) => header);
  if (dims[0]! > mostImages) throw trouble(where, `hold at most ${mostImages} images`, String(dims[0]));
  const whereLabels = { reader: "idx", file: join(folder, labelsBeside(folder, name)) };
  const labels = await withReader(whereLabels, 1, async (reader, header) => {
    if (header.dims[0] !== dims[0]) {
      throw trouble(whereLabels, `hold a label for each of ${dims[0]} images`, String(header.dims[0]));
    }
    const bytes = Uint8Array.from(await reader.read(header.dims[0]!));
    if (!(await reader.atEnd())) throw trouble(whereLabels, `end after ${bytes.length} labels`, "more bytes");
    return bytes;
  });
  const part = all.length > 1 ? partOf(name) : null;
  return { name, part, size: sizeOf(where, dims), labels };
}

async function* imagesOf(where: Where, { height, width }: Size, count: number): AsyncGenerator<Uint8Array> {
  const { reader } = await openIdx(where, 3);
  try {
    for (let row = 0; row < count; row++) yield Uint8Array.from(await reader.read(height * width));
    if (!(await reader.atEnd())) throw trouble(where, `end after ${count} images`, "more bytes");
  } finally {
    await reader.close();
  }
}

interface Header {
  readonly dims: readonly number[];
}

async function withReader<T>(
  where: Where,
  rank: number,
  use: (reader: ByteReader, header: Header) => Promise<T>,
): Promise<T> {
  const { reader, dims } = await openIdx(where, rank);
  try {
    return await use(reader, { dims });
  } catch (error) {
    throw explained(where, format, error);
  } finally {
    await reader.close();
  }
}

/**
 * Opens a file of bytes with `rank` axes and reads its header: two zeros, the type (8: unsigned bytes), the number
 * of axes, and their sizes in four bytes each, the highest first.
 */
async function openIdx(where: Where, rank: number): Promise<{ reader: ByteReader; dims: number[] }> {
  const { size, packed } = withBytes(where, (file) => {
    const [first, second] = file.read(0, Math.min(2, file.size));
    return { size: file.size, packed: first === 0x1f && second === 0x8b };
  });
  const bytes = streamBytes(where.file);
  const reader = new ByteReader(where, (packed ? inflated("gzip", bytes) : bytes) as Readable);
  try {
    const magic = await reader.read(4);
    if (magic[0] !== 0 || magic[1] !== 0 || magic[2] !== 8 || magic[3] !== rank) {
      throw trouble(where, `be ${format} of bytes with ${rank} axes`, `the start ${[...magic].join(" ")}`);
    }
    const view = Buffer.from(await reader.read(4 * rank));
    const dims = Array.from({ length: rank }, (_, axis) => view.readUInt32BE(4 * axis));
    const wanted = dims.reduce((product, extent) => product * extent, 1);
    const whole = 4 + 4 * rank + wanted;
    if (packed) checkDeflated(where, `[${dims.join(", ")}]`, wanted, size);
    else if (whole !== size) throw trouble(where, `have ${whole} bytes ([${dims.join(", ")}])`, `${size}`);
    return { reader, dims };
  } catch (error) {
    await reader.close();
    throw explained(where, format, error);
  }
}

export const idx: DatasetKind<"idx"> = {
  name: "idx",
  find(data) {
    const found = findIdx(resolve(data));
    return (
      found && {
        data: resolve(data),
        size: () => idxSize(found),
        open: (_, purpose) => idxSource(found, purpose),
      }
    );
  },
};
