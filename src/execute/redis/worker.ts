// A worker: takes trials out of queues in Redis (BullMQ) and trains them in processes of this machine, until it is ended.
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, rmSync } from "node:fs";
import { availableParallelism, hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import { CutoutError } from "../../error.ts";
import type { RunEvent } from "../../run/events.ts";
import { configJson, holdRun, waitUntilFree } from "../../run-folder/index.ts";
import {
  type Outcome,
  runFolder,
  runOf,
  type Trial,
  trialLog,
  trialOfLine,
} from "../../study-folder/index.ts";
import { runInChild } from "../child.ts";
import { MemoryNeed } from "../memory.ts";
import { type Bench, type BenchPlace, benchFor, imagesIn, leaveBench } from "./bench.ts";
import { connectRedis, isAwayAtTheEnd, shownAddress } from "./connection.ts";
import { holdJob } from "./held-job.ts";
import { type Happening, keysOf, noticeIn, noticesKey, type TrialJob, type TrialResult } from "./notice.ts";
import { progressOf } from "./queue.ts";

export interface WorkOptions {
  readonly url: string;
  /** Where the images are here; null for where they were when the study was made. */
  readonly data: string | null;
  /** Processor threads of a trial. */
  readonly threads: number;
  /** Trials at a time, at most; null for as many as there are processors for. */
  readonly parallel: number | null;
  /** Folder for decoded images and the runs that are going on. */
  readonly work: string;
  /** Lets all trials save, gives them back, and ends. */
  readonly signal: AbortSignal;
  /** A line for people. */
  readonly tell: (text: string) => void;
  readonly times?: WorkTimes;
}

/** Milliseconds; tests have less patience. */
export interface WorkTimes {
  /** A worker of whom nothing is heard for so long has lost its trials. Its event loop is never blocked for a fraction of it. */
  readonly lock: number;
  /** Between two looks for such workers. */
  readonly stalled: number;
  /** Between two looks for trials. */
  readonly look: number;
  /** Between two copies of a run in Redis, at least. */
  readonly copy: number;
}

const usual: WorkTimes = { lock: 30_000, stalled: 10_000, look: 500, copy: 20_000 };

/** Workers in a row that may be lost with a trial before it has come further. */
const lostInARow = 10;

/** Steps are told at most so often, ms. */
const tellEvery = 500;

/** @throws CutoutError when there is no Redis, or another worker has the folder */
export async function work(options: WorkOptions): Promise<void> {
  const folder = options.work;
  mkdirSync(folder, { recursive: true });
  const hold = await holdRun(folder).catch((error: unknown) => {
    if (!(error instanceof CutoutError)) throw error;
    throw error.with({
      where: "--work",
      remedy: "let that one end, or give this worker a folder of its own",
    });
  });
  try {
    const redis = await connectRedis(options.url);
    try {
      await new Workshop(redis, options).run();
    } finally {
      redis.disconnect();
    }
  } finally {
    hold.release();
  }
}

class Workshop {
  readonly #redis: Redis;
  readonly #options: WorkOptions;
  readonly #times: WorkTimes;
  /** By id; null while it is looked whether it can be helped with, and where it cannot. */
  readonly #benches = new Map<string, Bench | null>();
  readonly #running = new Set<Promise<void>>();
  readonly #busyRuns = new Map<string, Promise<void>>();
  readonly #training = new Set<Promise<unknown>>();
  readonly #need = new MemoryNeed();
  readonly #most: number;
  readonly #place: BenchPlace;

  constructor(redis: Redis, options: WorkOptions) {
    this.#redis = redis;
    this.#options = options;
    this.#times = options.times ?? usual;
    const { data, work, parallel, threads } = options;
    this.#place = { ...this.#times, data, work };
    this.#most = parallel ?? Math.max(1, Math.floor(availableParallelism() / threads));
  }

  async run(): Promise<void> {
    const { signal, tell, url, threads } = this.#options;
    tell(
      `worker on ${hostname()}: up to ${this.#most} trials at a time, ${threads} thread${threads === 1 ? "" : "s"} each, from ${shownAddress(url)}`,
    );
    // Redis may be away for a while; what runs goes on.
    this.#redis.on("close", () =>
      tell("the connection to Redis is lost: trials go on, and it is tried again"),
    );
    this.#redis.on("ready", () => tell("Redis is there again"));
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    while (!signal.aborted) {
      const looked = this.#look().catch((error: unknown) => tell(`Redis: ${(error as Error).message}`));
      await Promise.race([looked, aborted]);
      await Promise.race([sleep(this.#times.look, undefined, { ref: true }), aborted]);
    }
    // What cannot be sent stays in the folder, and is gone on with by the next worker of that.
    const release = new AbortController();
    await Promise.race([
      Promise.all(this.#running),
      Promise.all(this.#training).then(() => isAwayAtTheEnd(this.#redis, signal, release.signal)),
    ]);
    release.abort();
    for (const bench of this.#benches.values()) await leaveBench(bench);
  }

  /** Joins studies that have come, leaves those that are gone, and takes what there is room for. */
  async #look(): Promise<void> {
    const notices = await this.#redis.hgetall(noticesKey);
    for (const [id, bench] of this.#benches) {
      if (Object.hasOwn(notices, id)) continue;
      this.#benches.delete(id);
      await leaveBench(bench);
      // A look for lost trials that came after the study's end has made it anew.
      await this.#redis.del(keysOf(id).meta);
    }
    for (const [id, text] of Object.entries(notices)) {
      if (this.#benches.has(id)) continue;
      this.#benches.set(id, null);
      this.#join(id, text).catch((error: unknown) => {
        // Tried again.
        this.#benches.delete(id);
        this.#options.tell(`study ${id.slice(0, 8)}: ${(error as Error).message}`);
      });
    }
    for (const bench of this.#benches.values()) {
      if (bench !== null) await this.#takeFrom(bench);
    }
  }

  async #join(id: string, text: string): Promise<void> {
    const { tell } = this.#options;
    const notice = noticeIn(text);
    const found = notice === null ? "it is not understood" : await benchFor(notice, this.#redis, this.#place);
    if (typeof found === "string") {
      tell(`study ${id.slice(0, 8)} is left to other workers: ${found}`);
      return;
    }
    if (this.#options.signal.aborted || !this.#benches.has(id)) return;
    await found.worker.waitUntilReady();
    await found.worker.startStalledCheckTimer();
    this.#benches.set(id, found);
    tell(`study ${id.slice(0, 8)} of ${notice!.host}: ready`);
  }

  async #takeFrom(bench: Bench): Promise<void> {
    if ((await this.#redis.exists(bench.keys.stop)) === 1) return;
    while (
      !this.#options.signal.aborted &&
      this.#running.size < this.#most &&
      (this.#running.size === 0 || this.#need.hasRoom())
    ) {
      const token = randomBytes(12).toString("hex");
      const job = await bench.worker.getNextJob(token, { block: false });
      if (job === undefined) return;
      const one: Promise<void> = this.#trial(bench, job, token)
        .catch((error: unknown) => this.#options.tell(`${job.id}: ${(error as Error).stack}`))
        .finally(() => this.#running.delete(one));
      this.#running.add(one);
    }
  }

  async #trial(bench: Bench, job: Job<TrialJob, TrialResult>, token: string): Promise<void> {
    const { tell, signal } = this.#options;
    const { lock } = this.#times;
    const held = holdJob(job, { token, lock, bench, redis: this.#redis, signal });
    let release = () => {};
    try {
      const trial = trialOfLine(bench.study, job.data.line);
      const name = `study ${bench.notice.id.slice(0, 8)}, trial ${trial.index}`;
      const taken = await this.#redis.hincrby(bench.keys.taken, String(trial.index), 1);
      if (taken > lostInARow) {
        const message = `${taken - 1} workers in a row were lost with it before it came further`;
        await this.#complete(job, token, { outcome: { state: "failed", message }, log: "" });
        return;
      }
      release = await this.#busy(`${bench.notice.id} ${runOf(trial)}`);
      await this.#fetch(bench, trial);
      tell(`${name}: begins`);
      const outcome = await this.#train(bench, trial, held.signal);
      await this.#send(bench, trial);
      tell(`${name}: ${described(outcome)}`);
      if (held.isLost()) return;
      if (outcome.state === "open" && signal.aborted && !held.isStopped()) {
        await this.#redis.hincrby(bench.keys.taken, String(trial.index), -1);
        await job.moveToWait(token);
      } else {
        await this.#complete(job, token, { outcome, log: endOf(trialLog(bench.folder, trial.index)) });
      }
      rmSync(runFolder(bench.folder, trial), { recursive: true, force: true });
      rmSync(trialLog(bench.folder, trial.index), { force: true });
    } catch (error) {
      if (!(error instanceof CutoutError)) throw error;
      const outcome: Outcome = { state: "failed", message: error.message };
      await this.#complete(job, token, { outcome, log: "" });
    } finally {
      release();
      held.release();
    }
  }

  /** One that Redis has given away and that came back: what is still going on with its run here ends first. */
  async #busy(run: string): Promise<() => void> {
    while (this.#busyRuns.has(run)) await this.#busyRuns.get(run);
    let release = () => {};
    const over = new Promise<void>((resolve) => {
      release = () => {
        this.#busyRuns.delete(run);
        resolve();
      };
    });
    this.#busyRuns.set(run, over);
    return release;
  }

  /** A job that is another's by now, or that Redis no longer knows: what was made of it is in Redis, and is gone on with. */
  async #complete(job: Job<TrialJob, TrialResult>, token: string, result: TrialResult): Promise<void> {
    try {
      await job.moveToCompleted(result, token, false);
    } catch (error) {
      this.#options.tell(`${job.id}: Redis has given it to somebody else (${(error as Error).message})`);
    }
  }

  /** What is further: the run in Redis, or the one that a worker before, which was killed, has left in this folder. */
  async #fetch({ folder, archives }: Bench, trial: Trial): Promise<void> {
    const run = runFolder(folder, trial);
    await waitUntilFree(run);
    const there = await archives.about(runOf(trial));
    if (configJson.isIn(run)) {
      if (there === null || progressOf(run) >= there.progress) return;
    }
    if ((await archives.get(runOf(trial), run)) === null) rmSync(run, { recursive: true, force: true });
  }

  async #train(bench: Bench, trial: Trial, signal: AbortSignal): Promise<Outcome> {
    const { folder, data, archives, keys } = bench;
    const { threads, work } = this.#options;
    const machine = { threads, data, cacheDir: imagesIn(work) };
    const copies = { folder: join(folder, "copies"), seconds: this.#times.copy / 1000 };
    let told = 0;
    const onEvent = (event: RunEvent) => {
      if (event.type === "step" || event.type === "progress") {
        if (performance.now() - told < tellEvery) return;
        told = performance.now();
      }
      const happening: Happening = { trial: trial.index, where: hostname(), event };
      if (this.#redis.status !== "ready") return;
      this.#redis.publish(keys.events, JSON.stringify(happening)).catch(() => {});
    };
    const training = runInChild(
      { study: folder, trial, machine, copies },
      {
        signal,
        onEvent,
        onMemory: this.#need.taken,
        onCopy: async (path) => {
          try {
            await archives.put(runOf(trial), path, progressOf(path));
            await this.#redis.hset(keys.taken, String(trial.index), 1);
          } catch (error) {
            // The next copy may find room.
            this.#options.tell(
              `a copy of trial ${trial.index} could not be kept: ${(error as Error).message}`,
            );
          } finally {
            rmSync(path, { recursive: true, force: true });
          }
        },
      },
    );
    this.#training.add(training);
    return training.finally(() => this.#training.delete(training));
  }

  /** As often as it takes: the run is only here. */
  async #send({ folder, archives, keys }: Bench, trial: Trial): Promise<void> {
    const run = runFolder(folder, trial);
    if (!configJson.isIn(run)) return;
    for (let wait = 1000; ; wait = Math.min(2 * wait, 30_000)) {
      try {
        await archives.put(runOf(trial), run, progressOf(run));
        await this.#redis.hset(keys.taken, String(trial.index), 1);
        return;
      } catch (error) {
        if (error instanceof CutoutError) throw error;
        this.#options.tell(
          `trial ${trial.index} could not be sent, and is tried again: ${(error as Error).message}`,
        );
        await sleep(wait);
      }
    }
  }
}

function described(outcome: Outcome): string {
  if (outcome.state === "failed") return `failed: ${outcome.message}`;
  return outcome.state === "finished" ? "finished" : `saved after ${outcome.epochs} epochs`;
}

/** Of a log, the last 64 KiB. */
function endOf(path: string): string {
  if (!existsSync(path)) return "";
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, 2 ** 16));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8");
  } finally {
    closeSync(file);
  }
}
