// One run, whole: config in, run folder out.

import { existsSync } from "node:fs";
import type { Config, Settings } from "../config/config.ts";
import { threadsHere } from "../config/machine.ts";
import type { Part } from "../data/index.ts";
import { type OnProgress, openLoader } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import { buildNetwork } from "../nn/build.ts";
import { countParameters, type Network } from "../nn/network.ts";
import { augmentationText, seedText } from "../report/describe.ts";
import { writeReport } from "../report/html.ts";
import {
  checkNewRun,
  checkSameData,
  checkSameMeaning,
  configJson,
  createRun,
  dataIdentity,
  openRun,
  runFolderStorage,
  writeProduct,
} from "../run-folder/index.ts";
import { shellWord } from "../text.ts";
import type { ClassScores, Score } from "../train/evaluation.ts";
import type { Objective } from "../train/objective.ts";
import { classify } from "../train/objectives/classify.ts";
import { type TrainResult, train } from "../train/trainer.ts";
import { openTrainingThread, type ThreadedSession } from "../train/training-thread.ts";
import { augmentedSheet } from "./augmented-sheet.ts";
import { dataNow, datasetRecord } from "./data-record.ts";
import { type ChosenDevice, chooseDevice, describeFallbacks } from "./device.ts";
import { describeEnvironment } from "./environment.ts";
import type { RunEvent } from "./events.ts";
import { keepNetwork, networkOfRun } from "./network.ts";
import { withPictures } from "./pictures.ts";
import { classWeightsOf, type Prepared, prepare } from "./prepare.ts";
import { writeProducts } from "./products.ts";
import { warningsOf } from "./warnings.ts";

export interface TrialOptions {
  /** Ends the run after the step it is at, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent) => void;
}

export interface NewTrialOptions extends TrialOptions {
  /** Run folder to make; null (the default) makes one with a number in `runsDir`. */
  readonly runDir?: string | null;
  /** The command line, for environment.json. */
  readonly command?: readonly string[];
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
export async function runTrial(settings: Settings, options: NewTrialOptions = {}): Promise<TrialResult> {
  const { runDir = null, command = [] } = options;
  const attended = attend(options);
  // Before the images are decoded, which may take minutes.
  if (runDir !== null) checkNewRun(runDir);
  const chosen = await chooseDevice(settings.device);
  const prepared = await prepare({ ...settings, device: chosen.device }, attended.onProgress);
  try {
    const { config } = prepared;
    return await withSession(prepared, chosen, attended, async (network, session) => {
      const path = createRun({
        // What was timed goes along: a run that is gone on with computes as it began.
        config: { ...config, timedConvolutions: session.timedConvolutions },
        dataset: datasetRecord(prepared),
        environment: describeEnvironment(command, chosen.adapter?.name),
        out: runDir,
      });
      keepNetwork(path, config, network);
      attended.onEvent({ type: "folder", path });
      writeProduct(path, "augmented", await augmentedSheet(prepared));
      return finish(path, prepared, network, session, attended, false);
    });
  } finally {
    prepared.dataset.close();
  }
}

/** Who starts a run may attend to it or not; whatever goes on in it is an event. */
interface Attended {
  readonly signal: AbortSignal;
  readonly onEvent: (event: RunEvent) => void;
  readonly onProgress: OnProgress;
}

function attend({ signal = new AbortController().signal, onEvent = () => {} }: TrialOptions): Attended {
  return {
    signal,
    onEvent,
    onProgress: (done, total, what) => onEvent({ type: "progress", what, done, total }),
  };
}

/** Names, addresses and patterns of shards are no paths: whether they are there shows when they are opened. */
function isMissing(data: string): boolean {
  return data !== "fashion-mnist" && !/^https?:|\{/.test(data) && !existsSync(data);
}

/**
 * Goes on with a run where its last checkpoint is; the metrics become those of a run left alone.
 * @throws Error, one line for people, when the folder is no run, or its images are not there or have changed since
 */
export async function resumeTrial(runDir: string, options: ResumeTrialOptions = {}): Promise<TrialResult> {
  const attended = attend(options);
  const run = openRun(runDir);
  // A finished run is only tested again: nothing is trained.
  if (run.test === null) checkSameMeaning(run);
  const { data = run.config.data } = options;
  if (options.data === undefined && isMissing(data)) {
    throw new CutoutError({
      where: data,
      what: "the images of the run are no longer there",
      remedy: `put them back, or say where they are now: cutout train FOLDER --resume ${shellWord(runDir)}`,
    });
  }
  const chosen = await chooseDevice(run.config.device);
  const threads = threadsHere(run.config.threads);
  if (threads !== run.config.threads) {
    const text = `${threads} threads here, ${run.config.threads} when it began: the last bits of results may differ from those of a run left alone`;
    attended.onEvent({ type: "message", text });
  }
  const prepared = await prepare(
    { ...run.config, data, threads },
    attended.onProgress,
    networkOfRun(runDir, run.config),
  );
  try {
    checkSameData(run, dataNow(prepared), "train again");
    // Found at another place: from now on the run knows them there.
    if (options.data !== undefined) configJson.write(runDir, prepared.config);
    if (run.test !== null) {
      const text = "this run is finished: its best epoch is tested again, and its report written again";
      attended.onEvent({ type: "message", text });
    }
    attended.onEvent({ type: "folder", path: runDir });
    return await withSession(prepared, chosen, attended, (network, session) =>
      finish(runDir, prepared, network, session, attended, true),
    );
  } finally {
    prepared.dataset.close();
  }
}

/** What the network learns. */
export function objectiveOf({ config, dataset, split }: Prepared): Objective<ClassScores> {
  const classWeights = classWeightsOf(config, dataset, split.train);
  return classify({ labelSmoothing: config.labelSmoothing, classWeights });
}

/** Opens the training thread of a run for as long as it is used. */
export async function withSession<T>(
  prepared: Prepared,
  { device, adapter, messages }: ChosenDevice,
  { onEvent, onProgress }: Pick<Attended, "onEvent" | "onProgress">,
  use: (network: Network, session: ThreadedSession) => Promise<T>,
): Promise<T> {
  const { config, network: definition, dataset, split, pipeline } = prepared;
  const { batchSize, optimizer, seed, threads } = config;
  const { convolution, timedConvolutions } = config;
  const numClasses = dataset.classes.length;
  const { options } = config.model;
  const network = buildNetwork(definition, { input: pipeline.output, numClasses, options });
  const tell = (text: string) => onEvent({ type: "message", text });
  const warnings = warningsOf(config, network, split.train.length);
  [...describeTrial(config, { dataset, split }, network), ...warnings, ...messages].forEach(tell);
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
  { signal, onEvent }: Attended,
  resume: boolean,
): Promise<TrialResult> {
  const { config, dataset, split, pipeline, statistics } = prepared;
  const { seed, epochs, batchSize, schedule, earlyStopping, crops, loaderWorkers } = config;
  const { mix } = config.augment;
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
  const { imageSize, epochs, batchSize } = config;
  const official = (part: Part) =>
    dataset.officialParts?.includes(part) ? ` (the official ${part} part)` : "";
  const validated =
    split.validation.length === 0
      ? "none to validate (the last epoch is tested)"
      : `${count(split.validation.length)} to validate`;
  const parts =
    `${count(split.train.length)} to train, ${validated}${official("validation")}, ` +
    `${count(split.test.length)} to test${official("test")}`;
  const lines = [
    `${dataset.name}: ${dataset.classes.length} classes, ${count(dataset.count)} images: ${parts}`,
    `${network.name} with ${count(countParameters(network))} parameters on ${imageSize} x ${imageSize} pixels, ${augmentationText(config)}`,
    `epochs ${epochs}, steps in each ${Math.floor(split.train.length / batchSize)}, images in each ${batchSize}, ${seedText(config)}`,
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
