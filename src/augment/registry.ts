// Augmentations of one image by name, so that a config file can list them.
import type { About, Augmentation, Factory } from "./augmentation.ts";
import { blur } from "./colour/blur.ts";
import { colorJitter } from "./colour/color-jitter.ts";
import { greyscale } from "./colour/greyscale.ts";
import { trivialAugment } from "./colour/trivial-augment.ts";
import { cutoutAugmentation } from "./cutout/augmentation.ts";
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
import { object, shown, wrong } from "./options.ts";

/** Name -> factory. An augmentation is in this table under the name that it carries itself. */
const factories = {
  affine,
  blur,
  "color-jitter": colorJitter,
  cutout: cutoutAugmentation,
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
} satisfies { readonly [name: string]: Factory };

export type AugmentationName = keyof typeof factories;

/** One augmentation as JSON data: `{ "name": "rotation", "options": { "degrees": 15 } }`. */
export type AugmentationSpec = {
  [N in AugmentationName]: { readonly name: N; readonly options?: Parameters<(typeof factories)[N]>[0] };
}[AugmentationName];

export const augmentationNames = Object.keys(factories) as readonly AugmentationName[];

/**
 * The augmentation that a config names.
 * @throws CutoutError when the name is unknown, or an option is wrong, missing or unknown
 */
export function createAugmentation(spec: AugmentationSpec): Augmentation<unknown> {
  const { name, options } = readSpec("augmentations", augmentationNames, spec);
  const factory: Factory = factories[name];
  return factory(options as never);
}

/** What the augmentation of this name is about. */
export function aboutAugmentation(name: AugmentationName): About {
  return factories[name].about;
}

/**
 * A name and options, out of what a config lists; the options are not looked at.
 * @throws CutoutError when it is none, or the name is not among these
 */
export function readSpec<N extends string>(
  where: string,
  names: readonly N[],
  spec: unknown,
): { readonly name: N; readonly options: unknown } {
  const given = object.read(spec);
  if (given === undefined) {
    throw wrong(where, "each", 'must be { "name", "options" }', shown(spec));
  }
  const { name, options, ...others } = given;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw wrong(where, String(name), 'must have "name" and "options" only', shown(unknown));
  }
  const known = names.find((one) => one === name);
  if (known === undefined) throw wrong(where, "name", `must be one of ${names.join(", ")}`, shown(name));
  return { name: known, options };
}
