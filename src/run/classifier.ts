// A trained run put to use: the best checkpoint on new images or on a whole data set.

import { basename } from "node:path";
import type { TrainingPipeline } from "../augment/pipeline/pipeline.ts";
import type { Config } from "../config/config.ts";
import type { Dataset } from "../data/index.ts";
import { decodeImage, type OnProgress, openDataset, openLoader, toGrey } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { buildNetwork } from "../nn/build.ts";
import type { Network } from "../nn/network.ts";
import { checkSameData, loadWeights, openFinishedRun } from "../run-folder/index.ts";
import { evaluate } from "../train/evaluate.ts";
import type { Evaluation } from "../train/evaluation.ts";
import { classScoring } from "../train/objectives/classify.ts";
import { createPredictor, type Predictor } from "../train/step.ts";
import { dataNow } from "./data-record.ts";
import { chooseDevice, type DeviceChoice, openRuntime } from "./device.ts";
import { exportBest } from "./export-best.ts";
import { networkOfRun } from "./network.ts";
import { pipelineOf, prepare } from "./prepare.ts";

type Crops = Config["crops"];

export type Classified =
  | { readonly file: string; readonly probabilities: readonly number[] }
  | { readonly file: string; readonly reason: string };

export interface DataEvaluation extends Evaluation {
  readonly broken: Dataset["broken"];
}

export interface Classifier {
  readonly runDir: string;
  readonly config: Config;
  readonly classes: readonly string[];
  /**
   * Class probabilities of image files, in the order given; a broken image gives a reason instead.
   * Files are taken a batch at a time, so any number of them fits in memory.
   */
  classify(files: readonly string[], crops: Crops): AsyncIterable<Classified>;
  /**
   * Scores every image of other data whose classes are among those of the run. Grey images become colour ones, and
   * colour ones grey, where the run's are so; images that cannot be read are left out and listed.
   */
  evaluateData(data: string, crops: Crops, onProgress: OnProgress): Promise<DataEvaluation>;
  /** Scores the run's own test part again. */
  evaluateTest(crops: Crops, onProgress: OnProgress): Promise<Evaluation>;
  close(): Promise<void>;
}

const batchSize = 64;

/** The network of a finished run and what is needed to feed it. */
function describeRun(runDir: string) {
  const { config, dataset, test } = openFinishedRun(runDir);
  const pipeline = pipelineOf(config, dataset, dataset);
  const network = buildNetwork(networkOfRun(runDir, config), {
    input: pipeline.output,
    numClasses: dataset.classes.length,
    options: config.model.options,
  });
  return { config, dataset, bestEpoch: test.epoch, pipeline, network };
}

/**
 * The best checkpoint of a finished run as an ONNX model.
 * @throws Error when the folder is no finished run
 */
export function exportRun(runDir: string): Uint8Array {
  const { dataset, network } = describeRun(runDir);
  return exportBest({ runDir, network, classes: dataset.classes, normalization: dataset });
}

export interface ClassifierOptions {
  /** Where the network runs; by default on a graphics card if the run was trained on one and there is one here. */
  readonly device?: DeviceChoice | undefined;
  /** Hears where that is, when it is not plainly the CPU. */
  readonly tell?: (text: string) => void;
}

/**
 * Opens the best checkpoint of a finished run.
 * @throws Error when the folder is no finished run, or the device is not there
 */
export async function openClassifier(runDir: string, options: ClassifierOptions = {}): Promise<Classifier> {
  const { config, dataset, bestEpoch, pipeline, network } = describeRun(runDir);
  const predictor = await openPredictor(runDir, network, config, options);
  const { classes } = dataset;
  const scored = async (data: Dataset, indices: Int32Array, crops: Crops, onProgress: OnProgress) => {
    const scoring = await evaluate({
      predictor,
      scoring: classScoring(data, indices),
      dataset: data,
      indices,
      pipeline,
      loader: openLoader({ dataset: data, pipeline, workers: 0 }),
      crops,
      batchSize,
      onProgress: (done, total) => onProgress(done, total, `testing ${data.name}`),
    });
    return { crops, epoch: bestEpoch, score: scoring.score(), ...scoring.details() };
  };
  return {
    runDir,
    config,
    classes,
    classify: (files, crops) => classify(files, { config, pipeline, predictor, classes, crops }),
    async evaluateData(data, crops, onProgress) {
      const opened = await openDataset({ ...decodingOf(config), data }, onProgress);
      try {
        if (opened.fingerprint === dataset.fingerprint) {
          options.tell?.(
            `${data} holds the run's own images, of which ${dataset.split.train} were trained on: the result flatters the ` +
              "model; leave DATA out to test on the test part alone",
          );
        }
        const other = withChannels(withClasses(opened, classes, data), dataset.channels);
        const all = Int32Array.from({ length: other.count }, (_, index) => index);
        return { ...(await scored(other, all, crops, onProgress)), broken: other.broken };
      } finally {
        opened.close();
      }
    },
    async evaluateTest(crops, onProgress) {
      const prepared = await prepare(config, onProgress, networkOfRun(runDir, config));
      try {
        checkSameData({ dataset }, dataNow(prepared), "give other data: cutout eval RUN DATA");
        return await scored(prepared.dataset, prepared.split.test, crops, onProgress);
      } finally {
        prepared.dataset.close();
      }
    },
    close: () => predictor.close(),
  };
}

async function openPredictor(
  runDir: string,
  network: Network,
  { device: trainedOn, threads, convolution }: Config,
  { device: choice = trainedOn === "cpu" ? "cpu" : "auto", tell = () => {} }: ClassifierOptions,
): Promise<Predictor> {
  const { device, messages } = await chooseDevice(choice);
  messages.forEach(tell);
  const { parameters, buffers } = loadWeights(runDir, "best", network);
  const runtime = openRuntime(device, { threads, convolution }, tell);
  return createPredictor({ network, parameters, buffers, batchSize, runtime });
}

function decodingOf({ cacheSize, fit, maxPixels, maxBroken, cacheDir }: Config) {
  return { size: { height: cacheSize, width: cacheSize }, fit, maxPixels, maxBroken, cacheDir };
}

async function* classify(
  files: readonly string[],
  args: {
    readonly config: Config;
    readonly pipeline: TrainingPipeline;
    readonly predictor: Predictor;
    readonly classes: readonly string[];
    readonly crops: Crops;
  },
): AsyncGenerator<Classified> {
  const { config, pipeline, predictor, classes, crops } = args;
  const { input } = pipeline.options;
  for (let start = 0; start < files.length; start += batchSize) {
    const some = files.slice(start, start + batchSize);
    const decoded = await Promise.all(
      some.map((file) => decodeImage(file, decodingOf(config), input.channels === 1 ? 1 : 3)),
    );
    const images = decoded.flatMap((image) => (image.ok ? [image.pixels] : []));
    const dataset = datasetOf(images, input, classes);
    const indices = Int32Array.from(images.keys());
    const scoring = classScoring(dataset, indices);
    if (images.length > 0) {
      const loader = openLoader({ dataset, pipeline, workers: 0 });
      await evaluate({ predictor, scoring, dataset, indices, pipeline, loader, crops, batchSize });
    }
    const probabilities = scoring.probabilities();
    let row = 0;
    for (const [position, image] of decoded.entries()) {
      const file = some[position]!;
      if (image.ok) {
        const from = classes.length * row++;
        yield { file, probabilities: [...probabilities.subarray(from, from + classes.length)] };
      } else {
        yield { file, reason: image.reason };
      }
    }
  }
}

/** Decoded images as a dataset; their labels are not known and not looked at. */
function datasetOf(
  images: readonly Uint8Array[],
  { height, width, channels }: TrainingPipeline["options"]["input"],
  classes: readonly string[],
): Dataset {
  const size = height * width * channels;
  return {
    name: "images",
    classes,
    height,
    width,
    channels: channels === 1 ? 1 : 3,
    count: images.length,
    labels: new Int32Array(images.length),
    names: images.map(String),
    officialParts: null,
    fingerprint: "",
    broken: [],
    read(indices, target) {
      for (let row = 0; row < indices.length; row++) target.set(images[indices[row]!]!, row * size);
    },
    close() {},
  };
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
      if (channels === 1) target.set(toGrey(pixels));
      else for (let at = 0; at < 3 * pixels.length; at++) target[at] = pixels[Math.floor(at / 3)]!;
    },
  };
}
