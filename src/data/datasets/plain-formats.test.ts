// IDX, STL-10 and binary CIFAR-100: files that the tests write themselves, whole and hostile.
import { mkdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { idxFile } from "../../../test/helpers/fuzz-targets.ts";
import { pattern, readAll, readSource } from "../../../test/helpers/readers.ts";
import { describeData } from "../open.ts";
import { cifarSource, findCifar } from "./cifar.ts";

const greys = (first: number, count: number, height: number, width: number) =>
  Buffer.concat(Array.from({ length: count }, (_, n) => pattern(first + n, height, width, 1)));

describe("IDX", () => {
  function mnist(folder = temporaryFolder(), prefix = "", pack = false): string {
    mkdirSync(folder, { recursive: true });
    for (const [part, first] of [
      ["train", 0],
      ["t10k", 3],
    ] as const) {
      const images = idxFile([3, 6, 5], greys(first, 3, 6, 5));
      const labels = idxFile([3], Uint8Array.of(7, 2, 7));
      const ending = pack ? ".gz" : "";
      writeFileSync(
        join(folder, `${prefix}${part}-images-idx3-ubyte${ending}`),
        pack ? gzipSync(images) : images,
      );
      writeFileSync(
        join(folder, `${prefix}${part}-labels-idx1-ubyte${ending}`),
        pack ? gzipSync(labels) : labels,
      );
    }
    return folder;
  }

  it.each([false, true])("is read, packed: %s", async (pack) => {
    const data = mnist(join(temporaryFolder(), "MNIST/raw"), "", pack);
    const above = join(data, "../..");
    expect(await describeData({ data: above })).toEqual({
      format: "idx",
      data: above,
      size: { height: 6, width: 5 },
    });
    const { source, images } = await readAll({ data: above });
    expect(source).toMatchObject({ channels: 1, classes: ["2", "7"], total: 6, parts: ["train", "test"] });
    for (const { name, pixels, className, part } of images) {
      const [file, row] = name.split("#");
      const test = file!.startsWith("t10k");
      expect(part).toBe(test ? "test" : "train");
      expect(pixels).toEqual(pattern(Number(row) + (test ? 3 : 0), 6, 5, 1));
      expect(className).toBe(row === "1" ? "2" : "7");
    }
  });

  it("knows Fashion-MNIST by its folder, EMNIST by its files, and one file that is given", async () => {
    const fashion = mnist(join(temporaryFolder(), "FashionMNIST/raw"));
    expect((await readAll({ data: fashion })).source.classes).toEqual(["Pullover", "Sneaker"]);
    const emnist = mnist(temporaryFolder(), "emnist-letters-");
    const { images } = await readAll({ data: join(emnist, "emnist-letters-train-images-idx3-ubyte") });
    expect(images).toHaveLength(3);
    // Columns become rows: pixel (y, x) lies at x * height + y.
    const upright = Uint8Array.from({ length: 30 }, (_, at) => {
      const [y, x] = [Math.floor(at / 5), at % 5];
      return pattern(0, 6, 5, 1)[x * 6 + y]!;
    });
    expect(images[0]!.pixels).toEqual(upright);
    expect(images.every(({ part }) => part === null)).toBe(true);
  });

  it("refuses hostile sizes before anything is made of them", async () => {
    const cases: readonly (readonly [Buffer, RegExp])[] = [
      [
        idxFile([2 ** 32 - 1, 6, 5], greys(0, 3, 6, 5)),
        /must have \d+ bytes \(\[4294967295, 6, 5\]\), got 106/,
      ],
      [idxFile([3, 2 ** 31, 2 ** 31], greys(0, 3, 6, 5)), /must have \d+ bytes/],
      [gzipSync(idxFile([2 ** 32 - 1, 6, 5], greys(0, 3, 6, 5))), /compressed bytes, which cannot/],
      [gzipSync(idxFile([3e7, 1, 1], new Uint8Array(3e7))), /at most 20000000 images, got 30000000/],
      [gzipSync(idxFile([4, 6, 5], greys(0, 3, 6, 5))), /hold a label for each of 4 images, got 3/],
      [gzipSync(idxFile([3, 6, 5], greys(0, 2, 6, 5))), /must go on for 30 more bytes, got its end after 76/],
      [
        gzipSync(Buffer.concat([idxFile([3, 6, 5], greys(0, 3, 6, 5)), Buffer.alloc(1e6)])),
        /must end after 3 images/,
      ],
      [gzipSync(idxFile([3, 6, 5], greys(0, 3, 6, 5))).subarray(0, 60), /damaged or foreign/],
      [idxFile([3, 0, 5], Buffer.alloc(0)), /must hold images \[count, height, width\], got images of 0x5/],
      [Buffer.from("\0\0\x0d\x03"), /must be an IDX file of bytes with 3 axes, got the start 0 0 13 3/],
      [Buffer.alloc(0), /must go on for 4 more bytes, got its end after 0/],
    ];
    for (const [bytes, message] of cases) {
      const folder = mnist();
      writeFileSync(join(folder, "train-images-idx3-ubyte"), bytes);
      await expect(readAll({ data: folder }), String(message)).rejects.toThrow(message);
    }
    const alone = temporaryFolder();
    writeFileSync(join(alone, "train-images-idx3-ubyte"), idxFile([1, 1, 1], Uint8Array.of(0)));
    await expect(readAll({ data: alone })).rejects.toThrow(
      /train-labels-idx1-ubyte must hold the labels of .* add it/,
    );
  });
});

describe("SVHN", () => {
  /** A variable of a Matlab file: flags, dimensions, name and a claim of so many bytes. */
  function matFile(element: (array: Buffer) => Buffer, claimed: number): Buffer {
    const header = Buffer.alloc(128, 32);
    header.write("MATLAB 5.0 MAT-file", "latin1");
    header.writeUInt16LE(0x0100, 124);
    header.write("IM", 126, "latin1");
    const words = [
      14,
      claimed + 56,
      6,
      8,
      9,
      0,
      5,
      16,
      32,
      32,
      3,
      claimed / 3072,
      0x0001_0001,
      0x58,
      2,
      claimed,
    ];
    const array = Buffer.alloc(4 * words.length + 64);
    for (const [at, word] of words.entries()) array.writeUInt32LE(word, 4 * at);
    return Buffer.concat([header, element(array)]);
  }
  const packed = (array: Buffer) => {
    const bytes = deflateSync(array);
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(15, 0);
    tag.writeUInt32LE(bytes.length, 4);
    return Buffer.concat([tag, bytes]);
  };

  it.each([
    ["more than the file", (array: Buffer) => array, /it is cut short/],
    [
      "more than was packed",
      packed,
      /must hold 3145728000 bytes of X, got \d+ compressed bytes, which cannot/,
    ],
  ] as const)("refuses an array that claims %s", async (_, element, message) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "train_32x32.mat"), matFile(element, 3072 * 1_024_000));
    await expect(readAll({ data: folder }, 32, 32)).rejects.toThrow(message);
  });

  it("tells version 7.3", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "train_32x32.mat"), Buffer.alloc(1000, "MATLAB 7.3 MAT-file"));
    await expect(readAll({ data: folder }, 32, 32)).rejects.toThrow(/got version 7.3; save it with "-v7"/);
  });
});

describe("STL-10", () => {
  const side = 96;
  /** Planes of columns, as Matlab keeps them. */
  const columns = (n: number) => {
    const upright = pattern(n, side, side);
    return Uint8Array.from({ length: upright.length }, (_, at) => {
      const [channel, x, y] = [Math.floor(at / side ** 2), Math.floor(at / side) % side, at % side];
      return upright[(y * side + x) * 3 + channel]!;
    });
  };
  function stl10(): string {
    const folder = join(temporaryFolder(), "stl10_binary");
    mkdirSync(folder);
    for (const [part, first] of [
      ["train", 0],
      ["test", 2],
    ] as const) {
      writeFileSync(join(folder, `${part}_X.bin`), Buffer.concat([columns(first), columns(first + 1)]));
      writeFileSync(join(folder, `${part}_y.bin`), Uint8Array.of(1, 10));
    }
    writeFileSync(
      join(folder, "class_names.txt"),
      "airplane bird car cat deer dog horse monkey ship truck".replaceAll(" ", "\n"),
    );
    writeFileSync(join(folder, "unlabeled_X.bin"), columns(9));
    return folder;
  }

  it("turns columns upright and leaves the unlabelled images out", async () => {
    const folder = stl10();
    expect(await describeData({ data: join(folder, "..") })).toMatchObject({
      format: "stl10",
      size: { height: 96, width: 96 },
    });
    const { images, source } = await readAll({ data: folder }, side, side);
    expect(source.total).toBe(4);
    expect(images.map(({ className, part }) => [className, part])).toEqual([
      ["airplane", "train"],
      ["truck", "train"],
      ["airplane", "test"],
      ["truck", "test"],
    ]);
    for (const [n, { pixels }] of images.entries()) expect(pixels).toEqual(pattern(n, side, side));
  });

  it("refuses files that are cut short, missing, or label what is no class", async () => {
    const cut = stl10();
    truncateSync(join(cut, "train_X.bin"), 1000);
    await expect(readAll({ data: cut })).rejects.toThrow(
      /train_X.bin must have 55296 bytes \(2 images, .*got 1000/,
    );
    const label = stl10();
    writeFileSync(join(label, "test_y.bin"), Uint8Array.of(11, 1));
    await expect(readAll({ data: label })).rejects.toThrow(
      /test_y.bin must hold labels from 1 to 10, got 11 for image 0/,
    );
    const missing = temporaryFolder();
    writeFileSync(join(missing, "train_X.bin"), "");
    await expect(readAll({ data: missing })).rejects.toThrow(/must hold train_y.bin, test_X.bin, .* missing/);
  });
});

it("CIFAR-100, binary: fine labels, or coarse ones", async () => {
  const folder = temporaryFolder();
  const row = (n: number) => {
    const image = pattern(n, 32, 32);
    const planes = Uint8Array.from(
      { length: 3072 },
      (_, at) => image[(at % 1024) * 3 + Math.floor(at / 1024)]!,
    );
    return Buffer.concat([Uint8Array.of(n, 90 + n), planes]);
  };
  writeFileSync(join(folder, "train.bin"), Buffer.concat([row(0), row(1)]));
  writeFileSync(join(folder, "test.bin"), Buffer.concat([row(2), row(3)]));
  for (const [kind, count] of [
    ["fine", 100],
    ["coarse", 20],
  ] as const) {
    writeFileSync(
      join(folder, `${kind}_label_names.txt`),
      Array.from({ length: count }, (_, n) => `${kind} ${n}\n`).join(""),
    );
  }
  for (const [name, expected] of [
    ["cifar100", "fine 9"],
    ["cifar100-coarse", "coarse "],
  ] as const) {
    const { images } = await readSource(cifarSource(findCifar(folder)!, { name, imagesPerFile: 2 }), 32, 32);
    expect(images.map(({ className }) => className)).toEqual([0, 1, 2, 3].map((n) => `${expected}${n}`));
    for (const [n, { pixels }] of images.entries()) expect(pixels).toEqual(pattern(n, 32, 32));
  }
  await expect(readAll({ data: folder }, 32, 32)).rejects.toThrow(
    /train.bin must have 153700000 bytes \(50000 images\), got 6148/,
  );
});

it("a format that is asked for must be there", async () => {
  const data = temporaryFolder();
  await expect(readAll({ data, format: "svhn" })).rejects.toThrow(
    /^data: .* must hold data in the format svhn, got none of its files; choose another --format/,
  );
});
