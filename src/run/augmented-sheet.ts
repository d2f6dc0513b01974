// The picture of augmented training images, as a run with this config draws them.
import { augmentationText } from "../report/describe.ts";
import { previewSheet } from "../report/sheet.ts";
import { mixed } from "../train/mix.ts";
import type { Prepared } from "./prepare.ts";

/** Images and draws of each on the sheet. */
const shown = { images: 8, draws: 7 };

/**
 * A PNG: images of the training part as they are, then as drawn in the first epochs. What mixes the images of a batch
 * mixes those of a column.
 */
export function augmentedSheet({ config, dataset, split, pipeline }: Prepared): Promise<Buffer> {
  const { seed, augment } = config;
  return previewSheet(dataset, pipeline, {
    ...shown,
    seed,
    indices: split.train,
    title: augmentationText(config),
    mix: ({ images, count }, epoch) =>
      mixed(augment.mix, { images, labels: null, count }, pipeline.output, {
        seed,
        epoch,
        batch: 0,
        progress: 1,
      }).images,
  });
}
