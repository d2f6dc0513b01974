// `cutout train --dry-run`: what would be trained, and for how long; no run folder is made.
import type { Settings } from "../config/config.ts";
import type { DryRun } from "../run/dry-run.ts";
import { counted, dottedKeys, duration, whole } from "../text.ts";
import { say } from "./console.ts";
import { createProgress } from "./progress.ts";

/** @param json one object on standard output, for programs */
export async function sayDryRun(settings: Settings, json: boolean): Promise<void> {
  const { dryRun } = await import("../run/dry-run.ts");
  const progress = createProgress(process.stderr);
  try {
    const found = await dryRun(settings, (event) => {
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
