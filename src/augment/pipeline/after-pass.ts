// The augmentations that follow the fused pass, one after the other, on the normalized image.
import type { Rng } from "../../rng.ts";
import type { Augmentation, Image } from "../augmentation.ts";
import { compose } from "../compose.ts";
import { type ImageShape, imageSize } from "../image/layout.ts";
import type { Normalization } from "../image/normalize.ts";
import { wrong } from "../options.ts";
import { type AugmentationSpec, aboutAugmentation, createAugmentation } from "../registry.ts";

/** Parameters of each augmentation, in their order. */
export type AfterParameters = readonly unknown[];

export interface AfterPass {
  sample(rng: Rng, progress: number): AfterParameters;
  /** Changes the image [channels, height, width] at `target[offset]`. */
  apply(target: Float32Array, offset: number, parameters: AfterParameters): void;
}

/**
 * Whether augmentations can follow the pass; knows nothing of the images' statistics.
 * @param shape of the image after the pass
 * @throws CutoutError when one is unknown or wrong, does not take such images, or would change their shape
 */
export function checkAugmentations(specs: readonly AugmentationSpec[], shape: ImageShape): void {
  for (const spec of specs) checkKeepsShape(createAugmentation(spec), shape);
}

function checkKeepsShape(step: Augmentation<unknown>, shape: ImageShape): void {
  const { height, width, channels } = step.outputShape(shape);
  if (height !== shape.height || width !== shape.width || channels !== shape.channels) {
    const must = `must keep the size of the image, ${shape.height} x ${shape.width}`;
    throw wrong("augmentations", step.name, must, `${height} x ${width}`);
  }
}

/** An augmentation as it follows the pass. */
interface Step {
  readonly augmentation: Augmentation<unknown>;
  /** Those of the scale 0 to 1 see the image on it. All others see it normalized, where 0 is the mean. */
  readonly onUnitScale: boolean;
}

function stepOf({ name, options }: AugmentationSpec, normalization: Normalization): Step {
  const { scale, normalized } = aboutAugmentation(name);
  const ours = normalized === undefined ? options : normalized(options as never, normalization);
  const augmentation = createAugmentation({ name, options: ours } as AugmentationSpec);
  return { augmentation, onUnitScale: scale === "unit" };
}

/**
 * @param specs have passed `checkAugmentations`
 * @param shape of the image after the pass
 * @returns null when there are none
 * @throws CutoutError when they do not take images of this shape, or would change it
 */
export function afterPass(
  specs: readonly AugmentationSpec[],
  shape: ImageShape,
  normalization: Normalization,
): AfterPass | null {
  if (specs.length === 0) return null;
  const steps = specs.map((spec) => stepOf(spec, normalization));
  for (const { augmentation } of steps) checkKeepsShape(augmentation, shape);
  const drawer = compose<readonly unknown[]>(steps.map(({ augmentation }) => augmentation));
  const size = imageSize(shape);
  return {
    sample: (rng, progress) => drawer.sample(rng, shape, progress),
    apply(target, offset, parameters) {
      let image: Image<Float32Array> = {
        ...shape,
        layout: "CHW",
        pixels: target.subarray(offset, offset + size),
      };
      steps.forEach(({ augmentation, onUnitScale }, index) => {
        if (onUnitScale) {
          const changed = augmentation.apply(unitScaled(image, normalization), parameters[index]);
          image = normalizedAgain(changed, normalization);
        } else image = augmentation.apply(image, parameters[index]);
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

function normalizedAgain(image: Image<Float32Array>, { mean, std }: Normalization): Image<Float32Array> {
  const plane = image.height * image.width;
  const pixels = image.pixels.map((value, at) => {
    const c = Math.floor(at / plane);
    return (value - mean[c]!) / std[c]!;
  });
  return { ...image, pixels };
}
