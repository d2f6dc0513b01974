// What cut out and masked pixels are painted with: the type, and what each form of it may be.
import {
  byKey,
  choice,
  type Fields,
  type Kind,
  listed,
  numbers,
  object,
  type PerChannel,
  perChannel,
  type Range,
  range,
  shown,
  wrong,
} from "../options.ts";

/**
 * How many numbers noise has: `pixel`: one for each channel of each pixel; `grey`: one for each pixel, the same in all
 * channels; `channel`: one for each channel of a hole (of all that an image has masked), that is a colour; `hole`: one
 * for a hole.
 */
export type NoisePer = "pixel" | "grey" | "channel" | "hole";

/**
 * `pixels`: as they are; `white`: shares of white, on the scale 0 to 1; black and white, one number for each channel:
 * shares of the way from one to the other, for images that are normalized.
 */
export type NoiseUnit = "pixels" | "white" | BlackAndWhite;

/** What black and white have become, one number for each channel. */
export interface BlackAndWhite {
  readonly black: readonly number[];
  readonly white: readonly number[];
}

/** From low to high (whole numbers in the bytes of a hole, both ends too). A list has one number for each channel. */
export interface UniformNoise {
  readonly uniform: readonly [low: PerChannel, high: PerChannel];
  readonly per: NoisePer;
  readonly unit?: NoiseUnit;
}

export interface NormalNoise {
  readonly normal: readonly [mean: number, std: number];
  readonly per: NoisePer;
  /** What lies outside becomes the nearer end. */
  readonly clip?: Range;
  readonly unit?: NoiseUnit;
}

/** Random numbers; the unit is that of the pixels when left out. In bytes they are rounded and kept within 0 to 255. */
export type NoiseFill = UniformNoise | NormalNoise;

/** A colour on the scale 0 to 1, whatever the pixels are: 255 times as much in bytes, normalized in a training. */
export interface ColourFill {
  /** One number, or one a channel. Three (red, green, blue) become their mean where an image has another number. */
  readonly colour: PerChannel;
}

/**
 * - `zero`: 0; after normalization that is the data set's mean (paper), on bytes it is black
 * - `imageMean`: the image's own mean over height, width and channels, one number (reviewed numpy version)
 * - `channelMean`: the image's own mean in each channel
 * - `random`: a random number for each channel of each pixel: 0 to 255 in bytes, standard normal in floats
 * - `randomColour`: a random number for each channel of a hole, drawn the same way
 * - `otherImage`: the pixels of another image of the batch at the same place
 * - a number, or a list with one for each channel, in the units of the pixels
 * - a colour on the scale 0 to 1
 * - noise of a distribution of one's own
 */
export type Fill = FillName | PerChannel | ColourFill | NoiseFill;

/** A fill that needs no other image. */
export type MaskFill = Exclude<Fill, "otherImage">;

const names = ["zero", "imageMean", "channelMean", "random", "randomColour", "otherImage"] as const;
type FillName = (typeof names)[number];

const noisePer = choice<NoisePer>(["pixel", "grey", "channel", "hole"]);

const unit: Kind<NoiseUnit> = {
  must: '"pixels", "white" or { black, white } with lists of numbers',
  read: (value) => {
    if (value === "pixels" || value === "white") return value;
    const { black, white } = object.read(value) ?? {};
    return numbers().read(black) && numbers().read(white) ? (value as BlackAndWhite) : undefined;
  },
};

const ends: Kind<UniformNoise["uniform"]> = {
  must: "[low, high] with low <= high, each a number or a list with one number a channel",
  read: (value) => {
    if (!Array.isArray(value) || value.length !== 2) return undefined;
    const [low, high] = value.map((end) => perChannel().read(end));
    if (low === undefined || high === undefined) return undefined;
    const count = Math.max(lengthOf(low), lengthOf(high));
    const at = (end: PerChannel, index: number) => (typeof end === "number" ? end : end[index]!);
    const rising = Array.from({ length: count }, (_, index) => at(low, index) <= at(high, index));
    return rising.every((good) => good) ? [low, high] : undefined;
  },
};

const meanAndDeviation: Kind<NormalNoise["normal"]> = {
  must: "[mean, deviation >= 0]",
  read: (value) => {
    const read = numbers().read(value);
    return read?.length === 2 && read[1]! >= 0 ? (read as readonly number[] as [number, number]) : undefined;
  },
};

const common = { per: { kind: noisePer }, unit: { kind: unit, otherwise: undefined } } as const;
const colour: Fields<ColourFill> = { colour: { kind: perChannel({ min: 0, max: 1 }) } };
const uniform: Fields<UniformNoise> = { uniform: { kind: ends }, ...common };
const normal: Fields<NormalNoise> = {
  normal: { kind: meanAndDeviation },
  clip: { kind: range(), otherwise: undefined },
  ...common,
};

function fillOf<N extends FillName>(known: readonly N[]): Kind<Exclude<Fill, FillName> | N> {
  type Known = Exclude<Fill, FillName> | N;
  const named = choice(known);
  const constant = perChannel();
  const words = [...known.map((name) => JSON.stringify(name)), constant.must.replace(", or", " or")];
  const kind = byKey<Known>(
    listed([...words, "{ colour }", "{ uniform, per }", "{ normal, per }"]),
    { must: "", read: (value) => named.read(value) ?? constant.read(value) },
    { colour, uniform, normal },
  );
  return {
    must: kind.must,
    read(value, at = { where: "fill", option: "fill" }) {
      const read = kind.read(value, at);
      if (isNoise(read) && "uniform" in read && (read.per === "grey" || read.per === "hole")) {
        if (read.uniform.some((end) => typeof end !== "number")) {
          const must = "must be two numbers for one value in all channels";
          throw wrong(at.where, `${at.option}.uniform`, must, shown(read.uniform));
        }
      }
      return read;
    },
  };
}

/** As an option of what cuts holes. */
export const fill: Kind<Fill> = fillOf(names);

/** As an option of what masks one image by itself. */
export const maskFill: Kind<MaskFill> = /* @__PURE__ */ fillOf(
  /* @__PURE__ */ names.filter((name) => name !== "otherImage"),
);

export function isNoise(fill: Fill | undefined): fill is NoiseFill {
  return typeof fill === "object" && ("uniform" in fill || "normal" in fill);
}

/** Whether the pixels follow from a seed. */
export function needsSeed(fill: Fill): boolean {
  return fill === "random" || fill === "randomColour" || fill === "otherImage" || isNoise(fill);
}

const lengthOf = (values: PerChannel) => (typeof values === "number" ? 1 : values.length);

/** @throws CutoutError unless lists of a fill have as many numbers as there are channels */
export function checkFillChannels(where: string, fill: Fill, channels: number): void {
  if (Array.isArray(fill)) checkChannels(where, "fill", fill, channels);
  if (isNoise(fill)) {
    if ("uniform" in fill)
      for (const end of fill.uniform) checkChannels(where, "fill.uniform", end, channels);
    if (typeof fill.unit === "object") {
      checkChannels(where, "fill.unit.black", fill.unit.black, channels);
      checkChannels(where, "fill.unit.white", fill.unit.white, channels);
    }
  } else if (typeof fill === "object" && "colour" in fill && lengthOf(fill.colour) !== 3) {
    checkChannels(where, "fill.colour", fill.colour, channels);
  }
}

/** @throws CutoutError unless a list has one number a channel; one number does for all */
export function checkChannels(
  where: string,
  option: string,
  values: PerChannel | null,
  channels: number,
): void {
  if (values !== null && typeof values !== "number" && values.length !== channels) {
    throw wrong(where, option, `must be a number, or a list of ${channels}, one a channel`, shown(values));
  }
}

/** One number for each channel. */
export function valuesOf(values: PerChannel, channels: number): readonly number[] {
  return typeof values === "number" ? new Array<number>(channels).fill(values) : values;
}

/** The colour in as many channels; red, green and blue as one grey where there is another number of them. */
export function colourOf({ colour }: ColourFill, channels: number): readonly number[] {
  if (typeof colour === "number" || colour.length === channels) return valuesOf(colour, channels);
  return new Array<number>(channels).fill((colour[0]! + colour[1]! + colour[2]!) / 3);
}
