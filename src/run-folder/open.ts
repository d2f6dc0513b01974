// Opens a run folder to go on with it or to use it: strictly, with a clear answer when that cannot be done.
import type { Config } from "../config/config.ts";
import { changesSince } from "../config/earlier.ts";
import { CutoutError } from "../error.ts";
import { shellWord } from "../text.ts";
import type { ClassScores, ReconstructionScores } from "../train/evaluation.ts";
import type { TestRecord } from "../train/events.ts";
import type { Scores } from "../train/objective.ts";
import { configJson } from "./config-json.ts";
import { type DatasetRecord, datasetJson } from "./dataset-json.ts";
import {
  classRecords,
  type Metrics,
  type RecordSchema,
  readMetrics,
  reconstructionRecords,
} from "./metrics-jsonl.ts";
import { isFolder } from "./plain-file.ts";

export interface OpenRun<S extends Scores = ClassScores> extends Metrics<S> {
  /** As given. */
  readonly path: string;
  readonly config: Config;
  readonly dataset: DatasetRecord;
}

/**
 * Opens the existing run folder of a classifier, finished or not.
 * @throws CutoutError, one line, when it is missing, no run folder, of a pretraining, damaged, or of another version
 */
export function openRun(path: string): OpenRun {
  checkRunFolder(path);
  const config = configJson.read(path);
  if (config.objective.kind === "classify") return opened(path, config, classRecords);
  throw new CutoutError({
    where: path,
    what: "must be the run of a classifier",
    got: `a pretraining (${config.objective.kind}), which knows no classes`,
    remedy: `make a classifier of it: cutout train DATA --from ${shellWord(path)}; or go on with it: cutout pretrain --resume ${shellWord(path)}`,
  });
}

/**
 * Opens the existing run folder of a pretraining, finished or not.
 * @throws CutoutError as `openRun`, and when it is the run of a classifier
 */
export function openPretraining(path: string): OpenRun<ReconstructionScores> {
  checkRunFolder(path);
  const config = configJson.read(path);
  if (config.objective.kind !== "classify") return opened(path, config, reconstructionRecords);
  throw new CutoutError({
    where: path,
    what: "must be a pretraining",
    got: "the run of a classifier",
    remedy: `go on with it: cutout train --resume ${shellWord(path)}`,
  });
}

/** Opens a run folder of either kind. @throws CutoutError as `openRun` */
export function openAnyRun(path: string): OpenRun | OpenRun<ReconstructionScores> {
  checkRunFolder(path);
  return configJson.read(path).objective.kind === "classify" ? openRun(path) : openPretraining(path);
}

function opened<S extends Scores>(path: string, config: Config, records: RecordSchema<S>): OpenRun<S> {
  return { path, config, dataset: datasetJson.read(path), ...readMetrics(path, records) };
}

/** @throws CutoutError when there is no folder, or none with a config.json */
export function checkRunFolder(path: string): void {
  const wrong = (what: string, got?: string, remedy?: string) =>
    new CutoutError({ where: path, what, got, remedy });
  const found = isFolder(path);
  if (found === null) throw wrong("no such run folder", undefined, '"cutout train" makes them in runs/');
  if (!found) throw wrong("must be a run folder", "a file");
  if (configJson.isIn(path)) return;
  throw wrong(
    'must be a run folder made by "cutout train"',
    "a folder without config.json",
    `if a run was killed before it began, begin it anew: cutout train DATA --out ${shellWord(path)}`,
  );
}

/**
 * Opens a run that has been tested.
 * @throws CutoutError as `openRun`, and when the run is not finished
 */
export function openFinishedRun(path: string): OpenRun & { readonly test: TestRecord } {
  const run = openRun(path);
  const { test } = run;
  if (test !== null) return { ...run, test };
  throw new CutoutError({
    where: path,
    what: `the run is not finished (${run.epochs.length} of ${run.config.epochs} epochs)`,
    remedy: `go on with it: cutout train --resume ${shellWord(path)}`,
  });
}

/**
 * Makes sure that training means to this version what it meant to the one that began the run.
 * @throws CutoutError that says what has changed
 */
export function checkSameMeaning({ path, config }: Pick<OpenRun, "path" | "config">): void {
  const [change] = changesSince(configJson.version(path), config);
  if (change === undefined) return;
  throw new CutoutError({
    where: path,
    what: `was begun by an earlier version of cutout, and now ${change}`,
    remedy: `use the version that began it, or train anew: cutout train --config ${shellWord(configJson.pathIn(path))}`,
  });
}

/** The images of now, as far as a run must find its own again. */
export interface DataNow {
  readonly config: Config;
  readonly fingerprint: string;
  readonly splitDigest: string;
}

/**
 * Makes sure that images and parts are those that a run began with.
 * @param otherwise what else to do than to put them back
 * @throws CutoutError that names what has changed: the images, or the groups file
 */
export function checkSameData({ dataset }: Pick<OpenRun, "dataset">, now: DataNow, otherwise: string): void {
  const { data, split } = now.config;
  const remedy = (first: string) => `${first}, or ${otherwise}`;
  if (now.fingerprint !== dataset.fingerprint) {
    throw new CutoutError({
      where: data,
      what: "the images must be those the run began with, but some have changed",
      remedy: remedy("put them back"),
    });
  }
  if (dataset.splitDigest === undefined || dataset.splitDigest === now.splitDigest) return;
  throw new CutoutError(
    split.groups === null
      ? {
          where: data,
          what: "this version of cutout divides the images into other parts than those of the run",
          remedy: remedy("use the version that made it"),
        }
      : {
          where: split.groups,
          what: "the groups file must divide the images as when the run began, but it has changed",
          remedy: remedy("put it back"),
        },
  );
}
