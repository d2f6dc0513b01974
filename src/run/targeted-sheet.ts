// The picture of targeted Cutout: training images as the network last saw them, what it responded to, and what that hides.

import { denormalize } from "../augment/image/normalize.ts";
import { paintTargeted } from "../augment/index.ts";
import { mapLayer } from "../nn/most-activated.ts";
import type { Network } from "../nn/network.ts";
import { overlay } from "../report/heat-map.ts";
import { drawSheet } from "../report/sheet.ts";
import { checkpointPath, loadCheckpoint } from "../run-folder/checkpoint.ts";
import { TargetedMaps } from "../train/targeted.ts";
import type { Prepared } from "./prepare.ts";

/** Images on the sheet, each of three pictures, two beside each other. */
const shown = 12;

/**
 * A PNG of the maps that the last checkpoint of a run holds.
 * @returns null where targeted Cutout is off, or no epoch has kept a map
 */
export async function targetedSheet(
  runDir: string,
  { config, dataset, split, pipeline }: Prepared,
  network: Network,
): Promise<Buffer | null> {
  const { targeted } = config.augment;
  if (targeted === null) return null;
  const layer = mapLayer(network, targeted.layer);
  const maps = new TargetedMaps(layer, split.train, pipeline, config.seed);
  maps.taken(loadCheckpoint(checkpointPath(runDir, "last")).state);
  const { output, options } = pipeline;
  const pixels = new Uint8Array(dataset.height * dataset.width * dataset.channels);
  const seen = new Float32Array(output.channels * output.height * output.width);
  const image = () => ({ pixels: denormalize(seen, output, options.normalization), ...output });
  const { length } = split.train;
  const count = Math.min(shown, length);
  const chosen = Array.from({ length: count }, (_, at) => split.train[Math.floor((at * length) / count)]!);
  const tiles = chosen.flatMap((index) => {
    const kept = maps.of(index);
    if (kept === null) return [];
    const { mask, view, map } = kept;
    dataset.read([index], pixels);
    pipeline.apply(pixels, 0, { ...view, holes: [] }, seen, 0);
    const whole = image();
    const mean = map.values.reduce((sum, value) => sum + value, 0) / map.values.length;
    const values = map.values.map((value) => value - mean);
    const most = values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 1e-6);
    paintTargeted(seen, 0, output, { mask, of: view, now: view });
    const share = mask.reduce((sum, one) => sum + one, 0) / mask.length;
    return [
      { ...whole, caption: dataset.classes[dataset.labels[index]!]! },
      { ...overlay(whole, { ...map, values }, most), caption: "its map" },
      { ...image(), caption: `${Math.round(100 * share)} % hidden` },
    ];
  });
  if (tiles.length === 0) return null;
  return drawSheet(tiles, {
    columns: 6,
    title: `Targeted Cutout by ${layer.name}`,
    subtitle: `Each image as it was last trained on, the most activated map of ${layer.height} x ${layer.width} (red: above its mean, blue: below), and what that hides in the next epoch.`,
  });
}
