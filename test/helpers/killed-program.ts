// The program as a process that kills itself with SIGKILL in the second epoch of the run in the folder RUN:
// killed-program.ts RUN WORDS...
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main } from "../../src/cli/program.ts";

const [runDir, ...words] = process.argv.slice(2);
const metrics = join(runDir!, "metrics.jsonl");

// From outside the moment would depend on what else the machine does; here it comes between two steps at the latest.
const watch = setInterval(() => {
  if (!existsSync(metrics)) return;
  clearInterval(watch);
  const [first] = readFileSync(metrics, "utf8").split("\n");
  const { seconds } = JSON.parse(first!) as { readonly seconds: number };
  // Well into the epoch, and long before its end, however fast the machine is.
  setTimeout(() => process.kill(process.pid, "SIGKILL"), 100 * seconds);
}, 1);

await main(words);
