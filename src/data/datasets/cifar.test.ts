import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { openCached } from "../loading/cache.ts";
import { cifarSource, findCifar } from "./cifar.ts";

const perFile = 3;
const files = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}.bin`).concat("test_batch.bin");
const classes = "airplane automobile bird cat deer dog frog horse ship truck".split(" ");
/** Byte of the picture `row` of file `file` at `channel`, `y`, `x`. */
const byteOf = (file: number, row: number, channel: number, y: number, x: number) =>
  (file * 31 + row * 17 + channel * 101 + y * 7 + x * 3) & 255;

function write(): string {
  const folder = temporaryFolder();
  files.forEach((name, file) => {
    const bytes = new Uint8Array(perFile * 3073);
    for (let row = 0, at = 0; row < perFile; row++) {
      bytes[at++] = (file * perFile + row) % 10;
      for (let channel = 0; channel < 3; channel++)
        for (let y = 0; y < 32; y++)
          for (let x = 0; x < 32; x++) bytes[at++] = byteOf(file, row, channel, y, x);
    }
    writeFileSync(join(folder, name), bytes);
  });
  writeFileSync(join(folder, "batches.meta.txt"), `${classes.join("\n")}\n\n`);
  return folder;
}

async function all(folder: string, side = 32) {
  const found = [];
  const options = { size: { height: side, width: side }, fit: "cover", maxPixels: 1e6 } as const;
  for await (const image of cifarSource(findCifar(folder)!, { imagesPerFile: perFile }).images(options)) {
    if ("reason" in image) throw new Error(image.reason);
    found.push(image);
  }
  return found;
}

it("reads planes into red-green-blue pixels, bit for bit, with labels, names and the official test part", async () => {
  const folder = write();
  expect(findCifar(folder)).toMatchObject({ folder, version: { python: false } });
  const source = cifarSource(findCifar(folder)!, { imagesPerFile: perFile });
  expect(source).toMatchObject({
    name: "cifar10",
    classes,
    channels: 3,
    total: 18,
    parts: ["train", "test"],
  });
  const images = await all(folder);
  expect(images).toHaveLength(18);
  images.forEach(({ name, label, part, pixels }, at) => {
    const [file, row] = [Math.floor(at / perFile), at % perFile];
    expect({ name, label, part }).toEqual({
      name: `${files[file]}#${row}`,
      label: at % 10,
      part: file === 5 ? "test" : "train",
    });
    const expected = Uint8Array.from({ length: 3072 }, (_, byte) => {
      const pixel = Math.floor(byte / 3);
      return byteOf(file, row, byte % 3, Math.floor(pixel / 32), pixel % 32);
    });
    expect(pixels).toEqual(expected);
  });
});

it("resizes where another size is wanted", async () => {
  expect((await all(write(), 16))[0]!.pixels).toHaveLength(16 * 16 * 3);
});

it("keeps labels and the official test part through the cache", async () => {
  const folder = write();
  const size = { height: 32, width: 32 };
  const options = { size, fit: "cover", maxPixels: 1e6, maxBroken: 0, cacheDir: temporaryFolder() } as const;
  const images = await all(folder);
  for (const _ of ["made", "found"]) {
    const dataset = await openCached(
      cifarSource(findCifar(folder)!, { imagesPerFile: perFile }),
      options,
      () => {},
    );
    expect(dataset.officialParts).toEqual(images.map(({ part }) => part));
    expect([...dataset.labels]).toEqual(images.map(({ label }) => label));
    const pixels = new Uint8Array(2 * 3072);
    dataset.read([17, 4], pixels);
    expect([...pixels]).toEqual([...images[17]!.pixels, ...images[4]!.pixels]);
  }
});

it("finds the folder of the official archive, and tells the Matlab version", () => {
  const folder = temporaryFolder();
  expect(findCifar(folder)).toBeNull();
  mkdirSync(join(folder, "cifar-10-batches-bin"));
  writeFileSync(join(folder, "cifar-10-batches-bin", "data_batch_1.bin"), "");
  expect(findCifar(folder)).toMatchObject({ folder: join(folder, "cifar-10-batches-bin") });
  const matlab = temporaryFolder();
  writeFileSync(join(matlab, "data_batch_1.mat"), "");
  expect(() => findCifar(matlab)).toThrow(/^cifar: .* got the Matlab version; download cifar-10-binary/);
});

it("refuses missing and truncated files, wrong class lists and wrong labels", async () => {
  const folder = write();
  truncateSync(join(folder, "data_batch_3.bin"), 3073 * 2);
  expect(() => cifarSource(findCifar(folder)!, { imagesPerFile: perFile })).toThrow(
    /data_batch_3.bin must have 9219 bytes \(3 images\), got 6146/,
  );
  // Without the number of images given, the official size holds.
  expect(() => cifarSource(findCifar(write())!)).toThrow(
    /data_batch_1.bin must have 30730000 bytes \(10000 images\), got 9219/,
  );

  const half = temporaryFolder();
  writeFileSync(join(half, "test_batch.bin"), "");
  expect(() => cifarSource(findCifar(half)!)).toThrow(
    /data_batch_1.bin, .*, batches.meta.txt missing; unpack it again/,
  );

  const meta = write();
  writeFileSync(join(meta, "batches.meta.txt"), "cat\ndog\n");
  expect(() => cifarSource(findCifar(meta)!, { imagesPerFile: perFile })).toThrow(
    /batches.meta.txt must name 10 classes, got 2/,
  );

  const label = write();
  const bytes = readFileSync(join(label, "data_batch_2.bin"));
  bytes[3073] = 10;
  writeFileSync(join(label, "data_batch_2.bin"), bytes);
  await expect(all(label)).rejects.toThrow(/labels must be below 10, got 10 in .*data_batch_2.bin, image 1/);
});
