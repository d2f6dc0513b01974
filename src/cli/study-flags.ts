// Flags of all commands that have runs of a study run.
import type { Command } from "commander";
import { settingsError } from "../config/settings.ts";
import type { Executor } from "../execute/executor.ts";

export interface PlaceFlags {
  readonly parallel?: string;
}

export function addPlaceFlags(command: Command): Command {
  return command.option(
    "--parallel <number>",
    "runs at a time on this machine (default: one a processor, as far as memory allows)",
  );
}

export async function executorFrom({ parallel }: PlaceFlags): Promise<Executor> {
  const { localProcesses } = await import("../execute/local.ts");
  const number = parallel === undefined ? null : Number(parallel);
  if (number !== null && !(Number.isInteger(number) && number >= 1)) {
    throw settingsError({ where: "--parallel", what: "must be an integer >= 1", got: parallel! });
  }
  return localProcesses({ parallel: number });
}
