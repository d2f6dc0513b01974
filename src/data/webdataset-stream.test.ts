import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/helpers/data.ts";
import { type Files, png, samples, shardsOf, tarOf } from "../../test/helpers/shards.ts";
import { trainingPipeline } from "../augment/pipeline.ts";
import { expandBraces } from "./shards.ts";
import { readWebDataset, type WebDatasetOptions, webDatasetBatches } from "./webdataset-stream.ts";

async function keys(options: WebDatasetOptions): Promise<number[]> {
  const found: number[] = [];
  for await (const { key } of readWebDataset(options)) found.push(Number(key));
  return found;
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
    // 1,000 samples of 200 kB; 10 MB of them wait in the buffer.
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
      if (count % 20 === 0) highest = Math.max(highest, process.memoryUsage().arrayBuffers);
    }
    expect(count).toBe(1000);
    expect(highest).toBeLessThan(100e6);
  });
});
