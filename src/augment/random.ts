// Draws that several augmentations share.
import type { Rng } from "../rng.ts";
import type { Range } from "./options.ts";

/** Uniform from min to max. Draws one number also where the two are equal, so what is drawn next stays the same. */
export function uniformIn(rng: Rng, [min, max]: Range): number {
  return min + (max - min) * rng.uniform();
}

/** The items in random order (Fisher and Yates). */
export function shuffled<T>(rng: Rng, items: readonly T[]): T[] {
  const order = [...items];
  for (let last = order.length - 1; last > 0; last--) {
    const other = rng.integer(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}
