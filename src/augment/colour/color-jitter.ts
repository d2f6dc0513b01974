// Colour jitter: brightness, contrast, saturation and hue changed by random factors, in random order.

import type { Augmentation, Image } from "../augmentation.ts";
import { checkColourChannels, checkColours, copyImage } from "../image/image.ts";
import { checkShape, type PixelArray } from "../image/layout.ts";
import {
  checkRng,
  choice,
  type Fields,
  type Kind,
  number,
  type Range,
  rangeOr,
  readOptions,
  readParameters,
} from "../options.ts";
import { shuffled, uniformIn } from "../random.ts";
import { adjustBrightness, adjustContrast, adjustHue, adjustSaturation } from "./adjust.ts";

export interface ColorJitterOptions {
  /** b for a factor from max(0, 1 - b) to 1 + b, or from and to. 0, no change, when left out. */
  readonly brightness?: number | Range;
  /** c for a factor from max(0, 1 - c) to 1 + c, or from and to. 0, no change, when left out. */
  readonly contrast?: number | Range;
  /** s for a factor from max(0, 1 - s) to 1 + s, or from and to. 0, no change, when left out. */
  readonly saturation?: number | Range;
  /** h for a turn from -h to h, or from and to; 0.5 is half around the circle of colours. 0 when left out. */
  readonly hue?: number | Range;
}

const properties = ["brightness", "contrast", "saturation", "hue"] as const;
type Property = (typeof properties)[number];
type Settings = { readonly [P in Property]: Range };

/** One change: a factor (1 changes nothing), for the hue a turn (0 changes nothing). */
export interface ColorChange {
  readonly property: Property;
  readonly amount: number;
}

export interface ColorJitterParameters {
  /** In this order. */
  readonly changes: readonly ColorChange[];
}

const name = "color-jitter";

type Change = <A extends PixelArray>(image: Image<A>, amount: number) => Image<A>;

const apply: { readonly [P in Property]: Change } = {
  brightness: adjustBrightness,
  contrast: adjustContrast,
  saturation: adjustSaturation,
  hue: adjustHue,
};

const unchanged: { readonly [P in Property]: number } = { brightness: 1, contrast: 1, saturation: 1, hue: 0 };

const factor = rangeOr({ min: 0 }, (most) => [Math.max(0, 1 - most), 1 + most], { min: 0 });
const turn = rangeOr({ min: 0, max: 0.5 }, (most) => [-most, most], { min: -0.5, max: 0.5 });

const options: Fields<Settings> = {
  brightness: { kind: factor, otherwise: [1, 1] },
  contrast: { kind: factor, otherwise: [1, 1] },
  saturation: { kind: factor, otherwise: [1, 1] },
  hue: { kind: turn, otherwise: [0, 0] },
};

const limits: { readonly [P in Property]: Kind<number> } = {
  brightness: number({ min: 0 }),
  contrast: number({ min: 0 }),
  saturation: number({ min: 0 }),
  hue: number({ min: -0.5, max: 0.5 }),
};

const changes: Kind<readonly ColorChange[]> = {
  must: "a list of { property, amount }: factors >= 0, for the hue from -0.5 to 0.5",
  read(value) {
    if (!Array.isArray(value)) return undefined;
    const valid = value.every(
      (change: Partial<ColorChange> | null) =>
        choice(properties).read(change?.property) !== undefined &&
        limits[change!.property!].read(change!.amount) !== undefined,
    );
    return valid ? value : undefined;
  },
};

const parameters: Fields<ColorJitterParameters> = { changes: { kind: changes } };

/**
 * Changes brightness, contrast, saturation and hue, in an order drawn for each image. Before normalization: floats
 * from 0 to 1, or bytes; grey or red-green-blue. A property that is left out costs nothing.
 * @throws Error when an option is wrong
 * @see `ColorJitter` of torchvision, whose options and defaults these are
 */
export function colorJitter(given: ColorJitterOptions = {}): Augmentation<ColorJitterParameters> {
  const settings = readOptions(name, options, given);
  const used = properties.filter((property) => settings[property].some((end) => end !== unchanged[property]));
  return {
    name,
    outputShape(input) {
      checkShape(name, input);
      checkColourChannels(name, input.channels);
      return input;
    },
    sample(rng, input) {
      checkRng(name, rng);
      checkShape(name, input);
      const drawn = shuffled(rng, used);
      return { changes: drawn.map((property) => ({ property, amount: uniformIn(rng, settings[property]) })) };
    },
    apply(image, drawn) {
      checkColours(name, image);
      const { changes } = readParameters(name, parameters, drawn);
      return changes.reduce(
        (changed, { property, amount }) => apply[property](changed, amount),
        copyImage(image),
      );
    },
  };
}
colorJitter.about = { kind: "colour", scale: "unit" } as const;
