// A coordinator that conducts the open trials of a study and notes each that it counts: redis-coordinator.ts URL STUDY NOTES.
import { appendFileSync } from "node:fs";
import { redisQueue } from "../../src/execute/redis/queue.ts";
import { conductedOf, openStudy } from "../../src/study-folder/index.ts";

const [url, path, notes] = process.argv.slice(2) as [string, string, string];
const study = openStudy(path);
const open = conductedOf(study).flatMap(({ trial, outcome }) =>
  outcome.state === "finished" ? [] : [trial],
);
const executor = redisQueue({ url });
for await (const event of executor.run(study, open, new AbortController().signal)) {
  if (event.type === "end") appendFileSync(notes, `${event.trial} ${JSON.stringify(event.outcome)}\n`);
}
await executor.close();
