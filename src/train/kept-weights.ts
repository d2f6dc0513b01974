// The weights that a training keeps: those of its best epoch on validation, or of its last.
import { CutoutError } from "../error.ts";
import type { Scores } from "./objective.ts";
import type { Position } from "./position.ts";
import type { TrainArguments } from "./train-arguments.ts";

/**
 * The session has them afterwards.
 * @param position at the end of a training
 * @returns the epoch that they are of
 */
export async function loadKept<S extends Scores>(
  { session, storage, options }: TrainArguments<S>,
  { epoch, stepInEpoch, best }: Position,
): Promise<number> {
  if (options.keep === "best") {
    await loadBest(session, storage, best!.epoch);
    return best!.epoch;
  }
  if (stepInEpoch === 0) return epoch;
  throw new CutoutError({
    where: storage.name,
    what: `the weights to be kept must be those of an epoch's end`,
    got: `those of step ${stepInEpoch} in epoch ${epoch + 1}`,
    remedy: "let that epoch end, too",
  });
}

async function loadBest<S extends Scores>(
  session: TrainArguments<S>["session"],
  storage: TrainArguments<S>["storage"],
  epoch: number,
): Promise<void> {
  const { where, state, position } = await storage.readCheckpoint("best");
  const found = (position as { readonly epoch?: unknown } | null)?.epoch;
  if (found !== epoch) {
    throw new CutoutError({ where, what: `must be of epoch ${epoch}, the best one`, got: `epoch ${found}` });
  }
  const { optimizer } = await session.state();
  await session.load({ ...state, optimizer });
}
