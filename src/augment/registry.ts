// Augmentations by name, so that a config file can list them.

import type { Augmentation } from "./augmentation.ts";
import { blur } from "./colour/blur.ts";
import { colorJitter } from "./colour/color-jitter.ts";
import { greyscale } from "./colour/greyscale.ts";
import { trivialAugment } from "./colour/trivial-augment.ts";
import { affine } from "./geometry/affine.ts";
import { horizontalFlip, verticalFlip } from "./geometry/flips.ts";
import { randomCrop } from "./geometry/random-crop.ts";
import { resizedCrop } from "./geometry/resized-crop.ts";
import { rotation } from "./geometry/rotation.ts";
import { gridMask } from "./masking/grid-mask.ts";
import { hideAndSeek } from "./masking/hide-and-seek.ts";
import { occlusion } from "./masking/occlusion.ts";
import { randomErasing } from "./masking/random-erasing.ts";
import { gaussianNoise, maskingNoise, saltAndPepper } from "./noise/noise.ts";

/**
 * Name -> factory. Every factory checks the options it is given, whatever their type says: they may come from a file.
 * An augmentation is in this table under the name that it carries itself.
 */
const factories = {
  affine,
  blur,
  "color-jitter": colorJitter,
  "gaussian-noise": gaussianNoise,
  greyscale,
  "grid-mask": gridMask,
  "hide-and-seek": hideAndSeek,
  "horizontal-flip": horizontalFlip,
  "masking-noise": maskingNoise,
  occlusion,
  "random-crop": randomCrop,
  "random-erasing": randomErasing,
  "resized-crop": resizedCrop,
  rotation,
  "salt-and-pepper": saltAndPepper,
  "trivial-augment": trivialAugment,
  "vertical-flip": verticalFlip,
} satisfies { readonly [name: string]: (options: never) => Augmentation<unknown> };

export type AugmentationName = keyof typeof factories;

/** One augmentation as JSON data: `{ "name": "rotation", "options": { "degrees": 15 } }`. */
export type AugmentationSpec = {
  [N in AugmentationName]: { readonly name: N; readonly options?: Parameters<(typeof factories)[N]>[0] };
}[AugmentationName];

export const augmentationNames = Object.keys(factories) as readonly AugmentationName[];

/**
 * The augmentation that a config names.
 * @throws Error when the name is unknown, or an option is wrong, missing or unknown
 */
export function createAugmentation(spec: AugmentationSpec): Augmentation<unknown> {
  if (spec === null || typeof spec !== "object") {
    throw new Error(`augmentations: each must be { "name", "options" }, got ${JSON.stringify(spec)}`);
  }
  const { name, options, ...others } = spec as { name: string; options?: unknown };
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new Error(
      `augmentations: ${name} must have "name" and "options" only, got ${JSON.stringify(unknown)}`,
    );
  }
  if (!Object.hasOwn(factories, name)) {
    throw new Error(
      `augmentations: name must be one of ${augmentationNames.join(", ")}, got ${JSON.stringify(name)}`,
    );
  }
  const factory: (options: never) => Augmentation<unknown> = factories[name as AugmentationName];
  return factory(options as never);
}
