// The augmentations around the fused pass: geometry and colours on bytes before it, masks and noise on floats after it.
import { CutoutError } from "../../error.ts";
import type { Rng } from "../../rng.ts";
import type { Augmentation, Image } from "../augmentation.ts";
import { compose } from "../compose.ts";
import type { CropOptions } from "../geometry/crop.ts";
import { type ImageShape, imageSize } from "../image/layout.ts";
import type { Normalization } from "../image/normalize.ts";
import { wrong } from "../options.ts";
import { type AugmentationSpec, aboutAugmentation, createAugmentation } from "../registry.ts";
import { aroundPass } from "./order.ts";

/** Parameters of each augmentation, in their order. */
export type StepParameters = readonly unknown[];

export interface BeforePass {
  /** Shape of what it makes. */
  readonly output: ImageShape;
  sample(rng: Rng, progress: number): StepParameters;
  /** @returns another image [height, width, channels]; the one at `image[offset]` is not changed */
  apply(image: Uint8Array, offset: number, parameters: StepParameters): Uint8Array;
}

export interface AfterPass {
  sample(rng: Rng, progress: number): StepParameters;
  /** Changes the image [channels, height, width] at `target[offset]`. */
  apply(target: Float32Array, offset: number, parameters: StepParameters): void;
}

type Size = Pick<CropOptions, "height" | "width">;

/**
 * Whether augmentations have a place around the pass; knows nothing of the images' statistics.
 * @param input shape of the decoded images
 * @param crop size of what the network takes
 * @throws CutoutError when one is unknown or wrong, does not take such images, or leaves fewer pixels than the network takes
 */
export function checkAugmentations(specs: readonly AugmentationSpec[], input: ImageShape, crop: Size): void {
  for (const spec of specs) createAugmentation(spec);
  const { before, after } = aroundPass(specs);
  shapeBefore(
    before.map((spec) => createAugmentation(sized(spec, crop))),
    input,
    crop,
  );
  const output = { ...input, height: crop.height, width: crop.width };
  for (const spec of after) createAugmentation(spec).outputShape(output);
}

/** Whether augmentations of a list take a random part of the image themselves. */
export function cropsItself(specs: readonly AugmentationSpec[]): boolean {
  return specs.some(({ name }) => aboutAugmentation(name).crops === true);
}

/** Shape after the steps; the network's crop must fit into it. */
function shapeBefore(steps: readonly Augmentation<unknown>[], input: ImageShape, crop: Size): ImageShape {
  return steps.reduce((shape, step) => {
    const { height, width, channels } = step.outputShape(shape);
    if (height < crop.height || width < crop.width) {
      const must = `must leave at least the ${crop.height} x ${crop.width} pixels that the network takes`;
      throw wrong("augmentations", step.name, must, `${height} x ${width}`);
    }
    return { height, width, channels };
  }, input);
}

/** With the options that follow from the network's size. */
function sized({ name, options }: AugmentationSpec, crop: Size): AugmentationSpec {
  const { height, width } = crop;
  const ours = aboutAugmentation(name).sized?.(options as never, { height, width }) ?? options;
  return { name, options: ours } as AugmentationSpec;
}

/** Around the image is the mean colour, as around the crop. */
function surrounded({ name, options }: AugmentationSpec, mean: readonly number[]): AugmentationSpec {
  const ours = aboutAugmentation(name).surrounded?.(options as never, mean) ?? options;
  return { name, options: ours } as AugmentationSpec;
}

function normalized({ name, options }: AugmentationSpec, normalization: Normalization): AugmentationSpec {
  const ours = aboutAugmentation(name).normalized?.(options as never, normalization) ?? options;
  return { name, options: ours } as AugmentationSpec;
}

/**
 * @param specs have passed `checkAugmentations`; those that come before normalization, in order
 * @returns null when there are none
 * @throws CutoutError when they do not take images of this shape, or leave fewer pixels than the crop
 */
export function beforePass(
  specs: readonly AugmentationSpec[],
  input: ImageShape,
  crop: Size,
  { mean }: Normalization,
): BeforePass | null {
  if (specs.length === 0) return null;
  const steps = specs.map((spec) => createAugmentation(surrounded(sized(spec, crop), mean)));
  const output = shapeBefore(steps, input, crop);
  const drawer = compose<readonly unknown[]>(steps);
  const size = imageSize(input);
  return {
    output,
    sample: (rng, progress) => drawer.sample(rng, input, progress),
    apply(image, offset, parameters) {
      checkCount(parameters, steps.length);
      const pixels = image.subarray(offset, offset + size);
      return steps.reduce<Image<Uint8Array>>((changed, step, at) => step.apply(changed, parameters[at]), {
        ...input,
        layout: "HWC",
        pixels,
      }).pixels;
    },
  };
}

/**
 * @param specs have passed `checkAugmentations`; those that come after normalization, in order
 * @param shape of the image after the pass
 * @returns null when there are none
 * @throws CutoutError when they do not take images of this shape
 */
export function afterPass(
  specs: readonly AugmentationSpec[],
  shape: ImageShape,
  normalization: Normalization,
): AfterPass | null {
  if (specs.length === 0) return null;
  const steps = specs.map((spec) => createAugmentation(normalized(spec, normalization)));
  for (const step of steps) step.outputShape(shape);
  const drawer = compose<readonly unknown[]>(steps);
  const size = imageSize(shape);
  return {
    sample: (rng, progress) => drawer.sample(rng, shape, progress),
    apply(target, offset, parameters) {
      checkCount(parameters, steps.length);
      const pixels = target.subarray(offset, offset + size);
      const { pixels: changed } = steps.reduce<Image<Float32Array>>(
        (image, step, at) => step.apply(image, parameters[at]),
        { ...shape, layout: "CHW", pixels },
      );
      target.set(changed, offset);
    },
  };
}

function checkCount(parameters: StepParameters, steps: number): void {
  if (parameters.length === steps) return;
  throw new CutoutError({
    where: "augment",
    option: "parameters",
    what: `must have ${steps} for the augmentations, one each`,
    got: String(parameters.length),
  });
}
