// What a run keeps, in memory: nothing of a disk.
import type { ClassScores } from "../../src/train/evaluation.ts";
import type { MetricsRecord } from "../../src/train/events.ts";
import type { Scores } from "../../src/train/objective.ts";
import type { Evaluated, RunStorage, StoredCheckpoint } from "../../src/train/storage.ts";

export interface MemoryStorage<S extends Scores> extends RunStorage<S> {
  readonly records: readonly MetricsRecord<S>[];
  /** Every evaluation that was written. */
  readonly evaluations: readonly Evaluated<S>[];
  /** What was written, in order: `last`, `best`, `epoch`, `evaluation`, `test`. */
  readonly writes: readonly string[];
}

/** Each call is answered later, as a browser's storage does. */
export function memoryStorage<S extends Scores = ClassScores>(): MemoryStorage<S> {
  const checkpoints = new Map<string, StoredCheckpoint>();
  const records: MetricsRecord<S>[] = [];
  const evaluations: Evaluated<S>[] = [];
  const writes: string[] = [];
  const later = () => new Promise<void>((resolve) => setTimeout(resolve));
  return {
    name: "memory",
    records,
    evaluations,
    writes,
    async hasRun() {
      await later();
      return checkpoints.has("last") || records.length > 0;
    },
    async writeCheckpoint(name, state, position) {
      await later();
      writes.push(name);
      checkpoints.set(name, structuredClone({ where: `${name} in memory`, state, position }));
    },
    async readCheckpoint(name) {
      await later();
      const found = checkpoints.get(name);
      if (found === undefined) throw new Error(`memory: there must be a checkpoint ${name}`);
      return structuredClone(found);
    },
    checkpoints: () => [...checkpoints.values()].map(({ where }) => where),
    async appendRecord(record) {
      await later();
      writes.push(record.type);
      records.push(structuredClone(record));
    },
    cutRecords: (epochs) => {
      records.splice(epochs);
    },
    async writeEvaluation(evaluation) {
      await later();
      writes.push("evaluation");
      evaluations.push(structuredClone(evaluation));
    },
  };
}
