// What a run keeps, by names of things: a run folder does it with files, a test or a browser in another way.
import type { Crops } from "../augment/index.ts";
import type { MetricsRecord } from "./events.ts";
import type { TrainingState } from "./network-session.ts";
import type { Scores } from "./objective.ts";

/** `last`: all that is needed to go on. `best`: parameters and buffers of the best epoch on validation, where there is such a part. */
export type CheckpointName = "last" | "best";

export interface StoredCheckpoint {
  /** For messages: a file's path. */
  readonly where: string;
  readonly state: TrainingState;
  /** What was given when it was written: plain JSON. */
  readonly position: unknown;
}

/** The kept weights on the test part. */
export type Evaluated<S extends Scores> = {
  readonly crops: Crops;
  readonly epoch: number;
  readonly score: S["score"];
} & S["details"];

type Awaitable<T> = T | Promise<T>;

/** Whatever writes must be over, and lasting, when it returns or its promise is kept. */
export interface RunStorage<S extends Scores = Scores> {
  /** For messages: a folder's path. */
  readonly name: string;
  /** Whether there is anything of an earlier run. */
  hasRun(): Awaitable<boolean>;
  /**
   * Replaces a checkpoint as a whole: a failure leaves the one of before.
   * @param position plain JSON
   */
  writeCheckpoint(name: CheckpointName, state: TrainingState, position: unknown): Awaitable<void>;
  /** @throws when it is missing or damaged */
  readCheckpoint(name: CheckpointName): Awaitable<StoredCheckpoint>;
  /** Where the checkpoints are that there are, for messages. */
  checkpoints(): Awaitable<readonly string[]>;
  /** Adds a record of the metrics; a failure leaves those of before. */
  appendRecord(record: MetricsRecord<S>): Awaitable<void>;
  /**
   * Keeps the records of the epochs 1 to `epochs` and drops what comes after them.
   * @throws when the records do not begin with those epochs
   */
  cutRecords(epochs: number): Awaitable<void>;
  /** Called once in a run that ends, before the test's record: that record says that the run is finished. */
  writeEvaluation(evaluation: Evaluated<S>): Awaitable<void>;
}
