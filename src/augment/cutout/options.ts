// What Cutout can be told: types, the paper's values, and the checks.

import { checkFill, type Fill } from "../fill/fill.ts";
import { checkKeys, checkObject, checkShare, isRange, isShare, type Range, shown } from "./checks.ts";
import type { ImageArea } from "./hole.ts";
import { checkLength, type Length, longestSide, type SideLength } from "./length.ts";

/** Where holes may lie. The two continuous ones are those of imgaug and Keras, for rectangles only. */
export type Placement =
  /** The centre is any pixel and the hole is clipped at the border (paper, authors' code, reviewed numpy version). */
  | "anywhere"
  /** The whole hole lies in the image; every position is equally likely (torchvision, timm, Albumentations, FFCV). */
  | "inside"
  /** As `anywhere`, with a centre and sides in fractions of a pixel; edges are rounded down (imgaug). */
  | "anywhereContinuous"
  /** As `inside`, with a corner and sides in fractions of a pixel; edges are rounded up (Keras). */
  | "insideContinuous";

/** What can be drawn into a square of side `length`. */
export type Shape =
  | "square"
  /** Of diameter `length`: the pixels whose centre is not further from the circle's than half of it. */
  | "circle"
  /**
   * As large as the square of side `length`, with height / width drawn log-uniformly: sides
   * round(length sqrt(aspect)) and round(length / sqrt(aspect)).
   */
  | { readonly kind: "rectangle"; readonly aspect: Range }
  /**
   * The pixels whose centre lies in the polygon (even-odd rule). Corners are [x, y] from 0 to 1 of the square of side
   * `length`, from its left and from its top.
   */
  | { readonly kind: "polygon"; readonly points: readonly (readonly [x: number, y: number])[] }
  /** Any picture: rows of numbers, cut out where not 0. Its longer side becomes `length` (nearest neighbour). */
  | { readonly kind: "mask"; readonly rows: readonly (readonly number[])[] };

/** Rectangles whose height and width are drawn on their own. */
export interface Sides {
  readonly kind: "sides";
  readonly height: SideLength;
  readonly width: SideLength;
}

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

/** What the authors' code does when only the length is given. */
export const paperOptions = {
  nHoles: 1,
  placement: "anywhere",
  fill: "zero",
  probability: 1,
  per: "image",
} as const satisfies CommonOptions;

const placements: { readonly [P in Placement]: true } = {
  anywhere: true,
  inside: true,
  anywhereContinuous: true,
  insideContinuous: true,
};

/** Whether sides keep their fractions. */
export function isContinuous(placement: Placement): boolean {
  return placement === "anywhereContinuous" || placement === "insideContinuous";
}

/**
 * Checks options, and that the hole fits where an image is given.
 * @throws Error that names the option, what must hold, and what it got
 */
export function checkCutout(options: CutoutOptions, image?: ImageArea): void {
  checkObject("cutout", "options", options);
  const { length, nHoles, placement, fill, probability, per } = options;
  if (options.shape !== undefined) checkShapeOption(options.shape);
  const sides = isSides(options.shape) ? options.shape : null;
  if (sides === null) checkLength(length as Length);
  else if (length !== undefined) {
    throw new Error(
      `cutout: length must be left out with a shape of two sides of their own, got ${shown(length)}`,
    );
  }
  checkCount(nHoles);
  if (!Object.hasOwn(placements, placement)) {
    throw new Error(
      `cutout: placement must be ${listed(Object.keys(placements))}, got ${JSON.stringify(placement)}`,
    );
  }
  checkFill(fill);
  checkShare("cutout", "probability", probability);
  if (per !== undefined && per !== "image" && per !== "batch") {
    throw new Error(`cutout: per must be "image" or "batch", got ${shown(per)}`);
  }
  if (isContinuous(placement) && !isRectangular(options.shape)) {
    throw new Error(`cutout: shape must be a square or a rectangle for placement "${placement}"`);
  }
  if (image !== undefined) checkFits(options, image);
}

/** The same, where an image has to be there. */
export function checkCutoutOf(options: CutoutOptions, image: ImageArea): void {
  checkObject("cutout", "image", image);
  checkCutout(options, image);
}

function checkFits(options: CutoutOptions, image: ImageArea): void {
  const { placement, shape } = options;
  for (const axis of ["height", "width"] as const) {
    if (!Number.isInteger(image[axis]) || image[axis] < 1) {
      throw new Error(`cutout: ${axis} must be an integer >= 1, got ${image[axis]}`);
    }
  }
  const inside = placement === "inside" || placement === "insideContinuous";
  if (isSides(shape)) {
    for (const axis of ["height", "width"] as const) {
      const side = shape[axis];
      const least = "pixels" in side ? side.pixels[0] : 0;
      if (least > image[axis]) {
        throw new Error(`cutout: ${axis} must be at most the image's ${image[axis]}, got ${least}`);
      }
    }
    return;
  }
  const longest = longestSide(options.length as Length, image, isContinuous(placement));
  if (longest === null) return; // an area, which is at most the image's
  const longer = Math.max(image.height, image.width);
  if (longest > longer) {
    throw new Error(`cutout: length must be at most the image's longer side, ${longer}, got ${longest}`);
  }
  const shorter = Math.min(image.height, image.width);
  if (inside && longest > shorter) {
    throw new Error(
      `cutout: length must be at most the image's shorter side, ${shorter}, for placement "${placement}", got ${longest}`,
    );
  }
}

/** Whether height and width have laws of their own. */
export function isSides(shape: Shape | Sides | undefined): shape is Sides {
  return typeof shape === "object" && shape !== null && shape.kind === "sides";
}

function isRectangular(shape: Shape | Sides | undefined): boolean {
  if (shape === undefined || shape === "square") return true;
  return typeof shape === "object" && (shape.kind === "rectangle" || shape.kind === "sides");
}

function checkCount(nHoles: number | Range): void {
  if (Array.isArray(nHoles)) {
    const [least, most] = nHoles as Range;
    if (nHoles.length === 2 && isCount(least) && isCount(most) && least <= most) return;
    throw new Error(`cutout: nHoles must be an integer >= 1 or two, the smaller first, got ${shown(nHoles)}`);
  }
  if (!isCount(nHoles)) throw new Error(`cutout: nHoles must be an integer >= 1, got ${shown(nHoles)}`);
}

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 1;

function checkShapeOption(shape: Shape | Sides): void {
  if (shape === "square" || shape === "circle") return;
  const check =
    typeof shape === "object" && shape !== null && Object.hasOwn(shapeChecks, shape.kind)
      ? shapeChecks[shape.kind]
      : null;
  if (check === null) {
    throw new Error(
      `cutout: shape must be "square", "circle", or have the kind ${listed(Object.keys(shapeChecks))}, got ${shown(shape)}`,
    );
  }
  check(shape);
  checkKeys("cutout", `shape ${shape.kind}`, shape, ["kind", ...shapeKeys[shape.kind]]);
}

type Kinds = Exclude<Shape | Sides, string>;

const shapeKeys: { readonly [K in Kinds["kind"]]: readonly string[] } = {
  rectangle: ["aspect"],
  polygon: ["points"],
  mask: ["rows"],
  sides: ["height", "width"],
};

const shapeChecks: { readonly [K in Kinds["kind"]]: (shape: Kinds) => void } = {
  rectangle: (shape) => {
    const { aspect } = shape as Extract<Kinds, { kind: "rectangle" }>;
    if (!isRange(aspect) || aspect[0] <= 0) {
      throw new Error(`cutout: aspect must be two numbers > 0, the smaller first, got ${shown(aspect)}`);
    }
  },
  polygon: (shape) => {
    const { points } = shape as Extract<Kinds, { kind: "polygon" }>;
    const good =
      Array.isArray(points) &&
      points.length >= 3 &&
      points.every((point) => Array.isArray(point) && point.length === 2 && point.every(isShare));
    if (!good) {
      throw new Error(
        `cutout: points must be at least 3 corners [x, y] with x and y from 0 to 1, got ${shown(points)}`,
      );
    }
  },
  mask: (shape) => {
    const { rows } = shape as Extract<Kinds, { kind: "mask" }>;
    const width = Array.isArray(rows) && Array.isArray(rows[0]) ? rows[0].length : 0;
    const good = width > 0 && rows.every((row) => Array.isArray(row) && row.length === width);
    if (!good || !rows.every((row) => row.every(Number.isFinite))) {
      throw new Error(
        "cutout: rows must be lists of numbers of one length, not 0 where the hole is; got others",
      );
    }
    if (rows.every((row) => row.every((value) => value === 0))) {
      throw new Error("cutout: rows must not be 0 everywhere, got a mask without a hole");
    }
  },
  sides: (shape) => {
    const sides = shape as Sides;
    for (const axis of ["height", "width"] as const) checkSide(axis, sides[axis]);
  },
};

function checkSide(axis: string, side: SideLength): void {
  const given = (side ?? {}) as { pixels?: Range; share?: Range; areaShare?: Range };
  const good =
    (isRange(given.pixels) && given.pixels.every(Number.isInteger) && given.pixels[0] >= 0) ||
    [given.share, given.areaShare].some((range) => isRange(range) && range.every(isShare));
  if (!good || Object.keys(given).length !== 1) {
    throw new Error(
      `cutout: ${axis} must be {pixels: [integer, integer]}, {share: [0..1, 0..1]} or {areaShare: [0..1, 0..1]}, ` +
        `the smaller first, got ${shown(side)}`,
    );
  }
}

const listed = (names: readonly string[]) => {
  const quoted = names.map((name) => JSON.stringify(name));
  return `${quoted.slice(0, -1).join(", ")} or ${quoted.at(-1)}`;
};
