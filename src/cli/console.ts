// What the terminal gets: results, one line for an error, and the exit code that goes with it.

import { writeSync } from "node:fs";
import { CommanderError } from "commander";
import { flagOf } from "../config/flags.ts";
import type { NameOf } from "../config/settings.ts";
import { CutoutError, systemError } from "../error.ts";
import { printable } from "../text.ts";

const exitCodes = { failure: 1, usage: 2, hungUp: 129, interrupted: 130, terminated: 143 } as const;

/** A line of result on standard output. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A line about what goes on, on standard error, so that results can be piped. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A line for each image that was left out. */
export function tellBroken(broken: readonly { readonly name: string; readonly reason: string }[]): void {
  for (const { name, reason } of broken) tell(`cutout: ${printable(name)}: not read: ${reason}`);
}

/**
 * A reader that went away: results that nobody reads end the program quietly (`cutout predict ... | head`), progress
 * that nobody reads does not end a run.
 */
export function endQuietlyOnClosedPipe(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    if (error.code === "EIO") return;
    throw error;
  });
  process.stderr.on("error", (error: NodeJS.ErrnoException) => {
    // A terminal that has been closed takes nothing more (EIO).
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
  });
}

export interface Failure {
  /** One line, or several with the stack when debugging. */
  readonly text: string;
  readonly exitCode: number;
}

/** What a person is told about an error. Anything but a `CutoutError` is a mistake of ours. */
export function describeFailure(given: unknown, debug: boolean): Failure {
  const thrown = systemError(given);
  const expected = thrown instanceof CutoutError;
  const error = expected ? thrown.named(flagOf) : thrown;
  const exitCode = expected && thrown.kind === "settings" ? exitCodes.usage : exitCodes.failure;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  if (debug) return { text: `cutout: ${stack}`, exitCode };
  if (!(error instanceof Error))
    return { text: `cutout: unexpected: ${oneLine(stack)}; add --debug`, exitCode };
  const text = oneLine(error.message);
  return {
    text: expected ? `cutout: ${text}` : `cutout: unexpected: ${text} (add --debug to see where)`,
    exitCode,
  };
}

/** What `work` gives; its errors about a field of the config are told by the flag, or the file, that set it. */
export async function namedBy<T>(nameOf: NameOf, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof CutoutError ? error.named(nameOf) : error;
  }
}

/** On one line, and without what a file name could do to a terminal. */
export function oneLine(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, " "));
}

/** Commander has told already what was wrong; only its exit code is left. */
export function exitCodeOf(error: CommanderError): number {
  return error.exitCode === 0 ? 0 : exitCodes.usage;
}

/** A line on standard error, written before it returns: also for a process that is about to end. */
export function tellAtOnce(text: string): void {
  try {
    writeSync(process.stderr.fd, `${text}\n`);
  } catch {
    // Nobody reads it; what it tells of is done all the same.
  }
}

export interface Interruption {
  /** Aborted by the first Ctrl-C once there is something to save. */
  readonly signal: AbortSignal;
  /** From now on the first Ctrl-C lets the step end and saves. */
  arm(): void;
  /** Exit code of the signal that came; null when none did. */
  exitCode(): number | null;
  release(): void;
}

// A terminal that is closed sends SIGHUP.
const signals = {
  SIGHUP: exitCodes.hungUp,
  SIGINT: exitCodes.interrupted,
  SIGTERM: exitCodes.terminated,
} as const;

/**
 * Ctrl-C: before `arm` it ends at once, as there is nothing to lose. Afterwards the first one aborts the signal,
 * and the second one ends at once.
 * @param beforeExit puts the terminal in order
 */
export function onInterrupt(beforeExit: () => void): Interruption {
  const controller = new AbortController();
  let armed = false;
  let exitCode: number | null = null;
  const listeners = Object.entries(signals).map(([name, code]) => {
    const listener = () => {
      beforeExit();
      if (!armed || exitCode !== null) process.exit(code);
      exitCode = code;
      // A step may block the event loop for a second, and the person waits for a sign.
      tellAtOnce("ending after this step and saving; once more ends at once");
      controller.abort(new Error("interrupted"));
    };
    process.on(name, listener);
    return { name, listener };
  });
  return {
    signal: controller.signal,
    arm() {
      armed = true;
    },
    exitCode: () => exitCode,
    release() {
      for (const { name, listener } of listeners) process.off(name, listener);
    },
  };
}

/** Makes Commander throw instead of ending the process. */
export function isCommanderError(error: unknown): error is CommanderError {
  return error instanceof CommanderError;
}
