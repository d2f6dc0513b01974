// The augmentations that follow the fused pass, one after the other, on the normalized image.
import type { Rng } from "../../rng.ts";
import type { Image } from "../augmentation.ts";
import { compose } from "../compose.ts";
import { type ImageShape, imageSize } from "../image/layout.ts";
import type { Normalization } from "../image/normalize.ts";
import { type AugmentationName, type AugmentationSpec, createAugmentation } from "../registry.ts";

/** Parameters of each augmentation, in their order. */
export type AfterParameters = readonly unknown[];

export interface AfterPass {
  sample(rng: Rng, progress: number): AfterParameters;
  /** Changes the image [channels, height, width] at `target[offset]`. */
  apply(target: Float32Array, offset: number, parameters: AfterParameters): void;
}

/** Those that change colours: they see the image on the scale 0 to 1. All others see it normalized, where 0 is the mean. */
const onColours: ReadonlySet<AugmentationName> = new Set(["color-jitter", "greyscale", "trivial-augment"]);

/**
 * @param shape of the image after the pass
 * @returns null when there are none
 * @throws Error when an augmentation is unknown or wrong, does not take such images, or would change their shape
 */
export function afterPass(
  specs: readonly AugmentationSpec[],
  shape: ImageShape,
  normalization: Normalization,
): AfterPass | null {
  if (specs.length === 0) return null;
  const steps = specs.map(createAugmentation);
  for (const step of steps) {
    const { height, width, channels } = step.outputShape(shape);
    if (height !== shape.height || width !== shape.width || channels !== shape.channels) {
      throw new Error(
        `augmentations: ${step.name} must keep the size of the image, ${shape.height} x ${shape.width}, ` +
          `got ${height} x ${width}`,
      );
    }
  }
  const drawer = compose<readonly unknown[]>(steps);
  const size = imageSize(shape);
  return {
    sample: (rng, progress) => drawer.sample(rng, shape, progress),
    apply(target, offset, parameters) {
      let image: Image<Float32Array> = {
        ...shape,
        layout: "CHW",
        pixels: target.subarray(offset, offset + size),
      };
      steps.forEach((step, index) => {
        if (onColours.has(specs[index]!.name)) {
          image = normalized(step.apply(unitScaled(image, normalization), parameters[index]), normalization);
        } else image = step.apply(image, parameters[index]);
      });
      target.set(image.pixels, offset);
    },
  };
}

/** x * std + mean, kept within 0 to 1. */
function unitScaled(image: Image<Float32Array>, { mean, std }: Normalization): Image<Float32Array> {
  const plane = image.height * image.width;
  const pixels = image.pixels.map((value, at) => {
    const c = Math.floor(at / plane);
    return Math.min(1, Math.max(0, value * std[c]! + mean[c]!));
  });
  return { ...image, pixels };
}

function normalized(image: Image<Float32Array>, { mean, std }: Normalization): Image<Float32Array> {
  const plane = image.height * image.width;
  const pixels = image.pixels.map((value, at) => {
    const c = Math.floor(at / plane);
    return (value - mean[c]!) / std[c]!;
  });
  return { ...image, pixels };
}
