// The program as a process that kills itself with SIGKILL at one place of its writing:
// dying-program.ts CALL NUMBER before|after WORDS...; `after` is done before the kill. NUMBER 0 never kills, and tells the
// numbers of the calls on standard error, as JSON.
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const [call, number, when, ...words] = process.argv.slice(2);
const counts: Record<string, number> = {};

for (const name of ["renameSync", "linkSync", "fsyncSync"] as const) {
  counts[name] = 0;
  const real = fs[name] as (...args: unknown[]) => unknown;
  const counted = (...args: unknown[]): unknown => {
    const last = ++counts[name]! === Number(number) && name === call;
    if (last && when === "before") process.kill(process.pid, "SIGKILL");
    const result = real(...args);
    if (last) process.kill(process.pid, "SIGKILL");
    return result;
  };
  Object.assign(fs, { [name]: counted });
}
syncBuiltinESMExports();

const { main } = await import("../../src/cli/program.ts");
await main(words);
if (number === "0") process.stderr.write(`${JSON.stringify(counts)}\n`);
