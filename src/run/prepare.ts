// From settings to everything a training run needs of its data: images, parts, statistics, pipeline, complete config.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { optionsOfSettings } from "../augment/cutout/settings.ts";
import { type TrainingPipeline, trainingPipeline } from "../augment/pipeline.ts";
import { parseAugmentation } from "../augment/short-form.ts";
import type { Config, Settings } from "../config/config.ts";
import { checkSizes, type NameOf, resolveConfig, resolveSizes } from "../config/resolve.ts";
import { ConfigError } from "../config/settings.ts";
import {
  apportion,
  type ChannelStatistics,
  catalog,
  channelStatistics,
  type Dataset,
  describeData,
  type OnProgress,
  openDataset,
  parseColumns,
  readGroups,
  type Split,
  splitDataset,
} from "../data/index.ts";
import { checkSchedule } from "../optim/schedule.ts";
import { permutation, stream } from "../rng.ts";

export interface Prepared {
  readonly config: Config;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly statistics: ChannelStatistics;
  readonly pipeline: TrainingPipeline;
}

/**
 * Opens the data (decoding it the first time), divides it, and completes the settings.
 * @param nameOf how errors name a field of the config
 * @throws Error, one line for people, when the data or the settings cannot be used
 */
export async function prepare(settings: Settings, nameOf: NameOf, onProgress: OnProgress): Promise<Prepared> {
  const { format } = settings;
  const columns = settings.columns === null ? null : parseColumns(settings.columns);
  checkKnownName(settings.data);
  const { data, size } = await describeData({ data: settings.data, format, columns });
  const sizes = resolveSizes(settings, size?.height ?? null, nameOf);
  checkSizes(settings, sizes, nameOf);
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
    },
    onProgress,
  );
  try {
    const { validation, test, train } = settings.split;
    const whole = splitDataset(dataset, { seed: settings.seed, validation, test, groups });
    const split =
      train === null
        ? whole
        : { ...whole, train: limited(dataset, whole.train, train, settings.seed, nameOf("split.train")) };
    // Paths are kept whole: the run can then be gone on with from any folder.
    const config = resolveConfig(
      {
        ...settings,
        data,
        split: { ...settings.split, groups: settings.split.groups && resolve(settings.split.groups) },
      },
      sizes,
      split.train.length,
      nameOf,
    );
    checkSchedule(config.schedule, config.epochs);
    const statistics = channelStatistics(dataset, split.train);
    return { config, dataset, split, statistics, pipeline: pipelineOf(config, dataset, statistics) };
  } catch (error) {
    dataset.close();
    throw error;
  }
}

/** The name of a known data set that is not here yet is no mistaken folder. */
function checkKnownName(data: string): void {
  if (data === "fashion-mnist" || !Object.hasOwn(catalog, data) || existsSync(data)) return;
  const known = catalog[data as keyof typeof catalog];
  const fetched = join("data", data, known.data);
  throw new Error(
    existsSync(fetched)
      ? `data: ${data} does not exist, but ${fetched} does; give that`
      : `data: ${data} does not exist; get it with: cutout data get ${data}`,
  );
}

/** The pipeline of a complete config; its evaluation views do without everything random. */
export function pipelineOf(
  config: Config,
  dataset: { readonly height: number; readonly width: number; readonly channels: number },
  { mean, std }: ChannelStatistics,
): TrainingPipeline {
  const { imageSize, augment } = config;
  return trainingPipeline({
    input: { height: dataset.height, width: dataset.width, channels: dataset.channels },
    crop: { height: imageSize, width: imageSize, padding: augment.padding },
    flip: augment.flip,
    normalization: { mean, std },
    cutout: augment.cutout && optionsOfSettings(augment.cutout, { mean, std }),
    augmentations: augment.augmentations.map(parseAugmentation),
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
 * @throws ConfigError when there are not so many, or a class would be left without any
 */
function limited(
  dataset: Dataset,
  training: Int32Array,
  wanted: number,
  seed: number,
  where: string,
): Int32Array {
  if (wanted > training.length) {
    throw new ConfigError(
      `${where}: must be at most the ${training.length} images that are left for training, got ${wanted}`,
    );
  }
  const ofClass = dataset.classes.map((): number[] => []);
  for (const index of training) ofClass[dataset.labels[index]!]!.push(index);
  const counts = apportion(
    ofClass.map((indices) => indices.length),
    wanted,
  );
  const lost = counts.indexOf(0);
  if (lost >= 0) {
    throw new ConfigError(
      `${where}: must leave every class a training image, got ${wanted} and none of "${dataset.classes[lost]}"`,
    );
  }
  return Int32Array.from(
    ofClass.flatMap((indices, label) => {
      const order = permutation(stream(seed, "training part", label), indices.length);
      return Array.from(order.subarray(0, counts[label]!), (position) => indices[position]!);
    }),
  ).sort();
}
