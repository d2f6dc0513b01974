// What a training would be: everything about it but the run, timed by its first steps. Only the cache is written.
import type { Config, Settings } from "../config/config.ts";
import { openLoader } from "../data/index.ts";
import { convolutionsOf, directOperations } from "../graph/conv/inventory.ts";
import { countParameters, type Network } from "../nn/network.ts";
import { dataIdentity } from "../run-folder/index.ts";
import type { StepEvent } from "../train/events.ts";
import { GrowingImages } from "../train/growing-images.ts";
import type { Scores } from "../train/objective.ts";
import type { RunStorage } from "../train/storage.ts";
import { train } from "../train/trainer.ts";
import { chooseDevice } from "./device.ts";
import type { RunEvent } from "./events.ts";
import { stepGraph } from "./layer-times.ts";
import { networkOf } from "./network.ts";
import { prepare } from "./prepare.ts";
import type { RunKind } from "./run-kind.ts";
import { trainOptionsOf, withSession } from "./session.ts";
import { beginWith, readStart } from "./starting-weights.ts";

export interface DryRun {
  readonly config: Config;
  readonly images: { readonly train: number; readonly validation: number; readonly test: number };
  readonly parameters: number;
  /** Multiplications and additions of convolutions and linear layers in a training step, gradients counted in. */
  readonly operationsPerStep: number;
  readonly steps: number;
  /** The most memory that this process had up to the last timed step, bytes. */
  readonly memory: number;
  /** Steps that were timed: the first one, which compiles, is not among them where there are more. */
  readonly timed: { readonly first: number; readonly last: number };
  readonly secondsPerStep: number;
  /**
   * Of the whole training, validation and test counted in at a third of a training step's time an image. Steps on smaller
   * images are not timed: they count by their pixels.
   */
  readonly seconds: number;
}

/** Steps are timed until there are so many, or so many seconds have passed and there are a few. */
const enough = { steps: 21, fewSteps: 4, seconds: 5 };

/** @throws CutoutError as a run of this kind does */
export async function dryRun<S extends Scores>(
  kind: RunKind<S>,
  settings: Settings,
  onEvent: (event: RunEvent<S>) => void,
): Promise<DryRun> {
  const onProgress = (done: number, total: number, what: string) =>
    onEvent({ type: "progress", what, done, total });
  const definition = await networkOf(settings);
  const weights = settings.from && readStart(settings.from, definition);
  const chosen = await chooseDevice(settings.device);
  const prepared = await prepare(
    { ...settings, device: chosen.device },
    onProgress,
    definition,
    kind.purpose,
  );
  const { config, dataset, split, pipeline } = prepared;
  try {
    return await withSession(
      kind,
      prepared,
      chosen,
      { onEvent, onProgress },
      async (network, session, filter) => {
        if (weights) await beginWith(weights, kind, prepared, session, () => {});
        const loader = openLoader({ dataset, pipeline, workers: config.loaderWorkers });
        const timing = new AbortController();
        let last: StepEvent<S> | null = null;
        let count = 0;
        let start = 0;
        const { batchSize } = config;
        // Full images are timed: the memory is theirs, and the time of smaller ones follows.
        const { progressive, ...options } = trainOptionsOf(config, network);
        await train({
          objective: kind.objective(prepared),
          dataset,
          split,
          pipeline,
          loader,
          session,
          ...(filter !== undefined && { filter }),
          storage: keepsNothing,
          identity: dataIdentity(dataset, split),
          options,
          resume: false,
          signal: timing.signal,
          onEvent(event) {
            if (event.type !== "step") return;
            last = event;
            count++;
            if (count === 1) start = performance.now();
            const seconds = (performance.now() - start) / 1000;
            const timed = count >= enough.steps || (count >= enough.fewSteps && seconds > enough.seconds);
            // The steps of one epoch do: nothing is validated here.
            if (timed || event.stepInEpoch === event.stepsPerEpoch) timing.abort(new Error("timed"));
          },
        }).finally(loader.close);
        const step = last! as StepEvent<S>;
        const secondsPerStep = batchSize / step.imagesPerSecond;
        const steps = step.epochs * step.stepsPerEpoch;
        const sizes = new GrowingImages(progressive ?? null, pipeline.output, step.epochs);
        const saved = steps - sizes.stepsLeft(1, 0, step.stepsPerEpoch);
        return {
          config,
          images: { train: split.train.length, validation: split.validation.length, test: split.test.length },
          parameters: countParameters(network),
          operationsPerStep:
            operationsOf(network, session.batchSize) +
            // It looks at the whole batch, forward alone, and learns what is left of it.
            (filter === undefined
              ? 0
              : operationsOf(filter.network, batchSize) / 3 +
                operationsOf(filter.network, session.batchSize)),
          steps,
          memory: 1024 * process.resourceUsage().maxRSS,
          timed: { first: Math.min(2, count), last: count },
          secondsPerStep,
          seconds: (count - saved) * secondsPerStep + step.secondsLeft,
        };
      },
    );
  } finally {
    dataset.close();
  }
}

function operationsOf(network: Network, batchSize: number): number {
  const convolutions = convolutionsOf(stepGraph(network, batchSize)).reduce(
    (sum, { spec, passes, weights }) => sum + weights.length * passes.length * directOperations(spec),
    0,
  );
  // Forward, and the gradients by input and weights.
  const linear = network.parameters
    .filter(({ shape }) => shape.length === 2)
    .reduce((sum, { shape }) => sum + 3 * 2 * batchSize * shape[0]! * shape[1]!, 0);
  return convolutions + linear;
}

const keepsNothing: RunStorage<never> = {
  name: "a dry run",
  hasRun: () => false,
  writeCheckpoint() {},
  readCheckpoint() {
    throw new Error("internal: a dry run keeps no checkpoints");
  },
  checkpoints: () => [],
  appendRecord() {},
  cutRecords() {},
  writeEvaluation() {},
};
