// How far numbers lie apart: mean, standard deviation and range.
import { CutoutError } from "../error.ts";

export interface Spread {
  readonly count: number;
  readonly mean: number;
  /** Of the sample (divided by count - 1); null of one number, which has none. */
  readonly deviation: number | null;
  readonly least: number;
  readonly most: number;
}

/** @throws CutoutError without numbers, or when one is not finite */
export function spreadOf(values: readonly number[]): Spread {
  const count = values.length;
  if (count === 0 || !values.every(Number.isFinite)) {
    throw new CutoutError({
      where: "spreadOf",
      what: "needs one or more finite numbers",
      got: `[${values.join(", ")}]`,
    });
  }
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return {
    count,
    mean,
    deviation: count < 2 ? null : Math.sqrt(squares / (count - 1)),
    least: Math.min(...values),
    most: Math.max(...values),
  };
}
