// Where a run stands between two steps: with the state's tensors, all that is needed to go on exactly.
import { z } from "zod";
import { CutoutError } from "../error.ts";
import type { PlateauState } from "../optim/schedule.ts";

const count = z.int().nonnegative();
const number = z.number();

const positionSchema = z.strictObject({
  /** What must be the same for a resumed run. */
  identity: z.record(z.string(), z.json()),
  /** Epochs that have ended, validation counted in. */
  epoch: count,
  /** Steps taken in the epoch that is now running. */
  stepInEpoch: count,
  /** Sums over the steps of the epoch that is now running; those of other names are the objective's. */
  running: z
    .object({
      /** Of the batches' mean losses. */
      loss: number,
      /** Wall-clock seconds. */
      seconds: number,
      /** Steps, and their seconds, that count for the speed (not those that compile). */
      timedSteps: count,
      timedSeconds: number,
    })
    .catchall(number),
  plateau: z.strictObject({ learningRate: number, best: number.nullable(), badEpochs: count }).nullable(),
  /** The best epoch on validation so far, with the scores that made it so; null without validation. Early stopping counts from its number. */
  best: z.object({ epoch: count }).catchall(number).nullable(),
});

export type Position = Readonly<z.infer<typeof positionSchema>>;
export type Identity = Position["identity"];

const nothingRunning: Position["running"] = { loss: 0, seconds: 0, timedSteps: 0, timedSeconds: 0 };

export function startOf(identity: Identity, plateau: PlateauState | null): Position {
  return { identity, epoch: 0, stepInEpoch: 0, running: nothingRunning, plateau, best: null };
}

/** The start of the next epoch. */
export function nextEpoch(
  position: Position,
  { plateau, best }: Pick<Position, "plateau" | "best">,
): Position {
  const { identity, epoch } = position;
  return { identity, epoch: epoch + 1, stepInEpoch: 0, running: nothingRunning, plateau, best };
}

/** Reads what a checkpoint holds. Throws an error naming it and the field. */
export function parsePosition(where: string, json: unknown): Position {
  const parsed = positionSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const { path: field, message } = parsed.error.issues[0]!;
  throw new CutoutError({
    where,
    what: `not the checkpoint of a run that can be resumed, ${field.join(".")}: ${message}`,
  });
}

/** Throws an error that names every setting in which the run to resume differs; it may get another length. */
export function checkIdentity(where: string, before: Identity, now: Identity): void {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const differences = keys
    .filter((key) => key !== "epochs" && !sameJson(before[key], now[key]))
    .map((key) => `${key} was ${JSON.stringify(before[key])}, is ${JSON.stringify(now[key])}`);
  if (differences.length > 0) {
    throw new CutoutError({
      where: "resume",
      what: `must have the settings and data that ${where} was trained with`,
      remedy: `${differences.join("; ")}. Use the same ones again, or train anew in another run folder`,
    });
  }
}

/** The same whatever the order of an object's fields. */
function sameJson(a: unknown, b: unknown): boolean {
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return a === b;
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameJson(a[key as keyof typeof a], b[key as keyof typeof b]))
  );
}
