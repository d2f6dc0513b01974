// The command line of the benchmark.
import { availableParallelism } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import { augmentPeers } from "./augment.ts";
import { networkPeers } from "./network-engines.ts";
import { benchModels } from "./networks.ts";
import type { BenchOptions } from "./work.ts";
import { works } from "./works.ts";

/** One or more words with commas between. */
function list(text: string): readonly string[] {
  const words = text.split(",").filter((word) => word !== "");
  if (words.length === 0) throw new InvalidArgumentError("It must name something.");
  return words;
}

const positive = (text: string) => {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError("It must be a number above 0.");
  return value;
};

const whole = (text: string) => {
  const value = Number(text);
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new InvalidArgumentError("It must be a whole number from 1 on.");
  return value;
};

const peers: readonly string[] = [...new Set([...networkPeers, ...augmentPeers])];

const among =
  (names: readonly string[]) =>
  (text: string): readonly string[] => {
    const chosen = list(text);
    const unknown = chosen.find((name) => !names.includes(name));
    if (unknown !== undefined)
      throw new InvalidArgumentError(`It must be among ${names.join(", ")}; got ${unknown}.`);
    return chosen;
  };

const descriptions = Object.entries(works).map(([name, { about }]) => `${name}: ${about}`);

export interface BenchCommand {
  /** Names of `works`. */
  readonly names: readonly string[];
  readonly options: BenchOptions;
  /** Where the rows go; null for nowhere. */
  readonly out: string | null;
}

/**
 * What a command line asks for.
 * @param words without the program's own name
 * @param exits whether a mistake ends the process with a line about it; else it throws a CommanderError
 */
export function readCommand(words: readonly string[], exits = true): BenchCommand {
  const program = new Command("bench")
    .argument("<works...>", descriptions.join("; "))
    .option("--models <names>", `networks, comma between: ${benchModels.join(", ")}`, among(benchModels), [
      "resnet18",
    ])
    .option("--batch <sizes>", "batch sizes, comma between", (text) => list(text).map(whole), [128])
    .option("--peers <names>", `comma between, or none: ${peers.join(", ")}; all when left out`, (text) =>
      text === "none" ? [] : among(peers)(text),
    )
    .option("--cases <words>", "only the cases of a work whose name has one of these words", list, [])
    .option("--seconds <s>", "length of a round", positive, 10)
    .option("--rounds <n>", "rounds of each engine", whole, 5)
    .option("--threads <n>", "threads of each engine", whole, Math.min(2, availableParallelism()))
    .option("--photos <folder>", "JPEGs for the works that decode; painted ones when left out")
    .option("--out <file>", "JSON rows");
  if (!exits) program.exitOverride().configureOutput({ writeErr: () => {} });
  program.parse(words, { from: "user" });
  const unknown = program.args.find((name) => !Object.hasOwn(works, name));
  if (unknown !== undefined)
    program.error(`bench: work must be among ${Object.keys(works).join(", ")}, got ${unknown}`);
  const { out = null, photos = null, ...rest } = program.opts();
  return { names: program.args, options: { peers, ...rest, photos } as BenchOptions, out };
}
