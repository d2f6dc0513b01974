// Averages of the weights, which are used in place of the last ones: exponential, or over the last epochs.
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import { checkOption } from "./rule.ts";
import type { ScheduleTime } from "./schedule.ts";

/** Mean that forgets (Polyak and Juditsky 1992; Tarvainen and Valpola 2017). */
export interface EmaAverage {
  readonly name: "ema";
  /** What stays of the average in a step, 0 to 1, 1 not included; in the first steps less, (1 + t) / (10 + t). */
  readonly decay: number;
}

/** Plain mean of the weights at the ends of the last epochs (Izmailov et al. 2018). */
export interface LastAverage {
  readonly name: "last";
  /** Of the epochs, above 0 and at most 1. */
  readonly share: number;
}

export type AverageOptions = EmaAverage | LastAverage;

/** What a step adds to the averages: average' = (1 - share) average + share value. */
export interface AverageShares {
  readonly parameters: number;
  readonly buffers: number;
}

/** @throws CutoutError when an option is outside its range */
export function checkAverage(average: AverageOptions): void {
  if (average.name === "ema") {
    const fits = (value: number) => value >= 0 && value < 1;
    checkOption("average ema", "decay", average.decay, fits, "in [0, 1)");
  } else {
    const fits = (value: number) => value > 0 && value <= 1;
    checkOption("average last", "share", average.share, fits, "above 0 and at most 1");
  }
}

/** The first epoch, from 1, whose weights at its end are averaged. */
export const firstAveraged = ({ share }: LastAverage, epochs: number): number =>
  epochs - Math.max(1, Math.round(share * epochs)) + 1;

/**
 * How many epochs' ends are in the average when this epoch, 1 for the first, has ended: then statistics of batch
 * normalization must be found anew where it is more than one. 0 before the first that is averaged, and for an
 * exponential average, which has the statistics averaged too.
 */
export function epochsAveraged(average: AverageOptions, epoch: number, epochs: number): number {
  return average.name === "ema" ? 0 : Math.max(0, epoch - firstAveraged(average, epochs) + 1);
}

/**
 * What the step adds, by its place in the run alone: so a run that is gone on with needs no memory of it. A mean of the
 * last epochs that has begun for one number of epochs is none for another.
 */
export function averageSharesAt(
  average: AverageOptions,
  { step, stepsPerEpoch, epochs }: ScheduleTime,
): AverageShares {
  if (average.name === "ema") {
    // As `num_updates` of TensorFlow's ExponentialMovingAverage: the first weights are soon forgotten.
    const share = step === 0 ? 1 : 1 - Math.min(average.decay, (1 + step) / (10 + step));
    return { parameters: share, buffers: share };
  }
  const epoch = Math.floor(step / stepsPerEpoch) + 1;
  const count = epochsAveraged(average, epoch, epochs);
  if (count === 0) return { parameters: 1, buffers: 1 };
  // Within an epoch that counts the average of those before it stays.
  const ends = (step + 1) % stepsPerEpoch === 0;
  if (!ends) return count === 1 ? { parameters: 1, buffers: 1 } : { parameters: 0, buffers: 0 };
  return { parameters: 1 / count, buffers: 1 };
}

/** @param share [1] */
export function averaged(g: Graph, average: Value, value: Value, share: Value): Value {
  const rest = g.apply("sub", [g.scalar(1), share]);
  return g.apply("add", [g.apply("mul", [average, rest]), g.apply("mul", [value, share])]);
}
