// The three matrices of Winograd's convolution F(m, r), from points on the line (Toom and Cook; Lavin and Gray 2015).

export type Matrix = readonly (readonly number[])[];

export interface WinogradTransforms {
  /** m: outputs of a tile along one axis. */
  readonly tile: number;
  /** m + r - 1: inputs of a tile along one axis, and products. */
  readonly patch: number;
  /** A^T, [tile, patch]. */
  readonly output: Matrix;
  /** G, [patch, r]. */
  readonly kernel: Matrix;
  /** B^T, [patch, patch]. */
  readonly input: Matrix;
}

/** Small numbers first, in pairs: they keep the rounding errors small. The last point is infinity. */
const points = [0, 1, -1, 2, -2, 1 / 2, -1 / 2];

/** Coefficients of the product of (x - point), lowest power first. */
function polynomial(roots: readonly number[]): number[] {
  let product = [1];
  for (const root of roots) {
    const [shifted, whole] = [
      [0, ...product],
      [...product, 0],
    ];
    product = shifted.map((coefficient, power) => coefficient - root * whole[power]!);
  }
  return product;
}

/**
 * Transforms with y = A^T [(G g) * (B^T d)]: a correlation of `patch` inputs d with r weights g.
 * @param tile m, at least 1
 * @param taps r, at least 2; tile + taps - 2 points must be known, so tile + taps is at most 9
 */
export function winogradTransforms(tile: number, taps: number): WinogradTransforms {
  const patch = tile + taps - 1;
  const finite = points.slice(0, patch - 1);
  const others = (index: number) => finite.filter((_, at) => at !== index);
  const scale = (index: number) =>
    others(index).reduce((product, other) => product * (finite[index]! - other), 1);
  const powers = (index: number, count: number) =>
    Array.from({ length: count }, (_, power) => finite[index]! ** power);
  const atInfinity = (count: number) => Array.from({ length: count }, (_, at) => (at === count - 1 ? 1 : 0));
  return {
    tile,
    patch,
    output: transpose([...finite.map((_, index) => powers(index, tile)), atInfinity(tile)]),
    kernel: [...finite.map((_, index) => powers(index, taps).map((x) => x / scale(index))), atInfinity(taps)],
    input: [...finite.map((_, index) => [...polynomial(others(index)), 0]), polynomial(finite)],
  };
}

export const transpose = (matrix: Matrix): Matrix =>
  matrix[0]!.map((_, column) => matrix.map((row) => row[column]!));

/** Columns in the opposite order. */
export const turned = (matrix: Matrix): Matrix => matrix.map((row) => row.toReversed());

/** The Kronecker product of a matrix with itself, row by row: the transform of both axes as one matrix. */
export function bothAxes(matrix: Matrix): Float32Array {
  return Float32Array.from(
    matrix.flatMap((a) => matrix.flatMap((b) => a.flatMap((x) => b.map((y) => x * y)))),
  );
}
