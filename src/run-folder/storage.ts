// A run folder as the storage of a training run.
import { mkdirSync } from "node:fs";
import type { WriteCalls } from "../durable-file.ts";
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
 * Makes the folder with the first checkpoint.
 * @param calls the file system's calls for writing; tests hand in ones that fail
 */
export function runFolderStorage<S extends Scores = ClassScores>(
  folder: string,
  calls?: WriteCalls,
): RunStorage<S> {
  return {
    name: folder,
    hasRun: () => hasCheckpoint(folder, "last") || hasMetrics(folder),
    writeCheckpoint(name, state, position) {
      mkdirSync(folder, { recursive: true });
      saveCheckpoint(checkpointPath(folder, name), state, position, calls);
    },
    readCheckpoint(name) {
      const where = checkpointPath(folder, name);
      return { where, ...loadCheckpoint(where) };
    },
    checkpoints: () =>
      checkpointNames
        .filter((name) => hasCheckpoint(folder, name))
        .map((name) => checkpointPath(folder, name)),
    appendRecord: (record) => appendRecord(folder, record, calls),
    cutRecords: (epochs) => cutMetrics(folder, epochs),
    // What another objective has found is written all the same; only classification's is read again.
    writeEvaluation: (evaluation) => evaluationJson.write(folder, evaluation as never, calls),
  };
}
