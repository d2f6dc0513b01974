// CutMix (Yun et al. 2019, "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features").
import { permutation } from "../../rng.ts";
import type { BatchAugmentation } from "../augmentation.ts";
import { imageSize, imageStrides, type PixelArray } from "../image/layout.ts";
import { type Box, checkBox, type MaskArea } from "../masking/masking.ts";
import { checkRng, type Fields, number, probability, readOptions } from "../options.ts";
import { betaMoment, betaVariate } from "./beta.ts";
import { checkBatch, checkBatchShape, checkPartners, copyOfBatch, mixLabels, mixOf } from "./image-batch.ts";

export interface CutMixOptions {
  /** The box has the share 1 - lambda of the image, lambda from Beta(alpha, alpha); 1, uniform, in the paper. */
  readonly alpha: number;
  /** Chance that a batch is mixed at all, 0 to 1. The authors' code takes 1 on ImageNet and 0.5 on CIFAR. */
  readonly probability: number;
}

/** Null when the batch stays as it is. */
export interface CutMixParameters {
  readonly mix: {
    /** What comes from the partner; clipped at the border. One for the whole batch. */
    readonly box: Box;
    /** The partner of each image: its number in the batch. */
    readonly partners: readonly number[];
  } | null;
}

const where = "cutmix";
const fields: Fields<CutMixOptions> = {
  alpha: { kind: number({ above: 0 }), otherwise: 1 },
  probability: { kind: probability, otherwise: 1 },
};

/**
 * CutMix: a box of each image is replaced by the same box of its partner; the partner's label gets the share of the
 * image that the clipped box really has. Draws a number against `probability`, lambda, the box's centre (row,
 * column; any pixel) and a random order of the batch.
 * @throws Error that names the option when one is wrong or unknown
 */
export function cutmix(options: Partial<CutMixOptions> = {}): BatchAugmentation<CutMixParameters> {
  const { alpha, probability: chance } = readOptions(where, fields, options);
  return {
    name: where,
    sample(rng, input) {
      checkRng(where, rng);
      checkBatchShape(where, input);
      if (rng.uniform() >= chance) return { mix: null };
      const side = Math.sqrt(1 - betaVariate(rng, alpha, alpha));
      const [top, bottom] = clipped(rng.integer(input.height), side, input.height);
      const [left, right] = clipped(rng.integer(input.width), side, input.width);
      const box = { top, bottom, left, right };
      return { mix: { box, partners: Array.from(permutation(rng, input.count)) } };
    },
    apply(batch, parameters) {
      checkBatch(where, batch);
      const mix = mixOf(where, parameters);
      const result = copyOfBatch(batch);
      if (mix === null) return result;
      const { box, partners } = mix;
      checkBox(where, box, batch);
      checkPartners(where, partners, batch.count);
      const size = imageSize(batch);
      const { row, column, channel } = imageStrides(batch);
      const [before, after]: PixelArray[] = [batch.pixels, result.pixels];
      partners.forEach((partner, image) => {
        for (let c = 0; c < batch.channels; c++) {
          for (let y = box.top; y < box.bottom; y++) {
            const line = c * channel + y * row;
            for (let x = box.left; x < box.right; x++) {
              after![image * size + line + x * column] = before![partner * size + line + x * column]!;
            }
          }
        }
      });
      return { ...result, labels: mixLabels(batch.labels, partners, 1 - shareOf(box, batch)) };
    },
  };
}
cutmix.about = { kind: "batch" } as const;

/** Start and end along one axis of a box with the share `side` of it around `centre`. */
function clipped(centre: number, side: number, extent: number): [number, number] {
  const half = Math.floor((side * extent) / 2);
  return [Math.max(0, centre - half), Math.min(extent, centre + half)];
}

function shareOf({ top, bottom, left, right }: Box, { height, width }: MaskArea): number {
  return ((bottom - top) * (right - left)) / (height * width);
}

/**
 * Share of an image that comes from its partner on average, for an image of many pixels. Along an axis a box with
 * the share s = sqrt(1 - lambda) around a uniform centre covers s - s^2/4 after clipping, so the mean is
 * E[(s - s^2/4)^2] = m2 - m3/2 + m4/16, where mk = E[(1 - lambda)^(k/2)]: a moment of the beta distribution.
 * With alpha 1: 1/2 - 1/5 + 1/48 = 0.321.
 * @throws Error that names the option when one is wrong or unknown
 */
export function expectedCutMixShare(options: Partial<CutMixOptions> = {}): number {
  const { alpha, probability: chance } = readOptions(where, fields, options);
  const moment = (power: number) => betaMoment(alpha, alpha, power / 2);
  return chance * (moment(2) - moment(3) / 2 + moment(4) / 16);
}
