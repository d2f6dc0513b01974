// A run folder as the storage of a training run.
import { existsSync } from "node:fs";
import { makeFolders, type WriteCalls } from "../durable-file.ts";
import { telling } from "../error.ts";
import type { ClassScores } from "../train/evaluation.ts";
import type { Scores } from "../train/objective.ts";
import type { RunStorage } from "../train/storage.ts";
import {
  checkpointNames,
  checkpointPath,
  hasCheckpoint,
  loadCheckpoint,
  saveCheckpoint,
} from "./checkpoint.ts";
import { evaluationJson } from "./evaluation-json.ts";
import { appendRecord, cutMetrics, hasMetrics } from "./metrics-jsonl.ts";

/**
 * Makes the folder with the first checkpoint where there is none yet; never again when it is taken away later.
 * @param calls the file system's calls for writing; tests hand in ones that fail
 * @param check throws when the folder may no longer be written to
 */
export function runFolderStorage<S extends Scores = ClassScores>(
  folder: string,
  calls?: WriteCalls,
  check: () => void = () => {},
): RunStorage<S> {
  let made = existsSync(folder);
  /** That the folder went away between the check and the write is the reason of a failed write, too. */
  const checked = (write: () => void): void => {
    check();
    try {
      write();
    } catch (error) {
      check();
      throw error;
    }
  };
  return {
    name: folder,
    hasRun: () => hasCheckpoint(folder, "last") || hasMetrics(folder),
    writeCheckpoint(name, state, position) {
      checked(() => {
        if (!made) telling(folder, () => makeFolders(folder));
        made = true;
        saveCheckpoint(checkpointPath(folder, name), state, position, calls);
      });
    },
    readCheckpoint(name) {
      const where = checkpointPath(folder, name);
      return { where, ...loadCheckpoint(where) };
    },
    checkpoints: () =>
      checkpointNames
        .filter((name) => hasCheckpoint(folder, name))
        .map((name) => checkpointPath(folder, name)),
    appendRecord(record) {
      checked(() => appendRecord(folder, record, calls));
    },
    cutRecords(epochs) {
      checked(() => cutMetrics(folder, epochs));
    },
    writeEvaluation(evaluation) {
      // What another objective has found is written all the same; only classification's is read again.
      checked(() => evaluationJson.write(folder, evaluation as never, calls));
    },
  };
}
