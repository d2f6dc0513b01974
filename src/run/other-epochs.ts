// Whether a run can get another number of epochs where it stands.
import { settingsError } from "../config/settings.ts";
import { CutoutError } from "../error.ts";
import { firstAveraged } from "../optim/average.ts";
import { checkpointPath, hasCheckpoint, loadCheckpoint, type OpenRun } from "../run-folder/index.ts";
import { counted, shellWord } from "../text.ts";
import type { Scores } from "../train/objective.ts";
import type { RunKind } from "./run-kind.ts";

/** What all kinds of runs have. */
type SomeRun = Pick<OpenRun, "path" | "config"> & { readonly epochs: readonly unknown[] };

/**
 * A run may get another length, but not one that is behind it.
 * @throws CutoutError about the epochs
 */
export function checkOtherEpochs(command: RunKind<Scores>["command"], run: SomeRun, epochs: number): void {
  const done = run.epochs.length;
  if (epochs < done) {
    throw settingsError({
      field: "epochs",
      what: `must be at least the ${done} epochs that the run has done`,
      got: String(epochs),
      remedy: `to end it here, --epochs ${done}`,
    });
  }
  if (done === 0) return;
  checkOtherMean(run, epochs);
  const last = positionIn(run, "last");
  if (
    run.config.keep === "last" &&
    epochs === done &&
    last.stepInEpoch !== undefined &&
    last.stepInEpoch > 0
  ) {
    throw settingsError({
      field: "epochs",
      what: `must be at least ${done + 1}, because the run keeps its last epoch and stands within that one (${counted(last.stepInEpoch, "step")})`,
      got: String(epochs),
      remedy: "its best epoch so far can be used as it is: predict, eval and export take the run",
    });
  }
  if (!hasCheckpoint(run.path, "best")) return;
  // Killed between the two: the epoch would now be learnt at other rates, and its weights of before are those of the best.
  const best = positionIn(run, "best");
  if (best.epoch <= last.epoch) return;
  throw new CutoutError({
    where: run.path,
    what: `the run was killed while it kept epoch ${best.epoch}, and its length cannot be changed there`,
    remedy: `go on with it for that epoch first: cutout ${command} --resume ${shellWord(run.path)}`,
  });
}

/** Weights of the epochs that the mean over the last of the new ones would need are no longer there, or are in it too many. */
function checkOtherMean({ config: { average }, epochs: { length: done } }: SomeRun, epochs: number): void {
  if (average?.name !== "last") return;
  const first = firstAveraged(average, epochs);
  if (first > done) return;
  throw settingsError({
    field: "epochs",
    what: `must be so many that those of --average last:share=${average.share} begin after the ${counted(done, "epoch")} that the run has done`,
    got: `${epochs}, where they begin with epoch ${first}`,
    remedy: "to go on as it was planned, leave --epochs out",
  });
}

function positionIn({ path }: Pick<OpenRun, "path">, name: "best" | "last") {
  const { position } = loadCheckpoint(checkpointPath(path, name));
  return position as { readonly epoch: number; readonly stepInEpoch?: number };
}
