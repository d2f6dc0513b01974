// Metrics from class probabilities: loss, top-1 and top-5, confusion matrix, precision, recall, F1.
import { CutoutError } from "../../error.ts";
import type { ClassDetails, ClassScore, ImagePrediction, Score } from "../evaluation.ts";

/** Smallest normal 32-bit float: keeps -log(p) of a probability that has become 0 at most 87.3. */
const smallest = 2 ** -126;
const topK = 5;

/** Index of the largest of `count` numbers from `start`; the first of equals. */
export function argmax(values: ArrayLike<number>, start: number, count: number): number {
  let best = 0;
  for (let index = 1; index < count; index++) {
    if (values[start + index]! > values[start + best]!) best = index;
  }
  return best;
}

/** Cross-entropy of the true class, natural logarithm, with the probability held at 2^-126 or above; NaN stays NaN. */
export function crossEntropy(probability: number): number {
  // 0 minus, not the sign: JSON has no -0.
  return 0 - Math.log(Math.max(probability, smallest));
}

/**
 * Mean loss and accuracies.
 * @param probabilities [labels.length, numClasses]
 * @param labels [n], n >= 1
 */
export function scoreOf(probabilities: Float32Array, labels: ArrayLike<number>, numClasses: number): Score {
  const count = labels.length;
  if (count === 0)
    throw new CutoutError({ where: "score", what: "there must be at least one image", got: "none" });
  let loss = 0;
  let top1 = 0;
  let top5 = 0;
  for (let image = 0; image < count; image++) {
    const start = image * numClasses;
    loss += crossEntropy(probabilities[start + labels[image]!]!);
    const rank = rankOf(probabilities, start, numClasses, labels[image]!);
    if (rank < 1) top1++;
    if (rank < topK) top5++;
  }
  return { loss: loss / count, top1: top1 / count, top5: top5 / count, count };
}

/** How many classes come before the true one; among equals the lower index comes first, as in `argmax`. */
function rankOf(probabilities: Float32Array, start: number, numClasses: number, label: number): number {
  const own = probabilities[start + label]!;
  let rank = 0;
  for (let other = 0; other < numClasses; other++) {
    const value = probabilities[start + other]!;
    if (value > own || (value === own && other < label)) rank++;
  }
  return rank;
}

/** counts[label][predicted] */
export function confusionMatrix(
  labels: ArrayLike<number>,
  predicted: ArrayLike<number>,
  numClasses: number,
): number[][] {
  const counts = Array.from({ length: numClasses }, () => new Array<number>(numClasses).fill(0));
  for (let image = 0; image < labels.length; image++) counts[labels[image]!]![predicted[image]!]!++;
  return counts;
}

/** Precision, recall and F1 = 2 TP / (support + predicted) of each class; null where the denominator is 0. */
export function classScores(
  confusion: readonly (readonly number[])[],
  classes: readonly string[],
): ClassScore[] {
  return classes.map((name, index) => {
    const hits = confusion[index]![index]!;
    const support = confusion[index]!.reduce((sum, count) => sum + count, 0);
    const predicted = confusion.reduce((sum, row) => sum + row[index]!, 0);
    const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
    return {
      name,
      support,
      precision: share(hits, predicted),
      recall: share(hits, support),
      f1: share(2 * hits, support + predicted),
    };
  });
}

/**
 * What an evaluation tells besides the score, without pictures.
 * @param args.probabilities [n, classes.length]
 * @param args.labels [n]
 * @param args.names [n]
 */
export function classDetails(args: {
  readonly classes: readonly string[];
  readonly probabilities: Float32Array;
  readonly labels: ArrayLike<number>;
  readonly names: readonly string[];
}): ClassDetails {
  const { classes, probabilities, labels, names } = args;
  const predictions = names.map((name, image): ImagePrediction => {
    const start = image * classes.length;
    const label = labels[image]!;
    const predicted = argmax(probabilities, start, classes.length);
    return {
      name,
      label,
      predicted,
      confidence: probabilities[start + predicted]!,
      loss: crossEntropy(probabilities[start + label]!),
      picture: null,
    };
  });
  const confusion = confusionMatrix(
    labels,
    predictions.map((each) => each.predicted),
    classes.length,
  );
  return { classes: classScores(confusion, classes), confusion, predictions };
}
