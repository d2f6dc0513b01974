// Trials as tasks of Slurm's arrays, on machines that see the study's folder: each fills its run folder, which is looked at.
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { replaceFile } from "../durable-file.ts";
import { CutoutError } from "../error.ts";
import { openRun } from "../run-folder/index.ts";
import {
  forgetFailure,
  type OpenStudy,
  type Outcome,
  outcomeOf,
  slurmFiles,
  type Trial,
  trialFolder,
  trialLog,
  writeFailure,
} from "../study-folder/index.ts";
import { shellWord } from "../text.ts";
import { killsInARow } from "./child.ts";
import type { Executor, TrialEvent } from "./executor.ts";
import { thisProgram } from "./program.ts";

export interface SlurmOptions {
  /** Null (the default) for Slurm's own. */
  readonly partition?: string | null;
  /** Processors of a task. */
  readonly threads?: number;
  /** Further words for sbatch: `--time=4:00:00`, `--mem=8G`, `--account=...`. */
  readonly sbatch?: readonly string[];
  /** Words that start the program where tasks run; by default those of this process. */
  readonly program?: readonly string[];
  /** Milliseconds between two looks at the queue. */
  readonly every?: number;
}

/** A task that is no longer in the queue may have written what another machine sees a little later. */
const looksAfterEnd = 3;

export function slurmArray(options: SlurmOptions = {}): Executor {
  const { partition = null } = options;
  return {
    name: partition === null ? "tasks of Slurm" : `tasks of Slurm's partition ${partition}`,
    async *run(study, trials, signal) {
      yield* new Tasks(study, options, signal).work(trials);
    },
    async close() {},
  };
}

interface Task {
  readonly trial: Trial;
  /** Where it runs, once it does. */
  node: string | null;
  /** Whether it has been seen in the queue since it was submitted last. */
  queued: boolean;
  begun: boolean;
  /** Looks since it has left the queue. */
  gone: number;
  epochs: number;
  /** Tasks in a row that have ended and brought it no further. */
  lost: number;
}

/** The tasks of the trials of one round. */
class Tasks {
  readonly #study: OpenStudy;
  readonly #options: SlurmOptions;
  readonly #signal: AbortSignal;
  /** By it tasks are found again that an earlier coordinator has submitted. */
  readonly #name: string;
  readonly #tasks = new Map<number, Task>();
  #cancelled = false;

  constructor(study: OpenStudy, options: SlurmOptions, signal: AbortSignal) {
    this.#study = study;
    this.#options = options;
    this.#signal = signal;
    this.#name = `cutout-${study.study.hash.slice(0, 16)}-${Date.parse(study.study.created)}`;
  }

  async *work(trials: readonly Trial[]): AsyncGenerator<TrialEvent> {
    const { path } = this.#study;
    const before = await this.#queue();
    for (const trial of trials) {
      const queued = before.has(trial.index);
      if (!queued) forgetFailure(path, trial.index);
      const outcome = outcomeOf(path, trial);
      if (!queued && outcome.state === "finished") yield { trial: trial.index, type: "end", outcome };
      else {
        const { epochs } = outcome.state === "open" ? outcome : { epochs: 0 };
        this.#tasks.set(trial.index, { trial, node: null, queued, begun: false, gone: 0, epochs, lost: 0 });
      }
    }
    await this.#submit([...this.#tasks.values()].filter(({ queued }) => !queued));
    while (this.#tasks.size > 0) {
      if (this.#signal.aborted && !this.#cancelled) await this.#cancel();
      const queue = await this.#queue();
      const again: Task[] = [];
      for (const task of [...this.#tasks.values()]) {
        yield* this.#look(task, queue.get(task.trial.index), again);
      }
      await this.#submit(again);
      if (this.#tasks.size > 0) {
        await sleep(this.#options.every ?? 2000, undefined, { signal: this.#signal }).catch(() => {});
        // An aborted signal makes no wait: the queue is not asked without end.
        if (this.#cancelled) await sleep(Math.min(500, this.#options.every ?? 2000));
      }
    }
  }

  *#look(task: Task, queued: Queued | undefined, again: Task[]): Generator<TrialEvent> {
    const { trial } = task;
    const { index } = trial;
    if (queued !== undefined) {
      task.queued = true;
      task.gone = 0;
      if (queued.node !== "" && queued.node !== task.node) {
        task.node = queued.node;
        task.begun = true;
        yield { trial: index, type: "begin", where: queued.node };
      }
      yield* this.#epochs(task);
      return;
    }
    const outcome = outcomeOf(this.#study.path, trial);
    if (outcome.state === "open" && ++task.gone < looksAfterEnd) return;
    if (!task.begun && outcome.state !== "open") {
      // It was over between two looks.
      task.begun = true;
      yield { trial: index, type: "begin", where: "Slurm" };
    }
    yield* this.#epochs(task);
    if (outcome.state === "open" && !this.#signal.aborted) {
      const further = outcome.epochs > task.epochs;
      task.lost = further ? 1 : task.lost + 1;
      task.epochs = Math.max(task.epochs, outcome.epochs);
      if (task.lost < killsInARow) {
        again.push(task);
        return;
      }
      const { path } = this.#study;
      const message = `Slurm ended its task ${task.lost} times; what it said is in ${trialLog(path, index)}`;
      writeFailure(path, index, message);
      yield* this.#end(task, { state: "failed", message });
      return;
    }
    yield* this.#end(task, outcome);
  }

  *#end(task: Task, outcome: Outcome): Generator<TrialEvent> {
    this.#tasks.delete(task.trial.index);
    // One that had not begun when all was aborted.
    if (task.begun) yield { trial: task.trial.index, type: "end", outcome };
  }

  /** What a task has written since it was looked at last. */
  *#epochs(task: Task): Generator<TrialEvent> {
    const { trial } = task;
    if (trial.task === "test") return;
    let run: ReturnType<typeof openRun>;
    try {
      run = openRun(trialFolder(this.#study.path, trial.index));
    } catch (error) {
      // Not there yet, or in the middle of a write; if it stays so its outcome says so.
      if (error instanceof CutoutError) return;
      throw error;
    }
    for (const record of run.epochs.slice(task.epochs)) {
      const event = { ...record, last: record.epoch === run.config.epochs };
      yield { trial: trial.index, type: "run", event };
    }
    if (run.epochs.length > task.epochs) task.lost = 0;
    task.epochs = Math.max(task.epochs, run.epochs.length);
  }

  async #submit(tasks: readonly Task[]): Promise<void> {
    if (tasks.length === 0 || this.#signal.aborted) return;
    const { partition = null, threads = 1, sbatch = [], program = thisProgram() } = this.#options;
    const path = resolve(this.#study.path);
    const { script, log } = slurmFiles(path);
    replaceFile(script, [Buffer.from(scriptOf(path, program, threads))]);
    for (const task of tasks) {
      task.gone = 0;
      task.queued = false;
    }
    await slurm("sbatch", [
      "--parsable",
      `--array=${tasks.map(({ trial }) => trial.index).join(",")}`,
      `--job-name=${this.#name}`,
      `--output=${log}`,
      "--open-mode=append",
      `--cpus-per-task=${threads}`,
      // A task that comes to its time limit has a minute to save, and is submitted again.
      "--signal=B:TERM@60",
      "--requeue",
      ...(partition === null ? [] : [`--partition=${partition}`]),
      ...sbatch,
      script,
    ]);
  }

  /** What waits goes; what runs is asked to save. */
  async #cancel(): Promise<void> {
    this.#cancelled = true;
    const own = [`--name=${this.#name}`];
    await slurm("scancel", [...own, "--state=PENDING"]);
    await slurm("scancel", [...own, "--state=RUNNING", "--batch", "--signal=TERM"]);
  }

  /** Tasks that wait or run, by trial. */
  async #queue(): Promise<ReadonlyMap<number, Queued>> {
    const text = await slurm("squeue", [
      "--noheader",
      "--array",
      `--name=${this.#name}`,
      "--format=%K|%T|%N",
    ]);
    return new Map(
      text
        .split("\n")
        .map((line) => line.trim().split("|"))
        .filter(([index = ""]) => /^\d+$/.test(index))
        .map(([index, state = "", node = ""]) => [Number(index), { state, node }]),
    );
  }
}

interface Queued {
  readonly state: string;
  /** Empty while it waits. */
  readonly node: string;
}

/** `exec`: signals reach the program itself, which then saves. */
function scriptOf(study: string, program: readonly string[], threads: number): string {
  const words = [...program, "trial", "run", study].map(shellWord).join(" ");
  return `#!/bin/bash
# Written by cutout: each task of the array is a trial of the study.
exec ${words} --threads ${threads} --index "$SLURM_ARRAY_TASK_ID"
`;
}

const execute = promisify(execFile);

/** Slurm's daemons may be restarted in the middle: its commands are tried again for a while. */
async function slurm(command: string, words: readonly string[]): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return (await execute(command, words, { maxBuffer: 2 ** 28 })).stdout;
    } catch (error) {
      const { code, stderr = "" } = error as NodeJS.ErrnoException & { readonly stderr?: string };
      if (code === "ENOENT") {
        throw new CutoutError(
          {
            where: "--on slurm",
            what: `there is no ${command} on this machine`,
            remedy:
              "run it on a machine from which jobs are submitted (Debian: apt-get install slurm-client)",
          },
          { cause: error },
        );
      }
      const isAway = /Unable to contact|Connection refused|timed out/i.test(stderr);
      if (!isAway || tries === 10) {
        const what = stderr.trim().split("\n").at(-1) || String((error as Error).message);
        throw new CutoutError(
          { where: command, what, remedy: "sinfo says whether Slurm works; tasks that run go on" },
          { cause: error },
        );
      }
      await sleep(Math.min(1000 * tries, 5000));
    }
  }
}
