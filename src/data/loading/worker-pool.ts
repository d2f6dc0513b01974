// The loader's threads: each has a queue of batches to make; one that dies is replaced, and its batches made again.

import type { Worker } from "node:worker_threads";
import type { CompletePipelineOptions } from "../../augment/pipeline/pipeline.ts";
import { CutoutError } from "../../error.ts";
import { unpackError } from "../../thread.ts";
import type { BatchOrder } from "./batch-maker.ts";
import type { ImageStore } from "./image-store.ts";

export interface WorkerData {
  readonly store: ImageStore;
  readonly pipeline: CompletePipelineOptions;
}

export interface WorkerRequest {
  readonly id: number;
  readonly order: BatchOrder;
  /** At least as large as the batch. It is moved, not copied, there and back. */
  readonly memory: ArrayBuffer;
}

export interface WorkerAnswer {
  readonly id: number;
  readonly memory: ArrayBuffer;
  /** What making the batch has thrown, packed; null where it was made. The thread goes on. */
  readonly error: unknown;
}

interface Job extends WorkerRequest {
  /** Of the memory: it is with the thread, and lost when that dies. */
  readonly bytes: number;
  /** Threads that have died while they were at it. */
  deaths: number;
  resolve(memory: ArrayBuffer): void;
  reject(error: unknown): void;
}

interface Thread {
  readonly worker: Worker;
  /** In the order in which it makes them. */
  readonly jobs: Map<number, Job>;
}

/** So many threads may die at one batch before it is given up. */
const deathsAllowed = 3;

export class WorkerPool {
  readonly #size: number;
  readonly #start: () => Worker;
  readonly #threads = new Set<Thread>();
  #nextId = 0;
  #closed = false;

  /**
   * @param size number of threads; each is started when there is something to do for it
   * @param start starts one, of worker.ts
   */
  constructor(size: number, start: () => Worker) {
    this.#size = size;
    this.#start = start;
  }

  /**
   * Has a batch made.
   * @param memory taken away from this thread
   * @returns the same memory, or as much of new memory where a thread died with it
   * @throws Error when making it throws, when three threads have died at it, or when the pool was closed
   */
  make(order: BatchOrder, memory: ArrayBuffer): Promise<ArrayBuffer> {
    return new Promise((resolve, reject) => {
      const { byteLength: bytes } = memory;
      this.#give({ id: this.#nextId++, order, memory, bytes, deaths: 0, resolve, reject });
    });
  }

  /** Ends all threads, in the middle of what they do. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#threads].map(({ worker }) => worker.terminate()));
  }

  /** Gives a job to the thread with the fewest. */
  #give(job: Job): void {
    if (this.#closed) {
      job.reject(
        new CutoutError({
          where: "data",
          what: "the loader must be open",
          got: "a batch to make after close()",
        }),
      );
      return;
    }
    let thread = [...this.#threads].sort((a, b) => a.jobs.size - b.jobs.size)[0];
    if (thread === undefined || (thread.jobs.size > 0 && this.#threads.size < this.#size)) {
      thread = this.#startThread();
    }
    // A thread without work does not keep the process alive.
    thread.worker.ref();
    thread.jobs.set(job.id, job);
    const request: WorkerRequest = { id: job.id, order: job.order, memory: job.memory };
    thread.worker.postMessage(request, [job.memory]);
  }

  #startThread(): Thread {
    const thread: Thread = { worker: this.#start(), jobs: new Map() };
    let reason = "";
    thread.worker.on("message", ({ id, memory, error }: WorkerAnswer) => {
      const job = thread.jobs.get(id)!;
      thread.jobs.delete(id);
      if (thread.jobs.size === 0) thread.worker.unref();
      if (error === null) job.resolve(memory);
      else job.reject(unpackError(error));
    });
    thread.worker.on("error", (error) => {
      reason = error.message;
    });
    thread.worker.on("exit", (code) => this.#bury(thread, reason || `exit code ${code}`));
    this.#threads.add(thread);
    return thread;
  }

  #bury(thread: Thread, reason: string): void {
    this.#threads.delete(thread);
    const [first, ...others] = thread.jobs.values();
    if (first === undefined) return;
    first.deaths++;
    if (first.deaths < deathsAllowed) this.#again(first);
    else {
      first.reject(
        new CutoutError({
          where: "data",
          what: "threads that make batches must live",
          got: `${deathsAllowed} that died at the same batch (${reason})`,
          remedy: "free memory, or make batches without them: --workers 0",
        }),
      );
    }
    for (const job of others) this.#again(job);
  }

  #again(job: Job): void {
    this.#give(Object.assign(job, { memory: new ArrayBuffer(job.bytes) }));
  }
}
