// `npm run bench -- WORK ...`: images per second of this engine and its peers, in one run, rounds alternating.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { augmentPeers } from "./augment.ts";
import { describeMachine, printMachine } from "./machine.ts";
import { networkPeers } from "./network-engines.ts";
import { benchModels } from "./networks.ts";
import { printRows } from "./table.ts";
import type { BenchOptions, LayerRow, Row } from "./work.ts";
import { works } from "./works.ts";

const list = (text: string) => text.split(",").filter((word) => word !== "");

const positive = (text: string) => {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
};

const whole = (text: string) => {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return value;
};

const peers = [...new Set([...networkPeers, ...augmentPeers])];

const among =
  (names: readonly string[]) =>
  (text: string): readonly string[] => {
    const chosen = text === "none" ? [] : list(text);
    const unknown = chosen.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new InvalidArgumentError(`It must be among ${names.join(", ")}; got ${unknown}.`);
    return chosen;
  };

const descriptions = Object.entries(works).map(([name, { about }]) => `${name}: ${about}`);

const program = new Command("bench")
  .argument("<works...>", descriptions.join("; "))
  .option("--models <names>", `networks, comma between: ${benchModels.join(", ")}`, among(benchModels), [
    "resnet18",
  ])
  .option("--batch <sizes>", "batch sizes, comma between", (text) => list(text).map(whole), [128])
  .option("--peers <names>", `comma between, or none: ${peers.join(", ")}; all when left out`, among(peers))
  .option("--cases <words>", "only the cases of a work whose name has one of these words", list, [])
  .option("--seconds <s>", "length of a round", positive, 10)
  .option("--rounds <n>", "rounds of each engine", whole, 5)
  .option("--threads <n>", "threads of each engine", whole, Math.min(2, availableParallelism()))
  .option("--photos <folder>", "JPEGs for the work that decodes; painted ones when left out")
  .option("--out <file>", "JSON rows")
  .action(async (names: readonly string[], { out, photos = null, ...rest }) => {
    const unknown = names.find((name) => !Object.hasOwn(works, name));
    if (unknown !== undefined) {
      program.error(`bench: work must be among ${Object.keys(works).join(", ")}, got ${unknown}`);
    }
    const options: BenchOptions = { peers, ...rest, photos };
    const machine = await describeMachine(options.threads);
    printMachine(machine);
    const rows: (Row | LayerRow)[] = [];
    for (const name of names) {
      rows.push(...(await works[name]!.run(options)));
      // After each work: what was measured is not lost when a later one fails.
      if (out) writeFileSync(out, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
    }
    printRows(rows.filter((row) => "engine" in row));
  });

await program.parseAsync();
