// What other implementations of Cutout and its kin do, by their own options, written out in ours.
import type { ColourFill, Fill, NoiseFill } from "../fill/fill.ts";
import { isNoise } from "../fill/fill.ts";
import {
  boolean,
  choice,
  evenInteger,
  type Fields,
  integer,
  type Kind,
  listed,
  number,
  numberOrRange,
  numbers,
  orNull,
  type PerChannel,
  perChannel,
  probability,
  type Range,
  range,
  rangeOr,
  readOptions,
  shown,
  wrong,
} from "../options.ts";
import { type CutoutOptions, count } from "./options.ts";

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

/** Where the numbers of a fill are from black to white before the image is normalized; null: in the normalized image. */
type Units = { readonly black: number; readonly white: number } | null;

/** What a preset does, and the units of its fill where the library's own examples put it. */
export interface Written {
  readonly options: CutoutOptions;
  readonly units: Units;
}

/** @returns reads the library's options, which may come from a file, and writes them out */
function preset<Options>(
  fields: Fields<Options>,
  write: (options: Options) => CutoutOptions,
  units: (options: Options) => Units = () => null,
): (where: string, given: object) => Written {
  return (where, given) => {
    const options = readOptions(where, fields, given);
    return { options: write(options), units: units(options) };
  };
}

const gaussian: Fill = { normal: [0, 1], per: "pixel" };
const always = { probability: 1, per: "image" } as const;
const bytes = { black: 0, white: 255 };

const share = range({ min: 0, max: 1 });
const fromZero = (most: { readonly max?: number }) =>
  rangeOr({ min: 0, ...most }, (value) => [0, value], { min: 0, ...most });

/** A number, one a channel, or one of these names. */
function constantOr<const N extends string>(names: readonly N[]): Kind<PerChannel | N> {
  const constant = perChannel();
  const named = choice(names);
  return {
    must: listed([constant.must.replace(", or", " or"), ...names.map((name) => JSON.stringify(name))]),
    read: (value) => named.read(value) ?? constant.read(value),
  };
}

const presets: { readonly [N in Name]: (where: string, given: object) => Written } = {
  "authors-pytorch": preset<{ length: number; nHoles: number }>(
    {
      length: { kind: integer({ min: 2 }), otherwise: 16 },
      nHoles: { kind: integer({ min: 1 }), otherwise: 1 },
    },
    ({ length, nHoles }) => ({
      ...always,
      // length // 2 to both sides of the centre
      length: length - (length % 2),
      nHoles,
      placement: "anywhere",
      fill: "zero",
    }),
  ),
  "authors-lua": preset<{ length: number }>(
    { length: { kind: evenInteger(2), otherwise: 16 } },
    ({ length }) => {
      const pixels = [length + 1, length + 1] as const;
      return { ...always, length: { pixels }, nHoles: 1, placement: "anywhere", fill: "zero" };
    },
  ),
  // The image's mean is taken before normalization by the training itself.
  "reviewed-numpy": preset<{ cutLength: number }>(
    { cutLength: { kind: evenInteger(2) } },
    ({ cutLength }) => ({
      ...always,
      length: cutLength,
      nHoles: 1,
      placement: "anywhere",
      fill: "imageMean",
    }),
  ),
  torchvision: preset<{ p: number; scale: Range; ratio: Range; value: PerChannel | "random" }>(
    {
      p: { kind: probability, otherwise: 0.5 },
      scale: { kind: share, otherwise: [0.02, 0.33] },
      ratio: { kind: range({ above: 0 }), otherwise: [0.3, 3.3] },
      value: { kind: constantOr(["random"]), otherwise: 0 },
    },
    ({ p, scale, ratio, value }) => ({
      probability: p,
      per: "image",
      length: { area: scale },
      shape: { kind: "rectangle", aspect: ratio },
      nHoles: 1,
      placement: "inside",
      // A list of one number stands for all channels.
      fill:
        value === "random" ? gaussian : typeof value !== "number" && value.length === 1 ? value[0]! : value,
    }),
  ),
  timm: preset<
    Required<Omit<Timm, "like" | "maxAspect" | "maxCount">> & Pick<Timm, "maxAspect" | "maxCount">
  >(
    {
      probability: { kind: probability, otherwise: 0.5 },
      minArea: { kind: number({ min: 0, max: 1 }), otherwise: 0.02 },
      maxArea: { kind: number({ min: 0, max: 1 }), otherwise: 1 / 3 },
      minAspect: { kind: number({ above: 0 }), otherwise: 0.3 },
      maxAspect: { kind: number({ above: 0 }), otherwise: undefined },
      mode: { kind: choice(["const", "rand", "pixel"]), otherwise: "const" },
      minCount: { kind: integer({ min: 1 }), otherwise: 1 },
      maxCount: { kind: integer({ min: 1 }), otherwise: undefined },
    },
    ({ probability, minArea, maxArea, minAspect, maxAspect = 1 / minAspect, mode, minCount, ...rest }) => ({
      probability,
      per: "image",
      length: { area: [minArea, maxArea], of: "image" },
      shape: { kind: "rectangle", aspect: [minAspect, maxAspect] },
      nHoles: [minCount, rest.maxCount ?? minCount],
      placement: "inside",
      fill: timmFills[mode],
    }),
  ),
  albumentations: preset<Required<Omit<Albumentations, "like">>>(
    {
      numHolesRange: { kind: range({ min: 1, whole: true }), otherwise: [1, 2] },
      holeHeightRange: { kind: range({ min: 0 }), otherwise: [0.1, 0.2] },
      holeWidthRange: { kind: range({ min: 0 }), otherwise: [0.1, 0.2] },
      fill: { kind: constantOr(["random", "random_uniform"]), otherwise: 0 },
      p: { kind: probability, otherwise: 0.5 },
    },
    ({ numHolesRange, holeHeightRange, holeWidthRange, fill, p }) => {
      const inPixels = holeHeightRange[1] >= 1;
      const side = ([low, high]: Range) =>
        inPixels ? { pixels: [Math.floor(low), Math.floor(high)] as const } : { share: [low, high] as const };
      return {
        probability: p,
        per: "image",
        shape: { kind: "sides", height: side(holeHeightRange), width: side(holeWidthRange) },
        nHoles: numHolesRange,
        placement: "inside",
        fill: typeof fill === "string" ? albumentationsFills[fill] : fill,
      };
    },
    () => bytes,
  ),
  keras: preset<{ factor: Range; scale: Range; fillValue: PerChannel | null; valueRange: Range }>(
    {
      factor: { kind: fromZero({}), otherwise: [0, 1] },
      scale: { kind: fromZero({ max: 1 }), otherwise: [0.02, 0.33] },
      fillValue: { kind: orNull(perChannel()), otherwise: null },
      valueRange: { kind: range(), otherwise: [0, 255] },
    },
    ({ factor, scale: areaShare, fillValue, valueRange }) => {
      const [low, high] = valueRange;
      const clip = (value: number) => Math.min(high, Math.max(low, value));
      return {
        probability: (factor[0] + factor[1]) / 2,
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
    ({ valueRange: [black, white] }) => ({ black, white }),
  ),
  imgaug: preset<Required<Omit<Imgaug, "like">>>(
    {
      nbIterations: { kind: count, otherwise: 1 },
      size: { kind: numberOrRange({ min: 0, max: 1 }), otherwise: 0.2 },
      squared: { kind: boolean, otherwise: true },
      fillMode: { kind: choice(["constant", "gaussian"]), otherwise: "constant" },
      cval: { kind: numberOrRange({}), otherwise: 128 },
      fillPerChannel: { kind: boolean, otherwise: false },
    },
    (given) => {
      const { nbIterations, size, squared } = given;
      const share = typeof size === "number" ? ([size, size] as const) : size;
      const common = {
        ...always,
        nHoles: nbIterations,
        placement: "anywhereContinuous" as const,
        fill: imgaugFill(given),
      };
      if (squared) return { ...common, length: { share: size, of: "height" } };
      return { ...common, shape: { kind: "sides", height: { share }, width: { share } } };
    },
    () => bytes,
  ),
  ffcv: preset<{ cropSize: number; fill: readonly number[] }>(
    {
      cropSize: { kind: integer({ min: 1 }) },
      fill: { kind: numbers(), otherwise: [0, 0, 0] },
    },
    ({ cropSize, fill }) => {
      const pixels = [cropSize, cropSize] as const;
      return { ...always, length: { pixels }, nHoles: 1, placement: "inside", fill };
    },
    () => bytes,
  ),
};

const timmFills: { readonly [M in NonNullable<Timm["mode"]>]: Fill } = {
  const: 0,
  rand: { normal: [0, 1], per: "channel" },
  pixel: gaussian,
};

const albumentationsFills = {
  random: { uniform: [0, 1], per: "pixel", unit: "white" },
  random_uniform: { uniform: [0, 1], per: "channel", unit: "white" },
} as const satisfies { readonly [name: string]: Fill };

function imgaugFill({ fillMode, cval, fillPerChannel }: Required<Omit<Imgaug, "like">>): Fill {
  if (fillMode === "gaussian") {
    // Three deviations to black and to white.
    const per = fillPerChannel ? "pixel" : "grey";
    return { normal: [1 / 2, 1 / 6], per, clip: [0, 1], unit: "white" };
  }
  return typeof cval === "number" ? cval : { uniform: cval, per: fillPerChannel ? "channel" : "hole" };
}

/** The names of all presets. */
export const presetNames = Object.keys(presets) as readonly Name[];

/**
 * What another implementation does. Whether our options take its values is not checked here.
 * @throws CutoutError when the name, an option's name or its value is wrong
 */
export function writePreset({ like, ...given }: CutoutPreset): Written {
  if (!Object.hasOwn(presets, like)) {
    throw wrong("cutout", "like", `must be ${presetNames.join(", ")}`, shown(like));
  }
  return presets[like](`cutout like ${like}`, given);
}

/**
 * The options for images that are normalized before their holes are painted: a fill which the library paints before
 * normalization, as on bytes, is told on the scale 0 to 1.
 * @throws CutoutError when `keras` has a value range of one value
 */
export function forTraining(like: CutoutPreset["like"], { options, units }: Written): CutoutOptions {
  if (units === null) return options;
  const { black, white } = units;
  if (!(black < white)) {
    const must = "must be two numbers, the smaller first";
    throw wrong(`cutout like ${like}`, "valueRange", must, shown([black, white]));
  }
  return { ...options, fill: onUnitScale(options.fill, black, white) };
}

function onUnitScale(fill: Fill, black: number, white: number): Fill {
  const share = (value: number) => (value - black) / (white - black);
  const shares = (value: PerChannel) => (typeof value === "number" ? share(value) : value.map(share));
  if (isNoise(fill)) return noiseOnUnitScale(fill, shares, white - black);
  if (typeof fill === "string" || (typeof fill === "object" && "colour" in fill)) return fill;
  // A list of one number over and over fits any number of channels, as one number does.
  const same = typeof fill !== "number" && fill.every((value) => value === fill[0]);
  return { colour: shares(same ? fill[0]! : fill) } satisfies ColourFill;
}

/** @param width from black to white */
function noiseOnUnitScale<N extends NoiseFill>(
  noise: N,
  shares: <V extends PerChannel>(value: V) => PerChannel,
  width: number,
): NoiseFill {
  // Numbers that are shares of white already stay as they are.
  if (noise.unit === "white") return noise;
  const unit = "white";
  if ("uniform" in noise)
    return { ...noise, uniform: [shares(noise.uniform[0]), shares(noise.uniform[1])], unit };
  const { normal, clip } = noise;
  const share = (value: number) => shares(value) as number;
  return {
    ...noise,
    normal: [share(normal[0]), normal[1] / width],
    ...(clip && { clip: [share(clip[0]), share(clip[1])] }),
    unit,
  };
}
