// The learning-rate range test of a training's settings: one step a rate on its images. Only the cache is written.
import type { Config, Settings } from "../config/config.ts";
import { openLoader } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { stream } from "../rng.ts";
import { copiesOf, mixed } from "../train/mix.ts";
import {
  outOfBounds,
  type RateFinding,
  type RatePoint,
  type RateRange,
  rateFinding,
  rateOf,
} from "../train/rate-range.ts";
import { classification } from "./classification.ts";
import { chooseDevice } from "./device.ts";
import type { RunEvent } from "./events.ts";
import { prepare } from "./prepare.ts";
import { withSession } from "./session.ts";

export interface FoundRate extends RateFinding {
  readonly config: Config;
  readonly range: RateRange;
}

/** Around the usual rate of the settings, or of what is told. */
export interface RateRangeOptions {
  readonly lowest?: number;
  readonly highest?: number;
  readonly steps: number;
}

/** From a hundredth of the usual rate to a hundred times that. */
const around = { below: 1e-2, above: 1e2 };

/** @throws CutoutError as a training does */
export async function findRate(
  settings: Settings,
  told: RateRangeOptions,
  onEvent: (event: RunEvent) => void,
): Promise<FoundRate> {
  const onProgress = (done: number, total: number, what: string) =>
    onEvent({ type: "progress", what, done, total });
  const chosen = await chooseDevice(settings.device);
  // The rate of whole batches: the small network of a filter would not be at its own.
  const whole = { ...settings, device: chosen.device, filter: null };
  const prepared = await prepare(whole, onProgress);
  const { config, dataset, split, pipeline } = prepared;
  try {
    const usual = config.schedule.learningRate;
    const { lowest = usual * around.below, highest = usual * around.above, steps } = told;
    const range = { lowest, highest, steps };
    if (!(lowest < highest)) {
      const what = `must be below the highest rate (${highest})`;
      throw new CutoutError({ where: "--lowest", what, got: String(lowest), kind: "settings" });
    }
    return await withSession(
      classification,
      prepared,
      chosen,
      { onEvent, onProgress },
      async (_, session) => {
        const task = classification.objective(prepared).on(dataset, pipeline.output);
        const loader = openLoader({ dataset, pipeline, workers: config.loaderWorkers });
        const { seed, batchSize } = config;
        const { mix } = config.augment;
        const points: RatePoint[] = [];
        try {
          for (let epoch = 1; points.length < steps && !outOfBounds(points); epoch++) {
            const order = {
              indices: split.train,
              batchSize,
              seed,
              epoch,
              progress: 0,
              copies: copiesOf(mix),
              startBatch: 0,
            };
            for await (const batch of loader.training(order)) {
              const step = points.length;
              const place = { seed, epoch, batch: step, progress: 0 };
              const labelled = { images: batch.images, labels: task.labels(batch), count: batch.count };
              const { images, targets } = task.lesson(mixed(mix, labelled, pipeline.output, place), place);
              if (images !== batch.images) loader.recycle(batch.images);
              const rate = rateOf(range, step);
              const hyper = { learningRate: rate, seed: stream(seed, "dropout", step).seed() };
              const { loss } = await session.step(images, targets, hyper, loader.recycle);
              points.push({ rate, loss });
              onProgress(points.length, steps, "steps");
              if (points.length === steps || outOfBounds(points)) break;
            }
          }
        } finally {
          await loader.close();
        }
        const found = rateFinding(points, range);
        if (found.points.length === 0) {
          const [first] = points;
          const what = "the loss must be a finite number at the lowest rate";
          throw new CutoutError({
            where: "find-lr",
            what,
            got: String(first?.loss),
            remedy: "begin lower: --lowest",
          });
        }
        return { ...found, config, range };
      },
    );
  } finally {
    dataset.close();
  }
}
