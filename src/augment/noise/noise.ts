// The corruptions of denoising auto-encoders (Vincent et al. 2008; 2010, section 3.3): masking, salt and pepper, Gaussian.
import { type Rng, stream } from "../../rng.ts";
import type { Augmentation } from "../augmentation.ts";
import { checkChannels } from "../fill/fill.ts";
import { checkImage, copyImage, rounding, whiteOf } from "../image/image.ts";
import {
  checkShape,
  type ImageLayout,
  type ImageShape,
  imageStrides,
  type PixelArray,
} from "../image/layout.ts";
import {
  checkRng,
  choice,
  type Fields,
  integer,
  number,
  orNull,
  type PerChannel,
  perChannel,
  probability,
  readOptions,
  readParameters,
} from "../options.ts";

/** Null when the image stays as it is; else the seed that the noise comes from. */
export interface NoiseParameters {
  readonly seed: number | null;
}

/** What is drawn for itself: each number of the image, or a pixel with all its channels. */
type Per = "value" | "pixel";

export interface MaskingNoiseOptions {
  /** Chance that an image gets noise at all, 0 to 1. */
  readonly probability: number;
  /** Share of the numbers (or pixels) that are set, 0 to 1 (nu): so many exactly, rounded, chosen at random. */
  readonly share: number;
  readonly per: Per;
  /** What they are set to; 0 in the papers, which after normalization is the data set's mean. One, or one a channel. */
  readonly value: PerChannel;
}

export interface SaltAndPepperOptions {
  readonly probability: number;
  readonly share: number;
  readonly per: Per;
  /** The least value, 0 by default; one, or one a channel. */
  readonly pepper: PerChannel;
  /** The greatest value; null, the default: 255 in bytes, 1 in floats. */
  readonly salt: PerChannel | null;
}

export interface GaussianNoiseOptions {
  readonly probability: number;
  /** Standard deviation in the units of the pixels: of normalized floats, or of bytes. */
  readonly std: number;
  /** `pixel`: all channels of a pixel get the same number added. */
  readonly per: Per;
}

const per = { kind: choice(["value", "pixel"]), otherwise: "value" } as const;
const always = { kind: probability, otherwise: 1 } as const;

const maskingFields: Fields<MaskingNoiseOptions> = {
  probability: always,
  share: { kind: number({ min: 0, max: 1 }), otherwise: 0.25 },
  per,
  value: { kind: perChannel(), otherwise: 0 },
};

/**
 * Masking noise: a share of the numbers is forced to one value. By default a quarter, of the papers' 10, 25 and 40 %.
 * @throws Error that names the option when one is wrong or unknown
 */
export function maskingNoise(options: Partial<MaskingNoiseOptions> = {}): Augmentation<NoiseParameters> {
  const where = "masking-noise";
  const complete = readOptions(where, maskingFields, options);
  const { share, value } = complete;
  return noise(where, complete, {
    check: ({ channels }) => checkChannels(where, "value", value, channels),
    corrupt(units, rng) {
      const chosen = chooser(rng, units.count, share);
      for (let unit = 0; unit < units.count; unit++) {
        if (chosen()) units.set(unit, (channel) => ofChannel(value, channel));
      }
    },
  });
}
maskingNoise.about = { kind: "noise", scale: "normalized" } as const;

const saltFields: Fields<SaltAndPepperOptions> = {
  probability: always,
  share: { kind: number({ min: 0, max: 1 }), otherwise: 0.1 },
  per,
  pepper: { kind: perChannel(), otherwise: 0 },
  salt: { kind: orNull(perChannel()), otherwise: null },
};

/**
 * Salt-and-pepper noise: a share of the numbers is set to the least or the greatest value, each by a fair coin. By
 * default a tenth, as on the 2010 paper's natural image patches.
 * @throws Error that names the option when one is wrong or unknown
 */
export function saltAndPepper(options: Partial<SaltAndPepperOptions> = {}): Augmentation<NoiseParameters> {
  const where = "salt-and-pepper";
  const complete = readOptions(where, saltFields, options);
  const { share, pepper, salt } = complete;
  return noise(where, complete, {
    check({ channels }) {
      checkChannels(where, "pepper", pepper, channels);
      checkChannels(where, "salt", salt, channels);
    },
    corrupt(units, rng, pixels) {
      const chosen = chooser(rng, units.count, share);
      const light = salt ?? whiteOf(pixels);
      for (let unit = 0; unit < units.count; unit++) {
        if (!chosen()) continue;
        const value = rng.uniform() < 0.5 ? pepper : light;
        units.set(unit, (channel) => ofChannel(value, channel));
      }
    },
  });
}
saltAndPepper.about = { kind: "noise", scale: "normalized" } as const;

const gaussianFields: Fields<GaussianNoiseOptions> = {
  probability: always,
  std: { kind: number({ min: 0 }), otherwise: 0.5 },
  per,
};

/**
 * Additive isotropic Gaussian noise. By default a deviation of 0.5, that of the 2010 paper's natural image patches,
 * which were normalized; bytes take one about a hundred times as large.
 * @throws Error that names the option when one is wrong or unknown
 */
export function gaussianNoise(options: Partial<GaussianNoiseOptions> = {}): Augmentation<NoiseParameters> {
  const where = "gaussian-noise";
  const complete = readOptions(where, gaussianFields, options);
  const { std } = complete;
  return noise(where, complete, {
    check: () => {},
    corrupt(units, rng) {
      for (let unit = 0; unit < units.count; unit++) {
        const added = std * rng.normal();
        units.set(unit, (_, before) => before + added);
      }
    },
  });
}
gaussianNoise.about = { kind: "noise", scale: "normalized" } as const;

const parameterFields: Fields<NoiseParameters> = { seed: { kind: orNull(integer()) } };

function noise(
  where: string,
  options: { readonly probability: number; readonly per: Per },
  parts: {
    check(shape: ImageShape): void;
    corrupt(units: Units, rng: Rng, pixels: PixelArray): void;
  },
): Augmentation<NoiseParameters> {
  const outputShape = (input: ImageShape): ImageShape => {
    checkShape(where, input);
    parts.check(input);
    return input;
  };
  return {
    name: where,
    outputShape,
    sample(rng, input) {
      checkRng(where, rng);
      outputShape(input);
      return { seed: rng.uniform() < options.probability ? rng.seed() : null };
    },
    apply(image, drawn) {
      checkImage(where, image);
      const { seed } = readParameters(where, parameterFields, drawn);
      parts.check(image);
      const result = copyImage(image);
      if (seed !== null) {
        parts.corrupt(unitsOf(result.pixels, image, options.per), stream(seed, where), result.pixels);
      }
      return result;
    },
  };
}

/** The numbers or pixels of an image in the order row, column, channel, whatever its layout. */
interface Units {
  readonly count: number;
  /** Writes the number, or all channels of the pixel. */
  set(unit: number, value: (channel: number, before: number) => number): void;
}

function unitsOf(pixels: PixelArray, shape: ImageLayout, of: Per): Units {
  const { height, width, channels } = shape;
  const { row, column, channel } = imageStrides(shape);
  const values = rounding(pixels);
  const at = (pixel: number) => Math.floor(pixel / width) * row + (pixel % width) * column;
  if (of === "value") {
    return {
      count: height * width * channels,
      set(unit, value) {
        const c = unit % channels;
        const index = at(Math.floor(unit / channels)) + c * channel;
        values[index] = value(c, values[index]!);
      },
    };
  }
  return {
    count: height * width,
    set(unit, value) {
      for (let c = 0; c < channels; c++) {
        const index = at(unit) + c * channel;
        values[index] = value(c, values[index]!);
      }
    },
  };
}

/**
 * Tells for one unit after the other whether it is chosen: round(share * count) of them in all, each set of so many
 * equally likely (selection sampling, Knuth, The Art of Computer Programming 2, 3.4.2, algorithm S).
 */
function chooser(rng: Rng, count: number, share: number): () => boolean {
  let wanted = Math.round(share * count);
  let left = count;
  return () => {
    const chosen = rng.uniform() * left < wanted;
    left--;
    if (chosen) wanted--;
    return chosen;
  };
}

function ofChannel(value: PerChannel, channel: number): number {
  return typeof value === "number" ? value : value[channel]!;
}
