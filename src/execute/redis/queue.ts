// Trials on many machines, by a queue in Redis (BullMQ): this is the coordinator's side. The truth is the study's folder, and
// what Redis loses is put there again.
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { isMissing } from "../../data/index.ts";
import { CutoutError } from "../../error.ts";
import { configJson, openRun } from "../../run-folder/index.ts";
import {
  forgetFailure,
  type OpenStudy,
  type Outcome,
  outcomeOf,
  runFolder,
  runOf,
  type Trial,
  trialLine,
  trialLog,
  writeFailure,
} from "../../study-folder/index.ts";
import { Told } from "../../told.ts";
import type { Executor, TrialEvent } from "../executor.ts";
import { imagesOf } from "../fingerprint.ts";
import { Archives } from "./archives.ts";
import { connectRedis, isAwayAtTheEnd, shownAddress } from "./connection.ts";
import {
  type Happening,
  jobOf,
  keysOf,
  type Notice,
  noticeOf,
  noticesKey,
  prefix,
  queueOf,
  type TrialJob,
  type TrialResult,
} from "./notice.ts";

export interface RedisOptions {
  /** `redis://:password@host:port`; `rediss://` for TLS. */
  readonly url: string;
}

/** How often it is looked what has become of the trials, ms. */
const every = 300;

/** Trials are done by whoever runs `cutout worker` with the same Redis. */
export function redisQueue({ url }: RedisOptions): Executor {
  const open = new Set<Coordinator>();
  return {
    name: `workers of ${shownAddress(url)}`,
    async *run(study, trials, signal) {
      const redis = await connectRedis(url);
      const told = new Told<TrialEvent>();
      const coordinator = new Coordinator(redis, study, told.tell, signal);
      open.add(coordinator);
      const ended = coordinator.work(trials);
      ended.then(told.end, told.end);
      yield* told;
      await ended;
    },
    async close() {
      for (const coordinator of open) await coordinator.close();
      open.clear();
    },
  };
}

/** A trial whose end is still to be told. */
interface Pending {
  readonly trial: Trial;
  /** Where it was last said to run; null before it has begun. */
  where: string | null;
}

class Coordinator {
  readonly #redis: Redis;
  readonly #listener: Redis;
  readonly #study: OpenStudy;
  readonly #tell: (event: TrialEvent) => void;
  readonly #signal: AbortSignal;
  readonly #notice: Notice;
  readonly #keys: ReturnType<typeof keysOf>;
  readonly #queue: Queue<TrialJob, TrialResult>;
  readonly #archives: Archives;
  readonly #pending = new Map<number, Pending>();

  constructor(redis: Redis, study: OpenStudy, tell: (event: TrialEvent) => void, signal: AbortSignal) {
    this.#redis = redis;
    this.#study = study;
    this.#tell = tell;
    this.#signal = signal;
    this.#notice = noticeOf(study.study);
    this.#keys = keysOf(this.#notice.id);
    this.#queue = new Queue(queueOf(this.#notice.id), { connection: redis, prefix });
    // The connection comes back by itself.
    this.#queue.on("error", () => {});
    this.#listener = redis.duplicate();
    this.#listener.on("error", () => {});
    this.#archives = new Archives(redis, this.#keys.archives);
  }

  async work(trials: readonly Trial[]): Promise<void> {
    for (const trial of trials) {
      forgetFailure(this.#study.path, trial.index);
      const outcome = outcomeOf(this.#study.path, trial);
      if (outcome.state === "finished") this.#tell({ trial: trial.index, type: "end", outcome });
      else this.#pending.set(trial.index, { trial, where: null });
    }
    const release = new AbortController();
    try {
      const away = isAwayAtTheEnd(this.#redis, this.#signal, release.signal).then(() => "away");
      if ((await Promise.race([this.#conduct(), away])) === "away") this.#giveUp();
    } finally {
      release.abort();
    }
  }

  async #conduct(): Promise<void> {
    this.#listener.on("message", (_channel, text) => this.#hear(JSON.parse(text) as Happening));
    await this.#listener.subscribe(this.#keys.events);
    await this.#redis.del(this.#keys.stop);
    await this.#sayFingerprint();
    while (this.#pending.size > 0) {
      await this.#announce();
      for (const pending of [...this.#pending.values()]) await this.#lookAlone(pending);
      if (this.#pending.size > 0) await sleep(every);
    }
  }

  /** Aborted while Redis is away: what workers have is found when the study is gone on with. */
  #giveUp(): void {
    for (const { trial, where } of this.#pending.values()) {
      if (where === null) continue;
      this.#tell({ trial: trial.index, type: "end", outcome: outcomeOf(this.#study.path, trial) });
    }
  }

  /** The images of this machine are the ones to have; where it has none, those of the first worker. */
  async #sayFingerprint(): Promise<void> {
    const { study } = this.#study;
    if (this.#pending.size === 0 || isMissing(study.data)) return;
    const found = await imagesOf(study, study.data);
    if (found !== null) await this.#redis.hset(this.#keys.fingerprints, String(found.arm), found.fingerprint);
  }

  /** Again and again: Redis may have been started anew without what it knew. */
  async #announce(): Promise<void> {
    await this.#redis.hsetnx(noticesKey, this.#notice.id, JSON.stringify(this.#notice));
    if (this.#signal.aborted) await this.#redis.set(this.#keys.stop, "1");
  }

  /** A run folder or an archive that is damaged ends its own trial, not the others; a disk that refuses ends all. */
  async #lookAlone(pending: Pending): Promise<void> {
    try {
      await this.#look(pending);
    } catch (error) {
      if (!(error instanceof CutoutError) || isRefusal(error.cause)) throw error;
      const { index } = pending.trial;
      writeFailure(this.#study.path, index, error.message);
      await this.#forget(pending.trial);
      this.#end(pending, { state: "failed", message: error.message });
    }
  }

  async #look(pending: Pending): Promise<void> {
    const { trial } = pending;
    // Its state first: what a job says is then of that state, or of a later one.
    const state = await this.#queue.getJobState(jobOf(trial.index));
    const job = await this.#queue.getJob(jobOf(trial.index));
    if (job === undefined || state === "unknown") {
      if (this.#signal.aborted) return this.#end(pending, outcomeOf(this.#study.path, trial));
      return this.#submit(trial);
    }
    if (state === "completed") return this.#receive(pending, job.returnvalue);
    if (state === "failed") {
      const message = job.failedReason ?? "BullMQ gave it up";
      return this.#receive(pending, { outcome: { state: "failed", message }, log: "" });
    }
    if (state === "active") {
      if (pending.where === null) this.#begin(pending, job.processedBy ?? "a worker");
      if (!this.#signal.aborted || (await this.#isHeld(trial))) return;
    }
    if (!this.#signal.aborted) return;
    // Not begun, or given back: a worker may be faster than this, and is then waited for.
    await job.remove().catch(() => {});
    if ((await this.#queue.getJob(jobOf(trial.index))) !== undefined) return;
    const outcome = await this.#takeHome(trial, outcomeOf(this.#study.path, trial));
    this.#end(pending, outcome);
  }

  /** Whether a worker lives that has it. */
  async #isHeld(trial: Trial): Promise<boolean> {
    return (await this.#redis.exists(`${this.#queue.toKey(jobOf(trial.index))}:lock`)) === 1;
  }

  async #submit(trial: Trial): Promise<void> {
    const folder = runFolder(this.#study.path, trial);
    if (configJson.isIn(folder)) {
      const progress = progressOf(folder);
      const there = await this.#archives.about(runOf(trial));
      if (there === null || there.progress < progress)
        await this.#archives.put(runOf(trial), folder, progress);
    }
    const line = trialLine(this.#study.study, trial);
    await this.#queue.add("trial", { line }, { jobId: jobOf(trial.index) });
  }

  async #receive(pending: Pending, { outcome, log }: TrialResult): Promise<void> {
    const { trial } = pending;
    const { path } = this.#study;
    if (log !== "") appendFileSync(trialLog(path, trial.index), log);
    const here = await this.#takeHome(trial, outcome);
    await this.#forget(trial);
    // Ended for a coordinator before this one, or Redis has lost its run: it is done again from what there is.
    if (here.state === "open" && !this.#signal.aborted) return;
    this.#end(pending, here);
  }

  /** The run folder comes into the study's before anything is told of it. */
  async #takeHome(trial: Trial, outcome: Outcome): Promise<Outcome> {
    const { path } = this.#study;
    const folder = runFolder(this.#study.path, trial);
    const there = await this.#archives.about(runOf(trial));
    if (there !== null && there.progress >= (configJson.isIn(folder) ? progressOf(folder) : 0)) {
      await this.#archives.get(runOf(trial), folder);
    }
    if (outcome.state === "failed") {
      writeFailure(path, trial.index, outcome.message);
      return outcome;
    }
    return outcomeOf(path, trial);
  }

  async #forget(trial: Trial): Promise<void> {
    await this.#archives.remove(runOf(trial));
    const job = await this.#queue.getJob(jobOf(trial.index));
    await job?.remove();
    await this.#redis.hdel(this.#keys.taken, String(trial.index));
  }

  #hear({ trial, where, event }: Happening): void {
    const pending = this.#pending.get(trial);
    if (pending === undefined) return;
    if (pending.where !== where) this.#begin(pending, where);
    this.#tell({ trial, type: "run", event });
  }

  #begin(pending: Pending, where: string): void {
    pending.where = where;
    this.#tell({ trial: pending.trial.index, type: "begin", where });
  }

  #end(pending: Pending, outcome: Outcome): void {
    const { index } = pending.trial;
    this.#pending.delete(index);
    // One that nobody had begun when all was aborted.
    if (pending.where === null && outcome.state === "open") return;
    if (pending.where === null) this.#begin(pending, "a worker");
    this.#tell({ trial: index, type: "end", outcome });
  }

  /** A study of which nothing is left to do is no longer made known. */
  async close(): Promise<void> {
    const { id } = this.#notice;
    if (this.#redis.status === "ready" && this.#pending.size === 0) {
      await this.#redis.hdel(noticesKey, id);
      // What had not ended has been taken home.
      await this.#archives.clear();
      await this.#queue.obliterate({ force: true }).catch(() => {});
      const keys = Object.values(this.#keys).filter((key) => key !== this.#keys.archives);
      await this.#redis.del(...keys);
    }
    await this.#queue.close().catch(() => {});
    this.#listener.disconnect();
    this.#redis.disconnect();
  }
}

/** Whether the system has refused something, as a full disk does. */
const isRefusal = (cause: unknown): boolean =>
  cause instanceof Error && typeof (cause as NodeJS.ErrnoException).code === "string";

/** How far a run has come: its epochs, and one more for the test. */
export function progressOf(folder: string): number {
  const { epochs, test } = openRun(folder);
  return epochs.length + (test === null ? 0 : 1);
}
