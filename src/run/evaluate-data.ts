// A trained network scored on data: on others, or on the test part of its own.

import { existsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute } from "node:path";
import type { Config } from "../config/config.ts";
import { checkSettings } from "../config/settings.ts";
import {
  type Dataset,
  type OnProgress,
  openDataset,
  openLoader,
  readingNotes,
  toGrey,
} from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { checkSameData } from "../run-folder/index.ts";
import { shellWord } from "../text.ts";
import { evaluate } from "../train/evaluate.ts";
import type { Evaluation } from "../train/evaluation.ts";
import { classScoring } from "../train/objectives/classify.ts";
import type { Predictor } from "../train/step.ts";
import { batchSize, notFinite } from "./classify-images.ts";
import { dataNow } from "./data-record.ts";
import { inColour } from "./image-input.ts";
import { networkOfRun } from "./network.ts";
import { prepare } from "./prepare.ts";
import type { TrainedModel } from "./trained-model.ts";

export interface DataEvaluation extends Omit<Evaluation, "epoch"> {
  /** Of the weights; null where a file does not tell. */
  readonly epoch: number | null;
  /** Images that could not be read, and are left out. */
  readonly broken: Dataset["broken"];
}

export interface EvaluationTools {
  readonly model: TrainedModel;
  readonly predictor: Pick<Predictor, "predict">;
  readonly crops: Config["crops"];
  /** Where decoded images are kept; by default where the run kept them. */
  readonly cacheDir: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly tell: (text: string) => void;
  readonly onProgress: OnProgress;
}

const statsNameAll = "cutout data stats";

/** Every image of other data. */
export async function evaluateOther(data: string, tools: EvaluationTools): Promise<DataEvaluation> {
  checkIsData(data);
  const { model, cacheDir, tell, signal, onProgress } = tools;
  const { classes, decoding, pipeline, run } = model;
  const opened = await openDataset(
    {
      ...decoding,
      data,
      cacheDir: cacheDir ?? cacheHere(run?.config.cacheDir),
      // Those that cannot be read are listed; the others have their answers.
      maxBroken: 1,
      purpose: "evaluate",
    },
    onProgress,
  );
  try {
    signal?.throwIfAborted();
    readingNotes(opened, statsNameAll).forEach(tell);
    if (run !== null && opened.fingerprint === run.dataset.fingerprint) {
      tell(
        `${data} holds the run's own images, of which ${run.dataset.split.train} were trained on: the result flatters the ` +
          "model; leave DATA out to test on the test part alone, or add --test-part where they have been moved",
      );
    }
    const channels = pipeline.options.input.channels === 1 ? 1 : 3;
    const other = withChannels(withClasses(opened, classes, data), channels);
    const all = Int32Array.from({ length: other.count }, (_, index) => index);
    return await scored(other, all, tools);
  } finally {
    opened.close();
  }
}

/** The test part of the run's own data. @param data where they are now, when they have been moved */
export async function evaluateOwn(data: string | undefined, tools: EvaluationTools): Promise<DataEvaluation> {
  const { run, path } = tools.model;
  if (run === null) {
    throw new CutoutError({
      where: path,
      what: "an exported model does not know its test images",
      remedy: "say which images to test it on: cutout eval MODEL DATA",
      kind: "settings",
    });
  }
  const { config, dataset } = run;
  if (
    data === undefined &&
    isAbsolute(config.data) &&
    !config.data.includes("{") &&
    !existsSync(config.data)
  ) {
    throw new CutoutError({
      where: config.data,
      what: "the images of the run are not here",
      remedy: `say where they are: cutout eval ${shellWord(path)} FOLDER --test-part`,
    });
  }
  if (data !== undefined) checkIsData(data);
  const prepared = await prepare(
    { ...config, data: data ?? config.data, cacheDir: tools.cacheDir ?? cacheHere(config.cacheDir) },
    tools.onProgress,
    networkOfRun(path, config),
    "evaluate",
  );
  try {
    tools.signal?.throwIfAborted();
    readingNotes(prepared.dataset, statsNameAll).forEach(tools.tell);
    checkSameData({ dataset }, dataNow(prepared), "give other data: cutout eval RUN DATA");
    return { ...(await scored(prepared.dataset, prepared.split.test, tools)), broken: [] };
  } finally {
    prepared.dataset.close();
  }
}

/** A stream is no data set: it could not be looked into twice. */
function checkIsData(data: string): void {
  const stats = data === "-" ? null : statSync(data, { throwIfNoEntry: false });
  if (data !== "-" && (stats === undefined || stats?.isFile() || stats?.isDirectory())) return;
  throw new CutoutError({
    where: data,
    what: "must be a folder, a file or the address of shards",
    got: data === "-" ? "standard input" : stats?.isFIFO() ? "a pipe" : "a device",
    remedy: "write it to a file first",
  });
}

/** The run's folder of decoded images, if there can be one of that name on this machine. */
function cacheHere(cacheDir: string | undefined): string {
  const here = cacheDir !== undefined && (!isAbsolute(cacheDir) || existsSync(dirname(cacheDir)));
  return here ? cacheDir : checkSettings({ data: "." }).cacheDir;
}

async function scored(data: Dataset, indices: Int32Array, tools: EvaluationTools): Promise<DataEvaluation> {
  const { model, predictor, crops, signal, onProgress } = tools;
  if (indices.length === 0) {
    throw new CutoutError({ where: data.name, what: "there must be an image to score", got: "none" });
  }
  const { pipeline, classes } = model;
  let seen = 0;
  const scoring = await evaluate({
    predictor: {
      async predict(images, count, giveBack) {
        const logits = await predictor.predict(images, count, giveBack);
        const wrong = logits.findIndex((value) => Number.isNaN(value) || value === Number.POSITIVE_INFINITY);
        if (wrong >= 0) {
          // Each view shows all images once, in order.
          const image = (seen + Math.floor(wrong / classes.length)) % indices.length;
          throw new CutoutError({ where: data.names[indices[image]!], what: notFinite });
        }
        seen += count;
        return logits;
      },
    },
    scoring: classScoring(data, indices),
    dataset: data,
    indices,
    pipeline,
    loader: openLoader({ dataset: data, pipeline, workers: 0 }),
    crops,
    batchSize,
    onProgress: (done, total) => onProgress(done, total, `testing ${data.name}`),
    ...(signal && { signal }),
  });
  return { crops, epoch: model.epoch, score: scoring.score(), ...scoring.details(), broken: data.broken };
}

/** Other data with the labels of the run; every class of the data must be known to the run. */
function withClasses(dataset: Dataset, classes: readonly string[], data: string): Dataset {
  const labels = dataset.classes.map((name) => {
    const label = classes.findIndex((known) => known.normalize("NFC") === name.normalize("NFC"));
    if (label < 0) {
      throw new CutoutError({
        where: data,
        what: `classes must be among those of the run (${classes.slice(0, 5).join(", ")}${classes.length > 5 ? ", ..." : ""})`,
        got: name,
        remedy: `rename the folder ${basename(name)} or leave it out`,
      });
    }
    return label;
  });
  return { ...dataset, classes, labels: dataset.labels.map((label) => labels[label]!) };
}

/** Other data with the channels of the run: grey is repeated in red, green and blue, colour becomes its luma. */
function withChannels(dataset: Dataset, channels: 1 | 3): Dataset {
  if (dataset.channels === channels) return dataset;
  const { height, width } = dataset;
  return {
    ...dataset,
    channels,
    read(indices, target) {
      const pixels = new Uint8Array(indices.length * height * width * dataset.channels);
      dataset.read(indices, pixels);
      target.set(channels === 1 ? toGrey(pixels) : inColour(pixels));
    },
  };
}
