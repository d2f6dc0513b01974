// What each network is trained with when nothing is said: sizes, batch, optimizer and learning rates.
import type { ModelName } from "../nn/models.ts";
import type { ScheduleKind } from "./schedule-fields.ts";

export interface Recipe {
  /** Image and decoded size for photos, pixels. */
  readonly imageSize: number;
  readonly cacheSize: number;
  readonly batchSize: number;
  readonly nesterov: boolean;
  readonly decayBiasAndNorm: boolean;
  /** At its highest. */
  readonly learningRate: { readonly [Kind in ScheduleKind]: number };
  /**
   * Batch that the learning rates are for: a smaller one gets a rate smaller in proportion (Krizhevsky 2014, "One weird
   * trick"; Goyal et al. 2017). A larger one does not get a larger rate.
   */
  readonly learningRateBatch: number;
}

/**
 * For few epochs, as the one-cycle schedule allows; the sizes of the residual networks' own papers are those of CIFAR-10.
 * On batches of 8 the rate of 128 kept resnet9 at chance.
 */
const residual: Recipe = {
  imageSize: 64,
  cacheSize: 72,
  batchSize: 128,
  nesterov: true,
  decayBiasAndNorm: false,
  learningRate: { constant: 0.05, steps: 0.1, cosine: 0.1, "one-cycle": 0.1, plateau: 0.05 },
  learningRateBatch: 128,
};

/**
 * The Asirra baseline (sualab/asirra-dogs-cats-classification): plain momentum, weight decay of biases too, and 0.01 for
 * batches of 256. Nothing in this network normalizes: with He's weights the 4096 values before the last layer are large,
 * and twice that rate on a batch of 32 made the loss jump, all ReLUs die, or the weights infinite.
 */
const asirra: Recipe = {
  imageSize: 227,
  cacheSize: 256,
  batchSize: 128,
  nesterov: false,
  decayBiasAndNorm: true,
  learningRate: { constant: 0.01, steps: 0.01, cosine: 0.01, "one-cycle": 0.01, plateau: 0.01 },
  learningRateBatch: 256,
};

export const recipes: { readonly [Name in ModelName]: Recipe } = {
  resnet9: residual,
  resnet18: residual,
  "wrn-16-4": residual,
  alexnet: asirra,
};

/** The learning rate of a network where none is told, at its highest; never above the recipe's. */
export function learningRateOf(model: ModelName, kind: ScheduleKind, batchSize: number): number {
  const { learningRate, learningRateBatch } = recipes[model];
  return learningRate[kind] * Math.min(1, batchSize / learningRateBatch);
}
