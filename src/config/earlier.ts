// What settings of earlier format versions meant that they no longer mean: such a run can be used, but not gone on with.
import { aroundPass, inOrder } from "../augment/index.ts";
import { namedAugmentations } from "./augmentation-fields.ts";
import type { Config, Settings } from "./config.ts";

type Concerned = Pick<Config, "augment" | "labelSmoothing" | "classWeights"> | Settings;

interface Change {
  /** The first version with the new meaning. */
  readonly since: number;
  /** What training does with it now, for people. */
  readonly now: string;
  concerns(settings: Concerned): boolean;
}

const changes: readonly Change[] = [
  {
    since: 4,
    now: "--augment is applied by its kind: geometry and colours before normalization and Cutout, masks before noise",
    concerns: ({ augment }) => {
      const named = namedAugmentations(augment.augmentations);
      return aroundPass(named).before.length > 0 || inOrder(named).some((spec, at) => spec !== named[at]);
    },
  },
  {
    since: 4,
    now: "--label-smoothing with --class-weights gives each class's share of the smoothing its own weight",
    concerns: ({ labelSmoothing, classWeights }) => labelSmoothing > 0 && classWeights !== "none",
  },
];

/** What training does otherwise with a config of this format version than the version that wrote it did. */
export function changesSince(version: number, settings: Concerned): readonly string[] {
  return changes.filter(({ since, concerns }) => version < since && concerns(settings)).map(({ now }) => now);
}
