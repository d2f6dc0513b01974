// What is made of a trained run: pictures of test images worth looking at, the exported model, the report.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Normalization } from "../augment/pipeline.ts";
import { type Dataset, encodeWebp, type Split } from "../data/index.ts";
import { replaceFile } from "../durable-file.ts";
import type { Network } from "../nn/network.ts";
import { exportModel } from "../onnx/export.ts";
import { writeReport } from "../report/html.ts";
import { loadCheckpoint } from "../run-folder/checkpoint.ts";
import type { Evaluation } from "../train/evaluation.ts";
import { imagesWorthLooking } from "../train/metrics.ts";

/**
 * Writes model.onnx, images/*.webp, evaluation.json with the names of those pictures, and the report.
 * @returns path of report.html
 */
export async function writeProducts(args: {
  readonly runDir: string;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly network: Network;
  readonly classes: readonly string[];
  readonly normalization: Normalization;
  readonly evaluation: Evaluation;
}): Promise<string> {
  const { runDir, dataset, split, evaluation } = args;
  replaceFile(join(runDir, "model.onnx"), [exportBest(args)]);
  const illustrated = await writePictures(runDir, dataset, split.test, evaluation);
  replaceFile(join(runDir, "evaluation.json"), [Buffer.from(`${JSON.stringify(illustrated)}\n`)]);
  return writeReport(runDir);
}

/** The best checkpoint of a run as an ONNX model. */
export function exportBest(args: {
  readonly runDir: string;
  readonly network: Network;
  readonly classes: readonly string[];
  readonly normalization: Normalization;
}): Uint8Array {
  const { runDir, network, classes, normalization } = args;
  const { parameters, buffers } = loadCheckpoint(join(runDir, "best.safetensors")).state;
  return exportModel({ network, parameters, buffers, classes, normalization, name: "cutout" });
}

/** One WebP for each image worth a look, as decoded; returns the evaluation that names them. */
async function writePictures(
  runDir: string,
  dataset: Dataset,
  test: Int32Array,
  evaluation: Evaluation,
): Promise<Evaluation> {
  mkdirSync(join(runDir, "images"), { recursive: true });
  const { height, width, channels } = dataset;
  const pixels = new Uint8Array(height * width * channels);
  const pictures = new Map<number, string>();
  for (const position of imagesWorthLooking(evaluation)) {
    const index = test[position]!;
    dataset.read([index], pixels);
    const picture = `images/${String(index).padStart(6, "0")}.webp`;
    replaceFile(join(runDir, picture), [await encodeWebp(pixels, { height, width, channels })]);
    pictures.set(position, picture);
  }
  const predictions = evaluation.predictions.map((prediction, position) => ({
    ...prediction,
    picture: pictures.get(position) ?? null,
  }));
  return { ...evaluation, predictions };
}
