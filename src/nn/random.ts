// What layers that draw random numbers have in common.
import type { Value } from "../graph/types.ts";
import type { ForwardContext } from "./layer.ts";
import { choice, type Kind, number } from "./options.ts";

/** A chance, less than 1: what is left is scaled by 1 / (1 - p). */
export const dropProbability: Kind<number> = number({ min: 0, below: 1 });

/** Whether each image has a draw of its own, or the whole batch has one. */
export const perImageOrBatch: Kind<"image" | "batch"> = choice(["image", "batch"]);

/** What the draws of a step come from. */
export function stepSeed({ seed }: ForwardContext): Value {
  if (!seed) throw new Error("internal: a random layer must have a seed while training");
  return seed;
}
