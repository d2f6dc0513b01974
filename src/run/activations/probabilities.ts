// From logits to the answer for an image, in double precision.
import { CutoutError } from "../../error.ts";
import { notFinite } from "../classify-images.ts";

export interface Answer {
  readonly predicted: number;
  /** Probability of the predicted class. */
  readonly confidence: number;
  /** Probability of the true class. */
  readonly probability: number;
}

/**
 * The answer in a row of logits [count, numClasses].
 * @param name of the image, for the error
 * @throws CutoutError when a logit is no finite number
 */
export function answerOf(
  logits: Float32Array,
  row: number,
  numClasses: number,
  { label, name }: { readonly label: number; readonly name: string },
): Answer {
  const own = logits.subarray(row * numClasses, (row + 1) * numClasses);
  if (!own.every(Number.isFinite)) throw new CutoutError({ where: name, what: notFinite });
  // The first of equal ones, as in evaluation.
  const predicted = own.indexOf(Math.max(...own));
  const exponentials = Array.from(own, (logit) => Math.exp(logit - own[predicted]!));
  const sum = exponentials.reduce((total, each) => total + each, 0);
  return { predicted, confidence: 1 / sum, probability: exponentials[label]! / sum };
}
