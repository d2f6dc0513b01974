// How a run ended, in words: for the terminal and the page.
import type { ShownRun } from "../run-folder/index.ts";
import { counted } from "../text.ts";
import { bestEpoch } from "./charts.ts";

/** What the run folder does not tell. */
export interface Cause {
  /** The error that ended the run, where it could not be written into its folder. */
  readonly failure?: string | null;
  /** Who interrupted it: `Ctrl-C`. */
  readonly by?: string | null;
}

/** What runs of all kinds tell of it. */
type EndedRun = Pick<ShownRun, "config" | "failure"> & {
  readonly epochs: readonly {
    readonly epoch: number;
    readonly best: boolean;
    readonly validation: unknown;
  }[];
  readonly test: unknown;
};

/** What follows "the training": `ended after all 15 epochs`, `was interrupted by Ctrl-C after epoch 4 of 500`; null when nothing is known. */
export function endingText(
  { config, epochs, test, failure: kept }: EndedRun,
  { failure = kept?.reason ?? null, by = null }: Cause = {},
): string | null {
  const last = epochs.at(-1)?.epoch ?? 0;
  const planned = config?.epochs;
  if (planned === undefined) return failure === null ? null : `ended by an error: ${failure}`;
  const at = last === 0 ? "before the first epoch had ended" : `after epoch ${last} of ${planned}`;
  if (failure !== null) return `ended by an error ${at}: ${failure}`;
  if (last >= planned)
    return planned === 1 ? "ended after its one epoch" : `ended after all ${planned} epochs`;
  const patience = config?.earlyStopping?.patience;
  const best = bestEpoch(epochs)?.epoch;
  if (patience !== undefined && best !== undefined && last - best >= patience) {
    return `ended ${at}: no better ${config?.objective.kind === "classify" ? "validation accuracy" : "loss in validation"} than that of epoch ${best} for ${counted(patience, "epoch")} (early stopping)`;
  }
  if (test !== null) return `ended ${at}`;
  return `was interrupted ${by === null ? "" : `by ${by} `}${at}`;
}
