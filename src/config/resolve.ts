// Defaults that follow from the data and the machine: settings in, complete config out.
import { availableParallelism } from "node:os";
import { afterPass } from "../augment/after-pass.ts";
import { optionsOfSettings } from "../augment/cutout/settings.ts";
import { checkCutout } from "../augment/cutout.ts";
import { parseAugmentation, parseMix } from "../augment/short-form.ts";
import { findNetwork, takesImages } from "../nn/build.ts";
import type { NetworkDefinition } from "../nn/definition.ts";
import { learningRateOf } from "../nn/recipe.ts";
import { copiesOf } from "../train/mix.ts";
import { type Config, configSchema, type Settings } from "./config.ts";
import { ConfigError } from "./settings.ts";

/** Training goes over the images this often, and longer on small data until it has taken this many steps. */
const defaultEpochs = { least: 15, most: 60, steps: 1000 };
/** A small data set gets smaller batches, so that an epoch has this many steps. */
const defaultBatch = { least: 8, stepsPerEpoch: 8 };

export interface Sizes {
  readonly imageSize: number;
  readonly cacheSize: number;
  readonly padding: number;
}

/** How an error names a field of the config: by its flag where a flag set it. */
export type NameOf = (path: string) => string;

/**
 * Image size, decoded size and padding.
 * @param naturalSide side of the images of a data set of one small size (28, 32); null for photos
 * @throws ConfigError when the sizes do not fit each other
 */
export function resolveSizes(
  settings: Settings,
  naturalSide: number | null,
  nameOf: NameOf,
  network: NetworkDefinition = findNetwork(settings.model),
): Sizes {
  const standard = network.sizes;
  const small = naturalSide !== null && standard.keepSmall;
  const imageSize = settings.imageSize ?? (small ? naturalSide : standard.imageSize);
  const enlarged = Math.round((imageSize * standard.cacheSize) / standard.imageSize);
  const cacheSize = settings.cacheSize ?? (small ? Math.max(naturalSide, imageSize) : enlarged);
  if (cacheSize < imageSize) {
    throw new ConfigError(
      `${nameOf("cacheSize")}: must be at least the image size (${imageSize}), got ${cacheSize}`,
    );
  }
  // Without room to crop, padding gives it: 4 pixels of 32, as in the paper.
  const padding = settings.augment.padding ?? (cacheSize === imageSize ? Math.round(imageSize / 8) : 0);
  checkHoles(settings, imageSize, nameOf);
  checkAugmentations(settings, imageSize, nameOf);
  return { imageSize, cacheSize, padding };
}

function checkHoles({ augment: { cutout } }: Settings, imageSize: number, nameOf: NameOf): void {
  if (cutout === null) return;
  const complete = completeCutout(cutout, imageSize);
  const name = nameOf(`augment.cutout.${"like" in complete ? "like" : "length"}`);
  if ("length" in complete && typeof complete.length === "number" && complete.length > imageSize) {
    throw new ConfigError(`${name}: must be at most the image size (${imageSize}), got ${complete.length}`);
  }
  try {
    checkCutout(optionsOfSettings(complete, { mean: [0, 0, 0], std: [1, 1, 1] }), {
      height: imageSize,
      width: imageSize,
    });
  } catch (error) {
    throw new ConfigError(`${name}: ${(error as Error).message.replace(/^cutout: (length )?/, "")}`);
  }
}

type CutoutOf<C extends { readonly augment: { readonly cutout: unknown } }> = NonNullable<
  C["augment"]["cutout"]
>;

/** With the length that follows from the image's size, where none was told. */
function completeCutout(cutout: CutoutOf<Settings>, imageSize: number): CutoutOf<Config> {
  return "like" in cutout ? cutout : { ...cutout, length: cutout.length ?? defaultLength(imageSize) };
}

/** Whether the augmentations take images of this size, before any has been decoded. */
function checkAugmentations({ augment }: Settings, imageSize: number, nameOf: NameOf): void {
  const specs = augment.augmentations.map(parseAugmentation);
  const fits = (channels: number) => {
    const statistics = new Array<number>(channels).fill(1);
    afterPass(
      specs,
      { height: imageSize, width: imageSize, channels },
      { mean: statistics, std: statistics },
    );
  };
  try {
    fits(3);
  } catch (error) {
    try {
      // Lists with a number a channel are right for grey images, too.
      fits(1);
    } catch {
      throw new ConfigError(`${nameOf("augment.augmentations")}: ${(error as Error).message}`);
    }
  }
}

/**
 * Checks the sizes against the network and the crop, before an image has been decoded.
 * @throws ConfigError when the images are too small for the network, or the crop does not take the padding
 */
export function checkSizes(
  settings: Settings,
  sizes: Sizes,
  nameOf: NameOf,
  network: NetworkDefinition = findNetwork(settings.model),
): void {
  const { imageSize, padding } = sizes;
  if (padding >= imageSize) {
    throw new ConfigError(
      `${nameOf("augment.padding")}: must be less than the image size (${imageSize}), got ${padding}`,
    );
  }
  const fits = (side: number) =>
    takesImages(network, {
      input: { height: side, width: side, channels: 3 },
      numClasses: 2,
      options: modelOptions(settings, network),
    });
  if (fits(imageSize)) return;
  let least = imageSize + 1;
  while (least < network.sizes.imageSize && !fits(least)) least++;
  throw new ConfigError(
    `${nameOf("imageSize")}: must be at least ${least} for ${network.name}, got ${imageSize}`,
  );
}

/**
 * Fills in everything that is still open.
 * @param trainingImages number of training images
 * @throws ConfigError when a batch needs more images than there are
 */
export function resolveConfig(
  settings: Settings,
  sizes: Sizes,
  trainingImages: number,
  nameOf: NameOf,
  { recipe }: NetworkDefinition = findNetwork(settings.model),
): Config {
  const { mix } = settings.augment;
  const copies = copiesOf(mix === null ? null : parseMix(mix));
  const batchSize =
    settings.batchSize ?? copies * Math.ceil(batchFor(recipe.batchSize, trainingImages) / copies);
  if (batchSize % copies !== 0) {
    throw new ConfigError(
      `${nameOf("batchSize")}: must be a multiple of the ${copies} copies of batch-augmentation, got ${batchSize}`,
    );
  }
  const imagesPerStep = batchSize / copies;
  if (imagesPerStep > trainingImages) {
    throw new ConfigError(
      `${nameOf("batchSize")}: must be at most the number of training images (${trainingImages}), got ${batchSize}`,
    );
  }
  const { cutout } = settings.augment;
  const { schedule, optimizer } = settings;
  // Parsed, so that the stored config has the order of the schema.
  return configSchema.parse({
    ...settings,
    imageSize: sizes.imageSize,
    cacheSize: sizes.cacheSize,
    epochs: settings.epochs ?? epochsFor(Math.floor(trainingImages / imagesPerStep)),
    batchSize,
    optimizer: {
      ...optimizer,
      // Without momentum there is none of Nesterov's.
      nesterov: optimizer.nesterov ?? (recipe.nesterov && optimizer.momentum > 0),
      decayBiasAndNorm: optimizer.decayBiasAndNorm ?? recipe.decayBiasAndNorm,
    },
    schedule: {
      ...schedule,
      learningRate: schedule.learningRate ?? learningRateOf(recipe, schedule.kind, batchSize),
    },
    augment: {
      ...settings.augment,
      padding: sizes.padding,
      cutout: cutout && completeCutout(cutout, sizes.imageSize),
    },
    threads: settings.threads ?? availableParallelism(),
    // Whoever runs a network has settled this before (device.ts); a preview runs none.
    device: settings.device === "auto" ? "cpu" : settings.device,
  });
}

/** The settings that are options of their network. */
export function modelOptions(
  { initialization, dropout }: Pick<Settings, "initialization" | "dropout">,
  { options }: NetworkDefinition,
): object {
  return {
    ...("initialization" in options && { initialization }),
    ...("dropout" in options && { dropout }),
  };
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
