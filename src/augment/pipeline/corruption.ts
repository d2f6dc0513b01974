// What denoising auto-encoders are shown: an image with masks and noise, and which of its numbers those have changed.
import type { Rng } from "../../rng.ts";
import type { Augmentation, Image } from "../augmentation.ts";
import { type ImageLayout, type ImageShape, imageSize } from "../image/layout.ts";
import type { Normalization } from "../image/normalize.ts";
import { wrong } from "../options.ts";
import {
  type AugmentationName,
  type AugmentationSpec,
  aboutAugmentation,
  augmentationNames,
  createAugmentation,
} from "../registry.ts";

export interface Corruption {
  /** Draws what is random about one image: parameters of each augmentation, in their order. */
  sample(rng: Rng): readonly unknown[];
  /**
   * Changes the normalized image [channels, height, width] at `images[offset]`.
   * @returns [channels, height, width], 1 where a mask covers the number or noise was put on it
   */
  apply(images: Float32Array, offset: number, parameters: readonly unknown[]): Uint8Array;
}

/** Names of the augmentations that corrupt: masks and noise. */
export function corruptionNames(): readonly AugmentationName[] {
  return augmentationNames.filter((name) => ["mask", "noise"].includes(aboutAugmentation(name).kind));
}

/** @throws CutoutError when it is no mask and no noise, or its options are wrong */
export function checkCorruption(spec: AugmentationSpec): void {
  const names = corruptionNames();
  if (!names.includes(spec.name))
    throw wrong("corruption", "each", `must be one of ${names.join(", ")}`, spec.name);
  createAugmentation(spec);
}

/**
 * Masks and noise one after the other, on normalized images.
 * @param shape of the images
 * @throws CutoutError when one is no mask and no noise, or does not take images of this shape
 */
export function corruption(
  specs: readonly AugmentationSpec[],
  shape: ImageShape,
  normalization: Normalization,
): Corruption {
  const steps = specs.map((spec) => {
    checkCorruption(spec);
    const options = aboutAugmentation(spec.name).normalized?.(spec.options as never, normalization);
    return createAugmentation((options === undefined ? spec : { ...spec, options }) as AugmentationSpec);
  });
  for (const step of steps) step.outputShape(shape);
  const layout: ImageLayout = { ...shape, layout: "CHW" };
  const size = imageSize(shape);
  return {
    // Nothing here follows a schedule: the task stays as hard as it is.
    sample: (rng) => steps.map((step) => step.sample(rng, shape, 1)),
    apply(images, offset, parameters) {
      const touched = new Uint8Array(size);
      let image: Image<Float32Array> = { ...layout, pixels: images.slice(offset, offset + size) };
      steps.forEach((step, at) => {
        markTouched(step, layout, parameters[at], touched);
        image = step.apply(image, parameters[at]);
      });
      images.set(image.pixels, offset);
      return touched;
    },
  };
}

/** Sets the numbers of an image that the augmentation with these parameters replaces or adds to. */
function markTouched(
  step: Augmentation<unknown>,
  layout: ImageLayout,
  parameters: unknown,
  touched: Uint8Array,
): void {
  const area = layout.height * layout.width;
  if (step.effects !== undefined) {
    for (const effect of step.effects(parameters, layout)) {
      if (effect.kind !== "hide") continue;
      for (let at = 0; at < touched.length; at++) touched[at]! |= effect.covered[at % area]! > 0 ? 1 : 0;
    }
    return;
  }
  // Which numbers noise falls on does not depend on what they are, so two images tell: a number that it has set is the
  // same in both, and one that it has added to is no longer what it was.
  const [low, high] = [-1, 1].map((value) => {
    const pixels = new Float32Array(touched.length).fill(value);
    return step.apply({ ...layout, pixels }, parameters).pixels;
  }) as [Float32Array, Float32Array];
  for (let at = 0; at < touched.length; at++) {
    if (low[at] === high[at] || low[at] !== -1 || high[at] !== 1) touched[at] = 1;
  }
}
