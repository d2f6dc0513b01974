// A smooth curve through few noisy trainings of different length: what lies beside a value says something about it.
import { Matrix, solve } from "ml-matrix";
import { CutoutError } from "../error.ts";

export interface Trained {
  /** Where on the axis; the whole axis has a length of 1. */
  readonly at: number;
  /** Of the whole training, above 0 and at most 1. */
  readonly share: number;
  /** Trainings of a block share their seed and length: what these do to all of them is taken off. */
  readonly block: number;
  readonly value: number;
}

/** Reach of a bend, as a share of the axis. */
const reach = 0.35;

/** How far the curve of whole trainings goes, in deviations of a training; and how far that of the shortest may lie off it. */
const height = 2;
const drift = 0.75 * height;

/** Of the level of a block, in deviations of a training: as good as free. */
const level = 1000;

/**
 * Kriging, that is, the mean of a Gaussian process (Rasmussen and Williams 2006, section 2.2): a smooth curve for whole
 * trainings, and a smooth departure from it that grows as trainings get shorter (Kennedy and O'Hagan 2000), by 1 - sqrt(share).
 * Only the ratios of the constants above matter, not the unit of the values.
 * @returns the curve of whole trainings at each of `points`; only differences mean something
 * @throws CutoutError without trainings
 */
export function smoothCurve(trained: readonly Trained[], points: readonly number[]): readonly number[] {
  if (trained.length === 0)
    throw new CutoutError({ where: "smoothCurve", what: "needs one or more trainings" });
  const covariance = new Matrix(
    trained.map((one) =>
      trained.map((other) => {
        const departure = drift ** 2 * shortness(one) * shortness(other);
        const shared = one.block === other.block ? level ** 2 : 0;
        return (height ** 2 + departure) * alike(one.at, other.at) + shared + (one === other ? 1 : 0);
      }),
    ),
  );
  const mean = trained.reduce((sum, { value }) => sum + value, 0) / trained.length;
  const weights = solve(
    covariance,
    Matrix.columnVector(trained.map(({ value }) => value - mean)),
  ).to1DArray();
  return points.map((point) =>
    trained.reduce((sum, { at }, index) => sum + height ** 2 * alike(point, at) * weights[index]!, 0),
  );
}

const shortness = ({ share }: Trained): number => 1 - Math.sqrt(share);

const alike = (one: number, other: number): number => Math.exp(-0.5 * ((one - other) / reach) ** 2);
