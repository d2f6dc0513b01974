// Two trained models on the same test images: where they disagree, and McNemar's test of these two models alone.
import { mcnemarExact } from "../stats/mcnemar.ts";
import {
  type Interval,
  type PairedCounts,
  pairedDifferenceInterval,
  pairedTotal,
} from "../stats/proportion.ts";
import type { Evaluation, ImagePrediction } from "../train/evaluation.ts";

/** The answers of both to one test image. */
export interface PairedPrediction {
  readonly first: ImagePrediction;
  readonly second: ImagePrediction;
}

/** Both runs on the same test images, or why they cannot be compared image by image. */
export type Pairing = { readonly pairs: readonly PairedPrediction[] } | { readonly reason: string };

export interface ModelDifference {
  readonly counts: PairedCounts;
  /** Share right of the second minus that of the first. */
  readonly difference: number;
  /** 95 %, Tango. */
  readonly interval: Interval;
  /** McNemar's exact test, two-sided. */
  readonly p: number;
}

/** Matches the predictions by the images' names, whatever their order. */
export function pairUp(first: Evaluation | null, second: Evaluation | null): Pairing {
  if (!first || !second) return { reason: "one of the runs has no test result" };
  const classes = (evaluation: Evaluation) => JSON.stringify(evaluation.classes.map(({ name }) => name));
  if (classes(first) !== classes(second)) return { reason: "the runs have different classes" };
  const byName = new Map(second.predictions.map((prediction) => [prediction.name, prediction]));
  const names = new Set(first.predictions.map(({ name }) => name));
  if (names.size < first.predictions.length || byName.size < second.predictions.length) {
    return { reason: "an image name comes twice in a test part, so images cannot be told apart" };
  }
  const pairs: PairedPrediction[] = [];
  for (const prediction of first.predictions) {
    const other = byName.get(prediction.name);
    if (other && other.label !== prediction.label)
      return { reason: "the runs disagree on what some test images are" };
    if (other) pairs.push({ first: prediction, second: other });
  }
  if (pairs.length < names.size || pairs.length < byName.size) {
    return { reason: "the runs were tested on different images; split them with the same seed to compare" };
  }
  if (pairs.length === 0) return { reason: "the test parts hold no images" };
  return { pairs };
}

const isRight = ({ label, predicted }: ImagePrediction) => label === predicted;

/** Images only the first, and only the second run got right; the clearest difference in loss first. */
export function disagreements(pairs: readonly PairedPrediction[]): {
  readonly onlyFirst: readonly PairedPrediction[];
  readonly onlySecond: readonly PairedPrediction[];
} {
  const gap = ({ first, second }: PairedPrediction) => Math.abs(first.loss - second.loss) || 0;
  const sorted = pairs
    .filter(({ first, second }) => isRight(first) !== isRight(second))
    .sort((a, b) => gap(b) - gap(a));
  return {
    onlyFirst: sorted.filter(({ first }) => isRight(first)),
    onlySecond: sorted.filter(({ second }) => isRight(second)),
  };
}

export function differenceOf(pairs: readonly PairedPrediction[]): ModelDifference {
  const number = (keep: (pair: PairedPrediction) => boolean) => pairs.filter(keep).length;
  const counts: PairedCounts = {
    bothRight: number(({ first, second }) => isRight(first) && isRight(second)),
    onlyFirstRight: number(({ first, second }) => isRight(first) && !isRight(second)),
    onlySecondRight: number(({ first, second }) => !isRight(first) && isRight(second)),
    bothWrong: number(({ first, second }) => !isRight(first) && !isRight(second)),
  };
  return {
    counts,
    difference: (counts.onlySecondRight - counts.onlyFirstRight) / pairedTotal(counts),
    interval: pairedDifferenceInterval(counts),
    p: mcnemarExact(counts.onlyFirstRight, counts.onlySecondRight),
  };
}
