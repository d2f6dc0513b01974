// The process of one trial: told which by its command line, it tells what goes on to the process that started it.
import { openStudy } from "../study-folder/index.ts";
import { copier } from "./copy-run.ts";
import { runStudyTrial } from "./run-trial.ts";
import type { TrialMessage, TrialOrder } from "./trial-process-messages.ts";

const order = JSON.parse(process.argv[2]!) as TrialOrder;

/** Ends the run with a checkpoint: by a signal, or when who started it is gone. */
const ending = new AbortController();
const end = () => ending.abort(new Error("interrupted"));
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) process.on(signal, end);
process.on("disconnect", end);

/** Nobody may be left to hear it. */
const tell = (told: TrialMessage): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected) process.send!(told, () => resolve());
    else resolve();
  });

/** A training that has done a step has taken most of what it will. */
let measuring: NodeJS.Timeout | null = null;
const measure = () => tell({ type: "memory", bytes: process.memoryUsage.rss() });
const beginToMeasure = () => {
  measure();
  return setInterval(measure, 1000);
};

const copies = copier(order, (path) => tell({ type: "copy", path }));
process.on("message", copies.taken);
const study = openStudy(order.study);
const outcome = await runStudyTrial(study, order.trial, order.machine, {
  signal: ending.signal,
  onSaved: copies.saved,
  onEvent(event) {
    if (event.type === "message") console.log(event.text);
    if (event.type === "epoch") console.log(JSON.stringify(event));
    if (event.type === "step") measuring ??= beginToMeasure();
    tell({ type: "run", event });
  },
});
clearInterval(measuring ?? undefined);
if (outcome.state === "failed") console.error(outcome.message);
await tell({ type: "end", outcome });
process.off("disconnect", end);
if (process.connected) process.disconnect();
