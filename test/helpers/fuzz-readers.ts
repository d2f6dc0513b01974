// Damages valid files of every kind of data set and reads them: each must work or end with one clear error.
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { cifarSource, findCifar } from "../../src/data/cifar.ts";
import { type DataOptions, describeData, openSource } from "../../src/data/open.ts";
import type { Source } from "../../src/data/source.ts";
import { type Rng, stream } from "../../src/rng.ts";
import { readSource } from "./readers.ts";

const golden = join(import.meta.dirname, "../golden/datasets");

export interface FuzzTarget {
  readonly name: string;
  /** Fills the folder with valid files. */
  make(folder: string): void;
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

export const fuzzTargets: readonly FuzzTarget[] = [
  {
    name: "CIFAR-10, Python",
    make: copied("cifar-10-batches-py"),
    files: ["data_batch_1", "batches.meta"],
    open: async (folder) => cifarSource(findCifar(folder)!, { imagesPerFile: 2 }),
  },
  {
    name: "CIFAR-100, Python",
    make: copied("cifar-100-python"),
    files: ["train", "test", "meta"],
    open: async (folder) => cifarSource(findCifar(folder)!, { imagesPerFile: 2 }),
  },
  {
    name: "CIFAR-100, binary",
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
  {
    name: "SVHN",
    make: copied("svhn"),
    files: ["train_32x32.mat", "extra_32x32.mat", "test_32x32.mat"],
    open: opening("."),
  },
  {
    name: "STL-10",
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
    make: copied("npz"),
    files: [`${name}.npz`],
    open: opening(`${name}.npz`),
  })),
  ...["train-00000-of-00003", "train-00001-of-00003", "train-00002-of-00003", "test-00000-of-00001"].map(
    (name) => ({
      name: `Parquet, ${name}`,
      make: copied("hub"),
      files: [`data/${name}.parquet`],
      open: opening("."),
    }),
  ),
  ...["none", "lz4", "snappy"].map((name) => ({
    name: `Parquet, ${name}`,
    make: copied("parquet"),
    files: [`${name}.parquet`],
    open: opening(`${name}.parquet`, { columns: { image: "picture", label: "species" } }),
  })),
  {
    name: "WebDataset",
    make: copied("webdataset"),
    files: ["train-000000.tar", "train-000001.tar"],
    open: opening("train-{000000..000001}.tar"),
  },
  {
    name: "WebDataset, json and gzip",
    make(folder) {
      write(folder, "a.tar.gz", gzipSync(readFileSync(join(golden, "webdataset/json.tar"))));
    },
    files: ["a.tar.gz"],
    open: opening("a.tar.gz"),
  },
  {
    name: "CSV",
    make(folder) {
      write(folder, "labels.csv", 'file,label\n"a,b.png",cat\nb.png,dog\nc,"d""g"\n');
    },
    files: ["labels.csv"],
    open: opening("labels.csv"),
  },
];

/** Numbers that headers are not made for. */
const hostile = [
  0, 1, 0x7f, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, 0x0fffffff, 0x40000000,
];

type Damage = (bytes: Buffer, rng: Rng) => Buffer;

/** Places in front are drawn more often: there the headers are. At the end too: there Parquet and zip have theirs. */
function place(length: number, rng: Rng): number {
  const near = Math.floor(length * rng.uniform() ** 4);
  return Math.min(length - 1, rng.integer(3) === 0 ? length - 1 - near : near);
}

const damages: readonly Damage[] = [
  (bytes, rng) => {
    for (let count = 1 + rng.integer(4); count > 0; count--) {
      const at = place(bytes.length, rng);
      bytes[at]! ^= 1 << rng.integer(8);
    }
    return bytes;
  },
  (bytes, rng) => bytes.subarray(0, rng.integer(bytes.length)),
  (bytes, rng) => bytes.subarray(0, bytes.length - 1 - rng.integer(Math.min(600, bytes.length))),
  (bytes, rng) => {
    const at = Math.min(place(bytes.length, rng), bytes.length - 4);
    const value = hostile[rng.integer(hostile.length)]!;
    if (at >= 0) rng.integer(2) === 0 ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
    return bytes;
  },
  (bytes, rng) => {
    const at = place(bytes.length, rng);
    return bytes.fill(rng.integer(256), at, Math.min(bytes.length, at + 1 + rng.integer(64)));
  },
  (bytes, rng) => {
    const at = place(bytes.length, rng);
    const length = 1 + rng.integer(32);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at, at + length), bytes.subarray(at)]);
  },
  (bytes, rng) => {
    const at = place(bytes.length, rng);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + rng.integer(32))]);
  },
];

/** Gives a tar's damaged headers their check sum again, so that more than the sum is tried. */
function withSums(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString("latin1", at + 257, at + 262) !== "ustar") continue;
    bytes.fill(32, at + 148, at + 156);
    const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, "0")}\0 `, at + 148, "latin1");
  }
  return bytes;
}

export interface FuzzOutcome {
  /** Attempts that read everything in spite of the damage. */
  readonly read: number;
  readonly refused: number;
  /** The messages, for a look at them. */
  readonly messages: readonly string[];
}

/** Longest time of one attempt, milliseconds. */
const patience = 5000;

/**
 * Damages the files of a target `attempts` times. @throws what is no plain one-line Error of a reader, and when an
 * attempt takes too long
 */
export async function fuzz(
  target: FuzzTarget,
  folder: string,
  attempts: number,
  seed: number,
): Promise<FuzzOutcome> {
  target.make(folder);
  const whole = new Map(target.files.map((file) => [file, readFileSync(join(folder, file))]));
  await readSource(await target.open(folder)); // what is not damaged is read
  const messages = new Set<string>();
  let read = 0;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const rng = stream(seed, `fuzz ${target.name}`, attempt);
    const file = target.files[rng.integer(target.files.length)]!;
    let bytes = damages[rng.integer(damages.length)]!(Buffer.from(whole.get(file)!), rng);
    if (file.endsWith(".tar") && rng.integer(2) === 0) bytes = withSums(bytes);
    writeFileSync(join(folder, file), bytes);
    const start = performance.now();
    try {
      await inTime(async () => readSource(await target.open(folder)));
      read++;
    } catch (error) {
      const { message } = error as Error;
      const plain = error instanceof Error && error.constructor === Error;
      const clear = /^(cifar|svhn|stl10|idx|npz|parquet|webdataset|csv|data): /.test(message);
      if (!plain || !clear || message.includes("\n") || message.length > 1000) {
        throw new Error(`attempt ${attempt} on ${file}: ${String(error)}`, { cause: error });
      }
      messages.add(message.replaceAll(folder, ""));
    }
    const took = performance.now() - start;
    if (took > patience) throw new Error(`attempt ${attempt} on ${file} took ${Math.round(took)} ms`);
    writeFileSync(join(folder, file), whole.get(file)!);
  }
  return { read, refused: attempts - read, messages: [...messages] };
}

/** Fails when nothing comes of it, instead of waiting for ever. */
async function inTime(work: () => Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new Error("nothing came of it")), 2 * patience);
  });
  await Promise.race([work(), late]).finally(() => clearTimeout(timer));
}

/** The largest array that is asked for while `work` runs, in bytes: one that is refused counts too. */
export async function largestAllocation(work: () => Promise<unknown>): Promise<number> {
  let largest = 0;
  const see = (bytes: number) => {
    if (bytes > largest) largest = bytes;
  };
  const names = ["ArrayBuffer", "Uint8Array", "Uint32Array", "Int32Array", "Float64Array", "Array"] as const;
  const originals = names.map((name) => globalThis[name]);
  const buffers = { alloc: Buffer.alloc, allocUnsafe: Buffer.allocUnsafe, concat: Buffer.concat };
  for (const [index, name] of names.entries()) {
    const original = originals[index] as new (...args: unknown[]) => object;
    const width =
      (original as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? (name === "Array" ? 8 : 1);
    const watched: typeof original = new Proxy(original, {
      construct(made, args, newTarget): object {
        if (args.length === 1 && typeof args[0] === "number") see(args[0] * width);
        return Reflect.construct(made, args, newTarget === watched ? made : newTarget);
      },
    });
    Object.assign(globalThis, { [name]: watched });
    original.prototype.constructor = watched; // libraries compare it with the global
  }
  const alloc: typeof Buffer.alloc = (size, ...rest) => {
    see(size);
    return buffers.alloc(size, ...rest);
  };
  Buffer.alloc = alloc;
  Buffer.allocUnsafe = (size) => {
    see(size);
    return buffers.allocUnsafe(size);
  };
  Buffer.concat = (list, length) => {
    see(length ?? 0);
    return buffers.concat(list, length);
  };
  try {
    await work();
  } finally {
    for (const [index, name] of names.entries()) {
      Object.assign(globalThis, { [name]: originals[index] });
      (originals[index] as { prototype: object }).prototype.constructor = originals[index]!;
    }
    Object.assign(Buffer, buffers);
  }
  return largest;
}
