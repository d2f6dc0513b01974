// Resized crop: a random part of the image, of random area and aspect ratio, resized to one size.
import { CutoutError } from "../../error.ts";
import type { Rng } from "../../rng.ts";
import type { Augmentation } from "../augmentation.ts";
import { checkImage } from "../image/image.ts";
import { checkShape, type ImageShape } from "../image/layout.ts";
import {
  boolean,
  checkRng,
  choice,
  type Fields,
  integer,
  type Kind,
  type Range,
  range,
  readOptions,
  readParameters,
} from "../options.ts";
import { uniformIn } from "../random.ts";
import type { Matrix } from "./matrix.ts";
import { type Region, resizeRegion } from "./resize.ts";
import { type Interpolation, interpolations } from "./warp.ts";

export interface ResizedCropOptions {
  /**
   * Pixels of the result: one number for a square. As large as the image when left out or null; in a training, as large
   * as the network takes them.
   */
  readonly size?: number | { readonly height: number; readonly width: number } | null;
  /** Area of the part as a share of the image, from and to. [0.08, 1] when left out. */
  readonly scale?: Range;
  /** Width by height of the part, from and to. [3/4, 4/3] when left out. */
  readonly ratio?: Range;
  /** `bilinear` when left out. */
  readonly interpolation?: Interpolation;
  /** With `bilinear`, take the mean over all pixels that fall together where it shrinks. True when left out. */
  readonly antialias?: boolean;
}

interface Size {
  readonly height: number;
  readonly width: number;
}

interface Settings {
  readonly size: Size | null;
  readonly scale: Range;
  readonly ratio: Range;
  readonly interpolation: Interpolation;
  readonly antialias: boolean;
}

/** The part of the input that becomes the whole result. */
export type ResizedCropParameters = Region;

const name = "resized-crop";
const side = integer({ min: 1 });

const size: Kind<Settings["size"]> = {
  must: "an integer >= 1 or { height, width } of such",
  read(value) {
    if (value === null) return null;
    const { height, width } =
      typeof value === "object" ? (value as Partial<Size>) : { height: value, width: value };
    const sides = { height: side.read(height), width: side.read(width) };
    return sides.height === undefined || sides.width === undefined
      ? undefined
      : { height: sides.height, width: sides.width };
  },
};

const options: Fields<Settings> = {
  size: { kind: size, otherwise: null },
  scale: { kind: range({ above: 0, max: 1 }), otherwise: [0.08, 1] },
  ratio: { kind: range({ above: 0 }), otherwise: [3 / 4, 4 / 3] },
  interpolation: { kind: choice(interpolations), otherwise: "bilinear" },
  antialias: { kind: boolean, otherwise: true },
};

const parameters: Fields<ResizedCropParameters> = {
  top: { kind: integer({ min: 0 }) },
  left: { kind: integer({ min: 0 }) },
  height: { kind: side },
  width: { kind: side },
};

/**
 * A random part of the image, resized to `size`. Ten parts are tried; when none fits, the largest one of an allowed
 * aspect ratio in the middle. Any scale of pixels; floats and bytes.
 * @throws Error when an option is wrong
 * @see Szegedy et al. 2015, "Going Deeper with Convolutions", section 6; `RandomResizedCrop` of torchvision, whose
 * options and defaults these are
 */
export function resizedCrop(given: ResizedCropOptions = {}): Augmentation<ResizedCropParameters> {
  const settings = readOptions(name, options, given);
  const sizeFor = ({ height, width }: ImageShape): Size => settings.size ?? { height, width };
  return {
    name,
    outputShape(input) {
      checkShape(name, input);
      return { ...sizeFor(input), channels: input.channels };
    },
    sample(rng, input) {
      checkRng(name, rng);
      checkShape(name, input);
      return sampleRegion(rng, input, settings);
    },
    apply(image, drawn) {
      checkImage(name, image);
      const region = checkRegion(drawn, image);
      return resizeRegion(image, region, {
        ...sizeFor(image),
        interpolation: settings.interpolation,
        antialias: settings.antialias,
      });
    },
    effects(drawn, input) {
      const { top, left, height, width } = checkRegion(drawn, input);
      const result = sizeFor(input);
      const across = result.width / width;
      const down = result.height / height;
      const matrix: Matrix = [across, 0, -left * across, 0, down, -top * down];
      return [{ kind: "move", matrix, ...result }];
    },
  };
}
resizedCrop.about = {
  kind: "geometry",
  scale: "normalized",
  crops: true,
  sized: (given: ResizedCropOptions | undefined, size: Size) => ({ ...given, size: given?.size ?? size }),
} as const;

const tries = 10;

function sampleRegion(rng: Rng, image: ImageShape, { scale, ratio }: Settings): Region {
  const [narrow, wide] = ratio.map(Math.log) as [number, number];
  for (let attempt = 0; attempt < tries; attempt++) {
    const area = image.height * image.width * uniformIn(rng, scale);
    const aspect = Math.exp(uniformIn(rng, [narrow, wide]));
    const width = Math.round(Math.sqrt(area * aspect));
    const height = Math.round(Math.sqrt(area / aspect));
    if (width < 1 || width > image.width || height < 1 || height > image.height) continue;
    return {
      top: rng.integer(image.height - height + 1),
      left: rng.integer(image.width - width + 1),
      height,
      width,
    };
  }
  return middle(image, ratio);
}

/** The largest part of an allowed aspect ratio, in the middle. */
function middle(image: ImageShape, [narrowest, widest]: Range): Region {
  const aspect = image.width / image.height;
  const height = aspect < narrowest ? Math.max(1, Math.round(image.width / narrowest)) : image.height;
  const width = aspect > widest ? Math.max(1, Math.round(image.height * widest)) : image.width;
  return {
    top: Math.floor((image.height - height) / 2),
    left: Math.floor((image.width - width) / 2),
    height,
    width,
  };
}

function checkRegion(drawn: unknown, image: ImageShape): Region {
  const region = readParameters(name, parameters, drawn);
  const { top, left, height, width } = region;
  if (top + height > image.height || left + width > image.width) {
    throw new CutoutError({
      where: name,
      what: `the part must lie in the image of ${image.height} x ${image.width}`,
      got: `rows [${top}, ${top + height}), columns [${left}, ${left + width})`,
    });
  }
  return region;
}
