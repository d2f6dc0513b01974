// Mixing of a run's batches: CutMix and Mixup, drawn from the seed, the epoch and the number of the batch.
import { createMix, type ImageShape, type MixSpec } from "../augment/index.ts";
import { stream } from "../rng.ts";

/** A batch as a step learns it. */
export interface LabelledImages {
  /** [count, channels, height, width] */
  readonly images: Float32Array;
  /** Share of each class in each image, [count, classes]; null without labels. */
  readonly labels: Float32Array | null;
  readonly count: number;
}

/** Where a batch stands in its run. */
export interface BatchPlace {
  readonly seed: number;
  /** From 1 on. */
  readonly epoch: number;
  /** From 0 on, in its epoch. */
  readonly batch: number;
  /** Share of the training that is done, 0 to 1. */
  readonly progress: number;
}

/** Images of a step that are copies of one: `copies` of each with batch augmentation, otherwise 1. */
export function copiesOf(mix: MixSpec | null): number {
  return mix === null ? 1 : createMix(mix).copies;
}

/** The batch with its images and labels mixed: the same one when nothing is, otherwise another. */
export function mixed(
  mix: MixSpec | null,
  batch: LabelledImages,
  shape: ImageShape,
  { seed, epoch, batch: number, progress }: BatchPlace,
): LabelledImages {
  const augmentation = mix && createMix(mix).augmentation;
  if (augmentation === null) return batch;
  const { images, labels, count } = batch;
  const whole = { ...shape, layout: "CHW", count, pixels: images, labels } as const;
  const parameters = augmentation.sample(stream(seed, "mix", epoch, number), { ...shape, count }, progress);
  const result = augmentation.apply<Float32Array>(whole, parameters);
  return { images: result.pixels, labels: result.labels, count };
}
