// The list of objectives. Another thread makes one again from its name and options.
import type { Loss, ObjectiveSpec } from "../objective.ts";
import { classify } from "./classify.ts";

const objectives: Readonly<Record<string, (options: never) => Loss>> = { classify };

/** @throws when the objective is not in the list */
export function lossOf({ name, options }: ObjectiveSpec): Loss {
  if (!Object.hasOwn(objectives, name)) {
    const names = Object.keys(objectives).join(", ");
    throw new Error(`objective: must be one of ${names} in a thread of its own, got ${name}`);
  }
  return objectives[name]!(options as never);
}
