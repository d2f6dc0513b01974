// Mixup (Zhang et al. 2018, "mixup: Beyond Empirical Risk Minimization"): weighted means of two images and their labels.
import { CutoutError } from "../../error.ts";
import { permutation } from "../../rng.ts";
import type { BatchAugmentation } from "../augmentation.ts";
import { rounding } from "../image/image.ts";
import { imageSize, type PixelArray } from "../image/layout.ts";
import { checkRng, type Fields, number, probability, readOptions } from "../options.ts";
import { betaVariate } from "./beta.ts";
import { checkBatch, checkBatchShape, checkPartners, copyOfBatch, mixLabels, mixOf } from "./image-batch.ts";

export interface MixupOptions {
  /** The weight comes from Beta(alpha, alpha): 1, uniform, as the paper on CIFAR-10; 0.1 to 0.4 on ImageNet. */
  readonly alpha: number;
  /** Chance that a batch is mixed at all, 0 to 1. */
  readonly probability: number;
}

/** Null when the batch stays as it is. */
export interface MixupParameters {
  readonly mix: {
    /** Weight of an image itself, 0 to 1; its partner has the rest. One for the whole batch. */
    readonly lambda: number;
    /** The partner of each image: its number in the batch. */
    readonly partners: readonly number[];
  } | null;
}

const where = "mixup";
const fields: Fields<MixupOptions> = {
  alpha: { kind: number({ above: 0 }), otherwise: 1 },
  probability: { kind: probability, otherwise: 1 },
};

/**
 * Mixup: x = lambda x_i + (1 - lambda) x_j, and the same of the labels. j comes from a random order of the batch.
 * Draws a number against `probability`, lambda, and the order. Bytes are rounded.
 * @throws Error that names the option when one is wrong or unknown
 */
export function mixup(options: Partial<MixupOptions> = {}): BatchAugmentation<MixupParameters> {
  const { alpha, probability: chance } = readOptions(where, fields, options);
  return {
    name: where,
    sample(rng, input) {
      checkRng(where, rng);
      checkBatchShape(where, input);
      if (rng.uniform() >= chance) return { mix: null };
      const lambda = betaVariate(rng, alpha, alpha);
      return { mix: { lambda, partners: Array.from(permutation(rng, input.count)) } };
    },
    apply(batch, parameters) {
      checkBatch(where, batch);
      const mix = mixOf(where, parameters);
      const result = copyOfBatch(batch);
      if (mix === null) return result;
      const { lambda, partners } = mix;
      if (!(lambda >= 0 && lambda <= 1))
        throw new CutoutError({ where, option: "lambda", what: "must be from 0 to 1", got: String(lambda) });
      checkPartners(where, partners, batch.count);
      const size = imageSize(batch);
      const before: PixelArray = batch.pixels;
      const after = rounding(result.pixels);
      partners.forEach((partner, image) => {
        const [own, other] = [image * size, partner * size];
        for (let at = 0; at < size; at++) {
          after[own + at] = lambda * before[own + at]! + (1 - lambda) * before[other + at]!;
        }
      });
      return { ...result, labels: mixLabels(batch.labels, partners, lambda) };
    },
  };
}
mixup.about = { kind: "batch" } as const;
