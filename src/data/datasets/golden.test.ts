// Data sets as the real Python libraries write them (test/golden/datasets_python.py): every pixel, label and name.
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { pattern, type ReadSource, readAll, readSource } from "../../../test/helpers/readers.ts";
import { describeData } from "../open.ts";
import { cifarSource, findCifar } from "./cifar.ts";

const golden = join(import.meta.dirname, "../../../test/golden/datasets");

/** Image `n` of the pattern, with its class, and its part where it is not for training. */
type Expected = readonly [n: number, className: string, part?: "validation" | "test" | undefined];

function expectImages(
  { images, source, broken }: ReadSource,
  expected: readonly Expected[],
  [height, width, channels]: readonly [number, number, number],
): void {
  expect(broken).toEqual([]);
  expect(source.total).toBe(expected.length);
  const isSplit = expected.some(([, , part]) => part !== undefined);
  const parts = expected.map(([, , part]) => (isSplit ? (part ?? "train") : null));
  expect(new Set<unknown>(source.parts)).toEqual(new Set(isSplit ? parts : []));
  expect(images.map(({ className, part }) => [className, part])).toEqual(
    expected.map(([, className], at) => [className, parts[at]]),
  );
  expected.forEach(([n], at) => {
    expect(images[at]!.pixels).toEqual(pattern(n, height, width, channels));
  });
  expect(new Set(images.map(({ name }) => name)).size).toBe(images.length);
}

const digits = Array.from({ length: 10 }, (_, digit) => String(digit));

describe("CIFAR in Python's form", () => {
  const cifarNames = "airplane automobile bird cat deer dog frog horse ship truck".split(" ");

  it("reads CIFAR-10 from the pickles of Python 2", async () => {
    expect(await describeData({ data: join(golden, "cifar-10-batches-py") })).toMatchObject({
      format: "cifar10",
      size: { height: 32, width: 32 },
    });
    const source = cifarSource(findCifar(join(golden, "cifar-10-batches-py"))!, { imagesPerFile: 2 });
    expect(source.classes).toEqual(cifarNames);
    const expected = Array.from(
      { length: 12 },
      (_, n): Expected => [n, cifarNames[n % 10]!, n >= 10 ? "test" : undefined],
    );
    expectImages(await readSource(source, 32, 32), expected, [32, 32, 3]);
  });

  it("reads CIFAR-100 from pickles of Python 3, with fine or coarse labels", async () => {
    const found = findCifar(join(golden, "cifar-100-python"))!;
    const read = async (name: "cifar100" | "cifar100-coarse") =>
      readSource(cifarSource(found, { name, imagesPerFile: 2 }), 32, 32);
    const labels = (kind: string, values: number[]) =>
      values.map((value, n): Expected => [n, `${kind} ${value}`, n >= 2 ? "test" : undefined]);
    expectImages(await read("cifar100"), labels("fine", [5, 15, 25, 35]), [32, 32, 3]);
    expectImages(await read("cifar100-coarse"), labels("coarse", [0, 1, 2, 3]), [32, 32, 3]);
    const format = "cifar100-coarse";
    expect((await describeData({ data: join(golden, "cifar-100-python"), format })).format).toBe(format);
    expect((await describeData({ data: golden })).format).toBe("cifar10");
  });

  it("refuses fewer images than the official number", async () => {
    const source = cifarSource(findCifar(join(golden, "cifar-10-batches-py"))!);
    await expect(readSource(source, 32, 32)).rejects.toThrow(
      /^cifar: .*data_batch_1 must hold "data" \[10000, 3072\] of bytes and 10000 "labels", got an array \[2, 3072\]/,
    );
  });
});

describe("SVHN", () => {
  it("reads files of scipy, packed and not; label 10 is the digit 0", async () => {
    const expected = Array.from(
      { length: 15 },
      (_, n): Expected => [n, digits[n % 10]!, n >= 12 ? "test" : undefined],
    );
    const read = await readAll({ data: join(golden, "svhn"), format: "svhn" }, 32, 32);
    expect(read.source).toMatchObject({ name: "svhn", classes: digits });
    expectImages(read, expected, [32, 32, 3]);
  });

  it("adds the extra images to those for training where all three files are there", async () => {
    const data = join(golden, "svhn");
    expect(await describeData({ data })).toMatchObject({ format: "svhn-extra" });
    const read = await readAll({ data }, 32, 32);
    expect(read.source).toMatchObject({ name: "svhn-extra", parts: ["train", "test"], total: 12 + 4 + 3 });
    const files = read.images.map(({ name, part }) => [name.replace(/#.*/, ""), part]);
    expect(files).toEqual([
      ...Array(12).fill(["train_32x32.mat", "train"]),
      ...Array(4).fill(["extra_32x32.mat", "train"]),
      ...Array(3).fill(["test_32x32.mat", "test"]),
    ]);
    expect(read.images.slice(12, 16).map(({ className }) => className)).toEqual(["1", "2", "0", "1"]);
  });

  it("reads one file that is given, with labels as doubles and a text beside them", async () => {
    const read = await readAll({ data: join(golden, "svhn/extra_32x32.mat") }, 32, 32);
    expectImages(
      read,
      [
        [0, "1"],
        [1, "2"],
        [2, "0"],
        [3, "1"],
      ],
      [32, 32, 3],
    );
  });
});

describe("npz", () => {
  const file = (name: string) => ({ data: join(golden, "npz", `${name}.npz`) });

  it.each(["plain", "channels-first"])("reads %s", async (name) => {
    expect(await describeData(file(name))).toEqual({
      ...file(name),
      format: "npz",
      size: { height: 6, width: 5 },
    });
    expectImages(
      await readAll(file(name)),
      [
        [0, "3"],
        [1, "5"],
        [2, "3"],
        [3, "7"],
      ],
      [6, 5, 3],
    );
  });

  it("reads MedMNIST's arrays: grey, in its official parts", async () => {
    const read = await readAll(file("medmnist"));
    expect(read.source.channels).toBe(1);
    const train = [
      [0, "3"],
      [1, "5"],
      [2, "3"],
      [3, "7"],
    ] as const;
    expectImages(read, [...train, [4, "3", "validation"], [5, "3", "test"], [6, "5", "test"]], [6, 5, 1]);
  });

  it("takes the arrays that are named", async () => {
    const columns = { image: "val_images", label: "val_labels" };
    await expect(readAll({ ...file("medmnist"), columns })).rejects.toThrow(
      /at least two classes, got one \(3\)/,
    );
    await expect(readAll({ ...file("plain"), columns: { image: "a", label: "b" } })).rejects.toThrow(
      /^npz: .*plain.npz must hold arrays "a" and "b", got images, labels; name them by --columns/,
    );
  });

  it("refuses floats and objects", async () => {
    await expect(readAll(file("floats"))).rejects.toThrow(/of uint8 .*, got float64 \[4, 6, 5, 3\]; convert/);
    await expect(readAll(file("objects"))).rejects.toThrow(/must be an array of plain numbers, got .*\|O/);
  });
});

describe("Parquet", () => {
  it("reads shards of the hub in every codec, class names from the metadata, absent classes left out", async () => {
    const data = join(golden, "hub");
    expect(await describeData({ data })).toEqual({ format: "parquet", data, size: null });
    const read = await readAll({ data });
    expect(read.source.classes).toEqual(["red fox", "owl", "bee"]);
    // The test shard comes first: names are sorted.
    const test = [
      [4, "owl", "test"],
      [5, "bee", "test"],
    ] as const;
    expectImages(read, [...test, [0, "red fox"], [1, "owl"], [2, "bee"], [3, "red fox"]], [6, 5, 3]);
  });

  it.each(["none", "lz4", "snappy"])("reads plain columns, names and missing labels: %s", async (name) => {
    const read = await readAll({
      data: join(golden, "parquet", `${name}.parquet`),
      columns: { image: "picture", label: "species" },
    });
    expectImages(
      read,
      [
        [0, "owl"],
        [2, "bee"],
        [3, "owl"],
      ],
      [6, 5, 3],
    );
  });

  it("says which columns there are", async () => {
    await expect(readAll({ data: join(golden, "parquet/none.parquet") })).rejects.toThrow(
      /^parquet: .*none.parquet must have columns "image" of encoded images and "label", got picture, species, n; name/,
    );
    const columns = { image: "picture", label: "n" };
    await expect(readAll({ data: join(golden, "parquet/none.parquet"), columns })).rejects.toThrow(
      /whole numbers from 0 on, got 1.5/,
    );
  });

  it("tells the size of small square images, and several data sets in one folder", async () => {
    const folder = temporaryFolder();
    for (const set of ["a", "b"]) {
      mkdirSync(join(folder, set));
      copyFileSync(join(golden, "parquet/none.parquet"), join(folder, set, "train.parquet"));
    }
    const columns = { image: "picture", label: "species" };
    await expect(readAll({ data: folder, columns })).rejects.toThrow(
      /one data set, got several \(a, b\); give/,
    );
    expect((await readAll({ data: join(folder, "a"), columns })).images).toHaveLength(3);
  });
});

describe("WebDataset", () => {
  it("reads the shards of its own writer in order, by folder, pattern or file", async () => {
    const all = [
      [0, "4"],
      [1, "5"],
      [2, "6"],
      [3, "4"],
      [4, "5"],
      [5, "6"],
    ] as const;
    const data = join(golden, "webdataset/train-{000000..000001}.tar");
    expect(await describeData({ data })).toEqual({ format: "webdataset", data, size: null });
    const read = await readAll({ data });
    expect(read.images[0]!.name).toBe("webdataset/train-000000.tar#folder/0000");
    expectImages(read, all, [6, 5, 3]);
    expectImages(
      await readAll({ data: join(golden, "webdataset/train-000001.tar") }),
      all.slice(3),
      [6, 5, 3],
    );
  });

  it("reads labels of .json by the usual or by a given key", async () => {
    const data = join(golden, "webdataset/json.tar");
    expectImages(
      await readAll({ data }),
      [
        [0, "0"],
        [1, "1"],
        [2, "0"],
      ],
      [6, 5, 3],
    );
    const columns = { image: "png", label: "kind" };
    expectImages(
      await readAll({ data, columns }),
      [
        [0, "a"],
        [1, "b"],
        [2, "c"],
      ],
      [6, 5, 3],
    );
  });
});
