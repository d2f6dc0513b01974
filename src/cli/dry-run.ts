// `--dry-run` of `cutout train` and `cutout pretrain`: what would be trained, and for how long; no run folder is made.
import type { Command } from "commander";
import { settingsError } from "../config/settings.ts";
import type { DryRun } from "../run/dry-run.ts";
import type { RunEvent } from "../run/events.ts";
import { counted, dottedKeys, duration, whole } from "../text.ts";
import type { Scores } from "../train/objective.ts";
import { say } from "./console.ts";
import { createProgress } from "./progress.ts";

/** The flags that it knows besides those of settings. */
interface DryRunFlags {
  readonly dryRun?: true;
  readonly json?: true;
  readonly out?: string;
}

export const addDryRun = (command: Command): Command =>
  command
    .option(
      "--dry-run",
      "only say what would be trained (config, parameters, operations, memory, time by a few timed steps)",
    )
    .option("--json", "with --dry-run: as JSON");

/**
 * Whether a dry run is wanted.
 * @throws CutoutError when flags do not go together
 */
export function wantsDryRun({ dryRun, json, out }: DryRunFlags): boolean {
  if (dryRun && out !== undefined) {
    throw settingsError({
      where: "--out",
      what: "is for a run, and --dry-run makes none",
      remedy: "leave one out",
    });
  }
  if (json && !dryRun) {
    throw settingsError({ where: "--json", what: "is for --dry-run", remedy: "add that, or leave it out" });
  }
  return dryRun === true;
}

/** @param json one object on standard output, for programs */
export async function sayDryRun<S extends Scores>(
  json: boolean,
  work: (onEvent: (event: RunEvent<S>) => void) => Promise<DryRun>,
): Promise<void> {
  const progress = createProgress(process.stderr);
  try {
    const found = await work((event) => {
      if (event.type === "progress" || event.type === "message") progress.onEvent(event);
    });
    progress.clear();
    say(json ? JSON.stringify(found) : formatDryRun(found));
  } finally {
    progress.clear();
  }
}

export function formatDryRun(found: DryRun): string {
  const { config, images, parameters, operationsPerStep, steps, memory, timed, secondsPerStep } = found;
  const { first, last } = timed;
  const which = first === last ? `step ${first}` : `steps ${first} to ${last}`;
  return [
    ...dottedKeys(config).map(([key, value]) => `${key}: ${value}`),
    "",
    `images      ${whole(images.train)} to train, ${whole(images.validation)} to validate, ${whole(images.test)} to test`,
    `parameters  ${whole(parameters)}`,
    `operations  ${(operationsPerStep / 1e9).toFixed(1)} billion a step (convolutions and linear layers, with gradients)`,
    `memory      ${whole(Math.round(memory / 2 ** 20))} MiB, the most up to the last timed step`,
    `time        about ${duration(found.seconds)} for ${counted(steps, "step")}: ${(1000 * secondsPerStep).toFixed(0)} ms each by ${which}, ${config.progressive === null ? "" : "smaller images by their pixels, "}validation and test guessed`,
    "nothing was written but the cache of decoded images",
  ].join("\n");
}
