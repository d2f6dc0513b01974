// Defaults that follow from the data and the machine: settings in, complete config out.

import { availableParallelism } from "node:os";
import {
  type AugmentationSpec,
  checkAugmentations,
  checkFits,
  createMix,
  cropsItself,
  cutoutOptions,
  inOrder,
} from "../augment/index.ts";
import { CutoutError } from "../error.ts";
import { findNetwork } from "../nn/build.ts";
import { type NetworkDefinition, networkOptions } from "../nn/definition.ts";
import { learningRateOf, type Recipe } from "../nn/recipe.ts";
import { optimizers } from "../optim/optimizers.ts";
import { completeAugmentations, namedAugmentations } from "./augmentation-fields.ts";
import type { Config, Settings } from "./config.ts";
import type { CompleteCutout, CutoutSettings } from "./cutout-fields.ts";
import { imagesLearnt } from "./filter-fields.ts";
import { aboutField, settingsError } from "./settings.ts";

/** Training goes over the images this often, and longer on small data until it has taken this many steps. */
const defaultEpochs = { least: 15, most: 60, steps: 1000 };
/** A small data set gets smaller batches, so that an epoch has this many steps. */
const defaultBatch = { least: 8, stepsPerEpoch: 8 };

export interface Sizes {
  /** Whether the images are photos, and not of one small size (28, 32) that is kept. */
  readonly photos: boolean;
  readonly imageSize: number;
  readonly cacheSize: number;
  readonly padding: number;
}

/**
 * Image size, decoded size and padding.
 * @param naturalSide side of the images of a data set of one small size (28, 32); null for photos
 * @throws CutoutError when the sizes do not fit each other
 */
export function resolveSizes(
  settings: Settings,
  network: NetworkDefinition,
  naturalSide: number | null,
): Sizes {
  const standard = network.sizes;
  const small = naturalSide !== null && standard.keepSmall;
  const imageSize = settings.imageSize ?? (small ? naturalSide : standard.imageSize);
  const enlarged = Math.round((imageSize * standard.cacheSize) / standard.imageSize);
  const cacheSize = settings.cacheSize ?? (small ? Math.max(naturalSide, imageSize) : enlarged);
  if (cacheSize < imageSize) {
    throw settingsError({
      field: "cacheSize",
      what: `must be at least the image size (${imageSize})`,
      got: String(cacheSize),
    });
  }
  const named = namedAugmentations(settings.augment.augmentations);
  // Without room to crop, padding gives it: 4 pixels of 32, as in the paper.
  const needsRoom = cacheSize === imageSize && !cropsItself(named);
  const padding = settings.augment.padding ?? (needsRoom ? Math.round(imageSize / 8) : 0);
  checkHoles(settings, imageSize);
  checkOthers(named, imageSize, cacheSize);
  return { photos: naturalSide === null, imageSize, cacheSize, padding };
}

/** With the length that follows from the image's size, where none was told. */
function completeCutout(cutout: CutoutSettings, imageSize: number): CompleteCutout {
  return "like" in cutout ? cutout : { length: defaultLength(imageSize), ...cutout };
}

/** Whether the holes fit images of this size, before any has been decoded. */
function checkHoles({ augment: { cutout } }: Settings, imageSize: number): void {
  if (cutout === null) return;
  const complete = completeCutout(cutout, imageSize);
  const options = "like" in complete ? cutoutOptions(complete) : complete;
  try {
    checkFits(options, { height: imageSize, width: imageSize });
  } catch (error) {
    const option = "like" in complete ? "like" : "length";
    throw error instanceof CutoutError ? aboutField(error, `augment.cutout.${option}`) : error;
  }
}

/** Whether the augmentations take images of these sizes, and leave enough for the network. */
function checkOthers(augmentations: readonly AugmentationSpec[], imageSize: number, cacheSize: number): void {
  const fits = (channels: number) => {
    checkAugmentations(
      augmentations,
      { height: cacheSize, width: cacheSize, channels },
      { height: imageSize, width: imageSize },
    );
  };
  try {
    fits(3);
  } catch (error) {
    try {
      // Lists with a number a channel are right for grey images, too.
      fits(1);
    } catch {
      if (!(error instanceof CutoutError)) throw error;
      throw aboutField(error, "augment.augmentations");
    }
  }
}

/**
 * Fills in everything that is still open.
 * @param trainingImages number of training images
 * @throws CutoutError when a batch needs more images than there are
 */
export function resolveConfig(
  settings: Settings,
  network: NetworkDefinition,
  sizes: Sizes,
  trainingImages: number,
): Config {
  const { data, format, columns, model, from, objective, fit, split, seed } = settings;
  const { labelSmoothing, classWeights, regularize, augment, earlyStopping, crops, loaderWorkers } = settings;
  const { arithmetic, convolution, timedConvolutions, maxPixels, maxBroken, cacheDir, runsDir } = settings;
  const { photos, imageSize, cacheSize, padding } = sizes;
  const { recipe } = network;
  const batchSize = resolveBatchSize(settings, recipe.batchSize, trainingImages);
  const { clipNorm, accumulate, lookahead, average, progressive, filter } = settings;
  const { kind, learningRate, ...schedule } = settings.schedule;
  const { paddingMode, flip, cutout, augmentations, targeted, mix } = augment;
  // A pretraining rebuilds what it sees, and targeted Cutout must know where each part of an image is.
  const suitsFew = photos && objective.kind === "classify" && targeted === null;
  // In the order of the schema: this is what config.json looks like.
  return {
    data,
    format,
    columns,
    model: { name: model.name, options: { ...networkOptions(network, model.options) } },
    from,
    objective,
    imageSize,
    cacheSize,
    fit,
    split: { ...split, seed: split.seed ?? seed },
    seed,
    epochs:
      settings.epochs ??
      epochsFor(Math.floor(trainingImages / (batchSize / (mix === null ? 1 : createMix(mix).copies)))),
    batchSize,
    optimizer: completeOptimizer(settings.optimizer, recipe),
    clipNorm,
    accumulate,
    lookahead,
    average,
    progressive,
    filter: filter && {
      model: {
        name: filter.model.name,
        options: { ...networkOptions(findNetwork(filter.model.name), filter.model.options) },
      },
      keep: filter.keep,
    },
    schedule: {
      kind,
      learningRate: learningRate ?? usualRate(settings.optimizer, recipe, kind, batchSize),
      ...schedule,
    } as Config["schedule"],
    labelSmoothing,
    classWeights,
    regularize,
    augment: {
      padding,
      paddingMode,
      flip,
      cutout: cutout && completeCutout(cutout, imageSize),
      // As they are applied, so that the config and whoever shows it say the order.
      augmentations: [...inOrder(completeAugmentations(augmentations, suitsFew, trainingImages))],
      targeted,
      mix,
    },
    earlyStopping,
    keep: settings.keep ?? keptByDefault(settings),
    crops,
    threads: settings.threads ?? availableParallelism(),
    loaderWorkers,
    // Whoever runs a network has settled this before (device.ts); a preview runs none.
    device: settings.device === "auto" ? "cpu" : settings.device,
    arithmetic,
    convolution,
    timedConvolutions,
    maxPixels,
    maxBroken,
    cacheDir,
    runsDir,
  };
}

function completeOptimizer(optimizer: Settings["optimizer"], recipe: Recipe): Config["optimizer"] {
  const decayBiasAndNorm = optimizer.decayBiasAndNorm ?? recipe.decayBiasAndNorm;
  if (optimizer.name === "adam" || optimizer.name === "adamw") return { ...optimizer, decayBiasAndNorm };
  const { name, momentum, nesterov: told, ...rest } = optimizer;
  // Without momentum there is none of Nesterov's; Muon's form has it whatever the network.
  const usual = name === "muon" || recipe.nesterov;
  const nesterov = told ?? (usual && momentum > 0);
  return { name, momentum, nesterov, ...rest, decayBiasAndNorm } as Config["optimizer"];
}

/** Of SGD the network's own rate; of the others their own, which does not depend on the network so much. */
function usualRate(
  { name }: Settings["optimizer"],
  recipe: Recipe,
  kind: Settings["schedule"]["kind"],
  batchSize: number,
): number {
  const { learningRate } = optimizers[name];
  if (learningRate === null) return learningRateOf(recipe, kind, batchSize);
  return learningRate * Math.sqrt(Math.min(1, batchSize / usualBatch));
}

/** What the optimizers' own learning rates are for. */
const usualBatch = 128;

/**
 * On a few hundred photos the last epoch of a schedule that ends low was better than the best of few validation images
 * (FEATURES.md). Of other schedules that was not measured, and early stopping ends where the last epochs were none better.
 */
function keptByDefault({ schedule, earlyStopping, split }: Settings): Config["keep"] {
  if (split.validation === 0) return "last";
  return endsLow[schedule.kind] && earlyStopping === null ? "last" : "best";
}

const endsLow: { readonly [Kind in Config["schedule"]["kind"]]: boolean } = {
  constant: false,
  steps: false,
  plateau: false,
  cosine: true,
  "one-cycle": true,
};

/** Images in a step, copies of an image counted one by one. */
function resolveBatchSize(
  { batchSize: told, accumulate, filter, augment: { mix } }: Settings,
  usual: number,
  trainingImages: number,
): number {
  const copies = mix === null ? 1 : createMix(mix).copies;
  const unit = leastCommonMultiple(copies, accumulate);
  const batchSize = told ?? unit * Math.ceil(batchFor(usual, trainingImages) / unit);
  const wrong = (what: string) => settingsError({ field: "batchSize", what, got: String(batchSize) });
  if (batchSize % accumulate !== 0)
    throw wrong(`must be a multiple of the ${accumulate} parts of --accumulate`);
  if (batchSize % copies !== 0)
    throw wrong(`must be a multiple of the ${copies} copies of batch-augmentation`);
  if (filter !== null && imagesLearnt({ batchSize, accumulate, filter }) >= batchSize) {
    const what = `must leave an image out of each batch of ${batchSize}`;
    throw settingsError({ field: "filter.keep", what, got: String(filter.keep) });
  }
  if (batchSize / copies > trainingImages) {
    const times = copies === 1 ? "" : `${copies} times `;
    throw wrong(`must be at most ${times}the number of training images (${trainingImages})`);
  }
  return batchSize;
}

function leastCommonMultiple(a: number, b: number): number {
  const divisor = (x: number, y: number): number => (y === 0 ? x : divisor(y, x % y));
  return (a / divisor(a, b)) * b;
}

/** Half of the side, as the paper's 16 of 32 on CIFAR-10, made even. */
export function defaultLength(imageSize: number): number {
  return Math.max(2, 2 * Math.round(imageSize / 4));
}

function batchFor(usual: number, trainingImages: number): number {
  let size = usual;
  while (size > defaultBatch.least && trainingImages < size * defaultBatch.stepsPerEpoch) size /= 2;
  return Math.max(1, Math.min(size, trainingImages));
}

function epochsFor(stepsPerEpoch: number): number {
  const wanted = Math.ceil(defaultEpochs.steps / stepsPerEpoch);
  return Math.min(defaultEpochs.most, Math.max(defaultEpochs.least, wanted));
}
