// The list of objectives. Another thread makes one again from its name and options.
import { CutoutError } from "../../error.ts";
import type { Loss, ObjectiveSpec } from "../objective.ts";
import { classify } from "./classify.ts";
import { contextEncoder } from "./context-encoder.ts";
import { denoise } from "./denoise.ts";

const objectives: Readonly<Record<string, (options: never) => Loss>> = {
  classify,
  "context-encoder": contextEncoder,
  denoise,
};

/** @throws when the objective is not in the list */
export function lossOf({ name, options }: ObjectiveSpec): Loss {
  if (!Object.hasOwn(objectives, name)) {
    const names = Object.keys(objectives).join(", ");
    throw new CutoutError({
      where: "objective",
      what: `must be one of ${names} in a thread of its own`,
      got: name,
      kind: "settings",
    });
  }
  return objectives[name]!(options as never);
}
