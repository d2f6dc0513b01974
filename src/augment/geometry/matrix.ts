// Affine maps of the plane, in pixels: the top left corner of an image is (0, 0), its first pixel's centre (0.5, 0.5).
import { CutoutError } from "../../error.ts";

/** x' = a x + b y + c and y' = d x + e y + f, as [a, b, c, d, e, f]. */
export type Matrix = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const identity: Matrix = [1, 0, 0, 0, 1, 0];

/** The map that does `first`, then `second`. */
export function after(second: Matrix, first: Matrix): Matrix {
  const [a, b, c, d, e, f] = first;
  const [g, h, i, j, k, l] = second;
  return [g * a + h * d, g * b + h * e, g * c + h * f + i, j * a + k * d, j * b + k * e, j * c + k * f + l];
}

/** @throws Error when the map cannot be undone: it folds the plane into a line or a point */
export function inverse([a, b, c, d, e, f]: Matrix): Matrix {
  const determinant = a * e - b * d;
  if (!(Math.abs(determinant) > 1e-12)) {
    throw new CutoutError({
      where: "matrix",
      option: "determinant",
      what: "must not be 0",
      got: String(determinant),
    });
  }
  const [p, q, r, s] = [e / determinant, -b / determinant, -d / determinant, a / determinant];
  return [p, q, -(p * c + q * f), r, s, -(r * c + s * f)];
}

export function move([a, b, c, d, e, f]: Matrix, { x, y }: Point): Point {
  return { x: a * x + b * y + c, y: d * x + e * y + f };
}
