// Rotation by a random angle; the frame stays as it is.

import type { Augmentation } from "../augmentation.ts";
import { checkChannels } from "../fill/fill.ts";
import { meanFill } from "../fill/mean-fill.ts";
import { checkImage } from "../image/image.ts";
import { checkShape, type ImageShape } from "../image/layout.ts";
import {
  checkRng,
  choice,
  degreesKind,
  type Fields,
  number,
  orNull,
  type PerChannel,
  pair,
  perChannel,
  type Range,
  readOptions,
  readParameters,
} from "../options.ts";
import { uniformIn } from "../random.ts";
import { affineMatrix } from "./affine.ts";
import { type Interpolation, interpolations, warp } from "./warp.ts";

export interface RotationOptions {
  /** Counter-clockwise: one number d for -d to d, or from and to. */
  readonly degrees: number | Range;
  /** `nearest` when left out. */
  readonly interpolation?: Interpolation;
  /** What lies outside the image, on the scale of the pixels: one number, or one a channel. 0 when left out. */
  readonly fill?: PerChannel;
  /** What stays in its place, [x, y] in pixels from the top left corner. The middle when left out. */
  readonly center?: readonly [x: number, y: number] | null;
}

interface Settings {
  readonly degrees: Range;
  readonly interpolation: Interpolation;
  readonly fill: PerChannel;
  readonly center: readonly [number, number] | null;
}

export interface RotationParameters {
  /** Degrees, counter-clockwise. */
  readonly angle: number;
}

const name = "rotation";

const options: Fields<Settings> = {
  degrees: { kind: degreesKind },
  interpolation: { kind: choice(interpolations), otherwise: "nearest" },
  fill: { kind: perChannel(), otherwise: 0 },
  center: { kind: orNull(pair()), otherwise: null },
};

const parameters: Fields<RotationParameters> = { angle: { kind: number() } };

/**
 * Turns the image. What leaves the frame is lost, so that every image keeps its size (torchvision's `expand` is not
 * offered). Any scale of pixels; floats and bytes.
 * @throws Error when an option is wrong
 * @see `RandomRotation` of torchvision, whose options, defaults and direction these are
 */
export function rotation(given: RotationOptions): Augmentation<RotationParameters> {
  const settings = readOptions(name, options, given);
  const matrixOf = (drawn: unknown, { height, width }: ImageShape) => {
    const { angle } = readParameters(name, parameters, drawn);
    const center = settings.center ?? [width / 2, height / 2];
    return affineMatrix({ angle: -angle, translate: [0, 0], scale: 1, shear: [0, 0] }, center);
  };
  return {
    name,
    outputShape(input) {
      checkShape(name, input);
      checkChannels(name, "fill", settings.fill, input.channels);
      return input;
    },
    sample(rng, input) {
      checkRng(name, rng);
      checkShape(name, input);
      return { angle: uniformIn(rng, settings.degrees) };
    },
    apply(image, drawn) {
      checkImage(name, image);
      const { height, width } = image;
      const { interpolation, fill } = settings;
      return warp(image, matrixOf(drawn, image), { height, width, interpolation, fill });
    },
    effects(drawn, input) {
      const { height, width } = input;
      return [{ kind: "move", matrix: matrixOf(drawn, input), height, width }];
    },
  };
}
rotation.about = { kind: "geometry", scale: "normalized", surrounded: meanFill } as const;
