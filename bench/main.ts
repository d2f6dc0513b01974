// `npm run bench -- WORK ...`: images per second of this engine and its peers, in one run, rounds alternating.
import { closeSync, openSync, writeFileSync } from "node:fs";
import { describeMachine, printMachine } from "./machine.ts";
import { readCommand } from "./options.ts";
import { printRows } from "./table.ts";
import type { AnyRow, Row } from "./work.ts";
import { works } from "./works.ts";

const { names, options, out } = readCommand(process.argv.slice(2));
const rows: AnyRow[] = [];

// A file that cannot be written is told at once, not when everything has been measured.
try {
  if (out !== null) closeSync(openSync(out, "a"));
} catch (error) {
  console.error(`bench: --out must be a file that can be written (${(error as Error).message})`);
  process.exit(1);
}

const machine = await describeMachine(options.threads);
printMachine(machine);
for (const name of names) {
  rows.push(...(await works[name]!.run(options)));
  // After each work: what was measured is not lost when a later one fails.
  if (out !== null) writeFileSync(out, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
}
printRows(rows.filter((row): row is Row => row.work !== "layers" && row.work !== "profile"));
