// What holes are painted with: types and checks.
import { checkKeys, type Range, shown } from "../cutout/checks.ts";

/**
 * How many numbers noise has: `pixel`: one for each channel of each pixel; `grey`: one for each pixel, the same in all
 * channels; `channel`: one for each channel of a hole, that is a colour; `hole`: one for a hole.
 */
export type NoisePer = "pixel" | "grey" | "channel" | "hole";

/**
 * `pixels`: as they are; `white`: shares of white, which is 255 in bytes and 1 in floats; black and white, one number for
 * each channel: shares of the way from one to the other, for images that are normalized.
 */
type NoiseUnit = "pixels" | "white" | BlackAndWhite;

/** What black and white have become, one number for each channel. */
export interface BlackAndWhite {
  readonly black: readonly number[];
  readonly white: readonly number[];
}

/** Random numbers; the unit is that of the pixels when left out. In bytes they are rounded and kept within 0 to 255. */
export type NoiseFill =
  /** From low to high (whole numbers in bytes, both ends too). A list has one number for each channel. */
  | {
      readonly uniform: readonly [low: number | readonly number[], high: number | readonly number[]];
      readonly per: NoisePer;
      readonly unit?: NoiseUnit;
    }
  /** `clip`: what lies outside becomes the nearer end. */
  | {
      readonly normal: readonly [mean: number, std: number];
      readonly per: NoisePer;
      readonly clip?: Range;
      readonly unit?: NoiseUnit;
    };

/**
 * - `zero`: 0; after normalization that is the data set's mean (paper), on bytes it is black
 * - `imageMean`: the image's own mean over height, width and channels, one number (reviewed numpy version)
 * - `channelMean`: the image's own mean in each channel
 * - `random`: a random number for each channel of each pixel: 0 to 255 in bytes, standard normal in floats
 * - `randomColour`: a random number for each channel of a hole, drawn the same way
 * - `otherImage`: the pixels of another image of the batch at the same place
 * - a number, or a list with one for each channel, in the units of the pixels
 * - the data set's mean, one number for each channel on the scale 0 to 1, for images that are not normalized:
 *   floats 0 to 1, or bytes
 * - noise of a distribution of one's own
 */
export type Fill =
  | "zero"
  | "imageMean"
  | "channelMean"
  | "random"
  | "randomColour"
  | "otherImage"
  | number
  | readonly number[]
  | { readonly datasetMean: readonly number[] }
  | NoiseFill;

const named = ["zero", "imageMean", "channelMean", "random", "randomColour", "otherImage"];
const noiseCounts: readonly NoisePer[] = ["pixel", "grey", "channel", "hole"];

const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.length > 0 && value.every(Number.isFinite);

/**
 * @param channels of the images, where they are known
 * @throws Error unless it is a fill; with channels, unless lists fit them
 */
export function checkFill(fill: Fill, channels?: number): void {
  if (typeof fill === "string" && named.includes(fill)) return;
  if (Number.isFinite(fill)) return;
  if (isNumbers(fill)) {
    checkChannels("fill", fill, channels);
    return;
  }
  if (typeof fill === "object" && fill !== null && !Array.isArray(fill)) {
    const key = (["datasetMean", "uniform", "normal"] as const).find((name) => name in fill);
    if (key !== undefined) {
      objectChecks[key](fill as never, channels);
      checkKeys("cutout", `fill ${key}`, fill, objectKeys[key]);
      return;
    }
  }
  throw new Error(
    `cutout: fill must be ${named.join(", ")}, a number, a list of numbers, {datasetMean}, {uniform, per} or {normal, per}, ` +
      `got ${shown(fill)}`,
  );
}

interface NoiseInput {
  readonly per: unknown;
  readonly unit?: unknown;
}

const objectKeys = {
  datasetMean: ["datasetMean"],
  uniform: ["uniform", "per", "unit"],
  normal: ["normal", "per", "unit", "clip"],
} as const;

const objectChecks = {
  datasetMean({ datasetMean }: { datasetMean: unknown }, channels?: number): void {
    if (!isNumbers(datasetMean) || !datasetMean.every((mean) => mean >= 0 && mean <= 1)) {
      throw new Error(
        `cutout: fill.datasetMean must be a list of numbers from 0 to 1, got ${shown(datasetMean)}`,
      );
    }
    checkChannels("fill.datasetMean", datasetMean, channels);
  },
  uniform({ uniform, per, unit }: NoiseInput & { uniform: unknown }, channels?: number): void {
    checkPer(per, unit, channels);
    const ends = Array.isArray(uniform) && uniform.length === 2 ? uniform : [];
    if (ends.length === 0 || !ends.every((end) => Number.isFinite(end) || isNumbers(end))) {
      throw new Error(
        `cutout: fill.uniform must be [low, high], each a number or a list, got ${shown(uniform)}`,
      );
    }
    for (const end of ends) if (isNumbers(end)) checkChannels("fill.uniform", end, channels);
    const count = Math.max(...ends.map((end) => (isNumbers(end) ? end.length : 1)));
    const at = (end: unknown, index: number) => (isNumbers(end) ? end[index] : end) as number;
    for (let index = 0; index < count; index++) {
      if (!(at(ends[0], index) <= at(ends[1], index))) {
        throw new Error(
          `cutout: fill.uniform must be low <= high in lists of one length, got ${shown(uniform)}`,
        );
      }
    }
    if ((per === "grey" || per === "hole") && count > 1) {
      throw new Error(
        `cutout: fill.uniform must be two numbers for one value in all channels, got ${shown(uniform)}`,
      );
    }
  },
  normal(
    { normal, per, unit, clip }: NoiseInput & { normal: unknown; clip?: unknown },
    channels?: number,
  ): void {
    checkPer(per, unit, channels);
    if (!isNumbers(normal) || normal.length !== 2 || normal[1]! < 0) {
      throw new Error(`cutout: fill.normal must be [mean, deviation >= 0], got ${shown(normal)}`);
    }
    if (clip !== undefined && !(isNumbers(clip) && clip.length === 2 && clip[0]! <= clip[1]!)) {
      throw new Error(`cutout: fill.clip must be two numbers, the smaller first, got ${shown(clip)}`);
    }
  },
};

function checkPer(per: unknown, unit: unknown, channels?: number): void {
  const { black, white } = (unit ?? {}) as Partial<BlackAndWhite>;
  if (isNumbers(black) && isNumbers(white)) {
    checkChannels("fill.unit.black", black, channels);
    checkChannels("fill.unit.white", white, channels);
  } else if (unit !== undefined && unit !== "pixels" && unit !== "white") {
    throw new Error(
      `cutout: fill.unit must be "pixels", "white" or {black, white} with lists of numbers, got ${shown(unit)}`,
    );
  }
  if (!noiseCounts.includes(per as NoisePer)) {
    throw new Error(`cutout: fill.per must be ${noiseCounts.join(", ")}, got ${shown(per)}`);
  }
}

function checkChannels(name: string, values: readonly number[], channels: number | undefined): void {
  if (channels !== undefined && values.length !== channels) {
    throw new Error(
      `cutout: ${name} must be ${channels} numbers, one for each channel, got ${shown(values)}`,
    );
  }
}

/** Whether a hole's pixels follow from its seed. */
export function needsSeed(fill: Fill): boolean {
  if (typeof fill === "string") return fill === "random" || fill === "randomColour" || fill === "otherImage";
  return typeof fill === "object" && ("uniform" in fill || "normal" in fill);
}
