// The mean of several epochs' weights has other activations than any of them: batch normalization's statistics are found
// anew, on training batches (Izmailov et al. 2018, section 3.2).
import { epochsAveraged } from "../optim/average.ts";
import { stream } from "../rng.ts";
import type { Lessons } from "./lessons.ts";
import { type BatchPlace, copiesOf } from "./mix.ts";
import type { Scores } from "./objective.ts";
import type { TrainArguments } from "./train-arguments.ts";
import { turn } from "./turn.ts";

/** Batches that they are the mean of (as PyTorch's `update_bn`): an epoch's, within these bounds. */
const batches = { least: 30, most: 100 };

/**
 * Nothing is done where the weights are not such a mean, or the network has no such statistics.
 * @param start of the epoch that has ended
 */
export async function renewStatistics<S extends Scores>(
  { loader, split, session, options, signal }: TrainArguments<S>,
  lessons: Lessons<S>,
  start: BatchPlace,
  stepsPerEpoch: number,
): Promise<void> {
  const { average, batchSize } = options;
  if (average === undefined || epochsAveraged(average, start.epoch, options.epochs) < 2) return;
  const copies = copiesOf(options.mix ?? null);
  const count = Math.min(batches.most, Math.max(batches.least, stepsPerEpoch));
  for (let done = 0, pass = 0; done < count; pass++) {
    const place = { ...start, epoch: start.epoch + pass };
    const { seed, epoch, progress } = place;
    const order = { indices: split.train, batchSize, seed, epoch, progress, copies, startBatch: 0 };
    for await (const batch of loader.training(order)) {
      const images = lessons.forStatistics(batch, { ...place, batch: done });
      const drawn = stream(options.seed, "dropout of statistics", start.epoch, done).seed();
      if (!(await session.renew(images, { seed: drawn, batch: done }, lessons.giveBack))) return;
      await turn();
      signal.throwIfAborted();
      if (++done === count) break;
    }
  }
}
