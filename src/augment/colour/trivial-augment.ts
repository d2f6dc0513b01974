// TrivialAugment Wide (Müller and Hutter 2021): one operation an image, of random strength; nothing to tune.

import { CutoutError } from "../../error.ts";
import type { Augmentation, Image } from "../augmentation.ts";
import { checkChannels } from "../fill/fill.ts";
import { meanFill } from "../fill/mean-fill.ts";
import { affineMatrix } from "../geometry/affine.ts";
import type { Matrix } from "../geometry/matrix.ts";
import { type Interpolation, interpolations, warp } from "../geometry/warp.ts";
import { checkColourChannels, checkColours, copyImage } from "../image/image.ts";
import { checkShape, type ImageShape, type PixelArray } from "../image/layout.ts";
import {
  checkRng,
  choice,
  type Fields,
  integer,
  number,
  type PerChannel,
  perChannel,
  readOptions,
  readParameters,
} from "../options.ts";
import { adjustBrightness, adjustContrast, adjustSaturation } from "./adjust.ts";
import { adjustSharpness, autoContrasted, equalized, posterized, solarized } from "./tone.ts";

export interface TrivialAugmentOptions {
  /** Number of strengths to draw from, >= 2. 31 when left out. */
  readonly numMagnitudeBins?: number;
  /** `nearest` when left out. */
  readonly interpolation?: Interpolation;
  /** What lies outside the image, on the scale of the pixels: one number, or one a channel. 0 when left out. */
  readonly fill?: PerChannel;
}

const operations = [
  "identity",
  "shear-x",
  "shear-y",
  "translate-x",
  "translate-y",
  "rotate",
  "brightness",
  "color",
  "contrast",
  "sharpness",
  "posterize",
  "solarize",
  "auto-contrast",
  "equalize",
] as const;

export type TrivialOperation = (typeof operations)[number];

export interface TrivialAugmentParameters {
  readonly operation: TrivialOperation;
  /**
   * Shears: pixels to the side a row, or down a column; translations: pixels; rotate: degrees counter-clockwise;
   * brightness, color, contrast, sharpness: factor - 1; posterize: bits kept; solarize: threshold as a share of white;
   * 0 for the others.
   */
  readonly magnitude: number;
}

/** Paper, table 1, "TA (Wide)": magnitudes go from `weakest` to `strongest`, and are negated half of the time if `signed`. */
interface Space {
  readonly weakest: number;
  readonly strongest: number;
  readonly signed: boolean;
  /** Where only whole numbers mean something. */
  readonly whole?: (magnitude: number) => number;
}

const signedTo = (strongest: number): Space => ({ weakest: 0, strongest, signed: true });

/** Operations without a strength draw none. */
const spaces: { readonly [O in TrivialOperation]: Space | null } = {
  identity: null,
  "shear-x": signedTo(0.99),
  "shear-y": signedTo(0.99),
  "translate-x": { ...signedTo(32), whole: Math.trunc },
  "translate-y": { ...signedTo(32), whole: Math.trunc },
  rotate: signedTo(135),
  brightness: signedTo(0.99),
  color: signedTo(0.99),
  contrast: signedTo(0.99),
  sharpness: signedTo(0.99),
  posterize: { weakest: 8, strongest: 2, signed: false, whole: Math.round },
  solarize: { weakest: 1, strongest: 0, signed: false },
  "auto-contrast": null,
  equalize: null,
};

/** Operations that move pixels: the matrix from input to output. */
const moves: { readonly [O in TrivialOperation]?: (magnitude: number, image: ImageShape) => Matrix } = {
  // The top left corner stays in its place.
  "shear-x": (magnitude) => [1, -magnitude, 0, 0, 1, 0],
  "shear-y": (magnitude) => [1, 0, 0, -magnitude, 1, 0],
  "translate-x": (magnitude) => [1, 0, magnitude, 0, 1, 0],
  "translate-y": (magnitude) => [1, 0, 0, 0, 1, magnitude],
  rotate: (magnitude, { height, width }) =>
    affineMatrix({ angle: -magnitude, translate: [0, 0], scale: 1, shear: [0, 0] }, [width / 2, height / 2]),
};

type Change = <A extends PixelArray>(image: Image<A>, magnitude: number) => Image<A>;

/** Operations that change colours. */
const changes: { readonly [O in TrivialOperation]?: Change } = {
  brightness: (image, magnitude) => adjustBrightness(image, 1 + magnitude),
  color: (image, magnitude) => adjustSaturation(image, 1 + magnitude),
  contrast: (image, magnitude) => adjustContrast(image, 1 + magnitude),
  sharpness: (image, magnitude) => adjustSharpness(image, 1 + magnitude),
  posterize: posterized,
  solarize: solarized,
  "auto-contrast": autoContrasted,
  equalize: equalized,
};

const name = "trivial-augment";

interface Settings {
  readonly numMagnitudeBins: number;
  readonly interpolation: Interpolation;
  readonly fill: PerChannel;
}

const options: Fields<Settings> = {
  numMagnitudeBins: { kind: integer({ min: 2 }), otherwise: 31 },
  interpolation: { kind: choice(interpolations), otherwise: "nearest" },
  fill: { kind: perChannel(), otherwise: 0 },
};

const parameters: Fields<TrivialAugmentParameters> = {
  operation: { kind: choice(operations) },
  magnitude: { kind: number() },
};

/**
 * One of 14 operations, drawn uniformly, with a strength drawn uniformly. Before normalization: floats from 0 to 1, or
 * bytes; grey or red-green-blue. Translations reach 32 pixels whatever the image's size.
 * @throws Error when an option is wrong
 * @see Müller and Hutter 2021, "TrivialAugment: Tuning-free Yet State-of-the-Art Data Augmentation", table 1;
 * `TrivialAugmentWide` of torchvision, whose options, defaults and strengths these are
 */
export function trivialAugment(given: TrivialAugmentOptions = {}): Augmentation<TrivialAugmentParameters> {
  const settings = readOptions(name, options, given);
  return {
    name,
    outputShape(input) {
      checkShape(name, input);
      checkColourChannels(name, input.channels);
      checkChannels(name, "fill", settings.fill, input.channels);
      return input;
    },
    sample(rng, input) {
      checkRng(name, rng);
      checkShape(name, input);
      const operation = operations[rng.integer(operations.length)]!;
      const space = spaces[operation];
      if (space === null) return { operation, magnitude: 0 };
      const share = rng.integer(settings.numMagnitudeBins) / (settings.numMagnitudeBins - 1);
      const size = space.weakest + share * (space.strongest - space.weakest);
      const signed = space.signed && rng.uniform() < 0.5 ? -size : size;
      // + 0: no -0, which JSON does not keep.
      return { operation, magnitude: (space.whole?.(signed) ?? signed) + 0 };
    },
    apply(image, drawn) {
      checkColours(name, image);
      const { operation, magnitude } = checked(drawn);
      const matrix = moves[operation]?.(magnitude, image);
      if (matrix !== undefined)
        return warp(image, matrix, { ...settings, height: image.height, width: image.width });
      return changes[operation]?.(image, magnitude) ?? copyImage(image);
    },
    effects(drawn, input) {
      const { operation, magnitude } = checked(drawn);
      const matrix = moves[operation]?.(magnitude, input);
      return matrix === undefined ? [] : [{ kind: "move", matrix, height: input.height, width: input.width }];
    },
  };
}
trivialAugment.about = { kind: "colour", scale: "unit", surrounded: meanFill } as const;

/** @throws Error unless the magnitude is one that the operation can have */
function checked(drawn: unknown): TrivialAugmentParameters {
  const read = readParameters(name, parameters, drawn);
  const { operation, magnitude } = read;
  const { weakest, strongest, signed, whole } = spaces[operation] ?? {
    weakest: 0,
    strongest: 0,
    signed: false,
  };
  const [least, most] = signed
    ? [-strongest, strongest]
    : [Math.min(weakest, strongest), Math.max(weakest, strongest)];
  if (magnitude < least || magnitude > most || (whole !== undefined && !Number.isInteger(magnitude))) {
    const kind = whole === undefined ? "" : "an integer ";
    throw new CutoutError({
      where: name,
      what: `magnitude of ${operation} must be ${kind}from ${least} to ${most}`,
      got: String(magnitude),
    });
  }
  return read;
}
