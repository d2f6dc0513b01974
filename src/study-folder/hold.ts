// A study is conducted by one process; the second one is told by which.
import { holdRun, type RunHold } from "../run-folder/hold.ts";

/**
 * Holds a study folder for this process, as a run folder is held.
 * @throws CutoutError that says who holds it
 */
export const holdStudy = (path: string, signal?: AbortSignal): Promise<RunHold> =>
  holdRun(path, {
    what: "the study",
    gone: "go on with it where it is now: cutout study resume",
    ...(signal !== undefined && { signal }),
  });
