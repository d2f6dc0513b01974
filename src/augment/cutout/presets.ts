// What other implementations of Cutout and its kin do, by their own options, written out in ours.

import type { Fill } from "../fill/fill.ts";
import { checkInteger, checkRange, checkShare, type Range, shown } from "./checks.ts";
import type { Length } from "./length.ts";
import { type CutoutOptions, checkCutout } from "./options.ts";

/** The authors' `Cutout` in PyTorch; defaults of its command line. */
interface AuthorsPyTorch {
  readonly like: "authors-pytorch";
  /** 16 when left out. An odd one cuts a pixel less, as there. */
  readonly length?: number;
  readonly nHoles?: number;
}

/** The authors' version in Lua, whose bounds are inclusive: a length of 16 cuts 17 x 17. */
interface AuthorsLua {
  readonly like: "authors-lua";
  /** Even; 16 when left out. */
  readonly length?: number;
}

/** The reviewed numpy version: one hole in each image, filled with the image's own mean. */
interface ReviewedNumpy {
  readonly like: "reviewed-numpy";
  /** Even. */
  readonly cutLength: number;
}

/** torchvision.transforms.v2.RandomErasing */
interface Torchvision {
  readonly like: "torchvision";
  readonly p?: number;
  readonly scale?: Range;
  readonly ratio?: Range;
  /** `random`: a standard normal number for each channel of each pixel. */
  readonly value?: number | readonly number[] | "random";
}

/** timm.data.random_erasing.RandomErasing. The area is that of all holes of an image together. */
interface Timm {
  readonly like: "timm";
  readonly probability?: number;
  readonly minArea?: number;
  readonly maxArea?: number;
  readonly minAspect?: number;
  /** 1 / minAspect when left out. */
  readonly maxAspect?: number;
  readonly mode?: "const" | "rand" | "pixel";
  readonly minCount?: number;
  /** minCount when left out. */
  readonly maxCount?: number;
}

/** albumentations.CoarseDropout (2.0). A height range up to 1 or more means pixels, in both ranges. */
interface Albumentations {
  readonly like: "albumentations";
  readonly numHolesRange?: Range;
  readonly holeHeightRange?: Range;
  readonly holeWidthRange?: Range;
  /** `random`: each channel of each pixel; `random_uniform`: each channel of a hole; 0 to 255 in bytes, 0 to 1 in floats. */
  readonly fill?: number | readonly number[] | "random" | "random_uniform";
  readonly p?: number;
}

/** keras.layers.RandomErasing (3). The chance is uniform in `factor` itself, so 1 erases every second image. */
interface Keras {
  readonly like: "keras";
  readonly factor?: number | Range;
  readonly scale?: number | Range;
  /** null: noise of mean 0 and the deviation of the range's upper end, clipped: about half of it is the lower end. */
  readonly fillValue?: number | readonly number[] | null;
  readonly valueRange?: Range;
}

/** imgaug.augmenters.Cutout with its position "uniform". */
interface Imgaug {
  readonly like: "imgaug";
  readonly nbIterations?: number | Range;
  readonly size?: number | Range;
  /** true: of the image's height, both sides. */
  readonly squared?: boolean;
  readonly fillMode?: "constant" | "gaussian";
  /** Two numbers: drawn between them. */
  readonly cval?: number | Range;
  readonly fillPerChannel?: boolean;
}

/** ffcv.transforms.Cutout */
interface Ffcv {
  readonly like: "ffcv";
  readonly cropSize: number;
  /** One number for each channel. */
  readonly fill?: readonly number[];
}

/**
 * Another implementation, with its own options by their own names; those left out have that implementation's
 * defaults. Geometry and fill are the same; the random numbers are ours.
 */
export type CutoutPreset =
  | AuthorsPyTorch
  | AuthorsLua
  | ReviewedNumpy
  | Torchvision
  | Timm
  | Albumentations
  | Keras
  | Imgaug
  | Ffcv;

type Name = CutoutPreset["like"];
type PresetOf<N extends Name> = Extract<CutoutPreset, { readonly like: N }>;

interface Preset<P> {
  /** Names of its options, for the error about another. */
  readonly options: readonly (Exclude<keyof P, "like"> & string)[];
  readonly write: (preset: P) => CutoutOptions;
}

const gaussian: Fill = { normal: [0, 1], per: "pixel" };
const always = { probability: 1, per: "image" } as const;

const presets: { readonly [N in Name]: Preset<PresetOf<N>> } = {
  "authors-pytorch": {
    options: ["length", "nHoles"],
    write({ length = 16, nHoles = 1 }) {
      checkInteger("cutout like authors-pytorch", "length", length, 2);
      // length // 2 to both sides of the centre
      return { ...always, length: length - (length % 2), nHoles, placement: "anywhere", fill: "zero" };
    },
  },
  "authors-lua": {
    options: ["length"],
    write({ length = 16 }) {
      checkEven("cutout like authors-lua", "length", length);
      const pixels = [length + 1, length + 1] as const;
      return { ...always, length: { pixels }, nHoles: 1, placement: "anywhere", fill: "zero" };
    },
  },
  "reviewed-numpy": {
    options: ["cutLength"],
    write({ cutLength }) {
      checkEven("cutout like reviewed-numpy", "cutLength", cutLength);
      return { ...always, length: cutLength, nHoles: 1, placement: "anywhere", fill: "imageMean" };
    },
  },
  torchvision: {
    options: ["p", "scale", "ratio", "value"],
    write({ p = 0.5, scale = [0.02, 0.33], ratio = [0.3, 3.3], value = 0 }) {
      return {
        probability: p,
        per: "image",
        length: { area: scale },
        shape: { kind: "rectangle", aspect: ratio },
        nHoles: 1,
        placement: "inside",
        // A list of one number stands for all channels.
        fill: value === "random" ? gaussian : Array.isArray(value) && value.length === 1 ? value[0] : value,
      };
    },
  },
  timm: {
    options: ["probability", "minArea", "maxArea", "minAspect", "maxAspect", "mode", "minCount", "maxCount"],
    write(given) {
      const { probability = 0.5, minArea = 0.02, maxArea = 1 / 3, minAspect = 0.3, mode = "const" } = given;
      const { minCount = 1, maxAspect = 1 / minAspect } = given;
      const { maxCount = minCount } = given;
      if (!Object.hasOwn(timmFills, mode)) {
        throw new Error(`cutout like timm: mode must be "const", "rand" or "pixel", got ${shown(mode)}`);
      }
      return {
        probability,
        per: "image",
        length: { area: [minArea, maxArea], of: "image" },
        shape: { kind: "rectangle", aspect: [minAspect, maxAspect] },
        nHoles: [minCount, maxCount],
        placement: "inside",
        fill: timmFills[mode],
      };
    },
  },
  albumentations: {
    options: ["numHolesRange", "holeHeightRange", "holeWidthRange", "fill", "p"],
    write(given) {
      const { numHolesRange = [1, 2], holeHeightRange = [0.1, 0.2], holeWidthRange = [0.1, 0.2] } = given;
      const { fill = 0, p = 0.5 } = given;
      const where = "cutout like albumentations";
      checkRange(where, "holeHeightRange", holeHeightRange, 0);
      checkRange(where, "holeWidthRange", holeWidthRange, 0);
      const inPixels = holeHeightRange[1] >= 1;
      const side = ([low, high]: Range) =>
        inPixels ? { pixels: [Math.floor(low), Math.floor(high)] as const } : { share: [low, high] as const };
      return {
        probability: p,
        per: "image",
        shape: { kind: "sides", height: side(holeHeightRange), width: side(holeWidthRange) },
        nHoles: numHolesRange,
        placement: "inside",
        fill: albumentationsFill(fill),
      };
    },
  },
  keras: {
    options: ["factor", "scale", "fillValue", "valueRange"],
    write({ factor = 1, scale = [0.02, 0.33], fillValue = null, valueRange = [0, 255] }) {
      const where = "cutout like keras";
      const chance = rangeFromZero(factor);
      checkRange(where, "factor", chance, 0);
      checkRange(where, "valueRange", valueRange);
      const [low, high] = valueRange;
      const clip = (value: number) => Math.min(high, Math.max(low, value));
      const areaShare = rangeFromZero(scale);
      return {
        probability: (chance[0] + chance[1]) / 2,
        per: "image",
        shape: { kind: "sides", height: { areaShare }, width: { areaShare } },
        nHoles: 1,
        placement: "insideContinuous",
        fill:
          fillValue === null
            ? { normal: [0, high], per: "pixel", clip: valueRange }
            : typeof fillValue === "number"
              ? clip(fillValue)
              : fillValue.map(clip),
      };
    },
  },
  imgaug: {
    options: ["nbIterations", "size", "squared", "fillMode", "cval", "fillPerChannel"],
    write(given) {
      const { nbIterations = 1, size = 0.2, squared = true } = given;
      const share = typeof size === "number" ? ([size, size] as const) : size;
      const common = {
        ...always,
        nHoles: nbIterations,
        placement: "anywhereContinuous" as const,
        fill: imgaugFill(given),
      };
      if (squared) return { ...common, length: { share: size, of: "height" } satisfies Length };
      return { ...common, shape: { kind: "sides", height: { share }, width: { share } } };
    },
  },
  ffcv: {
    options: ["cropSize", "fill"],
    write({ cropSize, fill = [0, 0, 0] }) {
      checkInteger("cutout like ffcv", "cropSize", cropSize, 1);
      const pixels = [cropSize, cropSize] as const;
      return { ...always, length: { pixels }, nHoles: 1, placement: "inside", fill };
    },
  },
};

const timmFills: { readonly [M in NonNullable<Timm["mode"]>]: Fill } = {
  const: 0,
  rand: { normal: [0, 1], per: "channel" },
  pixel: gaussian,
};

function albumentationsFill(fill: NonNullable<Albumentations["fill"]>): Fill {
  if (typeof fill !== "string") return fill;
  if (fill === "random") return { uniform: [0, 1], per: "pixel", unit: "white" };
  if (fill === "random_uniform") return { uniform: [0, 1], per: "channel", unit: "white" };
  throw new Error(
    `cutout like albumentations: fill must be a number, a list, "random" or "random_uniform", got ${shown(fill)}`,
  );
}

function imgaugFill({ fillMode = "constant", cval = 128, fillPerChannel = false }: Imgaug): Fill {
  if (fillMode === "gaussian") {
    // Three deviations to black and to white.
    const per = fillPerChannel ? "pixel" : "grey";
    return { normal: [1 / 2, 1 / 6], per, clip: [0, 1], unit: "white" };
  }
  if (fillMode !== "constant") {
    throw new Error(`cutout like imgaug: fillMode must be "constant" or "gaussian", got ${shown(fillMode)}`);
  }
  return typeof cval === "number" ? cval : { uniform: cval, per: fillPerChannel ? "channel" : "hole" };
}

/** One number stands for a range from 0. */
const rangeFromZero = (value: number | Range): Range => (typeof value === "number" ? [0, value] : value);

function checkEven(where: string, name: string, length: number): void {
  if (!Number.isInteger(length) || length < 2 || length % 2 !== 0) {
    throw new Error(`${where}: ${name} must be an even integer >= 2, got ${shown(length)}`);
  }
}

/** The names of all presets. */
export const presetNames = Object.keys(presets) as readonly Name[];

/**
 * Complete options that do what another implementation does.
 * @throws Error when the name, an option's name or its value is wrong
 */
export function presetOptions(given: CutoutPreset): CutoutOptions {
  const { like } = given;
  if (!Object.hasOwn(presets, like)) {
    throw new Error(`cutout: like must be ${presetNames.join(", ")}, got ${shown(like)}`);
  }
  const preset = presets[like] as Preset<CutoutPreset>;
  for (const name of Object.keys(given)) {
    if (name !== "like" && !(preset.options as readonly string[]).includes(name)) {
      throw new Error(
        `cutout like ${like}: options are ${preset.options.join(", ")}, got ${JSON.stringify(name)}`,
      );
    }
  }
  const options = preset.write(given);
  checkShare(`cutout like ${like}`, "probability", options.probability);
  checkCutout(options);
  return options;
}
