// Valid small files of every format, for the fuzz tests to damage.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import sharp from "sharp";
import { cifarSource, findCifar } from "../../src/data/datasets/cifar.ts";
import { fashionMnistSource } from "../../src/data/datasets/fashion-mnist.ts";
import type { Source } from "../../src/data/datasets/source.ts";
import { type DataFormat, type DataOptions, describeData, openSource } from "../../src/data/index.ts";

const golden = join(import.meta.dirname, "../golden/datasets");

export interface FuzzTarget {
  readonly name: string;
  readonly format: DataFormat;
  /** Fills the folder with valid files. */
  make(folder: string): void | Promise<void>;
  /** Those that are damaged, one at a time. */
  readonly files: readonly string[];
  open(folder: string): Promise<Source>;
}

/** Opens as a person would, telling the format from what is there. */
const opening =
  (path: string, options: Omit<DataOptions, "data"> = {}) =>
  async (folder: string) => {
    const data = join(folder, path);
    await describeData({ data, ...options });
    return openSource({ data, ...options });
  };

const copied = (folder: string) => (target: string) =>
  cpSync(join(golden, folder), target, { recursive: true });

function write(folder: string, name: string, bytes: Uint8Array | string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true });
  writeFileSync(join(folder, name), bytes);
}

/** An IDX file of bytes. */
export function idxFile(dims: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header.set([0, 0, 8, dims.length]);
  for (const [axis, size] of dims.entries()) header.writeUInt32BE(size, 4 + 4 * axis);
  return Buffer.concat([header, data]);
}

const noise = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 131 + (at >> 8)) & 255);

const photoNames = ["jpg", "png", "webp", "gif", "tiff", "avif"].flatMap((ending) => [
  `cat/a.${ending}`,
  `dog/a.${ending}`,
]);

/** A small picture in every format, in each of two classes. */
async function photos(folder: string): Promise<void> {
  const picture = sharp(noise(12 * 10 * 3), { raw: { width: 12, height: 10, channels: 3 } });
  for (const name of photoNames) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    await picture.clone().toFile(join(folder, name));
  }
}

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "CIFAR-10, Python",
    format: "cifar10",
    make: copied("cifar-10-batches-py"),
    files: ["data_batch_1", "batches.meta"],
    open: async (folder) => cifarSource(findCifar(folder)!, { imagesPerFile: 2 }),
  },
  {
    name: "CIFAR-100, Python",
    format: "cifar100",
    make: copied("cifar-100-python"),
    files: ["train", "test", "meta"],
    open: async (folder) => cifarSource(findCifar(folder)!, { imagesPerFile: 2 }),
  },
  {
    name: "CIFAR-100, binary",
    format: "cifar100",
    make(folder) {
      write(
        folder,
        "train.bin",
        noise(2 * 3074).map((byte, at) => (at % 3074 < 2 ? byte % 20 : byte)),
      );
      write(
        folder,
        "test.bin",
        noise(2 * 3074).map((byte, at) => (at % 3074 < 2 ? byte % 20 : byte)),
      );
      write(folder, "fine_label_names.txt", Array.from({ length: 100 }, (_, n) => `fine ${n}\n`).join(""));
    },
    files: ["train.bin", "fine_label_names.txt"],
    open: async (folder) => cifarSource(findCifar(folder)!, { imagesPerFile: 2 }),
  },
  ...(["cifar10", "cifar100-coarse"] as const).map((format) => ({
    name: `${format}, binary`,
    format,
    make(folder: string) {
      const [labelBytes, files] =
        format === "cifar10"
          ? [1, [...[1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`), "test_batch.bin"]]
          : [2, ["train.bin", "test.bin"]];
      const rowBytes = labelBytes + 3072;
      const rows = noise(2 * rowBytes).map((byte, at) => (at % rowBytes < labelBytes ? byte % 10 : byte));
      for (const file of files) write(folder, file, rows);
      const lines = (count: number) => Array.from({ length: count }, (_, n) => `name ${n}\n`).join("");
      if (format === "cifar10") write(folder, "batches.meta.txt", lines(10));
      else write(folder, "coarse_label_names.txt", lines(20));
      write(folder, "fine_label_names.txt", lines(100));
    },
    files:
      format === "cifar10"
        ? ["data_batch_1.bin", "test_batch.bin", "batches.meta.txt"]
        : ["train.bin", "coarse_label_names.txt"],
    open: async (folder: string) => cifarSource(findCifar(folder)!, { name: format, imagesPerFile: 2 }),
  })),
  {
    name: "fashion-mnist",
    format: "fashion-mnist",
    make(folder) {
      for (let label = 0; label < 10; label++) {
        write(folder, `${label}.json`, JSON.stringify({ data: [[...noise(784)], [...noise(784)]] }));
      }
    },
    files: ["0.json", "9.json"],
    open: async (folder) => fashionMnistSource(folder, 2),
  },
  {
    name: "SVHN, one file",
    format: "svhn",
    make: copied("svhn"),
    files: ["test_32x32.mat"],
    open: opening("test_32x32.mat"),
  },
  {
    name: "SVHN",
    format: "svhn-extra",
    make: copied("svhn"),
    files: ["train_32x32.mat", "extra_32x32.mat", "test_32x32.mat"],
    open: opening("."),
  },
  {
    name: "STL-10",
    format: "stl10",
    make(folder) {
      for (const part of ["train", "test"]) {
        write(folder, `${part}_X.bin`, noise(2 * 27_648));
        write(folder, `${part}_y.bin`, Uint8Array.of(1, 10));
      }
      write(folder, "class_names.txt", "a b c d e f g h i j".split(" ").join("\n"));
    },
    files: ["train_X.bin", "train_y.bin", "class_names.txt"],
    open: opening("."),
  },
  {
    name: "IDX",
    format: "idx",
    make(folder) {
      write(folder, "train-images-idx3-ubyte", idxFile([3, 6, 5], noise(90)));
      write(folder, "train-labels-idx1-ubyte", idxFile([3], Uint8Array.of(1, 0, 1)));
      write(folder, "t10k-images-idx3-ubyte.gz", gzipSync(idxFile([3, 6, 5], noise(90))));
      write(folder, "t10k-labels-idx1-ubyte.gz", gzipSync(idxFile([3], Uint8Array.of(1, 0, 1))));
    },
    files: [
      "train-images-idx3-ubyte",
      "train-labels-idx1-ubyte",
      "t10k-images-idx3-ubyte.gz",
      "t10k-labels-idx1-ubyte.gz",
    ],
    open: opening("."),
  },
  ...["plain", "medmnist", "channels-first"].map((name) => ({
    name: `npz, ${name}`,
    format: "npz" as const,
    make: copied("npz"),
    files: [`${name}.npz`],
    open: opening(`${name}.npz`),
  })),
  ...["train-00000-of-00003", "train-00001-of-00003", "train-00002-of-00003", "test-00000-of-00001"].map(
    (name) => ({
      name: `Parquet, ${name}`,
      format: "parquet" as const,
      make: copied("hub"),
      files: [`data/${name}.parquet`],
      open: opening("."),
    }),
  ),
  ...["none", "lz4", "snappy"].map((name) => ({
    name: `Parquet, ${name}`,
    format: "parquet" as const,
    make: copied("parquet"),
    files: [`${name}.parquet`],
    open: opening(`${name}.parquet`, { columns: { image: "picture", label: "species" } }),
  })),
  {
    name: "WebDataset",
    format: "webdataset",
    make: copied("webdataset"),
    files: ["train-000000.tar", "train-000001.tar"],
    open: opening("train-{000000..000001}.tar"),
  },
  {
    name: "WebDataset, json and gzip",
    format: "webdataset",
    make(folder) {
      write(folder, "a.tar.gz", gzipSync(readFileSync(join(golden, "webdataset/json.tar"))));
    },
    files: ["a.tar.gz"],
    open: opening("a.tar.gz"),
  },
  {
    name: "CSV",
    format: "csv",
    make(folder) {
      write(folder, "labels.csv", 'file,label\n"a,b.png",cat\nb.png,dog\nc,"d""g"\n');
    },
    files: ["labels.csv"],
    open: opening("labels.csv"),
  },
  {
    name: "CSV with images",
    format: "csv",
    async make(folder) {
      await photos(folder);
      write(folder, "labels.csv", "file,label\ncat/a.png,cat\ndog/a.webp,dog\n");
    },
    files: ["labels.csv", "cat/a.png"],
    open: opening("labels.csv"),
  },
  {
    name: "folder",
    format: "folder",
    make: photos,
    files: photoNames,
    open: opening("."),
  },
];
