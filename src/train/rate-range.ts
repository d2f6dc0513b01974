// The learning-rate range test (Smith 2017): rates that grow, losses made smooth, and the rate where they are lowest.

export interface RateRange {
  readonly lowest: number;
  readonly highest: number;
  readonly steps: number;
}

export interface RatePoint {
  readonly rate: number;
  readonly loss: number;
}

/** The rate at which the smooth loss is lowest, or why there is no such rate. */
export type RateSuggestion =
  | { readonly kind: "rate"; readonly rate: number }
  /** The loss fell by no more than its noise. */
  | { readonly kind: "noise" }
  /** It was lowest at the highest rate. */
  | { readonly kind: "still falling" };

export interface RateFinding {
  readonly points: readonly RatePoint[];
  /** The losses without their noise, at the same rates. */
  readonly smooth: readonly number[];
  readonly suggestion: RateSuggestion;
  /** Whether the loss grew out of bounds before the highest rate. */
  readonly blewUp: boolean;
}

/** Exponential from the lowest to the highest rate. */
export function rateOf({ lowest, highest, steps }: RateRange, step: number): number {
  return lowest * (highest / lowest) ** (steps === 1 ? 0 : step / (steps - 1));
}

/** A loss that has come this many times above the first ones is out of bounds. */
const limit = 1.25;
/** Steps of which the loss is looked at together. */
const few = 5;

const meanLoss = (points: readonly RatePoint[]) =>
  points.reduce((sum, { loss }) => sum + loss, 0) / points.length;

/** Whether to stop: the loss is no number any more, or well above that of the first rates. */
export function outOfBounds(points: readonly RatePoint[]): boolean {
  const last = points.at(-1);
  if (last === undefined) return false;
  if (!Number.isFinite(last.loss)) return true;
  if (points.length < 2 * few) return false;
  return meanLoss(points.slice(-few)) > limit * meanLoss(points.slice(0, few));
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
  points: readonly RatePoint[],
  smooth: readonly number[],
  lowestAt: number,
  width: number,
): boolean {
  const differences = points.slice(1, lowestAt + 1).map(({ loss }, at) => (loss - points[at]!.loss) ** 2);
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
  const highest = limit * meanLoss(points.slice(0, few));
  const smooth = smoothed(
    losses.map((loss) => Math.min(loss, highest)),
    width,
  );
  return { points, smooth, suggestion: suggestionOf(points, smooth, width), blewUp: outOfBounds(all) };
}

/**
 * Where the loss is lowest is better determined than where it falls fastest, which with few images is anywhere: there it
 * falls nearly in a straight line. The mean over neighbours moves it down where the loss grows abruptly.
 */
function suggestionOf(
  points: readonly RatePoint[],
  smooth: readonly number[],
  width: number,
): RateSuggestion {
  const lowestAt = smooth.reduce((best, loss, at) => (loss < smooth[best]! ? at : best), 0);
  if (lowestAt < 2 || isNoise(points, smooth, lowestAt, width)) return { kind: "noise" };
  if (lowestAt === smooth.length - 1) return { kind: "still falling" };
  // More digits than two would be of the noise.
  return { kind: "rate", rate: Number(points[lowestAt]!.rate.toPrecision(2)) };
}
