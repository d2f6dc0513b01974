// The options of whoever uses a trained network: which weights, and where it runs.
import { type Command, InvalidArgumentError, Option } from "commander";
import { viewsNames } from "../config/views.ts";
import type { ClassifierOptions, Weights } from "../run/classifier.ts";
import type { DeviceChoice } from "../run/device.ts";
import { printable } from "../text.ts";
import { tell } from "./console.ts";
import type { Progress } from "./progress.ts";

export interface ModelOptions {
  readonly crops?: (typeof viewsNames)[number];
  readonly weights?: Weights;
  readonly device?: DeviceChoice;
  readonly threads?: number;
}

export function weightsOption(): Option {
  return new Option(
    "--weights <which>",
    "which checkpoint of the run: the best epoch on validation, or the last state (default: what the run keeps)",
  ).choices(["best", "last"]);
}

/** Adds `--weights`, `--crops`, `--device` and `--threads`. */
export function addModelOptions(command: Command): Command {
  command
    .addOption(weightsOption())
    .addOption(
      new Option(
        "--crops <views>",
        "views of an image: its centre, or ten or six views averaged (default: the run's)",
      ).choices(viewsNames),
    );
  return addDeviceOptions(command, "on a graphics card if the run did and there is one here, else cpu");
}

/** Adds `--device` and `--threads`. @param usually the device where none is told, for the help */
export function addDeviceOptions(command: Command, usually: string): Command {
  return command
    .addOption(
      new Option("--device <name>", `where the network runs (default: ${usually})`).choices([
        "cpu",
        "webgpu",
        "auto",
      ]),
    )
    .addOption(
      new Option(
        "--threads <number>",
        "processor threads for the network (default: the run's, but no more than there are here)",
      ).argParser(wholeNumber),
    );
}

export function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError(`must be an integer >= 1, got ${text}`);
  return value;
}

/** What is told and how far it is, on standard error. */
export function classifierOptions(
  { weights, device, threads }: ModelOptions,
  progress: Progress,
): ClassifierOptions {
  return {
    weights,
    device,
    threads,
    onEvent(event) {
      if (event.type === "progress") progress.onProgress(event.done, event.total, event.what);
      else {
        progress.clear();
        tell(printable(event.text));
      }
    },
  };
}
