// What is cut out: squares, circles, rectangles, polygons, pictures, and rectangles of two sides of their own.
import { byKey, byKind, choice, type Fields, type Kind, probability, type Range, range } from "../options.ts";

/** What can be drawn into a square of side `length`. */
export type Shape =
  | "square"
  /** Of diameter `length`: the pixels whose centre is not further from the circle's than half of it. */
  | "circle"
  | Rectangle
  | Polygon
  | Mask;

/**
 * As large as the square of side `length`, with height / width drawn log-uniformly: sides
 * round(length sqrt(aspect)) and round(length / sqrt(aspect)).
 */
interface Rectangle {
  readonly kind: "rectangle";
  readonly aspect: Range;
}

/**
 * The pixels whose centre lies in the polygon (even-odd rule). Corners are [x, y] from 0 to 1 of the square of side
 * `length`, from its left and from its top.
 */
export interface Polygon {
  readonly kind: "polygon";
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Any picture: rows of numbers, cut out where not 0. Its longer side becomes `length` (nearest neighbour). */
export interface Mask {
  readonly kind: "mask";
  readonly rows: readonly (readonly number[])[];
}

/** Rectangles whose height and width are drawn on their own. */
export interface Sides {
  readonly kind: "sides";
  readonly height: SideLength;
  readonly width: SideLength;
}

/** One side of a rectangle whose sides are drawn on their own. */
export type SideLength =
  /** Each whole number from the first to the second, or to the image's side where that is less, equally likely. */
  | { readonly pixels: Range }
  /** Uniform share of the image's side, rounded down. */
  | { readonly share: Range }
  /** Square root of a uniform share of the image's side, rounded down. */
  | { readonly areaShare: Range };

/** Whether height and width have distributions of their own. */
export function isSides(shape: Shape | Sides | undefined): shape is Sides {
  return typeof shape === "object" && shape.kind === "sides";
}

export function isRectangular(shape: Shape | Sides | undefined): boolean {
  return (
    shape === undefined ||
    shape === "square" ||
    (typeof shape === "object" && /^(rectangle|sides)$/.test(shape.kind))
  );
}

const share = { kind: range({ min: 0, max: 1 }) };

const side: Kind<SideLength> = byKey<SideLength>("{ pixels }, { share } or { areaShare }", null, {
  pixels: { pixels: { kind: range({ min: 0, whole: true }) } },
  share: { share },
  areaShare: { areaShare: share },
});

const corners: Kind<Polygon["points"]> = {
  must: "at least 3 corners [x, y] with x and y from 0 to 1",
  read: (value) => {
    const isCorner = (point: unknown) =>
      Array.isArray(point) && point.length === 2 && point.every((at) => probability.read(at) !== undefined);
    return Array.isArray(value) && value.length >= 3 && value.every(isCorner) ? value : undefined;
  },
};

const rows: Kind<Mask["rows"]> = {
  must: "lists of numbers of one length, not 0 where the hole is, and not 0 everywhere",
  read: (value) => {
    const width = Array.isArray(value) && Array.isArray(value[0]) ? value[0].length : 0;
    const isRow = (row: unknown) => Array.isArray(row) && row.length === width && row.every(Number.isFinite);
    if (width === 0 || !(value as unknown[]).every(isRow)) return undefined;
    const picture = value as readonly (readonly number[])[];
    return picture.some((row) => row.some((number) => number !== 0)) ? picture : undefined;
  },
};

const rectangle: Fields<Omit<Rectangle, "kind">> = { aspect: { kind: range({ above: 0 }) } };
const polygon: Fields<Omit<Polygon, "kind">> = { points: { kind: corners } };
const mask: Fields<Omit<Mask, "kind">> = { rows: { kind: rows } };
const sides: Fields<Omit<Sides, "kind">> = { height: { kind: side }, width: { kind: side } };

export const shape: Kind<Shape | Sides> = byKind<Shape | Sides>(
  '"square", "circle", or have the kind "rectangle", "polygon", "mask" or "sides"',
  choice(["square", "circle"]),
  { rectangle, polygon, mask, sides },
);
