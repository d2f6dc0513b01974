// The images that a trained network is scored on: all of other data, or a part of its own.

import { existsSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute } from "node:path";
import { checkSettings } from "../config/settings.ts";
import { type Dataset, type OnProgress, openDataset, readingNotes, toGrey } from "../data/index.ts";
import { CutoutError, telling } from "../error.ts";
import { checkSameData, type OpenRun } from "../run-folder/index.ts";
import { dataNow } from "./data-record.ts";
import { inColour } from "./image-input.ts";
import { networkOfRun } from "./network.ts";
import { prepare } from "./prepare.ts";
import type { TrainedModel } from "./trained-model.ts";

/** Images to be closed by whoever opened them. */
export interface ImagesToScore {
  /** With the classes and the channels of the network. */
  readonly dataset: Dataset;
  readonly indices: Int32Array;
}

export interface OpeningTools {
  /** Where decoded images are kept; by default where the run kept them. */
  readonly cacheDir: string | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: OnProgress;
  readonly tell: (text: string) => void;
}

/** What lists all of what was not read. */
const listing = "cutout data stats";

/**
 * Every image of other data; those that cannot be read are left out, and listed by the dataset.
 * @param isOwn told whether they are the run's own images, which were trained on
 */
export async function openOther(
  data: string,
  { classes, decoding, pipeline, run }: Pick<TrainedModel, "classes" | "decoding" | "pipeline" | "run">,
  { cacheDir, signal, onProgress, tell }: OpeningTools,
): Promise<ImagesToScore & { readonly isOwn: boolean }> {
  checkIsData(data);
  const opened = await openDataset(
    {
      ...decoding,
      data,
      cacheDir: cacheDir ?? cacheHere(run?.config.cacheDir),
      // Those that cannot be read are listed; the others have their answers.
      maxBroken: 1,
      purpose: "evaluate",
    },
    onProgress,
  );
  try {
    signal?.throwIfAborted();
    readingNotes(opened, listing).forEach(tell);
    const channels = pipeline.options.input.channels === 1 ? 1 : 3;
    return {
      dataset: withChannels(withClasses(opened, classes, data), channels),
      indices: Int32Array.from({ length: opened.count }, (_, index) => index),
      isOwn: run !== null && opened.fingerprint === run.dataset.fingerprint,
    };
  } catch (error) {
    opened.close();
    throw error;
  }
}

/**
 * A part of the run's own images.
 * @param data where they are now, when they have been moved
 * @param remedies what to do where they are not there, and where they have changed
 */
export async function openOwn(
  { path, config, dataset }: OpenRun,
  part: "test" | "validation",
  data: string | undefined,
  remedies: { readonly missing: string; readonly changed: string },
  { cacheDir, signal, onProgress, tell }: OpeningTools,
): Promise<ImagesToScore> {
  if (
    data === undefined &&
    isAbsolute(config.data) &&
    !config.data.includes("{") &&
    !existsSync(config.data)
  ) {
    throw new CutoutError({
      where: config.data,
      what: "the images of the run are not here",
      remedy: remedies.missing,
    });
  }
  if (data !== undefined) checkIsData(data);
  const prepared = await prepare(
    { ...config, data: data ?? config.data, cacheDir: cacheDir ?? cacheHere(config.cacheDir) },
    onProgress,
    networkOfRun(path, config),
    "evaluate",
  );
  try {
    signal?.throwIfAborted();
    readingNotes(prepared.dataset, listing).forEach(tell);
    checkSameData({ dataset }, dataNow(prepared), remedies.changed);
    return { dataset: prepared.dataset, indices: prepared.split[part] };
  } catch (error) {
    prepared.dataset.close();
    throw error;
  }
}

/** A stream is no data set: it could not be looked into twice. */
function checkIsData(data: string): void {
  const stats = data === "-" ? null : telling(data, () => statSync(data, { throwIfNoEntry: false }));
  if (data !== "-" && (stats === undefined || stats?.isFile() || stats?.isDirectory())) return;
  throw new CutoutError({
    where: data,
    what: "must be a folder, a file or the address of shards",
    got: data === "-" ? "standard input" : stats?.isFIFO() ? "a pipe" : "a device",
    remedy: "write it to a file first",
  });
}

/** The run's folder of decoded images, if there can be one of that name on this machine. */
function cacheHere(cacheDir: string | undefined): string {
  const here = cacheDir !== undefined && (!isAbsolute(cacheDir) || existsSync(dirname(cacheDir)));
  return here ? cacheDir : checkSettings({ data: "." }).cacheDir;
}

/** Other data with the labels of the run; every class of the data must be known to the run. */
function withClasses(dataset: Dataset, classes: readonly string[], data: string): Dataset {
  const labels = dataset.classes.map((name) => {
    const label = classes.findIndex((known) => known.normalize("NFC") === name.normalize("NFC"));
    if (label < 0) {
      throw new CutoutError({
        where: data,
        what: `classes must be among those of the run (${classes.slice(0, 5).join(", ")}${classes.length > 5 ? ", ..." : ""})`,
        got: name,
        remedy: `rename the folder ${basename(name)} or leave it out`,
      });
    }
    return label;
  });
  return { ...dataset, classes, labels: dataset.labels.map((label) => labels[label]!) };
}

/** Other data with the channels of the run: grey is repeated in red, green and blue, colour becomes its luma. */
function withChannels(dataset: Dataset, channels: 1 | 3): Dataset {
  if (dataset.channels === channels) return dataset;
  const { height, width } = dataset;
  return {
    ...dataset,
    channels,
    read(indices, target) {
      const pixels = new Uint8Array(indices.length * height * width * dataset.channels);
      dataset.read(indices, pixels);
      target.set(channels === 1 ? toGrey(pixels) : inColour(pixels));
    },
  };
}
