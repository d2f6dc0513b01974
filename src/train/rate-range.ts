// The learning-rate range test (Smith 2017): rates that grow, losses made smooth, and the rate where they fall fastest.

export interface RateRange {
  readonly lowest: number;
  readonly highest: number;
  readonly steps: number;
}

export interface RatePoint {
  readonly rate: number;
  readonly loss: number;
}

export interface RateFinding {
  readonly points: readonly RatePoint[];
  /** The losses without their noise, at the same rates. */
  readonly smooth: readonly number[];
  /** Where the smooth loss falls fastest by the rate's logarithm; null where it falls by no more than its noise. */
  readonly suggestion: number | null;
  /** Where it is lowest. */
  readonly lowest: number;
  /** Whether the loss grew out of bounds before the highest rate. */
  readonly blewUp: boolean;
}

/** Exponential from the lowest to the highest rate. */
export function rateOf({ lowest, highest, steps }: RateRange, step: number): number {
  return lowest * (highest / lowest) ** (steps === 1 ? 0 : step / (steps - 1));
}

/** A loss that has come this many times above the lowest one, both over a few steps, is out of bounds. */
const limit = 4;
/** Steps of which the loss is looked at together. */
const few = 5;

/** Whether to stop: the loss is no number any more, or far above the lowest that there was. */
export function outOfBounds(points: readonly RatePoint[]): boolean {
  const last = points.at(-1);
  if (last === undefined) return false;
  if (!Number.isFinite(last.loss)) return true;
  if (points.length < 2 * few) return false;
  const mean = (from: number) =>
    points.slice(from, from + few).reduce((sum, { loss }) => sum + loss, 0) / few;
  let least = Number.POSITIVE_INFINITY;
  for (let from = 0; from + few <= points.length; from++) least = Math.min(least, mean(from));
  return mean(points.length - few) > limit * least;
}

/**
 * A Gaussian mean over neighbours on both sides, which moves nothing to higher rates as a running mean does.
 * @param width its deviation in steps
 */
function smoothed(losses: readonly number[], width: number): number[] {
  const reach = Math.ceil(3 * width);
  return losses.map((_, at) => {
    let [sum, weights] = [0, 0];
    for (let other = Math.max(0, at - reach); other <= Math.min(losses.length - 1, at + reach); other++) {
      const weight = Math.exp(-0.5 * ((other - at) / width) ** 2);
      sum += weight * losses[other]!;
      weights += weight;
    }
    return sum / weights;
  });
}

/**
 * Whether the fall of the smooth loss is within what noise does to it: the deviation of a loss, by the differences of
 * neighbours, over the root of the 2 sqrt(pi) width losses that a Gaussian mean takes together.
 */
function isNoise(
  losses: readonly number[],
  smooth: readonly number[],
  lowestAt: number,
  width: number,
): boolean {
  const differences = losses.slice(1, lowestAt + 1).map((loss, at) => (loss - losses[at]!) ** 2);
  const variance = differences.reduce((sum, square) => sum + square, 0) / differences.length / 2;
  const deviation = Math.sqrt(variance / (2 * Math.sqrt(Math.PI) * width));
  return Math.max(...smooth.slice(0, lowestAt)) - smooth[lowestAt]! < 4 * deviation;
}

/** What the range test says. Losses that are no numbers end it. */
export function rateFinding(all: readonly RatePoint[], { steps }: RateRange): RateFinding {
  const end = all.findIndex(({ loss }) => !Number.isFinite(loss));
  const points = end < 0 ? all : all.slice(0, end);
  const losses = points.map(({ loss }) => loss);
  const width = Math.max(1, steps / 12);
  // What has blown up must not reach back over many steps.
  const start = losses.slice(0, few).reduce((sum, loss) => sum + loss, 0) / Math.min(few, losses.length);
  const smooth = smoothed(
    losses.map((loss) => Math.min(loss, 2 * start)),
    width,
  );
  const lowestAt = smooth.reduce((best, loss, at) => (loss < smooth[best]! ? at : best), 0);
  let steepest: { readonly at: number; readonly slope: number } | null = null;
  for (let at = 1; at < lowestAt; at++) {
    const slope = smooth[at + 1]! - smooth[at - 1]!;
    if (slope < (steepest?.slope ?? 0)) steepest = { at, slope };
  }
  return {
    points,
    smooth,
    suggestion:
      steepest === null || isNoise(losses, smooth, lowestAt, width)
        ? null
        : // More digits than two would be of the noise.
          Number(points[steepest.at]!.rate.toPrecision(2)),
    lowest: points[lowestAt]?.rate ?? Number.NaN,
    blewUp: outOfBounds(all),
  };
}
