// The config's part `filter`: a small network that chooses which images are learnt, or null.
import { CutoutError } from "../error.ts";
import { isNetworkFile } from "../nn/load.ts";
import type { NetworkName } from "../nn/networks/index.ts";
import { group, number, show, told } from "./fields.ts";
import { type NetworkInput, type NetworkSettings, networkFrom } from "./network-text.ts";

function shippedFrom(given: NetworkInput | string): NetworkSettings {
  const settings = networkFrom(given);
  if (!isNetworkFile(settings.name)) return settings;
  throw new CutoutError({
    where: "filter.model",
    what: "must be a network that comes with cutout",
    got: show(settings.name),
    kind: "settings",
  });
}

export const filter = group("filter", {
  model: told<NetworkSettings, NetworkInput, NetworkName | `${NetworkName}:${string}`>(
    "learn of each batch only the images on which this network, a small one that is trained alongside, has the highest loss",
    "the name of a network",
    shippedFrom,
  ).prefault("wrn-16-1"),
  keep: number("share of a batch that is learnt", { min: 0, above: true, max: 1, below: true }).default(0.5),
})
  .nullable()
  .default(null);

/** Images of a step that are learnt: the share's, in whole images, and as many for each part of a batch. */
export function imagesLearnt({
  batchSize,
  accumulate,
  filter,
}: {
  readonly batchSize: number;
  readonly accumulate: number;
  readonly filter: { readonly keep: number } | null;
}): number {
  if (filter === null) return batchSize;
  return Math.max(1, Math.round((filter.keep * batchSize) / accumulate)) * accumulate;
}
