// The order of the augmentations that a config lists: each has its place by its kind.
import { type AugmentationSpec, aboutAugmentation } from "../registry.ts";

/** The steps of a training in their order. Crop and flip are those of the pass that normalizes, the holes Cutout's. */
const order = ["geometry", "colour", "crop, flip", "normalization", "mask", "noise"] as const;

type Place = (typeof order)[number];

/** What needs the scale 0 to 1 comes before normalization, whatever it is. */
function placeOf({ name }: AugmentationSpec): Place {
  const { kind, scale } = aboutAugmentation(name);
  return scale === "unit" && kind !== "geometry" ? "colour" : kind;
}

/** In the order of their application; those of one kind as they are given. */
export function inOrder(specs: readonly AugmentationSpec[]): readonly AugmentationSpec[] {
  return order.flatMap((place) => specs.filter((spec) => placeOf(spec) === place));
}

/** Those that work on bytes before the pass, and those that follow it on the normalized image, each in order. */
export function aroundPass(specs: readonly AugmentationSpec[]): {
  readonly before: readonly AugmentationSpec[];
  readonly after: readonly AugmentationSpec[];
} {
  const isBefore = (spec: AugmentationSpec) => order.indexOf(placeOf(spec)) < order.indexOf("normalization");
  const ordered = inOrder(specs);
  return { before: ordered.filter(isBefore), after: ordered.filter((spec) => !isBefore(spec)) };
}
