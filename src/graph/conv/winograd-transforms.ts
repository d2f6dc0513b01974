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

/**
 * Points on the line, by their number; infinity is one more. What keeps rounding errors small are pairs that differ in
 * sign alone, neither too close nor far from 1: of multiples of 1/16, these gave the smallest errors in all passes. With
 * 0, 1, -1, 2, -2 (Lavin and Gray) the errors of F(4, 3) are about twice as large. All powers of them that occur are
 * exact in float32.
 */
const pointsByCount: ReadonlyMap<number, readonly number[]> = new Map(
  [
    [3 / 8, -3 / 8, 5 / 4, -5 / 4],
    [0, 5 / 8, -5 / 8, 3 / 2, -3 / 2],
    [5 / 16, -5 / 16, 7 / 8, -7 / 8, 7 / 4, -7 / 4],
    [0, 1 / 2, -1 / 2, 1, -1, 2, -2],
  ].map((points) => [points.length, points]),
);

function pointsFor(count: number): readonly number[] {
  const points = pointsByCount.get(count);
  if (!points) throw new Error(`internal: winograd must have 4 to 7 points, got ${count}`);
  return points;
}

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
 * @param taps r, at least 2
 * @param finite tile + taps - 2 different numbers; without them tile + taps must be 6 to 9
 */
export function winogradTransforms(
  tile: number,
  taps: number,
  finite: readonly number[] = pointsFor(tile + taps - 2),
): WinogradTransforms {
  const patch = tile + taps - 1;
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
