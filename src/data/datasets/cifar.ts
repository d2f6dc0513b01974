// CIFAR-10 and CIFAR-100, binary or Python version (Krizhevsky 2009, https://www.cs.toronto.edu/~kriz/cifar.html).
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { CutoutError } from "../../error.ts";
import { type ByteFile, listed, withBytes } from "../formats/byte-file.ts";
import { isPickledArray, type Pickled, pickledText, readPickle } from "../formats/pickle.ts";
import { guarded, trouble, type Where } from "../formats/trouble.ts";
import { fromPlanes } from "../images/pixel-order.ts";
import type { DatasetKind } from "./kind.ts";
import { resized, type Source, type SourceImage } from "./source.ts";

const side = 32;
const plane = side * side;
const imageBytes = 3 * plane;

/** Height and width of the images, pixels. */
export const cifarSize = { height: side, width: side } as const;

export type CifarName = "cifar10" | "cifar100" | "cifar100-coarse";

/** The same images and labels come in two sets of files. */
interface Version {
  readonly name: "cifar10" | "cifar100";
  readonly python: boolean;
  /** Folder in the official archive. */
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: string;
  /** Images of a training file; the test file has 10,000. */
  readonly imagesPerTrainFile: number;
}

const titles = { cifar10: "CIFAR-10", cifar100: "CIFAR-100" } as const;

const five = [1, 2, 3, 4, 5];
const versions: readonly Version[] = [
  {
    name: "cifar10",
    python: false,
    folder: "cifar-10-batches-bin",
    train: five.map((number) => `data_batch_${number}.bin`),
    test: "test_batch.bin",
    imagesPerTrainFile: 10_000,
  },
  {
    name: "cifar10",
    python: true,
    folder: "cifar-10-batches-py",
    train: five.map((number) => `data_batch_${number}`),
    test: "test_batch",
    imagesPerTrainFile: 10_000,
  },
  {
    name: "cifar100",
    python: false,
    folder: "cifar-100-binary",
    train: ["train.bin"],
    test: "test.bin",
    imagesPerTrainFile: 50_000,
  },
  {
    name: "cifar100",
    python: true,
    folder: "cifar-100-python",
    train: ["train"],
    test: "test",
    imagesPerTrainFile: 50_000,
  },
];

/** What a choice of labels is called in the files. */
interface Labels {
  readonly numClasses: number;
  /** Bytes of labels in front of a binary image, and which of them counts. */
  readonly labelBytes: number;
  readonly labelByte: number;
  /** Key of the labels in a pickle. */
  readonly key: string;
  readonly namesInBinary: string;
  readonly namesInPython: { readonly file: string; readonly key: string };
}

const labelsOf: { readonly [Name in CifarName]: Labels } = {
  cifar10: {
    numClasses: 10,
    labelBytes: 1,
    labelByte: 0,
    key: "labels",
    namesInBinary: "batches.meta.txt",
    namesInPython: { file: "batches.meta", key: "label_names" },
  },
  cifar100: {
    numClasses: 100,
    labelBytes: 2,
    labelByte: 1,
    key: "fine_labels",
    namesInBinary: "fine_label_names.txt",
    namesInPython: { file: "meta", key: "fine_label_names" },
  },
  "cifar100-coarse": {
    numClasses: 20,
    labelBytes: 2,
    labelByte: 0,
    key: "coarse_labels",
    namesInBinary: "coarse_label_names.txt",
    namesInPython: { file: "meta", key: "coarse_label_names" },
  },
};

/** In whose files the labels are. */
const filesOf: { readonly [Name in CifarName]: Version["name"] } = {
  cifar10: "cifar10",
  cifar100: "cifar100",
  "cifar100-coarse": "cifar100",
};

export interface FoundCifar {
  readonly folder: string;
  readonly version: Version;
}

/**
 * The folder that holds the files: `data` itself, or the folder of the official archive in it; null when they are
 * not there. The binary version wins, as it is read faster.
 *
 * @throws Error when only the Matlab version is there
 */
export function findCifar(data: string): FoundCifar | null {
  for (const version of versions) {
    for (const folder of [data, join(data, version.folder)]) {
      const has = (name: string) => existsSync(join(folder, name));
      // `train` and `test` may be folders of anything: CIFAR-100 in Python is told by all of its files.
      const plain = version.name === "cifar100";
      if (plain ? namesFiles("cifar100", version).every(has) : version.train.some(has) || has(version.test)) {
        return { folder, version };
      }
    }
  }
  if (["data_batch_1.mat", "test_batch.mat"].some((name) => existsSync(join(data, name)))) {
    throw new CutoutError({
      where: "cifar",
      what: `${data} must hold the binary or the Python version`,
      got: "the Matlab version",
      remedy: "download cifar-10-binary.tar.gz",
    });
  }
  return null;
}

function namesFiles(name: CifarName, { train, test, python }: Version): string[] {
  const { namesInBinary, namesInPython } = labelsOf[name];
  return [...train, test, python ? namesInPython.file : namesInBinary];
}

/**
 * The 60,000 images, training files first; those of the test file are the official test part.
 *
 * @param options.name which labels: CIFAR-100 has 100 fine and 20 coarse ones
 * @param options.imagesPerFile for tests; the official numbers when left out
 * @throws Error when a file is missing, cut short, or holds anything but images and labels
 */
export function cifarSource(
  { folder, version }: FoundCifar,
  options: { readonly name?: CifarName; readonly imagesPerFile?: number } = {},
): Source {
  const { name = version.name, imagesPerFile } = options;
  const labels = labelsOf[name];
  const all = namesFiles(name, version);
  const missing = all.filter((file) => !existsSync(join(folder, file)));
  if (missing.length > 0) {
    throw new CutoutError({
      where: "cifar",
      what: `${folder} must hold all files of ${titles[version.name]}, ${missing.join(", ")} missing`,
      remedy: "unpack it again",
    });
  }
  const countOf = (file: string) =>
    imagesPerFile ?? (file === version.test ? 10_000 : version.imagesPerTrainFile);
  const files = listed("cifar", folder, all);
  const dataFiles = [...version.train, version.test];
  if (!version.python) {
    for (const { name: file, size } of files.filter((file) => dataFiles.includes(file.name))) {
      const wanted = countOf(file) * (labels.labelBytes + imageBytes);
      if (size !== wanted) {
        throw new CutoutError({
          where: "cifar",
          what: `${join(folder, file)} must have ${wanted} bytes (${countOf(file)} images)`,
          got: String(size),
          remedy: "download and unpack it again",
        });
      }
    }
  }
  const read = version.python ? pickledRecords : binaryRecords;
  function* images(): Generator<SourceImage> {
    for (const file of dataFiles) {
      const where = { reader: "cifar", file: join(folder, file) };
      let row = 0;
      for (const { label, planes } of read(where, labels, countOf(file))) {
        if (!(label < labels.numClasses)) {
          throw new CutoutError({
            where: "cifar",
            what: `labels must be below ${labels.numClasses}`,
            got: `${label} in ${where.file}, image ${row}`,
            remedy: "download and unpack it again",
          });
        }
        const pixels = fromPlanes(planes, { ...cifarSize, channels: 3 });
        yield { name: `${file}#${row++}`, label, pixels, part: file === version.test ? "test" : "train" };
      }
    }
  }
  return {
    name,
    path: folder,
    classes: classNames(folder, version, labels),
    channels: 3,
    total: dataFiles.reduce((sum, file) => sum + countOf(file), 0),
    parts: ["train", "test"],
    files,
    task: `reading ${titles[version.name]}`,
    images: (decode) => resized(images(), { ...cifarSize, channels: 3 }, decode),
  };
}

/** A label, and the red, the green and the blue plane. */
interface Row {
  readonly label: number;
  readonly planes: Uint8Array;
}

const rowsAtOnce = 1000;

function* binaryRecords(where: Where, labels: Labels, count: number): Generator<Row> {
  const { labelBytes, labelByte } = labels;
  const rowBytes = labelBytes + imageBytes;
  const readRows = (file: ByteFile, first: number) =>
    file.read(first * rowBytes, Math.min(rowsAtOnce, count - first) * rowBytes);
  for (let first = 0; first < count; first += rowsAtOnce) {
    const bytes = withBytes(where, (file) => readRows(file, first));
    for (let at = 0; at < bytes.length; at += rowBytes) {
      yield { label: bytes[at + labelByte]!, planes: bytes.subarray(at + labelBytes, at + rowBytes) };
    }
  }
}

function* pickledRecords(where: Where, { key }: Labels, count: number): Generator<Row> {
  const table = readTable(where, count * 4 * imageBytes);
  const data = table.get("data");
  const labels = table.get(key);
  const fits =
    isPickledArray(data) &&
    data.type.kind === "uint" &&
    data.type.bytes === 1 &&
    !data.fortranOrder &&
    data.data.length === count * imageBytes;
  if (!fits || !Array.isArray(labels) || labels.length !== count) {
    const got = isPickledArray(data) ? `an array [${data.shape.join(", ")}]` : "no array";
    throw trouble(where, `hold "data" [${count}, ${imageBytes}] of bytes and ${count} "${key}"`, got);
  }
  for (const [row, label] of (labels as readonly Pickled[]).entries()) {
    const valid = typeof label === "number" && Number.isInteger(label) && label >= 0;
    const planes = data.data.subarray(row * imageBytes, (row + 1) * imageBytes);
    yield { label: valid ? label : Number.NaN, planes };
  }
}

/** The dict of a pickle. @param largest bytes of a file that is still read */
function readTable(where: Where, largest: number): ReadonlyMap<string, Pickled> {
  const bytes = withBytes(where, (file) => {
    if (file.size > largest) throw trouble(where, `have at most ${largest} bytes`, `${file.size}`);
    return file.read(0, file.size);
  });
  const table = guarded(where, "a pickle of plain data", () => readPickle(bytes));
  if (!(table instanceof Map)) throw trouble(where, "be a pickled dict", "something else");
  return table;
}

const largestNamesFile = 2 ** 20;

function classNames(folder: string, version: Version, labels: Labels): readonly string[] {
  const file = version.python ? labels.namesInPython.file : labels.namesInBinary;
  const where = { reader: "cifar", file: join(folder, file) };
  let names: readonly (string | null)[];
  if (version.python) {
    const list = readTable(where, largestNamesFile).get(labels.namesInPython.key);
    names = Array.isArray(list) ? (list as readonly Pickled[]).map(pickledText) : [];
  } else {
    const text = withBytes(where, (file) => file.read(0, Math.min(file.size, largestNamesFile)));
    names = Buffer.from(text)
      .toString("utf8")
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== "");
  }
  const distinct = new Set(names.filter((name) => name !== null));
  if (names.length !== labels.numClasses || distinct.size !== labels.numClasses) {
    throw trouble(where, `name ${labels.numClasses} classes`, String(distinct.size));
  }
  return names as readonly string[];
}

const kindOf = <Name extends CifarName>(
  name: Name,
  onRequest: Pick<DatasetKind, "onRequest"> = {},
): DatasetKind<Name> => ({
  name,
  ...onRequest,
  find(data) {
    const found = findCifar(resolve(data));
    if (found === null || found.version.name !== filesOf[name]) return null;
    return { data: resolve(data), size: () => cifarSize, open: () => cifarSource(found, { name }) };
  },
});

export const cifar10 = kindOf("cifar10");
export const cifar100 = kindOf("cifar100");
/** The same files as CIFAR-100, with its 20 coarse labels. */
export const cifar100Coarse = kindOf("cifar100-coarse", { onRequest: true });
