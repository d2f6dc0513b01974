// One run, whole: config in, run folder out.

import type { Settings } from "../config/config.ts";
import { arithmeticHere, threadsHere } from "../config/machine.ts";
import { settingsError } from "../config/settings.ts";
import { isMissing, type OnProgress, openLoader } from "../data/index.ts";
import { CutoutError } from "../error.ts";
import type { Network } from "../nn/network.ts";
import { writeReport } from "../report/html.ts";
import {
  checkNewRun,
  checkRunFolder,
  checkSameData,
  checkSameMeaning,
  configJson,
  createRun,
  dataIdentity,
  failureJson,
  forgetEvaluation,
  hasAugmented,
  hasCheckpoint,
  holdRun,
  type RunHold,
  removeLeftovers,
  runFolderStorage,
  writeProduct,
} from "../run-folder/index.ts";
import { shellWord } from "../text.ts";
import type { FilterNetwork } from "../train/data-filter.ts";
import type { ClassScores } from "../train/evaluation.ts";
import type { Scores } from "../train/objective.ts";
import { type TrainResult, train } from "../train/trainer.ts";
import type { ThreadedSession } from "../train/training-thread.ts";
import { augmentedSheet } from "./augmented-sheet.ts";
import { classification } from "./classification.ts";
import { dataNow, datasetRecord } from "./data-record.ts";
import { chooseDevice } from "./device.ts";
import { describeEnvironment } from "./environment.ts";
import type { RunEvent } from "./events.ts";
import { networkOf, networkOfRun, networkToKeep } from "./network.ts";
import { checkOtherEpochs } from "./other-epochs.ts";
import { type Prepared, prepare } from "./prepare.ts";
import type { RunKind } from "./run-kind.ts";
import { classifierOf, trainOptionsOf, withSession } from "./session.ts";
import { beginWith, readStart } from "./starting-weights.ts";
import { targetedSheet } from "./targeted-sheet.ts";
import { toldWhenBegun, toldWhenSaved } from "./told-storage.ts";

export interface TrialOptions<S extends Scores = ClassScores> {
  /** Ends the run after the step it is at, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: RunEvent<S>) => void;
  /** Whether the test part is looked at when the training has ended; true by default. Without, a later resume can. */
  readonly test?: boolean;
  /** Called after each checkpoint from which the run can be gone on with, before anything else is written. */
  readonly onSaved?: () => void;
}

export interface NewTrialOptions<S extends Scores = ClassScores> extends TrialOptions<S> {
  /** Run folder to make; null (the default) makes one with a number in `runsDir`. */
  readonly runDir?: string | null;
  /** The command line, for environment.json. */
  readonly command?: readonly string[];
}

export interface ResumeTrialOptions<S extends Scores = ClassScores> extends TrialOptions<S> {
  /** Where the run's images are now, when they have been moved. */
  readonly data?: string | undefined;
  /** Epochs that the run shall have in the end, more or fewer than it was begun with. */
  readonly epochs?: number | undefined;
  /** Folder of decoded images, where that of the run is another machine's. */
  readonly cacheDir?: string | undefined;
}

export interface TrialResult<S extends Scores = ClassScores> {
  readonly runDir: string;
  readonly status: TrainResult<S>["status"];
  /** Whose weights were kept and tested; null when interrupted, or when the test part was not to be looked at. */
  readonly keptEpoch: number | null;
  /** The kept weights on the test part; null in the same cases. */
  readonly test: S["score"] | null;
  /** Path of report.html, of an interrupted run too. */
  readonly report: string;
}

/**
 * Trains a classifier and writes everything there is to know about it into a new run folder.
 * @throws Error, one line for people, when settings, data or disk do not allow it
 */
export async function runTrial(settings: Settings, options: NewTrialOptions = {}): Promise<TrialResult> {
  if (settings.objective.kind !== "classify") {
    throw settingsError({
      field: "objective",
      what: "must be classify for a classifier",
      got: settings.objective.kind,
      remedy: "learn without labels first: cutout pretrain DATA; then cutout train DATA --from RUN",
    });
  }
  return beginRun(classification, settings, options);
}

/** Begins a run of any kind. */
export async function beginRun<S extends Scores>(
  kind: RunKind<S>,
  settings: Settings,
  options: NewTrialOptions<S>,
): Promise<TrialResult<S>> {
  const { runDir = null, command = [] } = options;
  const attended = attend(options);
  // Before the images are decoded, which may take minutes.
  if (runDir !== null) checkNewRun(runDir);
  const definition = await networkOf(settings);
  const start = settings.from && readStart(settings.from, definition);
  const chosen = await chooseDevice(settings.device);
  const prepared = await prepare(
    { ...settings, device: chosen.device, from: start?.from ?? null },
    attended.onProgress,
    definition,
    kind.purpose,
  );
  try {
    const { config } = prepared;
    return await withSession(kind, prepared, chosen, attended, async (network, session, filter) => {
      if (start !== null) await beginWith(start, kind, prepared, session, attended.tell);
      const hold = await createRun(
        {
          // What was timed goes along: a run that is gone on with computes as it began.
          config: { ...config, timedConvolutions: session.timedConvolutions },
          dataset: datasetRecord(prepared),
          environment: describeEnvironment(command, chosen.adapter?.name),
          // As it is built, not as it is trained: a pretraining makes the same of it again.
          network: networkToKeep(config, prepared.network, classifierOf(kind, prepared)),
          out: runDir,
        },
        { tell: attended.tell, signal: attended.signal },
      );
      return holding(hold, async () => {
        attended.onEvent({ type: "folder", path: hold.path });
        await writeAugmented(hold, prepared);
        return finish(kind, hold, prepared, { network, session, filter }, attended, { resume: false });
      });
    });
  } finally {
    prepared.dataset.close();
  }
}

/** The hold is given up whatever happens. */
async function holding<T>(hold: RunHold, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    hold.release();
  }
}

/** A run that was killed before the picture was made gets it when it is gone on with. */
async function writeAugmented(hold: RunHold, prepared: Prepared): Promise<void> {
  if (hasAugmented(hold.path)) return;
  const picture = await augmentedSheet(prepared);
  hold.check();
  writeProduct(hold.path, "augmented", picture);
}

/** Who starts a run may attend to it or not; whatever goes on in it is an event. */
interface Attended<S extends Scores = ClassScores> {
  readonly signal: AbortSignal;
  readonly test: boolean;
  readonly onSaved: () => void;
  readonly onEvent: (event: RunEvent<S>) => void;
  readonly onProgress: OnProgress;
  readonly tell: (text: string) => void;
}

function attend<S extends Scores>(options: TrialOptions<S>): Attended<S> {
  const { signal = new AbortController().signal, onEvent = () => {}, test = true } = options;
  const { onSaved = () => {} } = options;
  return {
    signal,
    test,
    onSaved,
    onEvent,
    onProgress: (done, total, what) => onEvent({ type: "progress", what, done, total }),
    tell: (text) => onEvent({ type: "message", text }),
  };
}

/**
 * Goes on with a run where its last checkpoint is; the metrics become those of a run left alone.
 * @throws Error, one line for people, when the folder is no run, or its images are not there or have changed since
 */
export async function resumeTrial(runDir: string, options: ResumeTrialOptions = {}): Promise<TrialResult> {
  return goOnWithRun(classification, runDir, options);
}

/** Goes on with a run of any kind. */
export async function goOnWithRun<S extends Scores>(
  kind: RunKind<S>,
  runDir: string,
  options: ResumeTrialOptions<S>,
): Promise<TrialResult<S>> {
  const attended = attend(options);
  checkRunFolder(runDir);
  const hold = await holdRun(runDir, { tell: attended.tell, signal: attended.signal });
  return holding(hold, () => goOn(kind, hold, options, attended));
}

async function goOn<S extends Scores>(
  kind: RunKind<S>,
  hold: RunHold,
  options: ResumeTrialOptions<S>,
  attended: Attended<S>,
): Promise<TrialResult<S>> {
  const runDir = hold.path;
  removeLeftovers(runDir);
  const run = kind.open(runDir);
  const { data = run.config.data, epochs = run.config.epochs, cacheDir = run.config.cacheDir } = options;
  // A finished run that gets no more epochs is only tested again: nothing is trained.
  if (run.test === null || epochs > run.epochs.length) checkSameMeaning(run);
  if (epochs !== run.config.epochs) checkOtherEpochs(kind.command, run, epochs);
  if (options.data === undefined && isMissing(data)) {
    throw new CutoutError({
      where: data,
      what: "the images of the run are no longer there",
      remedy: `put them back, or say where they are now: cutout ${kind.command} FOLDER --resume ${shellWord(runDir)}`,
    });
  }
  const chosen = await chooseDevice(run.config.device);
  const threads = threadsHere(run.config.threads);
  if (threads !== run.config.threads) {
    const text = `${threads} threads here, ${run.config.threads} when it began: the last bits of results may differ from those of a run left alone`;
    attended.onEvent({ type: "message", text });
  }
  const arithmetic = arithmeticHere(run.config.arithmetic);
  if (arithmetic !== run.config.arithmetic) {
    const text = `${arithmetic} here, ${run.config.arithmetic} on the Arm processor where it began: results differ from those of a run left alone`;
    attended.onEvent({ type: "message", text });
  }
  const prepared = await prepare(
    { ...run.config, data, epochs, threads, arithmetic, cacheDir },
    attended.onProgress,
    networkOfRun(runDir, run.config),
    kind.purpose,
  );
  try {
    checkSameData(run, dataNow(prepared), "train again");
    const onBegun = () => {
      hold.check();
      if (run.test !== null && epochs > run.epochs.length) forgetEvaluation(runDir);
      // Found at another place, or with other epochs: from now on the run knows it.
      if (options.data !== undefined || epochs !== run.config.epochs)
        configJson.write(runDir, prepared.config);
    };
    if (run.test !== null && epochs <= run.epochs.length) {
      attended.tell(
        "this run is finished: the epoch that it keeps is tested again, and its report written again",
      );
    }
    attended.onEvent({ type: "folder", path: runDir });
    await writeAugmented(hold, prepared);
    return await withSession(kind, prepared, chosen, attended, async (network, session, filter) => {
      // From the first checkpoint on, which has its own weights, the other run is not needed.
      if (run.config.from !== null && !hasCheckpoint(runDir, "last")) {
        const start = readStart(run.config.from, prepared.network);
        await beginWith(start, kind, prepared, session, attended.tell);
      }
      const trained = { network, session, filter };
      return finish(kind, hold, prepared, trained, attended, { resume: true, onBegun });
    });
  } finally {
    prepared.dataset.close();
  }
}

interface Trained {
  readonly network: Network;
  readonly session: ThreadedSession;
  readonly filter: FilterNetwork | undefined;
}

async function finish<S extends Scores>(
  kind: RunKind<S>,
  hold: RunHold,
  prepared: Prepared,
  { network, session, filter }: Trained,
  { signal, test, onSaved, onEvent }: Attended<S>,
  { resume, onBegun = () => {} }: { readonly resume: boolean; readonly onBegun?: () => void },
): Promise<TrialResult<S>> {
  const runDir = hold.path;
  const { config, dataset, split, pipeline } = prepared;
  hold.check();
  failureJson.remove(runDir);
  const loader = openLoader({ dataset, pipeline, workers: config.loaderWorkers });
  const folder = runFolderStorage<S>(runDir, undefined, hold.check);
  const storage = toldWhenBegun(toldWhenSaved(folder, onSaved), onBegun);
  const result = await train<S>({
    objective: kind.objective(prepared),
    dataset,
    split,
    pipeline,
    loader,
    session,
    ...(filter !== undefined && { filter }),
    // Weights of another run come with what that run's network made of its images.
    ...(config.from === null && { network }),
    storage: kind.withPictures(storage, runDir, prepared),
    identity: dataIdentity(dataset, split),
    options: trainOptionsOf(config, network),
    resume,
    test,
    signal,
    onEvent,
  })
    .catch(async (error: unknown) => {
      if (error instanceof CutoutError) await reportFailure(hold, error.message);
      throw error;
    })
    .finally(loader.close);
  const { status, evaluation } = result;
  const maps = await targetedSheet(runDir, prepared, network);
  hold.check();
  if (maps !== null) writeProduct(runDir, "targeted", maps);
  if (status === "interrupted" || evaluation === null) {
    return { runDir, status, keptEpoch: null, test: null, report: await writeReport(runDir) };
  }
  const report = await kind.writeProducts(runDir, prepared, network);
  return { runDir, status, keptEpoch: evaluation.epoch, test: evaluation.score, report };
}

/** The folder and the report say why the run ended; that they may not or cannot be written must not hide the reason. */
async function reportFailure(hold: RunHold, reason: string): Promise<void> {
  try {
    hold.check();
    failureJson.write(hold.path, { reason, at: new Date().toISOString() });
  } catch {
    // The report may still be written, in place of a larger one.
  }
  try {
    hold.check();
    await writeReport(hold.path, { failure: reason });
  } catch {
    // The reason itself is thrown.
  }
}
