// One engine in processes of its own: it says when it is ready, and works for as long as it is told.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { FirstStep } from "./work.ts";

export interface Entrant {
  readonly name: string;
  readonly ours: boolean;
  /** How to get it. */
  readonly install: string;
  /** Why it is not started; null when it is. */
  readonly unfit: string | null;
  readonly command: readonly string[];
  /** So many processes do the same at once, each on a core of its own; null: one process, free in its threads. */
  readonly processes: number | null;
  /** Cores that a program with workers of its own is held to; null for no limit. */
  readonly cores: number | null;
  /** What must at least be read and written for an image; null where the copy bandwidth says nothing. */
  readonly bytesPerImage: number | null;
}

export interface Contestant {
  readonly version: string;
  /** Number of trained numbers in its network; null where there is none. */
  readonly parameters: number | null;
  readonly timeToFirstStep: FirstStep;
  /** Works for at least `seconds`; images per second. */
  run(seconds: number): Promise<number>;
  peakMemoryMB(): number | null;
  stop(): void;
}

/** What goes wrong in an engine, for its row. */
export class EngineError extends Error {
  /** Something of it is not installed. */
  readonly missing: boolean;
  constructor(reason: string, missing: boolean) {
    super(reason);
    this.missing = missing;
  }
}

/**
 * Starts an engine. It speaks lines of JSON: first {version, parameters, load, compile, step}, or {reason, missing} when it
 * cannot run; then {images, seconds} for every number of seconds it is given.
 * @throws EngineError
 */
export async function start({ command, processes, cores }: Entrant): Promise<Contestant> {
  const pins =
    processes === null
      ? [cores === null ? null : `0-${cores - 1}`]
      : Array.from({ length: processes }, (_, cpu) => `${cpu}`);
  const children = pins.map(
    (cpus) => new Engine(cpus !== null && canPin(cpus) ? ["taskset", "-c", cpus, ...command] : command),
  );
  const stop = () => {
    for (const child of children) child.stop();
  };
  try {
    const [first] = await Promise.all(children.map((child) => child.next()));
    return {
      version: first!.version,
      parameters: first!.parameters ?? null,
      timeToFirstStep: { load: first!.load, compile: first!.compile, step: first!.step },
      async run(seconds) {
        const answers = children.map(async (child) => {
          const { images, seconds: taken } = await child.ask(`${seconds}`);
          return images / taken;
        });
        return (await Promise.all(answers)).reduce((sum, rate) => sum + rate, 0);
      },
      peakMemoryMB: () => peakMemoryMB(children.map(({ pid }) => pid)),
      stop,
    };
  } catch (error) {
    stop();
    throw error;
  }
}

/** Whether there is such a way to hold a program to cores, and such cores. */
const canPin = (cpus: string) => spawnSync("taskset", ["-c", cpus, "true"]).status === 0;

/** A child that answers lines with lines. */
class Engine {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<string>;
  #started = true;

  constructor(command: readonly string[]) {
    const [program, ...words] = command as [string, ...string[]];
    // Its own words stay out of the table; the last of them are told when it fails.
    const child = spawn(program, words, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, CUTOUT_BENCH_STARTED: `${Date.now() / 1000}` },
    });
    this.#child = child;
    let complaints = "";
    child.stderr!.on("data", (text) => {
      complaints = `${complaints}${text}`.slice(-4000);
    });
    child.stdin!.on("error", () => {}); // it has ended; `ended` tells
    this.#ended = new Promise((resolve) => {
      child.on("error", (error) => {
        this.#started = false;
        resolve(`${program} cannot be started (${error.message})`);
      });
      child.on("close", (code, signal) => {
        // What a shell, and taskset, say of a program that is not there.
        if (code === 127) this.#started = false;
        const last = complaints.trim().split("\n").at(-1) ?? "";
        resolve(`it ended with ${signal ?? `code ${code}`}${last === "" ? "" : `: ${last.slice(0, 300)}`}`);
      });
    });
    this.#lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  // biome-ignore lint/suspicious/noExplicitAny: JSON of a program in another language
  async next(): Promise<any> {
    for (;;) {
      const line = await Promise.race([this.#lines.next(), this.#ended]);
      if (typeof line === "string" || line.done) throw new EngineError(await this.#ended, !this.#started);
      // A library may print a greeting of its own.
      if (!line.value.startsWith("{")) continue;
      const answer = JSON.parse(line.value);
      if (answer.reason !== undefined) throw new EngineError(answer.reason, answer.missing === true);
      return answer;
    }
  }

  ask(line: string) {
    this.#child.stdin!.write(`${line}\n`);
    return this.next();
  }

  stop(): void {
    this.#child.kill("SIGKILL");
  }
}

/** Of the processes and those they have started; pages that forked workers share are counted in each of them. */
function peakMemoryMB(pids: readonly (number | undefined)[]): number | null {
  let total = 0;
  const waiting = pids.map(Number);
  try {
    for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      total += Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
      const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
      waiting.push(...children.split(" ").filter(Boolean).map(Number));
    }
  } catch {
    return null; // no /proc
  }
  return total;
}
