// A trained network as everything that uses it needs it, out of a run folder or of a model.onnx: the model, and how images are read for it.

import { readFileSync, statSync } from "node:fs";
import { extname } from "node:path";
import { type Crops, type ImageShape, makePipeline, type TrainingPipeline } from "../augment/index.ts";
import { checkSettings } from "../config/settings.ts";
import { viewsNames } from "../config/views.ts";
import type { DecodeOptions } from "../data/index.ts";
import { CutoutError, telling } from "../error.ts";
import { buildNetwork } from "../nn/build.ts";
import type { Network } from "../nn/network.ts";
import type { ImageReading } from "../onnx/export.ts";
import { describeModel, type ModelDescription } from "../onnx/proto.ts";
import { checkpointPath, hasCheckpoint, loadCheckpoint, type OpenRun, openRun } from "../run-folder/index.ts";
import { counted, shellWord } from "../text.ts";
import { exportWeights, type Weights } from "./export-weights.ts";
import { networkOfRun } from "./network.ts";
import { pipelineOf } from "./prepare.ts";

export interface TrainedModel {
  /** As given. */
  readonly path: string;
  /** An ONNX file: images [N, C, H, W] from 0 to 1 in, probabilities out. */
  readonly model: Uint8Array;
  readonly classes: readonly string[];
  /** From decoded images to the network's input; 0 to 1. */
  readonly pipeline: TrainingPipeline;
  readonly decoding: DecodeOptions;
  readonly crops: Crops;
  /** After which epoch the weights were kept; null where the file does not tell. */
  readonly epoch: number | null;
  /** The run folder that it is from; null of a file. */
  readonly run: OpenRun | null;
  /** What a person should know of it. */
  readonly notes: readonly string[];
}

/**
 * @param path a run folder, finished or not, or a model.onnx that was exported here
 * @throws CutoutError, one line, when it is neither, or there are no such weights yet
 */
export function openTrained(path: string, weights: Weights | undefined): TrainedModel {
  const found = telling(path, () => statSync(path, { throwIfNoEntry: false }));
  if (found?.isDirectory() ?? extname(path) !== ".onnx") return modelOfRun(path, weights);
  if (weights !== undefined) {
    throw new CutoutError({
      where: "weights",
      what: "are chosen of a run folder",
      got: `the file ${path}, which has only one kind`,
      kind: "settings",
    });
  }
  return modelOfFile(path);
}

/**
 * A checkpoint of a run as an ONNX model; by default what the run keeps, of one that is not finished the best epoch so far.
 * @throws CutoutError when the folder is no run, or has no such checkpoint yet
 */
export function exportRun(runDir: string, { weights, onEvent }: ExportRunOptions = {}): Uint8Array {
  const { model, notes } = modelOfRun(runDir, weights);
  for (const text of notes) onEvent?.({ type: "message", text });
  return model;
}

export interface ExportRunOptions {
  /** Which checkpoint: the best epoch on validation or the last state; by default what the run keeps. */
  readonly weights?: Weights | undefined;
  readonly onEvent?: ((event: { readonly type: "message"; readonly text: string }) => void) | undefined;
}

/**
 * What a run keeps. One that has not come to its last epoch is used by its best one so far: in the middle of a schedule the
 * last state is at a high rate.
 */
export function ownWeights({
  config,
  epochs,
  test,
}: Pick<OpenRun, "config"> & { readonly epochs: readonly unknown[]; readonly test: unknown }): Weights {
  const over = test !== null || epochs.length >= config.epochs || config.split.validation === 0;
  return config.keep === "last" && over ? "last" : "best";
}

function modelOfRun(path: string, told: Weights | undefined): TrainedModel {
  const { run, network, weights, epoch, notes } = openTrainedNetwork(path, told);
  const { classes, channels } = run.dataset;
  return {
    path,
    model: exportWeights(weights, { runDir: path, network, classes, normalization: run.dataset }),
    classes,
    ...readingOf({ ...network.input, channels }, run.config, run.config.maxPixels),
    epoch,
    run,
    notes,
  };
}

/** The network of a run, whose weights are in a checkpoint. */
export interface TrainedNetwork extends Pick<TrainedModel, "notes"> {
  readonly run: OpenRun;
  readonly network: Network;
  /** Which checkpoint they are in. */
  readonly weights: Weights;
  /** After which epoch the weights were kept. */
  readonly epoch: number;
}

/**
 * @param told which checkpoint; undefined for what the run keeps
 * @throws CutoutError when the folder is no run, or has no such checkpoint yet
 */
export function openTrainedNetwork(path: string, told: Weights | undefined): TrainedNetwork {
  const run = openRun(path);
  const weights = told ?? ownWeights(run);
  const { config, dataset } = run;
  const { epoch, notes } = stateOf(run, weights);
  const network = buildNetwork(networkOfRun(path, config), {
    input: pipelineOf(config, dataset, dataset).output,
    numClasses: dataset.classes.length,
    options: config.model.options,
    regularize: config.regularize,
  });
  return { run, network, weights, epoch, notes };
}

const resumeOf = ({ path, config }: Pick<OpenRun, "path" | "config">): string =>
  `cutout ${config.objective.kind === "classify" ? "train" : "pretrain"} --resume ${shellWord(path)}`;

/** Where the run stood when the weights were kept. @throws CutoutError when there are none that have learnt anything */
export function stateOf(
  run: Pick<OpenRun, "path" | "config"> & { readonly epochs: readonly unknown[]; readonly test: unknown },
  weights: Weights,
): { readonly epoch: number; readonly notes: readonly string[] } {
  const { path, config, test } = run;
  const progress = `${run.epochs.length} of ${counted(config.epochs, "epoch")}`;
  if (!hasCheckpoint(path, weights)) {
    if (weights === "best" && config.split.validation === 0) {
      throw new CutoutError({
        where: path,
        what: "the run has no validation part, so no epoch is the best one",
        remedy: "use its last state: --weights last, which is its default",
      });
    }
    throw new CutoutError(
      test === null
        ? {
            where: path,
            what: `no epoch of the run has ended yet (${progress}), so there is no best one`,
            remedy: `go on with it: ${resumeOf(run)}`,
          }
        : { where: checkpointPath(path, weights), what: "is missing", remedy: "put it back, or train again" },
    );
  }
  const { epoch = 0, stepInEpoch = 0 } = loadCheckpoint(checkpointPath(path, weights)).position as {
    readonly epoch?: number;
    readonly stepInEpoch?: number;
  };
  if (weights === "last" && epoch === 0 && stepInEpoch === 0) {
    throw new CutoutError({
      where: path,
      what: "the run has taken no step yet: its weights are random",
      remedy: `go on with it: ${resumeOf(run)}`,
    });
  }
  if (weights === "best" && config.split.validation === 0) {
    const text = `epoch ${epoch} is used, which an earlier version of cutout kept; the run has no validation part, so it is not the best one`;
    return { epoch, notes: [text] };
  }
  if (test !== null) return { epoch, notes: [] };
  const used =
    weights === "best"
      ? `its best epoch so far, ${epoch},`
      : `its state after ${counted(epoch, "epoch")}${stepInEpoch > 0 ? ` and ${counted(stepInEpoch, "step")}` : ""}`;
  return {
    epoch,
    notes: [`the run is not finished (${progress}): ${used} is used; to go on with it: ${resumeOf(run)}`],
  };
}

/** What images are read to, for a network that sees `input`. */
function readingOf(
  input: ImageShape,
  { fit, cacheSize, crops }: ImageReading,
  maxPixels: number,
): Pick<TrainedModel, "pipeline" | "decoding" | "crops"> {
  const { channels, height, width } = input;
  const each = (value: number) => Array.from({ length: channels }, () => value);
  return {
    // The model normalizes by itself.
    pipeline: makePipeline({
      input: { height: cacheSize, width: cacheSize, channels },
      crop: { height, width, padding: 0 },
      flip: 0,
      normalization: { mean: each(0), std: each(1) },
      cutout: null,
    }),
    decoding: { size: { height: cacheSize, width: cacheSize }, fit, maxPixels },
    crops,
  };
}

function modelOfFile(path: string): TrainedModel {
  const model = telling(path, () => readFileSync(path));
  const wrong = (got: string) =>
    new CutoutError({
      where: path,
      what: "must be a run folder, or a model.onnx that was exported from one",
      got,
      remedy: "give the run folder",
    });
  let description: ModelDescription;
  try {
    description = describeModel(model);
  } catch {
    throw wrong("a file that is no ONNX model");
  }
  const { producer, metadata } = description;
  const classes = classesIn(metadata.classes);
  const [height, width, channels] = [metadata.height, metadata.width, metadata.channels].map(Number);
  if (producer !== "cutout" || classes === null || !(height && width && (channels === 1 || channels === 3))) {
    throw wrong("an ONNX model that does not tell classes, height, width and channels as ours do");
  }
  const told = toldReading(metadata);
  const reading: ImageReading = told ?? {
    fit: "squash",
    cacheSize: Math.round((Math.max(height, width) * 9) / 8),
    crops: "center",
  };
  return {
    path,
    model,
    classes,
    ...readingOf({ height, width, channels }, reading, checkSettings({ data: path }).maxPixels),
    epoch: null,
    run: null,
    notes:
      told === null
        ? [
            `${path} was exported by an earlier version and does not tell how its images are read: as by default, squashed to ${reading.cacheSize} x ${reading.cacheSize} pixels, the centre of ${height} x ${width}; export it again to be sure`,
          ]
        : [],
  };
}

function classesIn(text: string | undefined): readonly string[] | null {
  try {
    const classes: unknown = JSON.parse(text ?? "");
    return Array.isArray(classes) && classes.every((name) => typeof name === "string") ? classes : null;
  } catch {
    return null;
  }
}

/** Null where it is not all there. */
function toldReading({ fit, cacheSize, crops }: ModelDescription["metadata"]): ImageReading | null {
  const side = Number(cacheSize);
  if (fit !== "cover" && fit !== "squash") return null;
  const views = viewsNames.find((name) => name === crops);
  return views !== undefined && Number.isInteger(side) && side >= 1
    ? { fit, cacheSize: side, crops: views }
    : null;
}
