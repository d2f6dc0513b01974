// Makes batches of a generated stream of images and tells the resident memory on the way: IMAGES BATCH.
import { readFileSync } from "node:fs";
import { trainingPipeline } from "../../src/augment/pipeline/pipeline.ts";
import { trainingBatches } from "../../src/data/index.ts";
import { stream } from "../../src/rng.ts";
import { repeating } from "../raw-dataset.ts";

const [images, batch] = process.argv.slice(2).map(Number) as [number, number];
const side = 32;
const rng = stream(0, "stream");
const dataset = repeating(
  Uint8Array.from({ length: 256 * side * side * 3 }, () => rng.integer(256)),
  side,
  images,
);
const pipeline = trainingPipeline({
  input: { height: side, width: side, channels: 3 },
  crop: { height: side, width: side, padding: 4 },
  flip: 0.5,
  normalization: { mean: [0.49, 0.48, 0.45], std: [0.25, 0.24, 0.26] },
  cutout: { length: 16, nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 },
});
const samples: { images: number; residentMB: number }[] = [];
const begin = performance.now();
let done = 0;
let next = images / 10;
for await (const { count } of trainingBatches({
  dataset,
  indices: Int32Array.from({ length: images }, (_, index) => index),
  pipeline,
  batchSize: batch,
  seed: 0,
  epoch: 0,
})) {
  done += count;
  if (done < next) continue;
  samples.push({ images: done, residentMB: process.memoryUsage().rss / 2 ** 20 });
  next += images / 10;
}
const seconds = (performance.now() - begin) / 1000;
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
console.log(JSON.stringify({ version: `cutout ${version}`, samples, seconds }));
