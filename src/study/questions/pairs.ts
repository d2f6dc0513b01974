// Pairs of runs that share their seed: first weights, order, augmentation and split are the same, only the settings differ.
import { CutoutError } from "../../error.ts";
import type { Result } from "./question.ts";

export interface SeedPair {
  readonly seed: number;
  /** Accuracies, shares. */
  readonly first: number;
  readonly second: number;
  /** Of the second minus that of the first. */
  readonly difference: number;
}

/**
 * The pairs of two arms, in the order of their seeds, up to the first seed that only one of them has finished.
 * @throws CutoutError where two runs of a seed were trained or tested on different images
 */
export function seedPairs(
  results: readonly Result[],
  part: "test" | "validation",
  [one, other]: readonly [number, number],
): readonly SeedPair[] {
  const ofArm = (arm: number) =>
    new Map(results.filter(({ trial }) => trial.arm === arm).map((result) => [result.trial.seed, result]));
  const [first, second] = [ofArm(one), ofArm(other)];
  const seeds = [...new Set([...first.keys(), ...second.keys()])].sort((a, b) => a - b);
  const end = seeds.findIndex((seed) => !first.has(seed) || !second.has(seed));
  return (end < 0 ? seeds : seeds.slice(0, end)).map((seed) => {
    const pair = [first.get(seed)!, second.get(seed)!] as const;
    checkSameImages(...pair);
    const [a, b] = pair.map((result) => accuracyOf(result, part)) as [number, number];
    return { seed, first: a, second: b, difference: b - a };
  });
}

/** Top-1 accuracy on a part. @throws CutoutError when there is none */
export function accuracyOf({ trial, outcome }: Result, part: "test" | "validation"): number {
  const accuracy = outcome[part];
  if (accuracy !== null) return accuracy;
  throw new CutoutError({ where: `trial ${trial.index}`, what: `has no accuracy on the ${part} part` });
}

/** @throws CutoutError where two runs were trained or tested on different images */
export function checkSameImages(first: Result, second: Result): void {
  if (first.outcome.splitDigest === second.outcome.splitDigest) return;
  throw new CutoutError({
    where: `trials ${first.trial.index} and ${second.trial.index}`,
    what: "were trained and tested on different images, and cannot be set against each other",
    remedy: "the images have changed while the study ran: put them back, or begin a new study",
  });
}
