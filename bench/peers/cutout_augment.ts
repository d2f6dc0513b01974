// This engine's side of the augment work: TASK ENGINE SIDE BATCH CORES PATH, as in augment_peer.py.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cutout } from "../../src/augment/cutout/cutout.ts";
import type { ImageLayout } from "../../src/augment/image/layout.ts";
import { trainingPipeline } from "../../src/augment/pipeline/pipeline.ts";
import { decoderVersion, decodesAtOnce } from "../../src/data/images/image.ts";
import { inOrder } from "../../src/data/images/in-order.ts";
import { decodeImage, openDataset, openLoader } from "../../src/data/index.ts";
import { stream } from "../../src/rng.ts";
import { datasetOf } from "../raw-dataset.ts";
import { compete } from "./answer.ts";

const [task, engine, ...rest] = process.argv.slice(2) as [string, string, ...string[]];
const [side, batch, cores] = rest.map(Number) as [number, number, number];
const path = rest[3]!;
const normalization = { mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26] };
const length = side / 2;

/** Cutout alone, on one float batch again and again. */
function erase(fill: "zero" | "imageMean", how: "new" | "into" | "in-place"): () => unknown {
  const shape: ImageLayout & { count: number } = {
    count: batch,
    height: side,
    width: side,
    channels: 3,
    layout: "CHW",
  };
  const bytes = readFileSync(path);
  const images = Float32Array.from(
    { length: batch * side * side * 3 },
    (_, index) => bytes[index]! / 128 - 1,
  );
  const target = images.slice();
  const augment = cutout({ length, fill });
  let seed = 0;
  const steps = {
    new: () => augment(images, shape, seed++),
    into: () => augment.into(target, images, shape, seed++),
    "in-place": () => augment.inPlace(target, shape, seed++),
  };
  return steps[how];
}

const options = { length, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 } as const;

/** Crop, flip, normalization and Cutout of the images of a dataset, epoch after epoch. */
function fused(): () => Promise<unknown> {
  const bytes = readFileSync(path);
  const dataset = datasetOf(bytes, side);
  const pipeline = trainingPipeline({
    input: { height: side, width: side, channels: 3 },
    crop: { height: side, width: side, padding: side / 8 },
    flip: 0.5,
    normalization,
    cutout: options,
  });
  const indices = Int32Array.from({ length: dataset.count }, (_, index) => index);
  // With one core, batches are made in the thread that reads them; as a DataLoader without workers does.
  const loader = openLoader({ dataset, pipeline, workers: cores === 1 ? 0 : cores });
  async function* epochs() {
    for (let epoch = 0; ; epoch++) yield* loader.training({ indices, batchSize: batch, seed: 0, epoch });
  }
  const batches = epochs();
  return async () => {
    const { value } = await batches.next();
    loader.recycle(value!.images);
  };
}

const photos = () =>
  readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => /\.jpe?g$/i.test(name));
const decoded = { height: (side * 8) / 7, width: (side * 8) / 7 };
const decoding = { size: decoded, fit: "cover", maxPixels: 1e8 } as const;
const cropping = () =>
  trainingPipeline({
    input: { ...decoded, channels: 3 },
    crop: { height: side, width: side, padding: 0 },
    flip: 0.5,
    normalization,
    cutout: options,
  });

/** Photos decoded to 8/7 of the side, then the same; each is decoded again whenever it is wanted. */
function jpeg(): () => Promise<unknown> {
  const files = photos();
  const pipeline = cropping();
  function* names() {
    const rng = stream(0, "order");
    for (;;) yield join(path, files[rng.integer(files.length)]!);
  }
  const images = inOrder(names(), (file) => decodeImage(file, decoding), decodesAtOnce);
  // A batch's memory is used again, as `loader.recycle` has it.
  const target = new Float32Array(batch * side * side * 3);
  let count = 0;
  return async () => {
    for (let index = 0; index < batch; index++) {
      const { value } = await images.next();
      if (!value.ok) throw new Error(value.reason);
      const parameters = pipeline.sample(stream(0, "augment", count++));
      pipeline.apply(value.pixels, 0, parameters, target, index * side * side * 3);
    }
    return target;
  };
}

/** As augment_peer.py has it. */
const epochs = 10;

/** All batches of a training from a folder that has not been read before, as a run makes them: decoded once. */
function training(): () => Promise<unknown> {
  const pipeline = cropping();
  const workers = cores === 1 ? 0 : cores;
  return async () => {
    const cacheDir = mkdtempSync(join(tmpdir(), "cutout-bench-cache-"));
    try {
      const dataset = await openDataset({ data: path, ...decoding, cacheDir, maxBroken: 0 });
      const indices = Int32Array.from({ length: dataset.count }, (_, index) => index);
      const loader = openLoader({ dataset, pipeline, workers });
      for (let epoch = 0; epoch < epochs; epoch++) {
        for await (const { images } of loader.training({ indices, batchSize: batch, seed: 0, epoch })) {
          loader.recycle(images);
        }
      }
      await loader.close();
      dataset.close();
    } finally {
      rmSync(cacheDir, { recursive: true });
    }
  };
}

const tasks: Readonly<Record<string, () => () => unknown>> = {
  "erase zero-new": () => erase("zero", "new"),
  "erase zero-into": () => erase("zero", "into"),
  "erase zero-in-place": () => erase("zero", "in-place"),
  "erase mean-in-place": () => erase("imageMean", "in-place"),
  "fused loader": fused,
  "jpeg sharp": jpeg,
  "training cache": training,
};

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
await compete({
  version:
    task === "jpeg" || task === "training" ? `cutout ${version}, ${decoderVersion}` : `cutout ${version}`,
  images: task === "training" ? epochs * batch * Math.floor(photos().length / batch) : batch,
  prepare: async () => tasks[`${task} ${engine}`]!(),
});
