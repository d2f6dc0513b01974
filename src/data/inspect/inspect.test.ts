import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { decodeImage } from "../images/image.ts";
import { type InspectOptions, inspectData } from "./inspect.ts";
import { picturesOf } from "./pictures.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-inspect-"));
const at = (...names: string[]) => join(root, ...names);
const inspect = (data: string, options: Partial<InspectOptions> = {}) =>
  inspectData({ data, likeness: 0.85, maxPixels: 1e6, ...options });

async function paint(file: string, seed: number, width = 40, height = 30): Promise<void> {
  mkdirSync(join(file, ".."), { recursive: true });
  const random = stream(seed, "paint");
  const coarse = Uint8Array.from({ length: 8 * 6 * 3 }, () => Math.floor(256 * random.uniform()));
  const image = sharp(coarse, { raw: { width: 8, height: 6, channels: 3 } }).resize(width, height, {
    fit: "fill",
    kernel: "cubic",
  });
  await (file.endsWith(".jpg") ? image.jpeg({ quality: 90 }) : image.png()).toFile(file);
}

beforeAll(async () => {
  for (const [index, name] of ["a/0.png", "a/1.png", "a/2.jpg", "b/0.png", "b/1.png", "b/2.jpg"].entries()) {
    await paint(at("photos", name), index, 40 + 10 * index);
  }
  cpSync(at("photos", "a", "0.png"), at("photos", "a", "copy.png"));
  await sharp(at("photos", "a", "1.png"))
    .jpeg({ quality: 70 })
    .toFile(at("photos", "b", "like a1.png"));
  writeFileSync(at("photos", "b", "empty.jpg"), "");
  writeFileSync(at("photos", "b", "cut.png"), readFileSync(at("photos", "b", "0.png")).subarray(0, 90));
  for (const [part, seeds] of [
    ["train", [1, 2, 3, 4]],
    ["test", [5, 2]],
  ] as const) {
    for (const seed of seeds) await paint(at("split", part, seed % 2 ? "odd" : "even", `${seed}.png`), seed);
  }
  cpSync(at("split", "train", "odd", "1.png"), at("split", "test", "odd", "renamed.png"));
});
afterAll(() => rmSync(root, { recursive: true }));

describe("a folder of photos", () => {
  test("counts, sizes, formats, what is broken, what is there twice", async () => {
    const seen: string[] = [];
    const found = await inspectData(
      { data: at("photos"), likeness: 0.85, maxPixels: 1e6 },
      (done, total, what) => {
        expect(done).toBeLessThanOrEqual(total);
        if (seen.at(-1) !== what) seen.push(what);
      },
    );
    expect(seen).toEqual(["reading photos", "looking for duplicates"]);
    expect(found).toMatchObject({
      images: 8,
      classes: ["a", "b"],
      parts: ["all"],
      counts: [[4, 4]],
      conflicts: 1,
      leaks: [],
      misnamed: ["b/like a1.png"],
      formats: [
        { format: "PNG", count: 5 },
        { format: "JPEG", count: 3 },
      ],
    });
    expect(found.broken.map(({ name }) => name).sort()).toEqual(["b/cut.png", "b/empty.jpg"]);
    expect(found.sizes).toMatchObject({
      width: { smallest: 40, median: 50, largest: 90 },
      height: { smallest: 30, median: 30, largest: 30 },
      aspect: { smallest: 40 / 30, largest: 3 },
    });
    expect(found.sizes!.common[0]).toEqual({ width: 40, height: 30, count: 2 });
    expect(
      found.groups.map(({ sameness, members }) => [sameness, ...members.map(({ name }) => name)]),
    ).toEqual([
      ["same file", "a/0.png", "a/copy.png"],
      ["look alike", "a/1.png", "b/like a1.png"],
    ]);
  });

  test("mean and deviation are those of the pixels as they were read", async () => {
    const { channels } = await inspect(at("photos"));
    const files = [
      "a/0.png",
      "a/copy.png",
      "a/1.png",
      "a/2.jpg",
      "b/0.png",
      "b/1.png",
      "b/2.jpg",
      "b/like a1.png",
    ];
    const pixels = await Promise.all(
      files.map(async (name) => {
        const size = { height: 128, width: 128 };
        const decoded = await decodeImage(at("photos", name), { size, fit: "squash", maxPixels: 1e6 });
        return decoded.ok ? decoded.pixels : new Uint8Array();
      }),
    );
    for (const channel of [0, 1, 2]) {
      const values = pixels.flatMap((image) => [...image.filter((_, place) => place % 3 === channel)]);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
      expect(channels.mean[channel]).toBeCloseTo(mean / 255, 9);
      expect(channels.std[channel]).toBeCloseTo(Math.sqrt(squares / values.length) / 255, 9);
    }
    expect(channels).toMatchObject({ part: "all", size: { height: 128, width: 128 } });
  });

  test("pictures keep their proportions; one that is gone is left out", async () => {
    const options = { data: at("photos"), likeness: 0.85, maxPixels: 1e6 };
    const pictures = await picturesOf(options, new Set(["a/2.jpg", "b/1.png"]));
    expect([...pictures.keys()].sort()).toEqual(["a/2.jpg", "b/1.png"]);
    expect(await sharp(pictures.get("a/2.jpg")).metadata()).toMatchObject({
      format: "webp",
      width: 60,
      height: 30,
    });
  });
});

describe("data in parts", () => {
  test("folders train and test: what is in both", async () => {
    const found = await inspect(at("split"));
    expect(found).toMatchObject({
      parts: ["train", "test"],
      classes: ["even", "odd"],
      counts: [
        [2, 2],
        [1, 2],
      ],
      leaks: [{ part: "train", into: "test", images: 2, same: 2, of: 3 }],
      conflicts: 0,
    });
    expect(found.groups.flatMap(({ members }) => members.map(({ name }) => name))).toEqual([
      "train/even/2.png",
      "test/even/2.png",
      "train/odd/1.png",
      "test/odd/renamed.png",
    ]);
    expect(found.channels.part).toBe("train");
    const pictures = await picturesOf(
      { data: at("split"), likeness: 0.85, maxPixels: 1e6 },
      new Set(["test/odd/renamed.png"]),
    );
    expect([...pictures.keys()]).toEqual(["test/odd/renamed.png"]);
  });

  test("an official test part: digits of 28x28 in IDX files", async () => {
    const random = stream(1, "digits");
    const digit = () =>
      Buffer.from(Uint8Array.from({ length: 784 }, () => Math.floor(256 * random.uniform())));
    const [one, two, three, four] = [digit(), digit(), digit(), digit()];
    const write = (stem: string, images: readonly Buffer[], labels: readonly number[]) => {
      const head = (...numbers: readonly number[]) =>
        Buffer.concat(
          numbers.map((value) => {
            const bytes = Buffer.alloc(4);
            bytes.writeUInt32BE(value);
            return bytes;
          }),
        );
      writeFileSync(
        at("digits", `${stem}-images-idx3-ubyte`),
        Buffer.concat([head(0x803, images.length, 28, 28), ...images]),
      );
      writeFileSync(
        at("digits", `${stem}-labels-idx1-ubyte`),
        Buffer.concat([head(0x801, labels.length), Buffer.from(labels)]),
      );
    };
    mkdirSync(at("digits"));
    write("train", [one, two, three], [0, 1, 0]);
    write("t10k", [two, four], [0, 1]);
    const found = await inspect(at("digits"));
    expect(found).toMatchObject({
      parts: ["train", "test"],
      leaks: [{ part: "train", into: "test", images: 1, same: 1, of: 2 }],
      conflicts: 1,
      formats: [],
      sizes: { width: { smallest: 28, largest: 28 } },
      groups: [{ sameness: "same pixels", likeness: 1, members: [{ part: "train" }, { part: "test" }] }],
    });
    expect(found.channels.mean.length).toBe(1);
    const names = new Set(found.groups[0]!.members.map(({ name }) => name));
    const pictures = await picturesOf({ data: at("digits"), likeness: 0.85, maxPixels: 1e6 }, names);
    expect(new Set(pictures.keys())).toEqual(names);
  });
});

test("what cannot be looked at is one clear error", async () => {
  await expect(inspect(at("nowhere"))).rejects.toThrow(/nowhere does not exist/);
  await expect(inspect(at("photos"), { likeness: 0 })).rejects.toThrow(
    "data stats: --likeness must be above 0 and at most 1, got 0",
  );
  for (const name of ["a", "b"]) {
    mkdirSync(at("broken", name), { recursive: true });
    writeFileSync(at("broken", name, "0.png"), "");
  }
  await expect(inspect(at("broken"))).rejects.toThrow(
    /must hold an image that can be read, got a\/0\.png: empty file/,
  );
});

test("what is not read, classes that are too small, and a few images of each class", async () => {
  const data = at("left");
  cpSync(at("photos", "a"), join(data, "a"), { recursive: true });
  cpSync(at("photos", "b"), join(data, "b"), { recursive: true });
  await paint(join(data, "rare", "0.png"), 77);
  writeFileSync(join(data, "a", "x.ppm"), "P6");
  writeFileSync(join(data, "all.tar"), "x");
  mkdirSync(join(data, "@eaDir"));
  const found = await inspect(data, { shares: { validation: 0.1, test: 0.25 } });
  expect(found.classes).toEqual(["a", "b", "rare"]);
  expect(found.leftOut.map(({ what, count, names }) => [what, count, names.join()]).sort()).toEqual([
    [".ppm", 1, "a/x.ppm"],
    [".tar", 1, "all.tar"],
    ["folders of photo tools or the system", 1, "@eaDir/"],
  ]);
  expect(found.missing.map((each) => each.class)).toContain("rare");
  expect(found.examples.map((names) => names.length)).toEqual([4, 4, 1]);
  expect(found.examples[2]).toEqual(["rare/0.png"]);
});

test("a folder of a photo tool beside the parts of a split is no part, and is named", async () => {
  cpSync(at("split"), at("split2"), { recursive: true });
  mkdirSync(at("split2", "@eaDir"));
  writeFileSync(at("split2", "train", "odd", "x.ppm"), "P6");
  const found = await inspect(at("split2"));
  expect(found.parts).toEqual(["train", "test"]);
  expect(found.leftOut.map(({ what, names }) => [what, names.join()])).toEqual([
    ["folders of photo tools or the system", "@eaDir/"],
    [".ppm", "train/odd/x.ppm"],
  ]);
});
