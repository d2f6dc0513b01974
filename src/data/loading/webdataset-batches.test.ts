import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import { type Files, png, samples, shardsOf, tarOf } from "../../../test/helpers/shards.ts";
import { type CutoutOptions, trainingPipeline } from "../../augment/index.ts";
import { expandBraces } from "../datasets/shards.ts";
import type { Batch } from "./batch.ts";
import { type WebDatasetBatchOptions, webDatasetBatches } from "./webdataset-batches.ts";
import { readWebDataset, type WebDatasetOptions } from "./webdataset-samples.ts";

async function keys(options: WebDatasetOptions): Promise<number[]> {
  const found: number[] = [];
  for await (const { key } of readWebDataset(options)) found.push(Number(key));
  return found;
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

/** Bytes of the array buffers that something still holds. */
function arrayBuffers(): number {
  // What the first leaves to another thread to give back, the second waits for.
  collectGarbage();
  collectGarbage();
  return process.memoryUsage().arrayBuffers;
}

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

describe("patterns of shards", () => {
  it("count, list and multiply", () => {
    expect(expandBraces("a-{008..011}.tar")).toEqual(["a-008.tar", "a-009.tar", "a-010.tar", "a-011.tar"]);
    expect(expandBraces("{train,val}-{1..0}")).toEqual(["train-1", "train-0", "val-1", "val-0"]);
    expect(expandBraces("plain.tar")).toEqual(["plain.tar"]);
    expect(() => expandBraces("{0..9999999}")).toThrow(/at most 1000000 shards/);
    expect(() => expandBraces("{0..9999}{0..9999}")).toThrow(/at most 1000000 shards/);
  });
});

describe("a stream of samples", () => {
  it("gives each sample once, in an order that follows from seed and epoch", async () => {
    const shards = await shardsOf([5, 0, 7, 3]);
    expect(await keys({ shards })).toEqual(upTo(15));
    const shuffle = { seed: 1, epoch: 0, buffer: 4 };
    const order = await keys({ shards, shuffle });
    expect(sorted(order)).toEqual(upTo(15));
    expect(order).not.toEqual(upTo(15));
    expect(await keys({ shards, shuffle })).toEqual(order);
    for (const other of [{ seed: 2 }, { epoch: 1 }]) {
      expect(await keys({ shards, shuffle: { ...shuffle, ...other } })).not.toEqual(order);
    }
  });

  it("deals the shards to any number of workers: together they give each sample once", async () => {
    const shards = await shardsOf([2, 3, 1, 4, 2]);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 7 }), fc.boolean(), async (count, shuffled) => {
        const shuffle = shuffled ? { seed: 3, epoch: 5, buffer: 3 } : null;
        const dealt = upTo(count).map((index) => keys({ shards, shuffle, worker: { index, count } }));
        expect(sorted((await Promise.all(dealt)).flat())).toEqual(upTo(12));
      }),
      { numRuns: 14 },
    );
  });

  it("mixes across shards when the buffer is large", async () => {
    const shards = await shardsOf([8, 8]);
    const mixed = await keys({ shards, shuffle: { seed: 1, epoch: 0, buffer: 1000 } });
    expect(new Set(mixed.slice(0, 8).map((n) => n < 8)).size).toBe(2);
  });

  it("says where a sample stands and why one is incomplete", async () => {
    const folder = temporaryFolder();
    const files: Files = [
      ["a.txt", "1"],
      ["b.png", await png(1)],
      ["c.cls", "1"],
      ["d/e.f.png", await png(2)],
      ["d/e.json", '{"label": "x"}'],
    ];
    writeFileSync(join(folder, "a.tar"), await tarOf(files));
    const found = [];
    for await (const { image, ...rest } of readWebDataset({ shards: join(folder, "a.tar") })) {
      found.push({ ...rest, bytes: image?.length ?? null });
    }
    const problem = "no label (.cls, or a label in .json)";
    expect(found).toEqual([
      { key: "a", label: null, problem: "no image", shard: 0, position: 0, bytes: null },
      { key: "b", label: null, problem, shard: 0, position: 1, bytes: (await png(1)).length },
      { key: "c", label: 1, problem: "no image", shard: 0, position: 2, bytes: null },
      { key: "d/e", label: "x", problem: null, shard: 0, position: 3, bytes: (await png(2)).length },
    ]);
  });

  it("refuses options that do not fit", async () => {
    const shards = await shardsOf([1]);
    await expect(keys({ shards, worker: { index: 2, count: 2 } })).rejects.toThrow(
      /worker must be .* got 2 of 2/,
    );
    await expect(keys({ shards, shuffle: { seed: 0, epoch: 0, buffer: 0 } })).rejects.toThrow(
      /buffer must be/,
    );
    await expect(keys({ shards: "/no/such/folder" })).rejects.toThrow(/must be shards \(.tar\), got none/);
    await expect(keys({ shards: join(shards, "{000..001}.tar") })).rejects.toThrow(
      /^webdataset: .*001.tar cannot be read \(ENOENT\); check that it is there/,
    );
  });
});

describe("batches of a stream", () => {
  const pipeline = trainingPipeline({
    input: { height: 6, width: 5, channels: 3 },
    crop: { height: 4, width: 4, padding: 1 },
    flip: 0.5,
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
    cutout: null,
  });
  const options = {
    classes: ["even", "odd"],
    size: { height: 6, width: 5 },
    fit: "squash",
    pipeline,
    batchSize: 4,
    seed: 9,
    epoch: 2,
  } as const;

  it("are decoded, augmented from the sample's own stream, and labelled", async () => {
    const shards = await shardsOf([5, 6]);
    const batches = [];
    for await (const batch of webDatasetBatches({ ...options, shards, shuffle: null })) batches.push(batch);
    expect(batches.map(({ indices }) => [...indices])).toEqual([
      [0, 1, 2, 3],
      [4, 5, 6, 7],
    ]);
    expect([...batches[1]!.labels]).toEqual([0, 1, 0, 1]);
    // One worker of two that gets the second shard augments its images in the same way.
    const alone = [];
    for await (const batch of webDatasetBatches({ ...options, shards, worker: { index: 1, count: 2 } }))
      alone.push(batch);
    // Image 5 is the first of the second shard: at 1 of the second batch, at 0 when alone.
    expect(alone[0]!.images.slice(0, 48)).toEqual(batches[1]!.images.slice(48, 96));
    expect(alone).toHaveLength(1);
  });

  /** Normalized pixels are 1 and more, so that zeros are holes. */
  const cutting = (cutout: CutoutOptions) =>
    trainingPipeline({
      input: { height: 6, width: 5, channels: 3 },
      crop: { height: 6, width: 5, padding: 0 },
      flip: 0,
      normalization: { mean: [-1, -1, -1], std: [1, 1, 1] },
      cutout,
    });
  const hole = { nHoles: 1, placement: "inside", fill: "zero", probability: 1 } as const;
  const imageFloats = 6 * 5 * 3;
  const holesOf = ({ images, count }: Batch) =>
    Array.from({ length: count }, (_, at) =>
      images.slice(at * imageFloats, (at + 1) * imageFloats).reduce((zeros, value, pixel) => {
        return value === 0 ? `${zeros} ${pixel}` : zeros;
      }, ""),
    );
  const allOf = async (more: Partial<WebDatasetBatchOptions> & { readonly shards: string }) => {
    const batches: Batch[] = [];
    for await (const batch of webDatasetBatches({ ...options, ...more })) batches.push(batch);
    return batches;
  };

  it("hear of the training's progress, for what follows a schedule", async () => {
    const shards = await shardsOf([4, 4]);
    const grown = cutting({
      ...hole,
      length: {
        schedule: [
          [0, 0],
          [1, 4],
        ],
      },
    });
    const areas = async (progress?: number) => {
      const batches = await allOf({ shards, pipeline: grown, ...(progress !== undefined && { progress }) });
      return batches.flatMap(holesOf).map((zeros) => (zeros.split(" ").length - 1) / 3);
    };
    expect(await areas(0)).toEqual(Array(8).fill(0));
    expect(await areas(0.5)).toEqual(Array(8).fill(4));
    expect(await areas()).toEqual(Array(8).fill(16));
  });

  it("share a hole where they are told to, another in each batch of each worker", async () => {
    const shards = await shardsOf([8, 8, 8, 8]);
    const shared = cutting({ ...hole, length: 2, per: "batch" });
    const holesIn = async (worker?: { index: number; count: number }) => {
      const batches = await allOf({ shards, pipeline: shared, ...(worker && { worker }) });
      return batches.map((batch) => {
        expect(new Set(holesOf(batch)).size).toBe(1);
        return holesOf(batch)[0]!;
      });
    };
    const alone = await holesIn();
    expect(alone).toHaveLength(8);
    expect(new Set(alone).size).toBeGreaterThan(3);
    // Batches are numbered across the workers: each takes the hole of its number.
    expect(await holesIn({ index: 0, count: 2 })).toEqual(alone.filter((_, at) => at % 2 === 0));
    expect(await holesIn({ index: 1, count: 2 })).toEqual(alone.filter((_, at) => at % 2 === 1));
  });

  it("may show other images of the batch in their holes", async () => {
    const shards = await shardsOf([8]);
    const [other] = await allOf({ shards, pipeline: cutting({ ...hole, length: 4, fill: "otherImage" }) });
    const [plain] = await allOf({ shards, pipeline: cutting({ ...hole, length: 4, probability: 0 }) });
    const image = (batch: Batch, at: number) => batch.images.slice(at * imageFloats, (at + 1) * imageFloats);
    for (let at = 0; at < 4; at++) {
      const own = image(plain!, at);
      const changed = image(other!, at);
      expect(changed).not.toEqual(own);
      // Every pixel is the image's own or, all of them, one other's.
      const from = upTo(4).filter((n) => {
        const theirs = image(plain!, n);
        return changed.every((value, pixel) => value === own[pixel] || value === theirs[pixel]);
      });
      expect(from).not.toEqual([]);
    }
  });

  it("hold copies of an image beside each other, each augmented on its own", async () => {
    const shards = await shardsOf([4, 4]);
    const sized = cutting({ ...hole, length: 2 });
    const single = await allOf({ shards, pipeline: sized });
    const double = await allOf({ shards, pipeline: sized, copies: 2 });
    expect(double.map(({ indices }) => [...indices])).toEqual([
      [0, 0, 1, 1],
      [2, 2, 3, 3],
      [4, 4, 5, 5],
      [6, 6, 7, 7],
    ]);
    const holes = double.flatMap(holesOf);
    // The first copy is what the image is without copies.
    expect(holes.filter((_, at) => at % 2 === 0)).toEqual(single.flatMap(holesOf));
    expect(holes.filter((_, at) => at % 2 === 1)).not.toEqual(single.flatMap(holesOf));
    expect(double.flatMap(({ labels }) => [...labels])).toEqual(upTo(16).map((at) => (at >> 1) % 2));
  });

  it.each([
    [{ progress: 1.5 }, /progress must be from 0 to 1, got 1.5/],
    [{ copies: 3 }, /copies must be a divisor of batchSize \(4\), got 3/],
    [{ batchSize: 0 }, /batchSize must be an integer from 1 on, got 0/],
    [{ classes: ["one"] }, /classes must be two names or more, got 1/],
    [{ size: { height: 7, width: 5 } }, /the pipeline must take images of 7x5, got 6x5/],
  ])("refuse %j", async (wrong, message) => {
    await expect(allOf({ shards: await shardsOf([4]), ...wrong })).rejects.toThrow(message);
  });

  it("leave out what is broken, say so, and end when it is too much", async () => {
    const folder = temporaryFolder();
    const files: Files = [
      ...(await samples(0, 4)),
      ["x.png", "no image"],
      ["x.cls", "1"],
      ...(await samples(4, 4)),
    ];
    writeFileSync(join(folder, "a.tar"), await tarOf(files));
    const broken: string[] = [];
    const read = async (maxBroken: number) => {
      let count = 0;
      const onBroken = (name: string, reason: string) => void broken.push(`${name}: ${reason}`);
      for await (const batch of webDatasetBatches({ ...options, shards: folder, onBroken, maxBroken }))
        count += batch.count;
      return count;
    };
    expect(await read(0.2)).toBe(8);
    expect(broken).toEqual(["shard 0, x: no image in a known format (JPEG, PNG, WebP, GIF, TIFF, AVIF)"]);
    await expect(read(0.05)).rejects.toThrow(/at most a share of 0.05 .* got 1 of 9 \(the last: shard 0, x/);
  });

  it("refuse labels that are no classes", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "a.tar"), await tarOf(await samples(0, 4, (n) => (n === 3 ? "cat" : "1"))));
    const read = async () => {
      for await (const _ of webDatasetBatches({ ...options, shards: folder }));
    };
    await expect(read()).rejects.toThrow(/labels must be among the 2 classes, got "cat" in shard 0, 3/);
  });

  it("take memory that does not grow with the stream", async () => {
    // 1,000 samples of 200 kB, of which 50 wait in the buffer: 10 MB.
    const folder = temporaryFolder();
    const image = Buffer.concat([await png(0), Buffer.alloc(200_000)]);
    const files: Files = Array.from({ length: 100 }, (_, n) => [
      [`${n}.png`, image] as const,
      [`${n}.cls`, "1"] as const,
    ]).flat();
    writeFileSync(join(folder, "a.tar"), await tarOf(files));
    const shards = Array.from({ length: 10 }, () => join(folder, "a.tar"));
    let highest = 0;
    let count = 0;
    const shuffle = { seed: 0, epoch: 0, buffer: 50 };
    for await (const _ of readWebDataset({ shards, shuffle })) {
      count++;
      if (count % 20 === 0) highest = Math.max(highest, arrayBuffers());
    }
    expect(count).toBe(1000);
    expect(highest).toBeGreaterThan(10e6);
    expect(highest).toBeLessThan(20e6);
  });
});
