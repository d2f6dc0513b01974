// Flags of all commands that have runs of a study run.
import type { Command } from "commander";
import { settingsError } from "../config/settings.ts";
import type { Executor } from "../execute/executor.ts";

export interface PlaceFlags {
  readonly on: string;
  readonly parallel?: string;
}

export function addPlaceFlags(command: Command): Command {
  return command
    .option(
      "--on <place>",
      "where runs run: local, redis://host:port (machines with cutout worker), or slurm[:partition]",
      "local",
    )
    .option(
      "--parallel <number>",
      "runs at a time on this machine (default: one a processor, as far as memory allows)",
    );
}

/** Of an option that can be given several times. */
export const several = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** @throws CutoutError when it is no whole number from 1 to `most` */
export function countFrom(where: string, text: string, most = Number.POSITIVE_INFINITY): number {
  if (/^0*[1-9]\d{0,8}$/.test(text.trim()) && Number(text) <= most) return Number(text);
  const range = most === Number.POSITIVE_INFINITY ? ">= 1" : `from 1 to ${most}`;
  throw settingsError({ where, what: `must be an integer ${range}`, got: text });
}

export async function executorFrom({ on, parallel }: PlaceFlags): Promise<Executor> {
  const { executorOn } = await import("../execute/places.ts");
  return executorOn(on, { parallel: parallel === undefined ? null : countFrom("--parallel", parallel) });
}
