// What a training will hardly learn by, told before it begins.
import { createMix } from "../augment/index.ts";
import type { Config } from "../config/config.ts";
import type { FeatureShape } from "../nn/layer.ts";
import type { Network } from "../nn/network.ts";
import { layersOf } from "../nn/tree.ts";
import { learningRateAt } from "../optim/schedule.ts";
import { counted, decimal } from "../text.ts";

/** A schedule that never comes to this share of its rate has not left its start. */
const leastShare = 0.5;

/** A line for each. @param trainingImages their number */
export function warningsOf(config: Config, network: Network, trainingImages: number): readonly string[] {
  return [rateWarning(config, trainingImages), ...normWarnings(config.batchSize, network)].filter(
    (line) => line !== null,
  );
}

function rateWarning(
  { schedule, epochs, batchSize, augment }: Config,
  trainingImages: number,
): string | null {
  const { learningRate, kind } = schedule;
  const copies = augment.mix === null ? 1 : createMix(augment.mix).copies;
  const stepsPerEpoch = Math.floor(trainingImages / (batchSize / copies));
  const steps = epochs * stepsPerEpoch;
  let highest = 0;
  for (let step = 0; step < steps && highest < leastShare * learningRate; step++) {
    highest = Math.max(highest, learningRateAt(schedule, { step, stepsPerEpoch, epochs }));
  }
  if (highest >= leastShare * learningRate) return null;
  return `warning: with ${counted(steps, "step")} the schedule ${kind} never gets above a learning rate of ${decimal(highest)}, of ${decimal(learningRate)}: train longer (--epochs), in smaller batches (--batch-size), or with --schedule constant`;
}

/** The mean and deviation of one value make it zero, whatever the image. */
function normWarnings(batchSize: number, { layer, input }: Network): readonly string[] {
  const { channels, height, width } = input;
  const names = layersOf(layer, [channels, height, width]).flatMap((placed) =>
    placed.layer.kind === "batchNorm" && batchSize * positionsOf(placed.input) === 1
      ? [placed.layer.name]
      : [],
  );
  if (names.length === 0) return [];
  return [
    `warning: batch normalization over one value (${names.join(", ")}) gives the same for every image: raise --batch-size or --size`,
  ];
}

function positionsOf([, height = 1, width = 1]: FeatureShape): number {
  return height * width;
}
