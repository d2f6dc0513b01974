// Starts threads and processes, from the sources as well as from what is published, and brings errors from one thread to another.
import { type ChildProcess, type ForkOptions, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { CutoutError, type ErrorFields } from "./error.ts";

/** Ending of this program's modules: `.ts` when it runs from its sources, `.js` when it was compiled. */
const ending = import.meta.url.endsWith(".ts") ? ".ts" : ".js";

/**
 * A thread that runs one of this program's modules.
 * @param name path of the module without its ending, from the module at `base`
 * @param base `import.meta.url` of the caller
 */
export function startThread(name: string, base: string, options: WorkerOptions = {}): Worker {
  const { href } = new URL(name + ending, base);
  if (ending === ".js") return new Worker(new URL(href), options);
  // A thread of Node does not inherit its parent's reader of TypeScript: it gets one of its own first.
  const tsx = import.meta.resolve("tsx/esm/api");
  const code = `import { register } from ${JSON.stringify(tsx)}; register(); await import(${JSON.stringify(href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    ...options,
    execArgv: [],
  });
}

/**
 * A process that runs one of this program's modules.
 * @param name path of the module without its ending, from the module at `base`
 * @param base `import.meta.url` of the caller
 */
export function startProcess(
  name: string,
  base: string,
  words: readonly string[],
  options: ForkOptions,
): ChildProcess {
  const module = fileURLToPath(new URL(name + ending, base));
  const execArgv = ending === ".js" ? [] : ["--import", import.meta.resolve("tsx")];
  return fork(module, words, { ...options, execArgv });
}

/** What an error is on its way: a message between threads copies plain errors, but forgets classes of one's own. */
type PackedError =
  | { readonly fields: ErrorFields; readonly cause: PackedError | null }
  | { readonly other: unknown };

/** What was thrown, as another thread can be sent it. */
export function packError(error: unknown): unknown {
  return packed(error);
}

function packed(error: unknown): PackedError {
  if (!(error instanceof CutoutError)) return { other: error };
  return { fields: error.fields(), cause: error.cause === undefined ? null : packed(error.cause) };
}

/** What {@link packError} was given in the other thread: an error for people is one here too, with the same fields. */
export function unpackError(message: unknown): unknown {
  const packed = message as PackedError;
  if ("other" in packed) return packed.other;
  const cause = packed.cause === null ? {} : { cause: unpackError(packed.cause) };
  return new CutoutError(packed.fields, cause);
}
