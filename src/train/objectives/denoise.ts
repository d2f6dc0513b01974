// A denoising auto-encoder (Vincent et al. 2008, 2010): the clean image out of one with masks or noise.
import type { AugmentationSpec, Normalization } from "../../augment/index.ts";
import { corruption } from "../../augment/pipeline/corruption.ts";
import type { ReconstructionScores } from "../evaluation.ts";
import type { Objective, Plain } from "../objective.ts";
import { reconstruction } from "./reconstruct.ts";

export interface DenoiseOptions {
  /** Masks and noise, one after the other. */
  readonly corruption: readonly AugmentationSpec[];
  /**
   * Weight of a corrupted number's squared error, an untouched one's being 1 - emphasis; above 0, at most 1. With 1 only
   * what was corrupted counts (the 2010 paper's full emphasis, alpha = 1 and beta = 0), with 0.5 all count the same (2008).
   */
  readonly emphasis: number;
  /** Of the images: colours that a mask is filled with are told on the scale 0 to 1. */
  readonly normalization: Normalization;
}

export function denoise(options: DenoiseOptions): Objective<ReconstructionScores> {
  const { corruption: specs, emphasis, normalization } = options;
  const plain = (value: unknown) => JSON.parse(JSON.stringify(value)) as Plain;
  const told = { corruption: plain(specs), emphasis };
  return reconstruction(
    { name: "denoise", options: { ...told, normalization: plain(normalization) } },
    { name: "denoise", ...told },
    (shape) => {
      const { sample, apply } = corruption(specs, shape, normalization);
      return (rng, images, offset) => {
        const touched = apply(images, offset, sample(rng));
        return { touched, weights: Float32Array.from(touched, (one) => (one ? emphasis : 1 - emphasis)) };
      };
    },
  );
}
