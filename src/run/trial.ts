// One run, whole: config in, run folder out.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseMix } from "../augment/short-form.ts";
import type { Config, Settings } from "../config/config.ts";
import type { NameOf } from "../config/resolve.ts";
import type { Part } from "../data/dataset.ts";
import { type OnProgress, openLoader } from "../data/loader.ts";
import { replaceFile } from "../durable-file.ts";
import { buildNetwork } from "../nn/models.ts";
import { countParameters, type Network } from "../nn/network.ts";
import { augmentationText } from "../report/describe.ts";
import { writeReport } from "../report/html.ts";
import { dataIdentity } from "../run-folder/identity.ts";
import {
  checkNewRun,
  checkSameData,
  createRun,
  datasetRecord,
  openRun,
  writeConfig,
} from "../run-folder/run-dir.ts";
import { runFolderStorage } from "../run-folder/storage.ts";
import { shellWord } from "../text.ts";
import type { ClassScores, Score } from "../train/evaluation.ts";
import type { TrainingEvent } from "../train/events.ts";
import type { Objective } from "../train/objective.ts";
import { classify } from "../train/objectives/classify.ts";
import { type TrainResult, train } from "../train/trainer.ts";
import { openTrainingThread, type ThreadedSession } from "../train/training-thread.ts";
import { augmentedSheet } from "./augmented-sheet.ts";
import { type ChosenDevice, chooseDevice, describeFallbacks } from "./device.ts";
import { describeEnvironment } from "./environment.ts";
import { withPictures } from "./pictures.ts";
import { classWeightsOf, type Prepared, prepare } from "./prepare.ts";
import { writeProducts } from "./products.ts";

export interface TrialOptions {
  /** Ends the run after the step it is at, with a checkpoint. */
  readonly signal: AbortSignal;
  readonly onEvent: (event: TrainingEvent) => void;
  /** While images are decoded, and convolutions timed. */
  readonly onProgress?: OnProgress;
  /** Told once, as soon as the folder is there and a run can be gone on with. */
  readonly onRunDir?: (runDir: string) => void;
}

export interface NewTrialOptions extends TrialOptions {
  /** Run folder to make; null (the default) makes one with a number in `runsDir`. */
  readonly runDir?: string | null;
  /** The command line, for environment.json. */
  readonly command?: readonly string[];
  /** How errors name a field of the config. */
  readonly nameOf?: NameOf;
}

export interface ResumeTrialOptions extends TrialOptions {
  /** Where the run's images are now, when they have been moved. */
  readonly data?: string | undefined;
}

export interface TrialResult {
  readonly runDir: string;
  readonly status: TrainResult<ClassScores>["status"];
  readonly bestEpoch: number;
  /** The best checkpoint on the test part; null when interrupted. */
  readonly test: Score | null;
  /** Path of report.html, of an interrupted run too. */
  readonly report: string;
}

/**
 * Trains a classifier and writes everything there is to know about it into a new run folder.
 * @throws Error, one line for people, when settings, data or disk do not allow it
 */
export async function runTrial(settings: Settings, options: NewTrialOptions): Promise<TrialResult> {
  const { runDir = null, command = [], nameOf = (path) => path, onProgress = () => {} } = options;
  // Before the images are decoded, which may take minutes.
  if (runDir !== null) checkNewRun(runDir);
  const chosen = await chooseDevice(settings.device, nameOf("device"));
  const prepared = await prepare({ ...settings, device: chosen.device }, nameOf, onProgress);
  try {
    const { config, dataset, split, statistics } = prepared;
    return await withSession(prepared, chosen, options, async (network, session) => {
      const path = createRun({
        // What was timed goes along: a run that is gone on with computes as it began.
        config: { ...config, timedConvolutions: session.timedConvolutions },
        dataset: datasetRecord(dataset, split, statistics),
        environment: describeEnvironment(command, chosen.adapter?.name),
        out: runDir,
      });
      options.onRunDir?.(path);
      replaceFile(join(path, "augmented.png"), [await augmentedSheet(prepared)]);
      return finish(path, prepared, network, session, options, false);
    });
  } finally {
    prepared.dataset.close();
  }
}

/** Names, addresses and patterns of shards are no paths: whether they are there shows when they are opened. */
function isMissing(data: string): boolean {
  return data !== "fashion-mnist" && !/^https?:|\{/.test(data) && !existsSync(data);
}

/**
 * Goes on with a run where its last checkpoint is; the metrics become those of a run left alone.
 * @throws Error, one line for people, when the folder is no run, or its images are not there or have changed since
 */
export async function resumeTrial(runDir: string, options: ResumeTrialOptions): Promise<TrialResult> {
  const run = openRun(runDir);
  const { data = run.config.data } = options;
  if (options.data === undefined && isMissing(data)) {
    throw new Error(
      `${data}: the images of the run are no longer there; put them back, ` +
        `or say where they are now: cutout train FOLDER --resume ${shellWord(runDir)}`,
    );
  }
  const nameOf: NameOf = (path) => `${join(runDir, "config.json")}: ${path}`;
  const chosen = await chooseDevice(run.config.device, nameOf("device"));
  const prepared = await prepare({ ...run.config, data }, nameOf, options.onProgress ?? (() => {}));
  try {
    checkSameData(run, prepared, "train again");
    // Found at another place: from now on the run knows them there.
    if (options.data !== undefined) writeConfig(runDir, prepared.config);
    if (run.test !== null) {
      const text = "this run is finished: its best epoch is tested again, and its report written again";
      options.onEvent({ type: "message", text });
    }
    options.onRunDir?.(runDir);
    return await withSession(prepared, chosen, options, (network, session) =>
      finish(runDir, prepared, network, session, options, true),
    );
  } finally {
    prepared.dataset.close();
  }
}

/** What the network learns. */
function objectiveOf({ config, dataset, split }: Prepared): Objective<ClassScores> {
  const classWeights = classWeightsOf(config, dataset, split.train);
  return classify({ labelSmoothing: config.labelSmoothing, classWeights });
}

async function withSession(
  prepared: Prepared,
  { device, adapter, messages }: ChosenDevice,
  { onEvent, onProgress = () => {} }: TrialOptions,
  use: (network: Network, session: ThreadedSession) => Promise<TrialResult>,
): Promise<TrialResult> {
  const { config, dataset, split, pipeline } = prepared;
  const { model, initialization, dropout, batchSize, optimizer, seed, threads } = config;
  const { convolution, timedConvolutions } = config;
  const numClasses = dataset.classes.length;
  const network = buildNetwork(model, { input: pipeline.output, numClasses, initialization, dropout });
  const tell = (text: string) => onEvent({ type: "message", text });
  [...describeTrial(config, { dataset, split }, network), ...messages].forEach(tell);
  onEvent({ type: "phase", phase: "compile" });
  const session = await openTrainingThread({
    network,
    objective: objectiveOf(prepared),
    batchSize,
    optimizer,
    seed,
    threads,
    device,
    adapter: adapter?.name ?? null,
    convolution,
    timedConvolutions,
    onTiming: (done, total) => onProgress(done, total, "timing convolutions"),
    onFallbacks: (operators) => tell(describeFallbacks(device, operators)),
  });
  try {
    return await use(network, session);
  } finally {
    await session.close();
  }
}

async function finish(
  runDir: string,
  prepared: Prepared,
  network: Network,
  session: ThreadedSession,
  { signal, onEvent }: TrialOptions,
  resume: boolean,
): Promise<TrialResult> {
  const { config, dataset, split, pipeline, statistics } = prepared;
  const { seed, epochs, batchSize, schedule, earlyStopping, crops, loaderWorkers } = config;
  const mix = config.augment.mix === null ? null : parseMix(config.augment.mix);
  const loader = openLoader({ dataset, pipeline, workers: loaderWorkers });
  const result = await train({
    objective: objectiveOf(prepared),
    dataset,
    split,
    pipeline,
    loader,
    session,
    storage: withPictures(runFolderStorage(runDir), { runDir, dataset, test: split.test }),
    identity: dataIdentity(dataset, split),
    options: { seed, epochs, batchSize, schedule, earlyStopping, crops, mix },
    resume,
    signal,
    onEvent,
  }).finally(loader.close);
  const { status, bestEpoch, evaluation } = result;
  if (status === "interrupted" || evaluation === null) {
    return { runDir, status, bestEpoch, test: null, report: await writeReport(runDir) };
  }
  const { classes } = dataset;
  const report = await writeProducts({ runDir, network, classes, normalization: statistics });
  return { runDir, status, bestEpoch, test: evaluation.score, report };
}

/** A few lines that say what is about to be trained on what. */
function describeTrial(
  config: Config,
  { dataset, split }: Pick<Prepared, "dataset" | "split">,
  network: Network,
): string[] {
  const count = (value: number) => value.toLocaleString("en-US");
  const { imageSize, epochs, batchSize, model, seed } = config;
  const official = (part: Part) =>
    dataset.officialParts?.includes(part) ? ` (the official ${part} part)` : "";
  const parts =
    `${count(split.train.length)} to train, ${count(split.validation.length)} to validate${official("validation")}, ` +
    `${count(split.test.length)} to test${official("test")}`;
  const lines = [
    `${dataset.name}: ${dataset.classes.length} classes, ${count(dataset.count)} images: ${parts}`,
    `${model} with ${count(countParameters(network))} parameters on ${imageSize} x ${imageSize} pixels, ${augmentationText(config)}`,
    `epochs ${epochs}, steps in each ${Math.floor(split.train.length / batchSize)}, images in each ${batchSize}, seed ${seed}`,
  ];
  const { broken } = dataset;
  if (broken.length > 0) {
    const some = broken.slice(0, 3).map(({ name, reason }) => `${name} (${reason})`);
    const more = broken.length > some.length ? ", ..." : "";
    lines.push(
      `${broken.length === 1 ? "1 image" : `${count(broken.length)} images`} cannot be read, left out: ${some.join(", ")}${more}; dataset.json lists all`,
    );
  }
  return lines;
}
