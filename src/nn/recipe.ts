// What a network is trained with when nothing is said: batch, optimizer, learning rates and sizes.
import type { ScheduleOptions } from "../optim/schedule.ts";

type ScheduleKind = ScheduleOptions["kind"];

export interface Recipe {
  readonly batchSize: number;
  readonly nesterov: boolean;
  readonly decayBiasAndNorm: boolean;
  /** At its highest, by the schedule. */
  readonly learningRate: { readonly [Kind in ScheduleKind]: number };
  /**
   * Batch that the learning rates are for: a smaller one gets a rate smaller in proportion (Krizhevsky 2014, "One weird
   * trick"; Goyal et al. 2017). A larger one does not get a larger rate.
   */
  readonly learningRateBatch: number;
}

/** Sides of square images, pixels. */
export interface NetworkSizes {
  /** What the network sees of photos. */
  readonly imageSize: number;
  /** What photos are decoded to; crops are cut from it. */
  readonly cacheSize: number;
  /** Whether images that all have one small size (28, 32) are seen as they are, or enlarged to `imageSize` too. */
  readonly keepSmall: boolean;
}

/**
 * For few epochs, as the one-cycle schedule allows; the sizes of the residual networks' own papers are those of CIFAR-10.
 * On batches of 8 the rate of 128 kept resnet9 at chance.
 */
export const standardRecipe: Recipe = {
  batchSize: 128,
  nesterov: true,
  decayBiasAndNorm: false,
  learningRate: { constant: 0.05, steps: 0.1, cosine: 0.1, "one-cycle": 0.1, plateau: 0.05 },
  learningRateBatch: 128,
};

export const standardSizes: NetworkSizes = { imageSize: 64, cacheSize: 72, keepSmall: true };

/** The learning rate where none is told, at its highest; never above the recipe's. */
export function learningRateOf(recipe: Recipe, kind: ScheduleKind, batchSize: number): number {
  return recipe.learningRate[kind] * Math.min(1, batchSize / recipe.learningRateBatch);
}
