// One engine in a process of its own: it says when it is ready, and works for as long as it is told.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface Contestant {
  readonly name: string;
  readonly version: string;
  /** From the start of compilation to the end of the first step. */
  readonly firstStepSeconds: number;
  /** Works for at least `seconds`; images per second. */
  run(seconds: number): Promise<number>;
  peakMemoryMB(): number | null;
  stop(): void;
}

/**
 * Starts an engine. It speaks lines of JSON: first {version, firstStepSeconds}, or {reason} when it cannot run;
 * then {images, seconds} for every number of seconds it is given.
 */
export async function start(
  name: string,
  command: readonly string[],
): Promise<Contestant | { readonly reason: string }> {
  const [program, ...words] = command as [string, ...string[]];
  const child = spawn(program, words, { stdio: ["pipe", "pipe", "inherit"] });
  const failed = new Promise<string>((resolve) => {
    child.on("error", (error) =>
      resolve(JSON.stringify({ reason: `${program} cannot be started (${error.message})` })),
    );
    child.on("exit", (code) => resolve(JSON.stringify({ reason: `it ended with code ${code}` })));
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => {
    const line = await Promise.race([lines.next().then(({ value }) => value as string | undefined), failed]);
    return JSON.parse(line ?? (await failed));
  };
  const ready = await nextLine();
  if (ready.reason !== undefined) {
    child.kill();
    return { reason: ready.reason };
  }
  return {
    name,
    version: ready.version,
    firstStepSeconds: ready.firstStepSeconds,
    async run(seconds) {
      child.stdin.write(`${seconds}\n`);
      const { images, seconds: taken, reason } = await nextLine();
      if (reason !== undefined) throw new Error(`${name}: ${reason}`);
      return images / taken;
    },
    peakMemoryMB() {
      const status = `/proc/${child.pid}/status`;
      if (!existsSync(status)) return null;
      const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(status, "utf8"))?.[1];
      return kilobytes === undefined ? null : Number(kilobytes) / 1024;
    },
    stop: () => child.kill(),
  };
}
