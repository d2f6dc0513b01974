// Random crop with padding, as an augmentation.

import type { Augmentation } from "../augmentation.ts";
import { checkChannels } from "../fill/fill.ts";
import { meanFill } from "../fill/mean-fill.ts";
import { checkImage } from "../image/image.ts";
import { checkShape } from "../image/layout.ts";
import {
  checkRng,
  type Fields,
  integer,
  type PerChannel,
  perChannel,
  readOptions,
  readParameters,
} from "../options.ts";
import { type CropPosition, checkCrop, sampleCrop } from "./crop.ts";
import type { Matrix } from "./matrix.ts";
import { warp } from "./warp.ts";

export interface RandomCropOptions {
  /** Pixels of the result; at most the image's height. */
  readonly height: number;
  /** Pixels of the result; at most the image's width. */
  readonly width: number;
  /** Pixels around the image that the crop may reach over, smaller than the crop. 0 when left out. */
  readonly padding?: number;
  /** Colour of the padding, on the scale of the pixels: one number, or one a channel. 0 when left out. */
  readonly fill?: PerChannel;
}

const name = "random-crop";
const side = integer({ min: 1 });

const options: Fields<Required<RandomCropOptions>> = {
  height: { kind: side },
  width: { kind: side },
  padding: { kind: integer({ min: 0 }), otherwise: 0 },
  fill: { kind: perChannel(), otherwise: 0 },
};

const parameters: Fields<CropPosition> = { top: { kind: integer() }, left: { kind: integer() } };

/**
 * A part of the image of one size; with `padding` it may reach over the border. The crop of the training pipeline,
 * where the order is not crop, flip, normalize, Cutout. Any scale of pixels; floats and bytes.
 * @throws Error when an option is wrong
 * @see `RandomCrop` of torchvision
 */
export function randomCrop(given: RandomCropOptions): Augmentation<CropPosition> {
  const settings = readOptions(name, options, given);
  const { height, width } = settings;
  const matrixOf = (drawn: unknown): Matrix => {
    const { top, left } = readParameters(name, parameters, drawn);
    return [1, 0, -left, 0, 1, -top];
  };
  return {
    name,
    outputShape(input) {
      checkShape(name, input);
      checkCrop(settings, input);
      checkChannels(name, "fill", settings.fill, input.channels);
      return { height, width, channels: input.channels };
    },
    sample(rng, input) {
      checkRng(name, rng);
      return sampleCrop(rng, input, settings);
    },
    apply(image, drawn) {
      checkImage(name, image);
      return warp(image, matrixOf(drawn), { height, width, interpolation: "nearest", fill: settings.fill });
    },
    effects: (drawn) => [{ kind: "move", matrix: matrixOf(drawn), height, width }],
  };
}
randomCrop.about = { kind: "geometry", scale: "normalized", crops: true, surrounded: meanFill } as const;
