// The config's list `augment.augmentations`: what is named, and `auto` for what suits the training images there are.
import { z } from "zod";
import { type AugmentationSpec, augmentationNames, createAugmentation } from "../augment/index.ts";
import { augmentationFrom, namedForm } from "./augmentation-text.ts";
import { told } from "./fields.ts";

/** In a list: what is done to few photos when nothing is told. */
export const automatic = "auto";

export type ToldAugmentation = AugmentationSpec | typeof automatic;

/** TrivialAugment pays on few photos, and costs a tenth of the time (FEATURES.md, "Augmentation of a small set"). */
const usual: { readonly mostImages: number; readonly augmentations: readonly AugmentationSpec[] } = {
  mostImages: 2000,
  augmentations: [{ name: "trivial-augment" }],
};

/** An augmentation that exists, with options that it takes. */
function readAugmentation(given: AugmentationSpec | string): AugmentationSpec {
  const spec = typeof given === "string" ? augmentationFrom(given) : given;
  createAugmentation(spec);
  return spec;
}

const listOf = <T extends z.ZodType>(one: T) =>
  z
    .array(one, { error: () => `must be a list of texts, each ${namedForm}` })
    .describe(
      `further augmentation, as resized-crop or random-erasing:probability=1,fill=zero, each at the place of its kind: ${augmentationNames.join(", ")}; or ${automatic}, for what suits few photos (trivial-augment, up to ${usual.mostImages.toLocaleString("en-US")} of them)`,
    );

/** As a complete config has it. */
export const augmentationsOfConfig = listOf(
  told<AugmentationSpec, AugmentationSpec>("", namedForm, readAugmentation),
).default([]);

/** As a person gives it. */
export const augmentationsOfSettings = listOf(
  told<ToldAugmentation, ToldAugmentation>("", namedForm, (given) =>
    given === automatic ? given : readAugmentation(given),
  ),
).default([automatic]);

/** Those that are named, whatever the images. */
export const namedAugmentations = (list: readonly ToldAugmentation[]): readonly AugmentationSpec[] =>
  list.filter((one) => one !== automatic);

/** All of them, once it is known what there is to train on. */
export function completeAugmentations(
  list: readonly ToldAugmentation[],
  photos: boolean,
  trainingImages: number,
): readonly AugmentationSpec[] {
  const suits = photos && trainingImages <= usual.mostImages;
  return list.flatMap((one) => (one !== automatic ? [one] : suits ? usual.augmentations : []));
}
