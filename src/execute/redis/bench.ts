// What a worker has of a study that it helps with, or why it cannot help.
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "bullmq";
import type { Redis } from "ioredis";
import { formatVersion } from "../../config/config.ts";
import { isMissing } from "../../data/index.ts";
import { CutoutError } from "../../error.ts";
import { createStudyFolder, isStudy, type Study, studyFrom } from "../../study-folder/index.ts";
import { version } from "../../version.ts";
import { imagesOf } from "../fingerprint.ts";
import { Archives } from "./archives.ts";
import { keysOf, type Notice, prefix, queueOf, type TrialJob, type TrialResult } from "./notice.ts";

/** A study that this worker helps with. */
export interface Bench {
  readonly notice: Notice;
  readonly study: Study;
  readonly data: string;
  readonly worker: Worker<TrialJob, TrialResult>;
  readonly connection: Redis;
  /** Ends its trials: the study is no longer conducted, or Redis has forgotten it. */
  readonly left: AbortController;
  readonly archives: Archives;
  readonly keys: ReturnType<typeof keysOf>;
  /** A study folder without trials.jsonl, in which runs are while they go on. */
  readonly folder: string;
}

/** Of a worker. */
export interface BenchPlace {
  /** Where the images are here; null for where they were when the study was made. */
  readonly data: string | null;
  /** Its folder. */
  readonly work: string;
  /** Milliseconds after which a job is no longer that of a worker of whom nothing is heard. */
  readonly lock: number;
  /** Milliseconds between two looks for such jobs. */
  readonly stalled: number;
}

/** Decoded images, in a worker's folder. */
export const imagesIn = (work: string): string => join(work, "images");

/** @returns why a worker cannot help */
export async function benchFor(
  notice: Notice,
  redis: Redis,
  { data: told, work, lock, stalled }: BenchPlace,
): Promise<Bench | string> {
  const { id, hash } = notice;
  if (notice.version !== version) {
    return `it is conducted by cutout ${notice.version}, and this worker is ${version}`;
  }
  if (notice.formatVersion !== formatVersion) {
    return `its settings are of format ${notice.formatVersion}, and this worker reads ${formatVersion}`;
  }
  let study: Study;
  try {
    study = studyFrom(notice.study);
    if (study.hash !== hash) return "its hash does not fit what it says";
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    return error.message;
  }
  const data = told ?? study.data;
  if (isMissing(data))
    return `its images are not on this machine (${data}); put them there, or say where they are with --data`;
  const images = await imagesOf(study, data, imagesIn(work));
  const keys = keysOf(id);
  if (images !== null) {
    const arm = String(images.arm);
    await redis.hsetnx(keys.fingerprints, arm, images.fingerprint);
    const wanted = await redis.hget(keys.fingerprints, arm);
    if (wanted !== images.fingerprint)
      return `the images in ${data} are not those of the study; say where those are with --data`;
  }
  const folder = join(work, id);
  if (!isStudy(folder)) createStudyFolder(folder, study);
  const connection = redis.duplicate();
  connection.on("error", () => {});
  const worker = new Worker<TrialJob, TrialResult>(queueOf(id), null, {
    connection,
    prefix,
    name: hostname(),
    autorun: false,
    lockDuration: lock,
    stalledInterval: stalled,
    // Trials outlive any number of workers; those that lose them all are noticed by `taken`.
    maxStalledCount: Number.MAX_SAFE_INTEGER,
  });
  worker.on("error", () => {});
  return {
    notice,
    study,
    data,
    worker,
    connection,
    left: new AbortController(),
    archives: new Archives(redis, keys.archives),
    keys,
    folder,
  };
}

export async function leaveBench(bench: Bench | null): Promise<void> {
  if (bench === null) return;
  bench.left.abort();
  // One that Redis does not answer is left as it is.
  await Promise.race([bench.worker.close(true).catch(() => {}), sleep(1000, undefined, { ref: false })]);
  bench.connection.disconnect();
}
