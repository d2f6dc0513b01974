// Whether a network suits the settings, before an image has been decoded.
import { aboutAugmentation } from "../augment/index.ts";
import { CutoutError } from "../error.ts";
import { buildNetwork, findNetwork, type NetworkArguments, takesImages } from "../nn/build.ts";
import type { NetworkDefinition } from "../nn/definition.ts";
import { mapLayer } from "../nn/most-activated.ts";
import type { Network } from "../nn/network.ts";
import { resized } from "../nn/resized.ts";
import { type ProgressiveOptions, sizesBetween } from "../optim/image-size.ts";
import { namedAugmentations } from "./augmentation-fields.ts";
import type { Settings } from "./config.ts";
import type { Sizes } from "./resolve.ts";
import { settingsError } from "./settings.ts";

/**
 * Checks the sizes against the network and the crop, before an image has been decoded.
 * @throws CutoutError when the images are too small for the network, a regularizer cannot stand where it shall, or the crop
 * does not take the padding
 */
export function checkSizes(
  { model, regularize, augment, objective, progressive, filter }: Settings,
  network: NetworkDefinition,
  sizes: Sizes,
): void {
  const { imageSize, padding } = sizes;
  if (padding >= imageSize) {
    throw settingsError({
      field: "augment.padding",
      what: `must be less than the image size (${imageSize})`,
      got: String(padding),
    });
  }
  const argumentsFor = (side: number) => ({
    input: { height: side, width: side, channels: 3 },
    numClasses: 2,
    options: model.options,
  });
  const fits = (side: number) => takesImages(network, argumentsFor(side));
  if (fits(imageSize)) {
    checkFilter(filter, objective, augment, argumentsFor(imageSize), progressive);
    if (regularize.length === 0 && augment.targeted === null && progressive === null) return;
    const built = buildNetwork(network, { ...argumentsFor(imageSize), regularize });
    checkTargeted(augment, built);
    if (progressive !== null) checkSmaller(progressive, objective, augment, built);
    return;
  }
  let least = imageSize + 1;
  while (least < network.sizes.imageSize && !fits(least)) least++;
  throw settingsError({
    field: "imageSize",
    what: `must be at least ${least} for ${network.name}`,
    got: String(imageSize),
  });
}

/** Whether the small network takes the images, and something can be filtered. */
function checkFilter(
  filter: Settings["filter"],
  objective: Settings["objective"],
  { targeted }: Settings["augment"],
  args: NetworkArguments,
  progressive: ProgressiveOptions | null,
): void {
  if (filter === null) return;
  const field = "filter.model";
  const remedy = "leave it out";
  if (objective.kind !== "classify") {
    throw settingsError({ field, what: "goes by the classes, and a pretraining has none", remedy });
  }
  if (targeted !== null) {
    const what = "does not go with targeted Cutout: that keeps a map of every image";
    throw settingsError({ field, what, remedy });
  }
  try {
    const { name, options } = filter.model;
    const network = buildNetwork(findNetwork(name), { ...args, options });
    if (progressive === null) return;
    for (const size of sizesBetween(progressive, network.input)) resized(network, size);
  } catch (error) {
    throw error instanceof CutoutError ? error.with({ field, kind: "settings" }) : error;
  }
}

/** Whether the network takes smaller images, and nothing else asks for those of one size. */
function checkSmaller(
  progressive: ProgressiveOptions,
  objective: Settings["objective"],
  { targeted }: Settings["augment"],
  network: Network,
): void {
  const field = "progressive.initialScale";
  const remedy = "leave it out";
  if (objective.kind !== "classify") {
    throw settingsError({ field, what: "is of classifiers: a pretraining rebuilds the images", remedy });
  }
  if (targeted !== null) {
    throw settingsError({
      field,
      what: "does not go with targeted Cutout: it keeps maps of one size",
      remedy,
    });
  }
  const sizes = sizesBetween(progressive, network.input);
  if (sizes.length === 0) {
    const { height, width } = network.input;
    const what = `must make images smaller than ${height} x ${width} pixels, in multiples of ${progressive.sizeIncrement}`;
    throw settingsError({ field, what, got: String(progressive.initialScale) });
  }
  try {
    for (const size of sizes) resized(network, size);
  } catch (error) {
    throw error instanceof CutoutError ? error.with({ field, kind: "settings", remedy }) : error;
  }
}

/** Maps are of views that crop and flip alone have made, each of one image. */
function checkTargeted({ targeted, mix, augmentations }: Settings["augment"], network: Network): void {
  if (targeted === null) return;
  mapLayer(network, targeted.layer);
  const moving = namedAugmentations(augmentations).find(
    ({ name }) => aboutAugmentation(name).kind === "geometry",
  );
  const other = mix ?? moving;
  if (other === undefined) return;
  throw settingsError({
    field: "augment.targeted.layer",
    what: `targeted Cutout must know where each part of an image is, and with ${other.name} it does not`,
    remedy: "leave one of the two out",
  });
}
