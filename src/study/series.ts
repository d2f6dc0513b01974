// Several runs, one after the other.
import type { Settings } from "../config/config.ts";
import type { ExecutionEvent, Executor } from "../execute/executor.ts";

/** One of the runs of a study. */
export interface Arm {
  /** `with Cutout` */
  readonly title: string;
  readonly config: Settings;
}

/** What happens in a series: which arm begins, and what its run tells. */
export type SeriesEvent = ExecutionEvent | { readonly type: "arm"; readonly arm: Arm };

/** Trains each arm in a run folder of its own; ends after the first that does not end by itself. */
export async function* series(
  arms: readonly Arm[],
  execute: Executor,
  signal: AbortSignal,
): AsyncGenerator<SeriesEvent> {
  for (const arm of arms) {
    yield { type: "arm", arm };
    for await (const event of execute(arm.config, null, signal)) {
      yield event;
      if (event.type === "end" && event.result.status !== "finished") return;
    }
  }
}
