import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { paint, temporaryFolder } from "../../../test/helpers/data.ts";
import type { Dataset } from "../dataset.ts";
import { openSource } from "../open.ts";
import { openCached } from "./cache.ts";
import { indexFrom, indexText, readCache } from "./cached-dataset.ts";
import { type OpenDatasetOptions, openDataset } from "./open-dataset.ts";

/** Two classes of `each` pictures; picture `i` of class `c` has the colour (10 c, i, 200), or its own grey. */
async function photos(each = 2, grey = false): Promise<string> {
  const folder = join(temporaryFolder(), "photos");
  for (const [label, name] of ["cat", "dog"].entries()) {
    for (let image = 0; image < each; image++) {
      const value = 100 * label + image;
      await paint(
        join(folder, name, `${image}.png`),
        grey ? [value, value, value] : [10 * label, image, 200],
      );
    }
  }
  return folder;
}

const optionsFor = (data: string, more: Partial<OpenDatasetOptions> = {}): OpenDatasetOptions => ({
  data,
  size: { height: 3, width: 4 },
  fit: "squash",
  cacheDir: join(data, "..", "cache"),
  maxPixels: 1e6,
  maxBroken: 0,
  ...more,
});

/** Opens, and tells whether anything was decoded. */
async function open(options: OpenDatasetOptions): Promise<{ dataset: Dataset; decoded: boolean }> {
  let decoded = false;
  const dataset = await openDataset(options, () => {
    decoded = true;
  });
  return { dataset, decoded };
}

function pixelsOf(dataset: Dataset): number[][] {
  const image = new Uint8Array(dataset.height * dataset.width * dataset.channels);
  return Array.from({ length: dataset.count }, (_, index) => {
    dataset.read([index], image);
    return [...image];
  });
}

const cacheFiles = (data: string) => readdirSync(join(data, "..", "cache")).sort();

describe("a cache", () => {
  it("is made once and gives the same dataset again", async () => {
    const data = await photos();
    const progress: [number, number, string][] = [];
    const first = await openDataset(optionsFor(data), (...now) => progress.push(now));
    expect(progress.at(0)).toEqual([0, 4, "decoding photos"]);
    expect(progress.at(-1)).toEqual([4, 4, "decoding photos"]);
    const again = await open(optionsFor(data));
    expect(again.decoded).toBe(false);
    for (const dataset of [first, again.dataset]) {
      expect(dataset).toMatchObject({
        name: "photos",
        classes: ["cat", "dog"],
        height: 3,
        width: 4,
        channels: 3,
      });
      expect(dataset).toMatchObject({ count: 4, officialParts: null, broken: [] });
      expect(dataset.names).toEqual(["cat/0.png", "cat/1.png", "dog/0.png", "dog/1.png"]);
      expect([...dataset.labels]).toEqual([0, 0, 1, 1]);
      const colors = pixelsOf(dataset).map((pixels) => pixels.slice(0, 3));
      expect(colors).toEqual([0, 1].flatMap((label) => [0, 1].map((image) => [10 * label, image, 200])));
    }
    expect(again.dataset.fingerprint).toBe(first.fingerprint);
    expect(cacheFiles(data)).toHaveLength(2);
  });

  it("is made again when a file is changed, added, renamed or removed, and the old one goes", async () => {
    const data = await photos();
    let { dataset } = await open(optionsFor(data));
    const changes: (() => Promise<void> | void)[] = [
      () => paint(join(data, "cat", "0.png"), [77, 0, 0]),
      () => paint(join(data, "cat", "7.png"), [78, 0, 0]),
      () => copyFileSync(join(data, "cat", "7.png"), join(data, "cat", "8.png")),
      () => rmSync(join(data, "cat", "7.png")),
    ];
    for (const change of changes) {
      await change();
      const next = await open(optionsFor(data));
      expect(next.decoded).toBe(true);
      expect(next.dataset.fingerprint).not.toBe(dataset.fingerprint);
      expect(cacheFiles(data)).toHaveLength(2);
      expect((await open(optionsFor(data))).decoded).toBe(false);
      dataset = next.dataset;
    }
    expect(pixelsOf(dataset)[0]!.slice(0, 3)).toEqual([77, 0, 0]);
  });

  it("keeps its fingerprint when only times change: same pixels, same dataset", async () => {
    const data = await photos();
    const { dataset } = await open(optionsFor(data));
    utimesSync(join(data, "cat", "0.png"), new Date(1e12), new Date(1e12));
    const touched = await open(optionsFor(data));
    expect(touched.decoded).toBe(true);
    expect(touched.dataset.fingerprint).toBe(dataset.fingerprint);
  });

  it("of another size or fit stands beside", async () => {
    const data = await photos();
    const fingerprints = new Set<string>();
    for (const more of [{}, { size: { height: 4, width: 3 } }, { fit: "cover" as const }]) {
      fingerprints.add((await open(optionsFor(data, more))).dataset.fingerprint);
    }
    expect(cacheFiles(data)).toHaveLength(6);
    expect((await open(optionsFor(data))).decoded).toBe(false);
    expect(fingerprints.size).toBe(2); // plain colours are the same under either fit
  });

  it.each([
    ["a cut file of images", (files: string[]) => truncateSync(files[0]!, 5)],
    ["a missing file of images", (files: string[]) => rmSync(files[0]!)],
    ["a missing index", (files: string[]) => rmSync(files[1]!)],
    ["a damaged index", (files: string[]) => truncateSync(files[1]!, 30)],
    ["an index of another kind", (files: string[]) => writeFileSync(files[1]!, "{}")],
  ])("is made again after %s", async (_, damage) => {
    const data = await photos();
    const { dataset } = await open(optionsFor(data));
    damage(cacheFiles(data).map((name) => join(data, "..", "cache", name)));
    const again = await open(optionsFor(data));
    expect(again.decoded).toBe(true);
    expect(pixelsOf(again.dataset)).toEqual(pixelsOf(dataset));
  });

  it("is made again, and that is said, when any bit of it has changed", async () => {
    const data = await photos();
    const { dataset } = await open(optionsFor(data));
    const before = pixelsOf(dataset);
    expect(dataset.notes).toEqual([]);
    const files = cacheFiles(data).map((name) => join(data, "..", "cache", name));
    for (const file of files) {
      const { size } = statSync(file);
      for (let flip = 0; flip < 30; flip++) {
        const bytes = readFileSync(file);
        const at = Math.floor((flip * size) / 30);
        bytes[at] = bytes[at]! ^ (1 << (flip % 8));
        writeFileSync(file, bytes);
        const said: string[] = [];
        const again = await openDataset(optionsFor(data), (_done, _total, what) => said.push(what));
        expect(said.at(-1)).toBe("decoding photos, as the cache was damaged");
        expect(again.notes).toEqual([
          expect.stringMatching(/^the cache was damaged, it has been made again \(.*images\)$/),
        ]);
        expect(pixelsOf(again)).toEqual(before);
        expect(again.fingerprint).toBe(dataset.fingerprint);
      }
    }
    const whole = await open(optionsFor(data));
    expect(whole).toMatchObject({ decoded: false, dataset: { notes: [] } });
  });

  it("is not believed when its index is another's, or its images are", async () => {
    const data = await photos();
    const { dataset } = await open(optionsFor(data));
    const [images, index] = cacheFiles(data).map((name) => join(data, "..", "cache", name)) as [
      string,
      string,
    ];
    const right = indexFrom(readFileSync(index, "utf8"))!;
    writeFileSync(index, indexText({ ...right, key: "of other data" }));
    expect((await open(optionsFor(data))).decoded).toBe(true);
    writeFileSync(images, new Uint8Array(statSync(images).size));
    const again = await open(optionsFor(data));
    expect(again.decoded).toBe(true);
    expect(pixelsOf(again.dataset)).toEqual(pixelsOf(dataset));
  });

  it("has one channel when every picture is grey, three when one is not", async () => {
    const data = await photos(3, true);
    const { dataset } = await open(optionsFor(data));
    expect(dataset.channels).toBe(1);
    expect(pixelsOf(dataset)).toEqual([0, 1, 2, 100, 101, 102].map((value) => new Array(12).fill(value)));
    await paint(join(data, "dog", "0.png"), [1, 2, 3]); // neither the first nor the last
    const colored = (await open(optionsFor(data))).dataset;
    expect(colored.channels).toBe(3);
    expect(pixelsOf(colored).at(1)).toEqual(new Array(36).fill(1));
  });
});

describe("broken images", () => {
  it("are skipped, counted and listed, also from the cache", async () => {
    const data = await photos(3);
    writeFileSync(join(data, "cat", "1.png"), "");
    const first = await open(optionsFor(data, { maxBroken: 0.2 }));
    const second = await open(optionsFor(data, { maxBroken: 0.2 }));
    expect(second.decoded).toBe(false);
    for (const { dataset } of [first, second]) {
      expect(dataset.broken).toEqual([{ name: "cat/1.png", reason: "empty file (0 bytes)" }]);
      expect(dataset.names).toEqual(["cat/0.png", "cat/2.png", "dog/0.png", "dog/1.png", "dog/2.png"]);
      expect([...dataset.labels]).toEqual([0, 0, 1, 1, 1]);
      expect(pixelsOf(dataset)[1]!.slice(0, 3)).toEqual([0, 2, 200]);
    }
    // A cache that exists does not get around a lower limit.
    const tooMany =
      /at most 10 % of the 6 images .* got at least 1: cat\/1.png \(empty file \(0 bytes\)\); repair or/;
    await expect(openDataset(optionsFor(data, { maxBroken: 0.1 }))).rejects.toThrow(tooMany);
  });

  it("more than maxBroken of them, or a whole class, is an error that leaves no cache", async () => {
    const data = await photos(2);
    writeFileSync(join(data, "cat", "0.png"), "text");
    writeFileSync(join(data, "cat", "1.png"), "");
    await expect(openDataset(optionsFor(data))).rejects.toThrow(
      /at most 0 % of the 4 images .* cat\/0.png \(no image/,
    );
    await expect(openDataset(optionsFor(data, { maxBroken: 0.5 }))).rejects.toThrow(
      /class "cat" of .* must have an image that can be read, got broken ones only \(cat\/0.png: no image/,
    );
    expect(cacheFiles(data)).toEqual([]);
  });

  it("are read again once they are whole", async () => {
    const data = await photos(2);
    writeFileSync(join(data, "cat", "1.png"), "");
    expect((await open(optionsFor(data, { maxBroken: 0.5 }))).dataset.count).toBe(3);
    await paint(join(data, "cat", "1.png"), [5, 6, 7]);
    expect((await open(optionsFor(data))).dataset).toMatchObject({ count: 4, broken: [] });
  });
});

describe("reading", () => {
  it("from memory and from the file is the same; indices outside are a RangeError", async () => {
    const data = await photos(5);
    await open(optionsFor(data));
    const [images, index] = cacheFiles(data).map((name) => join(data, "..", "cache", name)) as [
      string,
      string,
    ];
    const parsed = indexFrom(readFileSync(index, "utf8"))!;
    const both = [readCache(parsed, images), readCache(parsed, images, 0)];
    const [memory, disk] = both.map(pixelsOf);
    expect(disk).toEqual(memory);
    const order = [7, 0, 7, 3];
    for (const dataset of both) {
      const target = new Uint8Array(4 * 36);
      dataset.read(order, target);
      expect([...target]).toEqual(order.flatMap((at) => memory![at]!));
      for (const wrong of [-1, 10, 1.5, Number.NaN])
        expect(() => dataset.read([wrong], target)).toThrow(RangeError);
      expect(() => dataset.read([0, 1, 2, 3, 4], target)).toThrow(/target must hold 5 images of 36 bytes/);
      dataset.close();
      dataset.close();
      expect(() => dataset.read([0], target)).toThrow(/must be open, got a read after close/);
    }
  });
});

/** A cache of three blocks and a bit, left in its file, and where that is. */
async function inFile(): Promise<{ dataset: Dataset; images: string; count: number; imageBytes: number }> {
  const data = await manyPhotos();
  const side = 140;
  const size = { height: side, width: side };
  (await open(optionsFor(data, { size }))).dataset.close();
  const [images, index] = cacheFiles(data).map((name) => join(data, "..", "cache", name)) as [string, string];
  const dataset = readCache(indexFrom(readFileSync(index, "utf8"))!, images, 0);
  return { dataset, images, count: 60, imageBytes: side * side * dataset.channels };
}

describe("images that stay in the file", () => {
  it("are checked when they are first read: damage is an error, and the next start makes them again", async () => {
    const { dataset, images, imageBytes } = await inFile();
    const target = new Uint8Array(imageBytes);
    const bytes = readFileSync(images);
    expect(bytes.length).toBeGreaterThan(3 * 2 ** 20);
    const place = 2 ** 21 + 12345;
    bytes[place] = bytes[place]! ^ 4;
    writeFileSync(images, bytes);
    dataset.read([0], target); // another block
    expect(() => dataset.read([Math.floor(place / imageBytes)], target)).toThrow(
      /^cache: .*images is damaged \(the sum of its block 2 is wrong\); start again/,
    );
    expect(existsSync(images)).toBe(false);
    dataset.close();
  });

  it("are read on when another process has removed or replaced the file", async () => {
    const { dataset, images, count, imageBytes } = await inFile();
    const before = readFileSync(images);
    rmSync(images);
    writeFileSync(images, "another");
    const target = new Uint8Array(imageBytes);
    for (let image = 0; image < count; image++) {
      dataset.read([image], target);
      expect(Buffer.compare(target, before.subarray(image * imageBytes, (image + 1) * imageBytes))).toBe(0);
    }
    dataset.close();
  });
});

const loader = new URL("./open-dataset.ts", import.meta.url).href;
const root = fileURLToPath(new URL("../../..", import.meta.url));

/** A program that opens the dataset, and stands still when `stopAt` images are done. */
function program(options: OpenDatasetOptions, stopAt = -1): string[] {
  const code = `
    import { openDataset } from ${JSON.stringify(loader)};
    const progress = (done) => {
      if (done !== ${stopAt}) return;
      console.log("at " + done);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    };
    openDataset(${JSON.stringify(options)}, progress).then(
      (dataset) => console.log("opened " + dataset.count),
      (error) => { console.log("failed " + error.message); process.exit(1); },
    );`;
  return ["--import", "tsx", "--input-type=module", "--eval", code];
}

/** 60 noisy pictures, so that decoding takes a while and the cache some 10 kB each. */
async function manyPhotos(): Promise<string> {
  const folder = join(temporaryFolder(), "many");
  const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * 7919 + ((at * at) >> 5)) & 255);
  const picture = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
    .png()
    .toBuffer();
  for (const name of ["cat", "dog"]) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let image = 0; image < 30; image++) writeFileSync(join(folder, name, `${image}.png`), picture);
  }
  return folder;
}

it("survives kill -9 in the middle of the caching: the next open makes it whole and cleans up", async () => {
  const data = await manyPhotos();
  const options = optionsFor(data, { size: { height: 60, width: 60 } });
  const child = spawn(process.execPath, program(options, 20), {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.includes("at 20\n")) break;
  }
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  expect(child.signalCode).toBe("SIGKILL");
  const left = cacheFiles(data);
  expect(left).toHaveLength(1);
  expect(left[0]).toMatch(/\.images\.tmp-/);
  expect(statSync(join(data, "..", "cache", left[0]!)).size).toBeLessThan(60 * 60 * 60 * 3);
  // A file of a process that is still running is left alone.
  const ours = left[0]!.replace(/-\d+-\d+$/, `-${process.pid}-999`);
  appendFileSync(join(data, "..", "cache", ours), "");

  const { dataset, decoded } = await open(options);
  expect(decoded).toBe(true);
  expect(dataset.count).toBe(60);
  const files = cacheFiles(data);
  expect(files).toContain(ours);
  expect(files).not.toContain(left[0]);
  expect(files).toHaveLength(3);
});

it("many processes at once: each has all images, and the cache is whole", async () => {
  const data = await manyPhotos();
  const options = optionsFor(data, { size: { height: 60, width: 60 } });
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, program(options), { cwd: root, stdio: ["ignore", "pipe", "inherit"] }),
  );
  const answers = children.map(async (child) => {
    let output = "";
    for await (const chunk of child.stdout) output += chunk;
    return output;
  });
  expect(await Promise.all(answers)).toEqual(children.map(() => "opened 60\n"));
  expect(cacheFiles(data)).toHaveLength(2);
  expect((await open(options)).decoded).toBe(false);
});

it("a starting process removes nothing that another has made since it looked at the data", async () => {
  const data = await photos();
  const options = optionsFor(data);
  const since = performance.timeOrigin + performance.now();
  const old = await openSource(options); // looks at the data, and is slow from here on
  await paint(join(data, "cat", "0.png"), [77, 0, 0]);
  await open(options);
  const made = cacheFiles(data);
  expect(made).toHaveLength(2);
  (await openCached(old, options, () => {}, since)).close();
  expect(cacheFiles(data)).toEqual(expect.arrayContaining(made));
  expect((await open(options)).decoded).toBe(false);
});

describe("a disk that does not take the cache", () => {
  // A limit on the size of files fails in the same way as a full disk, and can be had without being root.
  it.skipIf(process.platform === "win32")("full: one clear error, nothing left", async () => {
    const data = await manyPhotos();
    const options = optionsFor(data, { size: { height: 60, width: 60 } });
    const limited = ["-c", 'ulimit -f 200; exec "$0" "$@"', process.execPath, ...program(options)];
    const { stdout, status } = spawnSync("sh", limited, { cwd: root, encoding: "utf8" });
    expect(stdout).toMatch(
      /failed cache: no room left for the 1 MiB of decoded images in .*cache; free space or/,
    );
    expect(status).toBe(1);
    expect(cacheFiles(data)).toEqual([]);
    expect((await open(options)).dataset.count).toBe(60);
  });

  it("not writable: one clear error", async () => {
    const data = await photos();
    writeFileSync(join(data, "..", "cache"), "a file");
    const message = /^cache: .*cache must be a folder that can be written; choose another cacheDir \(/;
    await expect(openDataset(optionsFor(data))).rejects.toThrow(message);
    const below = join(data, "..", "cache", "below");
    await expect(openDataset(optionsFor(data, { cacheDir: below }))).rejects.toThrow(
      /^cache: .* must be a folder/,
    );
  });
});
