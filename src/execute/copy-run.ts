// Copies of the run folder of a trial, made by its own process between two steps: each is whole, and can be gone on with.
import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { isLockFile } from "../run-folder/index.ts";
import { trialFolder } from "../study-folder/index.ts";
import type { TrialOrder } from "./trial-process-messages.ts";

export interface Copier {
  /** The run has just been saved. */
  readonly saved: () => void;
  /** The copy told last is done with. */
  readonly taken: () => void;
}

const never: Copier = { saved() {}, taken() {} };

/** A copy that fails, as on a full disk, is left out: the run itself goes on. */
export function copier({ study, trial, copies }: TrialOrder, tell: (path: string) => void): Copier {
  if (copies === null || trial.task === "test") return never;
  const folder = trialFolder(study, trial.index);
  let last = performance.now();
  let number = 0;
  let told = false;
  return {
    saved() {
      if (told || performance.now() - last < 1000 * copies.seconds) return;
      last = performance.now();
      const path = join(copies.folder, `${process.pid}-${number++}`);
      try {
        mkdirSync(copies.folder, { recursive: true });
        cpSync(folder, path, { recursive: true, filter: (source) => isPart(basename(source)) });
      } catch (error) {
        console.error(`the run could not be copied: ${(error as Error).message}`);
        return;
      }
      told = true;
      tell(path);
    },
    taken() {
      told = false;
    },
  };
}

/** Neither a lock nor what is being written. */
const isPart = (file: string): boolean => !isLockFile(file) && !file.endsWith(".partial");
