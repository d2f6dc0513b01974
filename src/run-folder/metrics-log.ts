// metrics.jsonl: one record a line, appended and flushed; cut back to the checkpoint when a run is resumed.
import { closeSync, fsyncSync, ftruncateSync, openSync, readFileSync } from "node:fs";
import { appendLine, type WriteCalls } from "../durable-file.ts";
import type { MetricsRecord } from "../train/events.ts";
import type { Scores } from "../train/objective.ts";

/** Appends a record; after a failure the file is as before. */
export function appendRecord<S extends Scores>(
  path: string,
  record: MetricsRecord<S>,
  calls?: WriteCalls,
): void {
  appendLine(path, JSON.stringify(record), calls);
}

/** The bytes of the file; none when there is no file. */
export function readMetrics(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return Buffer.alloc(0);
    throw error;
  }
}

/**
 * Keeps the records of the epochs 1 to `epochs` and cuts off what comes after them: later epochs, the test record, a
 * half-written line. Throws when the file does not begin with those epochs.
 */
export function cutMetrics(path: string, epochs: number): void {
  const bytes = readMetrics(path);
  let end = 0;
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const lineEnd = bytes.indexOf("\n", end);
    if (lineEnd < 0 || !isEpoch(bytes.toString("utf8", end, lineEnd), epoch)) {
      throw new Error(
        `${path}: line ${epoch} must be the record of epoch ${epoch}, because last.safetensors goes on after epoch ${epochs}; put the file back, or train anew in another run folder`,
      );
    }
    end = lineEnd + 1;
  }
  if (end === bytes.length) return;
  const file = openSync(path, "r+");
  try {
    ftruncateSync(file, end);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function isEpoch(line: string, epoch: number): boolean {
  try {
    const record = JSON.parse(line) as MetricsRecord | null;
    return record?.type === "epoch" && record.epoch === epoch;
  } catch {
    return false;
  }
}
