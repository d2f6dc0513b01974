// Trials as processes of this machine: as many at a time as processors and memory allow.
import { closeSync, openSync } from "node:fs";
import { availableParallelism, freemem } from "node:os";
import { type OpenStudy, type Outcome, outcomeOf, type Trial, trialLog } from "../study-folder/index.ts";
import { startProcess } from "../thread.ts";
import { Told } from "../told.ts";
import type { Executor, TrialEvent } from "./executor.ts";
import { type Machine, sameMachine } from "./run-trial.ts";
import type { Told as ToldByProcess } from "./trial-process-messages.ts";

export interface LocalOptions {
  /** Processes at a time, at most; null (the default) for one a processor. */
  readonly parallel?: number | null;
  readonly machine?: Omit<Machine, "threads">;
}

/** What a trial may need more than the largest one has needed so far. */
const reserve = 1.25;

/**
 * Each trial is a process of its own, which an end of this one lets save and end. With as many trials as processors each
 * has one thread: two side by side are then faster than one after the other with two threads each. A further one is
 * begun only while as much memory is free as the largest has taken so far.
 */
export function localProcesses(options: LocalOptions = {}): Executor {
  const { parallel = null, machine = sameMachine } = options;
  const processors = availableParallelism();
  return {
    name: "processes on this machine",
    async *run(study, trials, signal) {
      const atATime = parallel ?? processors;
      const most = Math.min(atATime, trials.length);
      // The same for the last trials of a study: the last bits of a result depend on it.
      const threads = Math.max(1, Math.floor(processors / atATime));
      const told = new Told<TrialEvent>();
      const pool = new Pool(study, { ...machine, threads }, told.tell, signal);
      pool.work(trials, most).then(told.end, told.end);
      yield* told;
    },
    async close() {},
  };
}

class Pool {
  readonly #study: OpenStudy;
  readonly #machine: Machine;
  readonly #tell: (event: TrialEvent) => void;
  readonly #signal: AbortSignal;
  /** Bytes that a trial has taken so far, at most; null before the first has done a step, or has ended. */
  #peak: number | null = null;
  #measured = () => {};
  readonly #isMeasured = new Promise<void>((resolve) => {
    this.#measured = resolve;
  });

  constructor(study: OpenStudy, machine: Machine, tell: (event: TrialEvent) => void, signal: AbortSignal) {
    this.#study = study;
    this.#machine = machine;
    this.#tell = tell;
    this.#signal = signal;
  }

  async work(trials: readonly Trial[], most: number): Promise<void> {
    const running = new Set<Promise<void>>();
    for (const trial of trials) {
      // The first one decodes the images, which the others find done, and shows what a trial needs.
      if (running.size > 0) await Promise.race([...running, this.#isMeasured]);
      while (running.size >= most || (running.size > 0 && !this.#hasRoom())) await Promise.race(running);
      if (this.#signal.aborted) break;
      const one: Promise<void> = this.#run(trial).finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.all(running);
  }

  #hasRoom(): boolean {
    return freeMemory() >= reserve * (this.#peak ?? 0);
  }

  async #run(trial: Trial): Promise<void> {
    const { path } = this.#study;
    const about = { trial: trial.index };
    this.#tell({ ...about, type: "begin", where: "this machine" });
    const log = openSync(trialLog(path, trial.index), "a");
    const words = [path, String(trial.index), JSON.stringify(this.#machine)];
    const child = startProcess("./trial-process", import.meta.url, words, {
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    const end = () => child.kill("SIGTERM");
    if (this.#signal.aborted) end();
    this.#signal.addEventListener("abort", end);
    let outcome: Outcome | null = null;
    child.on("message", (message: ToldByProcess) => {
      if (message.type === "memory") this.#taken(message.bytes);
      else if (message.type === "end") outcome = message.outcome;
      else this.#tell({ ...about, type: "run", event: message.event });
    });
    const code = await new Promise<string>((resolve) => {
      child.on("error", (error) => resolve(error.message));
      child.on("exit", (exit, signal) => resolve(String(signal ?? `exit code ${exit}`)));
    });
    this.#signal.removeEventListener("abort", end);
    this.#taken(0);
    this.#tell({ ...about, type: "end", outcome: outcome ?? this.#lost(trial, code) });
  }

  /** A process that ended without a word, as one that was killed; what it has kept is gone on with another time. */
  #lost(trial: Trial, code: string): Outcome {
    const found = outcomeOf(this.#study.path, trial);
    if (found.state !== "open" || this.#signal.aborted) return found;
    const log = trialLog(this.#study.path, trial.index);
    return { state: "failed", message: `its process ended by ${code}; what it said is in ${log}` };
  }

  #taken(bytes: number): void {
    this.#peak = Math.max(this.#peak ?? 0, bytes);
    this.#measured();
  }
}

/** Memory that processes can still get, bytes. */
function freeMemory(): number {
  // From Node 20.13 on; freemem leaves out what the system would give up (file caches).
  return process.availableMemory?.() ?? freemem();
}
