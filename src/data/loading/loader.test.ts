import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryDataset, paint, temporaryFolder } from "../../../test/helpers/data.ts";
import { evaluationViews, trainingPipeline } from "../../augment/index.ts";
import { stream } from "../../rng.ts";
import type { Dataset } from "../dataset.ts";
import { describeData } from "../open.ts";
import type { Batch } from "./batch.ts";
import { evaluationBatches, trainingBatches } from "./loader.ts";
import { openDataset } from "./open-dataset.ts";

const input = { height: 4, width: 4, channels: 3 };
const labels = Array.from({ length: 23 }, (_, image) => image % 3);
const dataset = memoryDataset(labels, { height: 4, width: 4 }, (image, at) => (image * 11 + at * 5) % 256);
const pipeline = trainingPipeline({
  input,
  crop: { height: 3, width: 3, padding: 1 },
  flip: 0.5,
  normalization: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
  cutout: { length: 2, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 },
});
const indices = Int32Array.from([20, 3, 5, 7, 11, 0, 1, 22, 13, 17, 19]);
const imageFloats = 27;

async function collect(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const all: Batch[] = [];
  for await (const batch of batches) all.push(batch);
  return all;
}

const training = (more: Partial<Parameters<typeof trainingBatches>[0]> = {}) =>
  collect(trainingBatches({ dataset, indices, pipeline, batchSize: 3, seed: 5, epoch: 2, ...more }));

/** Index and pixels of each image, in order. */
const images = (batches: readonly Batch[]) =>
  batches.flatMap(({ indices, images, labels, count }) =>
    Array.from({ length: count }, (_, at) => ({
      index: indices[at]!,
      label: labels[at]!,
      pixels: [...images.slice(at * imageFloats, (at + 1) * imageFloats)],
    })),
  );

describe("copies of each image (batch augmentation)", () => {
  it("follow each other; the first is the one there would be without, the others have draws of their own", async () => {
    const alone = images(await training({ batchSize: 2 }));
    const batches = await training({ batchSize: 6, copies: 3 });
    expect(batches.map(({ count }) => count)).toEqual(new Array(5).fill(6));
    const copied = images(batches);
    expect(copied.map(({ index }) => index)).toEqual(alone.flatMap(({ index }) => [index, index, index]));
    expect(copied.filter((_, at) => at % 3 === 0)).toEqual(alone);
    const same = alone.filter(
      (_, at) => String(copied[3 * at + 1]!.pixels) === String(copied[3 * at + 2]!.pixels),
    );
    expect(same.length).toBeLessThan(alone.length / 2);
    expect(images(await training({ batchSize: 6, copies: 3, startBatch: 3 }))).toEqual(copied.slice(18));
  });

  it.each([0, 1.5, 4])("must divide the batch: %d", (copies) => {
    expect(() => training({ batchSize: 6, copies })).toThrow(
      `data: copies must be a divisor of batchSize (6), got ${copies}`,
    );
  });
});

describe("training batches", () => {
  it("hold every image once but the last few, with labels, in another order each epoch", async () => {
    const batches = await training();
    expect(batches.map(({ count, images }) => [count, images.length])).toEqual(new Array(3).fill([3, 81]));
    const found = images(batches);
    expect(new Set(found.map(({ index }) => index)).size).toBe(9);
    for (const { index, label } of found) {
      expect(indices).toContain(index);
      expect(label).toBe(labels[index]);
    }
    const order = (batches: Batch[]) => images(batches).map(({ index }) => index);
    expect(order(await training())).toEqual(order(batches));
    expect(order(await training({ epoch: 3 }))).not.toEqual(order(batches));
    expect(order(await training({ seed: 6 }))).not.toEqual(order(batches));
  });

  it("do not depend on the batch size, nor on where the epoch is taken up", async () => {
    const whole = images(await training({ batchSize: 1 }));
    expect(whole).toHaveLength(11);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 11 }), fc.nat(11), async (batchSize, skip) => {
        const startBatch = Math.min(skip, Math.floor(11 / batchSize));
        const found = images(await training({ batchSize, startBatch }));
        const end = Math.floor(11 / batchSize) * batchSize;
        expect(found).toEqual(whole.slice(startBatch * batchSize, end));
      }),
      { numRuns: 30 },
    );
  });

  it("augment each image from a stream of its own", async () => {
    const raw = new Uint8Array(48);
    for (const { index, pixels } of images(await training())) {
      dataset.read([index], raw);
      const expected = new Float32Array(imageFloats);
      pipeline.apply(raw, 0, pipeline.sample(stream(5, "augment", 2, index)), expected, 0);
      expect(pixels).toEqual([...expected]);
    }
  });

  it("augment an image in the same way wherever it stands in the order", async () => {
    const byIndex = new Map(
      images(await training({ batchSize: 1 })).map((image) => [image.index, image.pixels]),
    );
    const backwards = images(await training({ batchSize: 1, indices: indices.slice().reverse() }));
    for (const { index, pixels } of backwards) expect(pixels).toEqual(byIndex.get(index));
  });

  it("are made ahead, and a reader may stop early and close the dataset", async () => {
    let reads = 0;
    let open = true;
    const counting: Dataset = {
      ...dataset,
      read(...args) {
        if (!open) throw new Error("closed");
        reads++;
        dataset.read(...args);
      },
    };
    for await (const _ of trainingBatches({
      dataset: counting,
      indices,
      pipeline,
      batchSize: 2,
      seed: 1,
      epoch: 0,
    })) {
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(reads).toBe(2);
      break;
    }
    open = false;
    await new Promise(setImmediate);
  });

  it("throw what reading throws", async () => {
    const failing = { ...dataset, read: () => expect.fail("disk gone") };
    await expect(training({ dataset: failing })).rejects.toThrow("disk gone");
  });

  it("refuse wrong sizes at once", () => {
    const make = (more: object) => () =>
      trainingBatches({ dataset, indices, pipeline, batchSize: 3, seed: 5, epoch: 2, ...more });
    expect(make({ batchSize: 12 })).toThrow(
      /batchSize must be at most the number of training images \(11\), got 12; lower/,
    );
    for (const batchSize of [0, -1, 1.5])
      expect(make({ batchSize })).toThrow(/batchSize must be an integer from 1 on/);
    for (const startBatch of [-1, 4, 0.5])
      expect(make({ startBatch })).toThrow(/startBatch must be an integer from 0 to 3/);
    expect(make({ dataset: memoryDataset(labels) })).toThrow(/must take images of 2x2x3, got 4x4x3/);
    const grey = memoryDataset(labels, { height: 4, width: 4, channels: 1 });
    expect(make({ dataset: grey })).toThrow(/must take images of 4x4x1, got 4x4x3/);
  });
});

describe("evaluation batches", () => {
  it("hold all images in order in one view; the last may be smaller", async () => {
    const view = evaluationViews("center", input, { height: 3, width: 3 })[0]!;
    const batches = await collect(evaluationBatches({ dataset, indices, pipeline, view, batchSize: 4 }));
    expect(batches.map(({ count }) => count)).toEqual([4, 4, 3]);
    const found = images(batches);
    expect(found.map(({ index }) => index)).toEqual([...indices]);
    const pixels = new Uint8Array(48);
    for (const { index, label, pixels: actual } of found) {
      expect(label).toBe(labels[index]);
      dataset.read([index], pixels);
      const expected = new Float32Array(imageFloats);
      pipeline.apply(pixels, 0, view, expected, 0);
      expect(actual).toEqual([...expected]);
    }
    expect(
      await collect(evaluationBatches({ dataset, indices: new Int32Array(), pipeline, view, batchSize: 4 })),
    ).toEqual([]);
  });
});

describe("opening", () => {
  it("knows the kinds of data and their sizes", async () => {
    const folder = temporaryFolder();
    expect(await describeData({ data: folder })).toEqual({ format: "folder", data: folder, size: null });
    const name = "fashion-mnist";
    expect(await describeData({ data: name })).toEqual({
      format: name,
      data: name,
      size: { height: 28, width: 28 },
    });
    writeFileSync(join(folder, "test_batch.bin"), "");
    expect(await describeData({ data: folder })).toMatchObject({
      format: "cifar10",
      size: { height: 32, width: 32 },
    });
  });

  const open = (data: string, more: object = {}) => {
    const size = { height: 32, width: 32 };
    const cacheDir = join(data, "..", "cache");
    return openDataset({ data, size, fit: "cover", cacheDir, maxPixels: 1e6, maxBroken: 0, ...more });
  };

  it("takes a folder with a file of CIFAR-10 for CIFAR-10", async () => {
    const folder = join(temporaryFolder(), "cifar");
    mkdirSync(folder);
    writeFileSync(join(folder, "data_batch_1.bin"), "");
    await expect(open(folder)).rejects.toThrow(
      /^cifar: .*cifar must hold all files of CIFAR-10, data_batch_2.bin/,
    );
  });

  it("opens a flat folder", async () => {
    const folder = join(temporaryFolder(), "flat");
    await paint(join(folder, "cat.0.jpg"), [200, 0, 0]);
    await paint(join(folder, "dog.0.png"), [0, 200, 0]);
    const opened = await open(folder);
    expect(opened).toMatchObject({ name: "flat", classes: ["cat", "dog"], count: 2, height: 32, width: 32 });
  });

  it("refuses options out of range", async () => {
    await expect(open(".", { size: { height: 0, width: 3 } })).rejects.toThrow(
      /height must be a whole number of pixels/,
    );
    await expect(open(".", { size: { height: 3, width: 1.5 } })).rejects.toThrow(
      /width must be a whole number/,
    );
    await expect(open(".", { maxPixels: -1 })).rejects.toThrow(/maxPixels must be a whole number/);
    await expect(open(".", { maxBroken: 1.1 })).rejects.toThrow(
      /maxBroken must be a share from 0 to 1, got 1.1/,
    );
    await expect(open("/no/such/folder")).rejects.toThrow(
      /^data: \/no\/such\/folder does not exist; give the folder/,
    );
  });
});
