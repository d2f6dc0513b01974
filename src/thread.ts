// Starts threads, from the sources as well as from what is published.
import { Worker, type WorkerOptions } from "node:worker_threads";

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
