// Batches from threads: the same bits whatever their number, threads that die, readers that stop.

import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../../test/helpers/data.ts";
import type { SizedCutoutOptions } from "../../augment/cutout/options.ts";
import { evaluationViews, trainingPipeline } from "../../augment/index.ts";
import { stream } from "../../rng.ts";
import { startThread } from "../../thread.ts";
import type { Dataset } from "../dataset.ts";
import type { Batch } from "./batch.ts";
import { readCache } from "./cached-dataset.ts";
import { blockBytes, sumOf } from "./image-store.ts";
import { type Loader, openLoader, trainingBatches } from "./loader.ts";
import type { WorkerData, WorkerRequest } from "./worker-pool.ts";

const input = { height: 9, width: 8, channels: 3 as const };
const count = 40;
const imageBytes = 9 * 8 * 3;
const indices = Int32Array.from({ length: 37 }, (_, at) => (at * 11) % count);
const batchSize = 4;
const batches = 9;

function cached(inMemory: boolean): { dataset: Dataset; file: string } {
  const file = join(temporaryFolder(), "data.images");
  const rng = stream(3, "pixels");
  writeFileSync(
    file,
    Uint8Array.from({ length: count * imageBytes }, () => rng.integer(256)),
  );
  const index = {
    ...{
      format: 1,
      key: "",
      name: "data",
      classes: ["a", "b"],
      ...input,
      count,
      fingerprint: "f",
      broken: [],
    },
    sums: sumsIn(file),
    labels: Array.from({ length: count }, (_, image) => image % 2),
    names: Array.from({ length: count }, (_, image) => `${image}`),
    officialParts: null,
  };
  return { dataset: readCache(index, file, inMemory ? undefined : 0), file };
}

function sumsIn(file: string): string[] {
  const bytes = readFileSync(file);
  const blocks = Math.ceil(bytes.length / blockBytes);
  return Array.from({ length: blocks }, (_, at) =>
    sumOf(bytes.subarray(at * blockBytes, (at + 1) * blockBytes)),
  );
}

const pipelineWith = (cutout: Partial<SizedCutoutOptions>) =>
  trainingPipeline({
    input,
    crop: { height: 8, width: 7, padding: 2 },
    flip: 0.5,
    normalization: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
    cutout: { length: 4, nHoles: 2, placement: "anywhere", fill: "zero", probability: 0.9, ...cutout },
  });
const pipeline = pipelineWith({});
const order = { indices, batchSize, seed: 5, epoch: 2, progress: 0.25 };

/** Indices, labels and the bits of the images of each batch. */
async function bitsOf(read: AsyncIterable<Batch>, recycle: Loader["recycle"] = () => {}) {
  const all: { indices: Int32Array; labels: Int32Array; bits: Uint8Array }[] = [];
  for await (const { indices, labels, images } of read) {
    const { buffer, byteOffset, byteLength } = images;
    all.push({ indices, labels, bits: new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength)) });
    recycle(images);
  }
  return all;
}

const loaders: Loader[] = [];
afterEach(async () => {
  await Promise.all(loaders.splice(0).map((loader) => loader.close()));
});

/** A loader over threads that the test can see. */
function watched(
  dataset: Dataset,
  workers: number,
  onPost: (worker: Worker, request: WorkerRequest) => void,
) {
  const threads: Worker[] = [];
  const loader = openLoader({ dataset, pipeline, workers }, (workerData: WorkerData) => {
    const worker = startThread("./worker", import.meta.url, { workerData });
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message, transfer) => {
      post(message, transfer as never);
      onPost(worker, message);
    };
    threads.push(worker);
    return worker;
  });
  loaders.push(loader);
  return { loader, threads };
}

describe("bits", () => {
  it("are the same with 0, 1, 2 and 7 threads, in training and evaluation, from memory and from the file", async () => {
    const pipelines = [
      pipeline,
      pipelineWith({ fill: "imageMean", placement: "inside" }),
      pipelineWith({ fill: "random", shape: "circle" }),
      pipelineWith({ fill: "otherImage", per: "batch", probability: 1 }),
      trainingPipeline({
        ...pipeline.options,
        augmentations: [{ name: "grid-mask", options: { ramp: 0 } }, { name: "random-erasing" }],
      }),
    ];
    const datasets = [cached(true), cached(false)].map(({ dataset }) => dataset);
    const view = evaluationViews("ten", input, { height: 8, width: 7 })[3]!;
    for (const [at, chosen] of pipelines.entries()) {
      const read = async (dataset: Dataset, workers: number) => {
        const loader = openLoader({ dataset, pipeline: chosen, workers });
        loaders.push(loader);
        return [
          await bitsOf(loader.training(order), loader.recycle),
          await bitsOf(loader.training({ ...order, startBatch: 6 }), loader.recycle),
          await bitsOf(loader.evaluation({ indices, view, batchSize: 5 }), loader.recycle),
          await bitsOf(loader.training({ ...order, copies: 2, startBatch: 12 }), loader.recycle),
        ];
      };
      const expected = await read(datasets[0]!, 0);
      expect(expected.map((each) => each.length)).toEqual([batches, 3, 8, 6]);
      // Holes of another image depend on the batch; batches do not depend on where the epoch is taken up.
      expect(expected[0]!.slice(6)).toEqual(expected[1]);
      for (const [which, dataset] of datasets.entries()) {
        // Threads take a while to start: all combinations would.
        const numbers = at > 0 ? [which] : which === 0 ? [1, 2, 7] : [0, 1];
        for (const workers of numbers) {
          expect(await read(dataset, workers), `pipeline ${at}, ${workers} threads`).toEqual(expected);
        }
      }
    }
  });

  it("are made in this thread of data that others cannot open", async () => {
    const { dataset } = cached(true);
    const own: Dataset = { ...dataset, read: (wanted, target) => dataset.read(wanted, target) };
    const { loader, threads } = watched(own, 2, () => {});
    expect(await bitsOf(loader.training(order))).toEqual(
      await bitsOf(trainingBatches({ ...order, dataset, pipeline })),
    );
    expect(threads).toEqual([]);
  });
});

describe("memory", () => {
  it("holds a few batches ahead of the reader and no more, and is used again", async () => {
    const { dataset } = cached(true);
    let posted = 0;
    const { loader } = watched(dataset, 2, () => posted++);
    let read = 0;
    for await (const { images } of loader.training(order)) {
      read++;
      if (read === 1) await sleep(300);
      expect(posted).toBeLessThanOrEqual(read + 4);
      loader.recycle(images);
    }
    expect(read).toBe(batches);

    const here = openLoader({ dataset, pipeline, workers: 0 });
    const used = new Set<ArrayBufferLike>();
    for await (const { images } of here.training(order)) {
      used.add(images.buffer);
      here.recycle(images);
    }
    expect(used.size).toBe(2);
  });
});

describe("threads that die", () => {
  it("are replaced, and their batches made again with the same bits", async () => {
    const { dataset } = cached(true);
    const expected = await bitsOf(trainingBatches({ ...order, dataset, pipeline }));
    const killed = new Set<number>();
    const { loader, threads } = watched(dataset, 2, (worker, { id }) => {
      // In the middle of the batch: the thread has the request, and may or may not have looked at it.
      if ([1, 2, 6].includes(id) && !killed.has(id)) {
        killed.add(id);
        if (id === 6) setImmediate(() => worker.terminate());
        else worker.terminate();
      }
    });
    expect(await bitsOf(loader.training(order), loader.recycle)).toEqual(expected);
    expect([...killed]).toEqual([1, 2, 6]);
    expect(threads.length).toBeGreaterThan(2);
  });

  it("end with one error when three die at the same batch", async () => {
    const { dataset } = cached(true);
    const { loader, threads } = watched(dataset, 1, (worker, { id }) => {
      if (id === 2) worker.terminate();
    });
    let read = 0;
    const reading = (async () => {
      for await (const _ of loader.training(order)) read++;
    })();
    await expect(reading).rejects.toThrow(
      /^data: threads that make batches must live, got 3 that died at the same batch \(exit code \d\); free memory, or make batches without them: --workers 0$/,
    );
    expect(read).toBeLessThan(batches);
    expect(threads.length).toBeGreaterThanOrEqual(3);
  });

  it("say why they cannot start, and how they ended", async () => {
    const { dataset } = cached(true);
    for (const [code, reason] of [
      ["throw new Error('no such library')", "no such library"],
      ["require('worker_threads').parentPort.on('message', () => process.exit(7))", "exit code 7"],
    ] as const) {
      const loader = openLoader({ dataset, pipeline, workers: 2 }, () => new Worker(code, { eval: true }));
      loaders.push(loader);
      await expect(bitsOf(loader.training(order))).rejects.toThrow(`at the same batch (${reason})`);
    }
  });
});

it("what making a batch throws is thrown to the reader, and the thread goes on", async () => {
  const { dataset, file } = cached(false);
  const { loader, threads } = watched(dataset, 1, () => {});
  expect(await bitsOf(loader.training(order))).toHaveLength(batches);
  truncateSync(file, 10 * imageBytes);
  await expect(bitsOf(loader.training(order))).rejects.toThrow(
    expect.objectContaining({
      name: "CutoutError",
      what: expect.stringMatching(/data.images ends before image \d+$/),
      remedy: "delete it, it is made again",
    }),
  );
  const first = Int32Array.from({ length: 8 }, (_, at) => at);
  expect(await bitsOf(loader.training({ ...order, indices: first }))).toHaveLength(2);
  expect(threads).toHaveLength(1);
});

it("no thread is left behind by a reader that stops early, and the next one has its own batches", async () => {
  const { dataset } = cached(true);
  const expected = await bitsOf(trainingBatches({ ...order, dataset, pipeline }));
  const { loader, threads } = watched(dataset, 2, () => {});
  for await (const _ of loader.training({ ...order, epoch: 9 })) break;
  expect(await bitsOf(loader.training(order), loader.recycle)).toEqual(expected);
  expect(threads.length).toBeLessThanOrEqual(2);
  await loader.close();
  // A thread that has ended has no number any more.
  expect(threads.map(({ threadId }) => threadId)).toEqual(threads.map(() => -1));

  const started: Worker[] = [];
  const keep = (worker: Worker) => void started.push(worker);
  process.on("worker", keep);
  for await (const _ of trainingBatches({ ...order, dataset, pipeline, workers: 2 })) break;
  process.off("worker", keep);
  expect(started).toHaveLength(2);
  expect(started.map(({ threadId }) => threadId)).toEqual([-1, -1]);
});

it("refuses a number of threads that is none", () => {
  const { dataset } = cached(true);
  for (const workers of [-1, 1.5, Number.NaN]) {
    expect(() => openLoader({ dataset, pipeline, workers })).toThrow(
      `data: workers must be an integer from 0 on, got ${workers}`,
    );
  }
});
