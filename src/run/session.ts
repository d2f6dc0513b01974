// The training thread of a run, opened for as long as it is used, and what the trainer is told of its config.
import type { Config } from "../config/config.ts";
import { imagesLearnt } from "../config/filter-fields.ts";
import { sizesOfTraining } from "../config/progressive-fields.ts";
import type { OnProgress } from "../data/index.ts";
import { buildNetwork, findNetwork } from "../nn/build.ts";
import { mapLayer } from "../nn/most-activated.ts";
import type { Network } from "../nn/network.ts";
import type { ImageSize } from "../optim/image-size.ts";
import type { FilterNetwork } from "../train/data-filter.ts";
import type { Scores } from "../train/objective.ts";
import type { TrainOptions } from "../train/train-arguments.ts";
import { openTrainingThread, type ThreadedSession } from "../train/training-thread.ts";
import { type ChosenDevice, describeFallbacks } from "./device.ts";
import type { RunEvent } from "./events.ts";
import type { Prepared } from "./prepare.ts";
import type { RunKind } from "./run-kind.ts";
import { warningsOf } from "./warnings.ts";

/** The classifier that the settings name, for these data. */
export function classifierOf<S extends Scores>(
  { numClasses }: RunKind<S>,
  { config, network, dataset, pipeline }: Prepared,
): Network {
  const { regularize, model } = config;
  return buildNetwork(network, {
    input: pipeline.output,
    numClasses: numClasses(dataset),
    options: model.options,
    regularize,
  });
}

/** What the trainer is told. What there need not be is named only where it is: runs without are those of before. */
export function trainOptionsOf(config: Config, network: Network): TrainOptions {
  const { seed, epochs, batchSize, schedule, earlyStopping, keep, crops, average, progressive, filter } =
    config;
  const { mix, targeted } = config.augment;
  const options = { seed, epochs, batchSize, schedule, earlyStopping, keep, crops, mix };
  return {
    ...options,
    ...(average !== null && { average }),
    ...(progressive !== null && { progressive }),
    ...(filter !== null && { filter: filter as NonNullable<TrainOptions["filter"]> }),
    ...(targeted !== null && { targeted: mapLayer(network, targeted.layer) }),
  };
}

/** Sizes of a run's images, the full one not among them. */
const smallerSizes = (config: Config): readonly ImageSize[] =>
  sizesOfTraining(config).filter(({ height }) => height < config.imageSize);

/** Opens the training thread of a run for as long as it is used. */
export async function withSession<T, S extends Scores>(
  kind: RunKind<S>,
  prepared: Prepared,
  { device, adapter, messages }: ChosenDevice,
  {
    onEvent,
    onProgress,
  }: { readonly onEvent: (event: RunEvent<S>) => void; readonly onProgress: OnProgress },
  use: (network: Network, session: ThreadedSession, filter: FilterNetwork | undefined) => Promise<T>,
): Promise<T> {
  const { config, dataset, split, pipeline } = prepared;
  const { optimizer, clipNorm, lookahead, average, accumulate, seed, threads } = config;
  const { arithmetic, convolution, timedConvolutions } = config;
  const network = kind.network(classifierOf(kind, prepared));
  const objective = kind.objective(prepared);
  // What does not fit the images is told now, and not after a minute of compiling.
  objective.on(dataset, pipeline.output);
  const tell = (text: string) => onEvent({ type: "message", text });
  const warnings = warningsOf(config, network, split.train.length);
  [...kind.describe(prepared, network), ...warnings, ...messages].forEach(tell);
  onEvent({ type: "phase", phase: "compile" });
  const learnt = imagesLearnt(config);
  const shared = {
    objective,
    optimizer,
    clipNorm,
    seed,
    threads,
    device,
    adapter: adapter?.name ?? null,
    arithmetic,
    imageSizes: smallerSizes(config),
    onFallbacks: (operators: readonly string[]) => tell(describeFallbacks(device, operators)),
  };
  const session = await openTrainingThread({
    ...shared,
    network,
    batchSize: learnt,
    lookahead,
    average: average !== null,
    accumulate,
    watched: config.augment.targeted && mapLayer(network, config.augment.targeted.layer).name,
    convolution,
    timedConvolutions,
    onTiming: (done, total) => onProgress(done, total, "timing convolutions"),
  });
  let small: ThreadedSession | null = null;
  try {
    if (config.filter === null) return await use(network, session, undefined);
    const { name, options } = config.filter.model;
    const chooser = buildNetwork(findNetwork(name), {
      input: pipeline.output,
      numClasses: kind.numClasses(dataset),
      options,
    });
    small = await openTrainingThread({ ...shared, network: chooser, batchSize: learnt });
    return await use(network, session, { network: chooser, session: small });
  } finally {
    await small?.close();
    await session.close();
  }
}
