// A worker that is impatient: redis-worker.ts '{ "url": ..., "work": ..., "data": null, "parallel": 1 }'.
import { work } from "../../src/execute/redis/worker.ts";

const options = JSON.parse(process.argv[2]!);
const ending = new AbortController();
process.on("SIGTERM", () => ending.abort(new Error("interrupted")));
await work({
  ...options,
  threads: 1,
  signal: ending.signal,
  tell: (text: string) => console.log(text),
  times: { lock: 4000, stalled: 1000, look: 100, copy: 0 },
});
