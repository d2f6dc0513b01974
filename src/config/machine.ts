// A run's own config.json on another machine: threads, device and folders are those of the machine that trains now.
import { availableParallelism } from "node:os";
import { type Arithmetic, hasBfloat16 } from "../runtime/arithmetic.ts";
import type { ConfigFile, Raw } from "./settings.ts";

/** What a run's config says of its machine, and what that is here. */
const ofTheMachine: Readonly<Record<string, (stored: unknown) => unknown>> = {
  threads: () => availableParallelism(),
  // A graphics card where there is one; what ran on the processor stays there.
  device: (stored) => (stored === "webgpu" ? "auto" : stored),
  arithmetic: (stored) => (stored === "bfloat16" ? arithmeticHere(stored) : stored),
  cacheDir: () => undefined,
  runsDir: () => undefined,
};

/**
 * The settings as this machine takes them. A file that is no run's own was written by a person, and is taken as it is.
 * @param told flags, which win
 * @returns with a line for the person where the bits of the results change
 */
export function onThisMachine(
  { raw, version }: ConfigFile,
  told: Raw = {},
): { readonly raw: Raw; readonly notes: readonly string[] } {
  if (version === null) return { raw, notes: [] };
  const here = Object.entries(raw).flatMap(([field, stored]): [string, unknown][] => {
    const own = ofTheMachine[field];
    const value = own === undefined || Object.hasOwn(told, field) ? stored : own(stored);
    return value === undefined ? [] : [[field, value]];
  });
  const threads = availableParallelism();
  const sameThreads = Object.hasOwn(told, "threads") || raw.threads === undefined || raw.threads === threads;
  return {
    raw: Object.fromEntries(here),
    notes: sameThreads
      ? []
      : [
          `${threads} threads here, ${String(raw.threads)} in that run: the last bits of results may differ (--threads ${String(raw.threads)} computes as it did)`,
        ],
  };
}

/** What a run computes in on this processor. */
export const arithmeticHere = (ofRun: Arithmetic): Arithmetic => (hasBfloat16() ? ofRun : "float32");

/** Threads to use a run with: its own as long as this machine has so many processors; all where it does not tell. */
export function threadsHere(ofRun = Number.POSITIVE_INFINITY): number {
  return Math.min(ofRun, availableParallelism());
}
