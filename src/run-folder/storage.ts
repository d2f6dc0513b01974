// A run folder as the storage of a training run: which file holds what.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { replaceFile, type WriteCalls } from "../durable-file.ts";
import type { ClassScores } from "../train/evaluation.ts";
import type { Scores } from "../train/objective.ts";
import type { CheckpointName, RunStorage } from "../train/storage.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { appendRecord, cutMetrics, readMetrics } from "./metrics-log.ts";

/**
 * Makes the folder with the first checkpoint.
 * @param calls the file system's calls for writing; tests hand in ones that fail
 */
export function runFolderStorage<S extends Scores = ClassScores>(
  folder: string,
  calls?: WriteCalls,
): RunStorage<S> {
  const checkpoint = (name: CheckpointName) => join(folder, `${name}.safetensors`);
  const metrics = join(folder, "metrics.jsonl");
  return {
    name: folder,
    hasRun: () => existsSync(checkpoint("last")) || readMetrics(metrics).length > 0,
    writeCheckpoint(name, state, position) {
      mkdirSync(folder, { recursive: true });
      saveCheckpoint(checkpoint(name), state, position, calls);
    },
    readCheckpoint: (name) => ({ where: checkpoint(name), ...loadCheckpoint(checkpoint(name)) }),
    checkpoints: () => (["best", "last"] as const).map(checkpoint).filter((file) => existsSync(file)),
    appendRecord: (record) => appendRecord(metrics, record, calls),
    cutRecords: (epochs) => cutMetrics(metrics, epochs),
    writeEvaluation(evaluation) {
      const text = `${JSON.stringify(evaluation)}\n`;
      replaceFile(join(folder, "evaluation.json"), [Buffer.from(text)], calls);
    },
  };
}
