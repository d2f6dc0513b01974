// A training session in a thread of its own: steps do not block this one, and the network's state stays over there.

import type { Worker } from "node:worker_threads";
import { CutoutError } from "../error.ts";
import type { TimedChoices } from "../runtime/choice.ts";
import "../runtime/no-telemetry.ts";
import type { NodeRuntimeOptions } from "../runtime/node.ts";
import { startThread, unpackError } from "../thread.ts";
import type { GiveBack, TrainingSession, TrainingState } from "./network-session.ts";
import type { ObjectiveSpec } from "./objective.ts";
import type { SessionOptions } from "./step.ts";

type Nothing = Awaited<ReturnType<TrainingSession["close"]>>;

/** What a session can be asked, and what it answers. */
export interface Calls {
  readonly step: {
    readonly arguments: Parameters<TrainingSession["step"]>;
    readonly result: Awaited<ReturnType<TrainingSession["step"]>>;
  };
  readonly predict: { readonly arguments: readonly [Float32Array, number]; readonly result: Float32Array };
  readonly renew: {
    readonly arguments: readonly [Float32Array, { readonly seed: number; readonly batch: number }];
    readonly result: boolean;
  };
  readonly state: { readonly arguments: readonly []; readonly result: TrainingState };
  readonly load: { readonly arguments: readonly [TrainingState]; readonly result: Nothing };
  readonly close: { readonly arguments: readonly []; readonly result: Nothing };
}

export type Call = {
  [Name in keyof Calls]: {
    readonly id: number;
    readonly name: Name;
    readonly arguments: Calls[Name]["arguments"];
    /** Whether the images were moved here, and go back with the answer. */
    readonly moved: boolean;
  };
}[keyof Calls];

interface Ready {
  readonly kind: "ready";
  readonly timedConvolutions: TimedChoices;
  readonly outputSize: number;
}

export type Answer =
  | { readonly kind: "timing"; readonly done: number; readonly total: number }
  | Ready
  | { readonly kind: "fallbacks"; readonly operators: readonly string[] }
  | {
      readonly kind: "result";
      readonly id: number;
      readonly result: unknown;
      readonly images: Float32Array | null;
    }
  /** `id` is null when the session could not be made. */
  | {
      readonly kind: "error";
      readonly id: number | null;
      /** Made by `packError`. */
      readonly error: unknown;
      readonly images: Float32Array | null;
    };

/** What a session is made of, the objective by its name. */
type SpecifiedSession = Omit<SessionOptions, "runtime" | "objective"> & { readonly objective: ObjectiveSpec };

export interface ThreadData {
  readonly session: SpecifiedSession;
  readonly runtime: Omit<NodeRuntimeOptions, "onTiming">;
  /** Two 32-bit flags; see `exitFlags`. */
  readonly flags: SharedArrayBuffer;
}

/**
 * ONNX Runtime ends the process with an abort when its thread is taken away in the middle of its work. So the thread
 * says when it works, and before the process ends it is told to stop where it is and waited for.
 */
export const exitFlags = { working: 0, stop: 1 } as const;

export interface TrainingThreadOptions
  extends SpecifiedSession,
    Pick<
      NodeRuntimeOptions,
      "threads" | "device" | "adapter" | "arithmetic" | "convolution" | "timedConvolutions" | "onTiming"
    > {
  /** Told which operators the device leaves to the CPU, if any. */
  readonly onFallbacks?: (operators: readonly string[]) => void;
}

export interface ThreadedSession extends TrainingSession {
  /** The algorithms that timing, or an earlier run, has settled. */
  readonly timedConvolutions: TimedChoices;
}

interface Waiting {
  readonly giveBack: GiveBack | undefined;
  resolve(result: never): void;
  reject(error: unknown): void;
}

/**
 * Compiles the step of a network in a thread of its own. What goes there and back in a step is small: images move
 * without being copied where the caller gives them away.
 *
 * The process does not end before the session is closed. It may exit at any time; at most a step is waited for.
 *
 * @throws what `createTrainingSession` throws, and when the thread ends by itself
 */
export async function openTrainingThread(options: TrainingThreadOptions): Promise<ThreadedSession> {
  const { onFallbacks = () => {}, onTiming = () => {}, ...rest } = options;
  const { threads, device, adapter, arithmetic, convolution, timedConvolutions: known, ...session } = rest;
  const { name, options: objectiveOptions } = session.objective;
  const flags = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const runtime = {
    threads,
    ...(device && { device }),
    ...(adapter && { adapter }),
    ...(arithmetic && { arithmetic }),
    ...(convolution && { convolution }),
    ...(known && { timedConvolutions: known }),
  };
  const objective = { name, options: objectiveOptions };
  const data: ThreadData = { session: { ...session, objective }, runtime, flags: flags.buffer };
  const thread = startThread("./training-thread-main", import.meta.url, { workerData: data });
  const stopAtExit = () => waitForThread(flags);
  process.on("exit", stopAtExit);

  const waiting = new Map<number, Waiting>();
  let ended: Error | null = null;
  const exited = new Promise<void>((resolve) => {
    thread.on("exit", (code) => {
      process.off("exit", stopAtExit);
      ended ??= new CutoutError({
        where: "training",
        what: "the network's thread must run until it is closed",
        got: `exit code ${code}`,
      });
      for (const { reject } of waiting.values()) reject(ended);
      waiting.clear();
      resolve();
    });
  });
  thread.on("error", (error) => {
    ended = error;
  });

  const { timedConvolutions, outputSize } = await new Promise<Ready>((resolve, reject) => {
    exited.then(() => reject(ended));
    thread.on("message", (answer: Answer) => {
      if (answer.kind === "ready") resolve(answer);
      else if (answer.kind === "timing") onTiming(answer.done, answer.total);
      else if (answer.kind === "fallbacks") onFallbacks(answer.operators);
      else if (answer.id === null) reject(unpackError((answer as Extract<Answer, { kind: "error" }>).error));
      else settle(waiting, answer);
    });
  }).catch(async (error: unknown) => {
    await exited;
    throw error;
  });

  const call = caller(thread, waiting, () => ended);
  let closing: Promise<void> | null = null;
  return {
    batchSize: session.batchSize,
    outputSize,
    timedConvolutions,
    step: (images, targets, hyper, giveBack) => call("step", [images, targets, hyper], giveBack),
    predict: (images, count, giveBack) => call("predict", [images, count], giveBack),
    renew: (images, hyper, giveBack) => call("renew", [images, hyper], giveBack),
    state: () => call("state", []),
    load: (state) => call("load", [state]),
    close() {
      closing ??= ended === null ? call("close", []).then(() => exited) : exited;
      return closing;
    },
  };
}

function caller(thread: Worker, waiting: Map<number, Waiting>, ended: () => Error | null) {
  let nextId = 0;
  return <Name extends keyof Calls>(
    name: Name,
    words: Calls[Name]["arguments"],
    giveBack?: GiveBack,
  ): Promise<Calls[Name]["result"]> =>
    new Promise((resolve, reject) => {
      const error = ended();
      if (error !== null) {
        reject(error);
        return;
      }
      const id = nextId++;
      waiting.set(id, { giveBack, resolve, reject });
      const moved = giveBack !== undefined;
      const message = { id, name, arguments: words, moved } as Call;
      thread.postMessage(message, moved ? [(words[0] as Float32Array).buffer as ArrayBuffer] : []);
    });
}

function settle(
  waiting: Map<number, Waiting>,
  answer: Extract<Answer, { readonly kind: "result" | "error" }>,
): void {
  const { giveBack, resolve, reject } = waiting.get(answer.id!)!;
  waiting.delete(answer.id!);
  if (answer.images !== null) giveBack?.(answer.images);
  if (answer.kind === "error") reject(unpackError(answer.error));
  else resolve(answer.result as never);
}

/** A step that takes longer is not waited for. */
const longestWait = 60_000;

/** Blocks until the thread is not at work, and keeps it so. */
function waitForThread(flags: Int32Array): void {
  Atomics.store(flags, exitFlags.stop, 1);
  Atomics.wait(flags, exitFlags.working, 1, longestWait);
}
