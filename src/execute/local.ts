// Trials as processes of this machine: as many at a time as processors and memory allow.
import { availableParallelism } from "node:os";
import type { OpenStudy, Trial } from "../study-folder/index.ts";
import { Told } from "../told.ts";
import { runInChild } from "./child.ts";
import type { Executor, TrialEvent } from "./executor.ts";
import { MemoryNeed } from "./memory.ts";
import { type Machine, sameMachine } from "./run-trial.ts";

export interface LocalOptions {
  /** Processes at a time, at most; null (the default) for one a processor. */
  readonly parallel?: number | null;
  /** Where they find what the study needs; without threads those are shared out. */
  readonly machine?: Machine;
}

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
      const threads = machine.threads ?? Math.max(1, Math.floor(processors / atATime));
      const told = new Told<TrialEvent>();
      const ending = new AbortController();
      const end = () => ending.abort(signal.reason);
      if (signal.aborted) end();
      signal.addEventListener("abort", end);
      const pool = new Pool(study, { ...machine, threads }, told.tell, ending.signal);
      const ended = pool.work(trials, most);
      ended.then(told.end, told.end);
      try {
        yield* told;
      } finally {
        // Whoever listens may stop before the end, by an error of its own: no process is left behind.
        end();
        signal.removeEventListener("abort", end);
        await ended;
      }
    },
    async close() {},
  };
}

class Pool {
  readonly #study: OpenStudy;
  readonly #machine: Machine;
  readonly #tell: (event: TrialEvent) => void;
  readonly #signal: AbortSignal;
  readonly #need = new MemoryNeed();

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
      if (running.size > 0) await Promise.race([...running, this.#need.measured]);
      while (running.size >= most || (running.size > 0 && !this.#need.hasRoom())) await Promise.race(running);
      if (this.#signal.aborted) break;
      const one: Promise<void> = this.#run(trial).finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.all(running);
  }

  async #run(trial: Trial): Promise<void> {
    const about = { trial: trial.index };
    this.#tell({ ...about, type: "begin", where: "this machine" });
    const outcome = await runInChild(
      { study: this.#study.path, trial, machine: this.#machine, copies: null },
      {
        signal: this.#signal,
        onEvent: (event) => this.#tell({ ...about, type: "run", event }),
        onMemory: this.#need.taken,
      },
    );
    this.#need.taken(0);
    this.#tell({ ...about, type: "end", outcome });
  }
}
