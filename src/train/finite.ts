// Looks for numbers that are no longer finite in the state of a training run.
import type { TrainingState } from "./network-session.ts";

/** The first number that has become infinite or NaN, and the tensor that holds it; null when all are finite. */
export function notFinite({
  parameters,
  buffers,
  optimizer,
}: TrainingState): { readonly name: string; readonly value: number } | null {
  for (const [name, { dtype, data }] of [...parameters, ...buffers, ...optimizer]) {
    if (dtype !== "float32") continue;
    for (let index = 0; index < data.length; index++) {
      if (!Number.isFinite(data[index])) return { name, value: data[index]! };
    }
  }
  return null;
}
