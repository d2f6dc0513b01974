// From settings to everything a training run needs of its data: images, parts, statistics, pipeline, complete config.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkedTrainingCutout, makePipeline, type TrainingPipeline } from "../augment/index.ts";
import { checkSizes } from "../config/check-network.ts";
import type { Config, Settings } from "../config/config.ts";
import { resolveConfig, resolveSizes, type Sizes } from "../config/resolve.ts";
import { settingsError } from "../config/settings.ts";
import {
  apportion,
  type ChannelStatistics,
  catalog,
  channelStatistics,
  type Dataset,
  describeData,
  type OnProgress,
  type OpenDatasetOptions,
  openDataset,
  readGroups,
  type Split,
  splitDataset,
} from "../data/index.ts";
import { CutoutError } from "../error.ts";
import type { NetworkDefinition } from "../nn/definition.ts";
import { isNetworkFile } from "../nn/load.ts";
import { checkSchedule } from "../optim/schedule.ts";
import { permutation, stream } from "../rng.ts";
import { checkArithmetic } from "../runtime/arithmetic.ts";
import { networkOf } from "./network.ts";

export interface Prepared {
  readonly config: Config;
  readonly network: NetworkDefinition;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly statistics: ChannelStatistics;
  readonly pipeline: TrainingPipeline;
}

/**
 * Opens the data (decoding it the first time), divides it, and completes the settings.
 * @param ofRun the network of a run that there is already; by default the one that the settings name
 * @param purpose of the images; to train when left out
 * @throws CutoutError when the data or the settings cannot be used
 */
export async function prepare(
  settings: Settings,
  onProgress: OnProgress,
  ofRun?: NetworkDefinition,
  purpose?: OpenDatasetOptions["purpose"],
): Promise<Prepared> {
  checkArithmetic(settings.arithmetic, settings.device);
  const network = ofRun ?? (await networkOf(settings));
  const { format, columns } = settings;
  const { data, sizes } = await fitted(settings, network);
  const groups = settings.split.groups === null ? [] : readGroups(settings.split.groups);
  const dataset = await openDataset(
    {
      data: settings.data,
      format,
      columns,
      size: { height: sizes.cacheSize, width: sizes.cacheSize },
      fit: settings.fit,
      cacheDir: settings.cacheDir,
      maxPixels: settings.maxPixels,
      maxBroken: settings.maxBroken,
      purpose,
    },
    onProgress,
  );
  try {
    const { validation, test, train, seed = settings.seed } = settings.split;
    const whole = splitDataset(dataset, { seed, validation, test, groups });
    const split = train === null ? whole : { ...whole, train: limited(dataset, whole.train, train, seed) };
    // Paths are kept whole: the run can then be gone on with from any folder.
    const config = resolveConfig(
      {
        ...settings,
        data,
        model: isNetworkFile(settings.model.name)
          ? { ...settings.model, name: resolve(settings.model.name) }
          : settings.model,
        split: { ...settings.split, groups: settings.split.groups && resolve(settings.split.groups) },
      },
      network,
      sizes,
      split.train.length,
    );
    checkSchedule(config.schedule, config.epochs);
    const statistics = channelStatistics(dataset, split.train);
    const pipeline = pipelineOf(config, dataset, statistics);
    return { config, network, dataset, split, statistics, pipeline };
  } catch (error) {
    dataset.close();
    throw error;
  }
}

/**
 * Whether settings can be used on their images, as far as shows before any is decoded.
 * @returns the images' full path or address
 * @throws CutoutError when the data are not there, or sizes and holes do not fit
 */
export async function checkBeforeData(settings: Settings): Promise<string> {
  return (await fitted(settings, await networkOf(settings))).data;
}

async function fitted(
  settings: Settings,
  network: NetworkDefinition,
): Promise<{ readonly data: string; readonly sizes: Sizes }> {
  const { format, columns } = settings;
  checkKnownName(settings.data);
  const { data, size } = await describeData({ data: settings.data, format, columns });
  const sizes = resolveSizes(settings, network, size?.height ?? null);
  checkSizes(settings, network, sizes);
  return { data, sizes };
}

/** The name of a known data set that is not here yet is no mistaken folder. */
function checkKnownName(data: string): void {
  if (data === "fashion-mnist" || !Object.hasOwn(catalog, data) || existsSync(data)) return;
  const known = catalog[data as keyof typeof catalog];
  const fetched = join("data", data, known.data);
  throw new CutoutError(
    existsSync(fetched)
      ? { where: "data", what: `${data} does not exist, but ${fetched} does`, remedy: "give that" }
      : { where: "data", what: `${data} does not exist`, remedy: `get it with: cutout data get ${data}` },
  );
}

/** The pipeline of a complete config; its evaluation views do without everything random. */
export function pipelineOf(
  config: Config,
  dataset: { readonly height: number; readonly width: number; readonly channels: number },
  { mean, std }: ChannelStatistics,
): TrainingPipeline {
  const { imageSize, augment } = config;
  return makePipeline({
    input: { height: dataset.height, width: dataset.width, channels: dataset.channels },
    crop: { height: imageSize, width: imageSize, padding: augment.padding, paddingMode: augment.paddingMode },
    flip: augment.flip,
    normalization: { mean, std },
    cutout: augment.cutout && checkedTrainingCutout(augment.cutout),
    augmentations: augment.augmentations,
  });
}

/** Weights n / (K n_c), so that every class counts the same; null when not wanted. */
export function classWeightsOf(config: Config, dataset: Dataset, training: Int32Array): number[] | null {
  if (config.classWeights === "none") return null;
  const counts = new Array<number>(dataset.classes.length).fill(0);
  for (const index of training) counts[dataset.labels[index]!]!++;
  return counts.map((count) => training.length / (counts.length * count));
}

/**
 * `wanted` of the training images, each class in its proportion, the same for the same seed.
 * @throws CutoutError when there are not so many, or a class would be left without any
 */
function limited(dataset: Dataset, training: Int32Array, wanted: number, seed: number): Int32Array {
  if (wanted > training.length) {
    throw settingsError({
      field: "split.train",
      what: `must be at most the ${training.length} images that are left for training`,
      got: String(wanted),
    });
  }
  const ofClass = dataset.classes.map((): number[] => []);
  for (const index of training) ofClass[dataset.labels[index]!]!.push(index);
  const counts = apportion(
    ofClass.map((indices) => indices.length),
    wanted,
  );
  const lost = counts.indexOf(0);
  if (lost >= 0) {
    throw settingsError({
      field: "split.train",
      what: "must leave every class a training image",
      got: `${wanted} and none of "${dataset.classes[lost]}"`,
    });
  }
  return Int32Array.from(
    ofClass.flatMap((indices, label) => {
      const order = permutation(stream(seed, "training part", label), indices.length);
      return Array.from(order.subarray(0, counts[label]!), (position) => indices[position]!);
    }),
  ).sort();
}
