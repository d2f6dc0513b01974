// A table of values with gaps as row + column + rest: how large the rest is.
import { CutoutError } from "../error.ts";
import { spreadOf } from "./spread.ts";

export interface Cell {
  readonly row: number;
  readonly column: number;
  readonly value: number;
}

export interface Rest {
  /** Standard deviation of what rows and columns do not explain; null without degrees of freedom. */
  readonly deviation: number | null;
  readonly freedom: number;
}

/** Enough for tables whose rows hang together by several columns. */
const rounds = 1000;

/**
 * Least squares of the additive model, by taking the means of rows and columns off in turn (Gauss and Seidel's method on the
 * normal equations).
 * @param cells of a table in which any two rows are joined by columns that they share, directly or through other rows
 * @throws CutoutError without cells
 */
export function additiveRest(cells: readonly Cell[]): Rest {
  if (cells.length === 0) throw new CutoutError({ where: "additiveRest", what: "needs one or more cells" });
  const rests = cells.map(({ value }) => value);
  const groups = (["row", "column"] as const).map((side) =>
    [...new Set(cells.map((cell) => cell[side]))].map((id) =>
      [...cells.keys()].filter((at) => cells[at]![side] === id),
    ),
  );
  for (let round = 0; round < rounds; round++) {
    let moved = 0;
    for (const group of groups.flat()) {
      const { mean } = spreadOf(group.map((at) => rests[at]!));
      for (const at of group) rests[at]! -= mean;
      moved = Math.max(moved, Math.abs(mean));
    }
    if (moved < 1e-12) break;
  }
  const freedom = cells.length - groups[0]!.length - groups[1]!.length + 1;
  if (freedom <= 0) return { deviation: null, freedom: 0 };
  const squares = rests.reduce((sum, rest) => sum + rest * rest, 0);
  return { deviation: Math.sqrt(squares / freedom), freedom };
}
