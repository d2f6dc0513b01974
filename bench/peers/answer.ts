// An engine's side of the conversation with the benchmark; answer.py is the same for Python.
import { createInterface } from "node:readline";

const now = () => performance.now() / 1000;

/** Tells that this engine cannot take part, and whether something is not installed; ends the process. */
export function refuse(reason: string, missing = false): never {
  console.log(JSON.stringify({ reason, missing }));
  process.exit(0);
}

/**
 * Prepares, warms up, tells how long that took, and works for as long as it is told.
 * @param prepare gives one step; `images` is how many images a step does
 */
export async function compete(options: {
  readonly version: string;
  /** Trained numbers of the network, where there is one. */
  readonly parameters?: number;
  readonly images: number;
  prepare(): Promise<() => unknown>;
}): Promise<void> {
  const started = Number(process.env.CUTOUT_BENCH_STARTED ?? Date.now() / 1000);
  const load = Date.now() / 1000 - started;
  let begin = now();
  const { version, parameters, images } = options;
  try {
    const step = await options.prepare();
    const compile = now() - begin;
    begin = now();
    await step();
    const first = now() - begin;
    for (let warm = 0; warm < 2 && now() - begin < 5; warm++) await step();
    console.log(JSON.stringify({ version, parameters, load, compile, step: first }));
    for await (const line of createInterface({ input: process.stdin })) {
      begin = now();
      let done = 0;
      do {
        await step();
        done += images;
      } while (now() - begin < Number(line));
      console.log(JSON.stringify({ images: done, seconds: now() - begin }));
    }
  } catch (error) {
    refuse(error instanceof Error ? error.message.split("\n")[0]! : String(error));
  }
  process.exit(0);
}
