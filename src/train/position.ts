// Where a run stands between two steps: with the state's tensors, all that is needed to go on exactly.
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Dataset, Split } from "../data/index.ts";

const count = z.int().nonnegative();
const number = z.number();

const positionSchema = z.strictObject({
  /** What must be the same for a resumed run. */
  identity: z.record(z.string(), z.json()),
  /** Epochs that have ended, validation counted in. */
  epoch: count,
  /** Steps taken in the epoch that is now running. */
  stepInEpoch: count,
  /** Sums over the steps of the epoch that is now running. */
  running: z.strictObject({
    /** Of the batches' mean losses. */
    loss: number,
    /** Images classified rightly while they were learnt. */
    correct: count,
    /** Wall-clock seconds. */
    seconds: number,
    /** Steps, and their seconds, that count for the speed (not those that compile). */
    timedSteps: count,
    timedSeconds: number,
  }),
  plateau: z.strictObject({ learningRate: number, best: number.nullable(), badEpochs: count }).nullable(),
  /** The best epoch on validation so far. Early stopping counts from its number. */
  best: z.strictObject({ epoch: count, top1: number, loss: number }).nullable(),
});

export type Position = Readonly<z.infer<typeof positionSchema>>;
export type Identity = Position["identity"];

export const nothingRunning: Position["running"] = {
  loss: 0,
  correct: 0,
  seconds: 0,
  timedSteps: 0,
  timedSeconds: 0,
};

/** Reads what `loadCheckpoint` gave. Throws an error naming the file and the field. */
export function parsePosition(path: string, json: unknown): Position {
  const parsed = positionSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path: field, message } = parsed.error.issues[0]!;
  throw new Error(`${path}: not the checkpoint of a run that can be resumed, ${field.join(".")}: ${message}`);
}

/** Tells whether two splits put the same images into the same parts. */
export function splitDigest(split: Split): string {
  const hash = createHash("sha256");
  for (const part of [split.train, split.validation, split.test]) {
    hash.update(`${part.length}:`).update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return hash.digest("hex").slice(0, 32);
}

/** The options, and digests of the data and its split. */
export function identityOf(options: object, dataset: Dataset, split: Split): Identity {
  return JSON.parse(JSON.stringify({ ...options, data: dataset.fingerprint, split: splitDigest(split) }));
}

/** Throws an error that names every setting in which the run to resume differs. */
export function checkIdentity(path: string, before: Identity, now: Identity): void {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const differences = keys
    .filter((key) => !isDeepStrictEqual(before[key], now[key]))
    .map((key) => `${key} was ${JSON.stringify(before[key])}, is ${JSON.stringify(now[key])}`);
  if (differences.length > 0) {
    throw new Error(
      `resume: must have the settings and data that ${path} was trained with; ${differences.join("; ")}. Use the same ones again, or train anew in another run folder`,
    );
  }
}
