// What Cutout can be told: its options, the paper's values, and the checks.
import { checkFillChannels, type Fill, fill } from "../fill/fill.ts";
import {
  choice,
  type Fields,
  integer,
  numberOrRange,
  object,
  probability,
  type Range,
  readOptions,
  readValue,
  shown,
  wrong,
} from "../options.ts";
import type { ImageArea } from "./hole.ts";
import { type Length, length, longestSide } from "./length.ts";
import { isContinuous, type Placement, placements } from "./placement.ts";
import { isRectangular, isSides, type Shape, type Sides, shape } from "./shape.ts";

interface CommonOptions {
  /** Number of holes an image, >= 1, or drawn from [smallest, largest]. They are independent and may overlap. */
  readonly nHoles: number | Range;
  readonly placement: Placement;
  /** What holes are painted with, in the units of the pixels. */
  readonly fill: Fill;
  /** Chance that an image gets its holes at all, 0 to 1. */
  readonly probability: number;
  /** `image` (when left out): each image has its own holes; `batch`: all images of a batch have the same. */
  readonly per?: "image" | "batch";
}

/** Holes of one length; `shape` left out is a square. */
export interface SizedCutoutOptions extends CommonOptions {
  readonly length: Length;
  readonly shape?: Shape;
}

/** Holes whose height and width are drawn on their own. */
export interface SidedCutoutOptions extends CommonOptions {
  readonly length?: never;
  readonly shape: Sides;
}

/**
 * Everything about Cutout, as plain JSON data.
 * @see DeVries and Taylor 2017, section 3
 */
export type CutoutOptions = SizedCutoutOptions | SidedCutoutOptions;

type Given<O> = O extends unknown
  ? Pick<O, Extract<keyof O, "length" | "shape">> &
      Partial<Omit<O, "length" | "shape">> & { readonly like?: never }
  : never;

/** Options of which those left out are the paper's. */
export type CutoutGiven = Given<CutoutOptions>;

/** All options side by side, before it is clear whether they fit each other. */
interface Read extends CommonOptions {
  readonly length?: Length;
  readonly shape?: Shape | Sides;
}

export const count = numberOrRange({ min: 1, whole: true });

/** What is left out is what the authors' code does when only the length is given. */
const fields: Fields<Read> = {
  length: { kind: length, otherwise: undefined },
  shape: { kind: shape, otherwise: undefined },
  nHoles: { kind: count, otherwise: 1 },
  placement: { kind: choice(placements), otherwise: "anywhere" },
  fill: { kind: fill, otherwise: "zero" },
  probability: { kind: probability, otherwise: 1 },
  per: { kind: choice(["image", "batch"]), otherwise: "image" },
};

/**
 * Complete options out of what was given, checked; knows nothing of an image.
 * @param where whose options they are: `cutout`, `cutout like timm`
 * @throws CutoutError that names the option, what must hold, and what it got
 */
export function readCutout(where: string, given: unknown): CutoutOptions {
  const read = readOptions(where, fields, readValue(where, "options", object, given));
  if (isSides(read.shape)) {
    if (read.length !== undefined) {
      const must = "must be left out with a shape of two sides of their own";
      throw wrong(where, "length", must, shown(read.length));
    }
  } else if (read.length === undefined) throw wrong(where, "length", `must be ${length.must}`, "nothing");
  if (isContinuous(read.placement) && !isRectangular(read.shape)) {
    const must = `must be a square or a rectangle for placement "${read.placement}"`;
    throw wrong(where, "shape", must, shown(read.shape));
  }
  return read as CutoutOptions;
}

const extent = integer({ min: 1 });

/**
 * Whether the holes fit images of a size, and the fill their channels where those are known.
 * @param options complete, as `cutoutOptions` gives them
 * @throws CutoutError when they do not
 */
export function checkFits(options: CutoutOptions, image: ImageArea & { readonly channels?: number }): void {
  const { placement, shape } = options;
  readValue("cutout", "image", object, image);
  for (const axis of ["height", "width"] as const) readValue("cutout", axis, extent, image[axis]);
  if (image.channels !== undefined) checkFillChannels("cutout", options.fill, image.channels);
  if (isSides(shape)) {
    for (const axis of ["height", "width"] as const) {
      const side = shape[axis];
      const least = "pixels" in side ? side.pixels[0] : 0;
      if (least > image[axis]) {
        throw wrong("cutout", axis, `must be at most the image's ${image[axis]}`, String(least));
      }
    }
    return;
  }
  const longest = longestSide(options.length as Length, image, isContinuous(placement));
  if (longest === null) return; // an area, which is at most the image's
  const longer = Math.max(image.height, image.width);
  if (longest > longer) {
    throw wrong("cutout", "length", `must be at most the image's longer side, ${longer}`, String(longest));
  }
  const inside = placement === "inside" || placement === "insideContinuous";
  const shorter = Math.min(image.height, image.width);
  if (inside && longest > shorter) {
    const must = `must be at most the image's shorter side, ${shorter}, for placement "${placement}"`;
    throw wrong("cutout", "length", must, String(longest));
  }
}
