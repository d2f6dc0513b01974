// `cutout find-lr`: the learning rate at which the loss is lowest, with its picture.
import { type Command, InvalidArgumentError } from "commander";
import { type GivenFlags, settingsFrom } from "../config/flags.ts";
import { decimal, printable } from "../text.ts";
import { namedBy, say, tell } from "./console.ts";
import { checkOutFile, writeOutFile } from "./out-file.ts";
import { createProgress } from "./progress.ts";
import { addSettingFlags } from "./setting-flags.ts";

interface FindFlags extends GivenFlags {
  readonly lowest?: number;
  readonly highest?: number;
  readonly steps: number;
  readonly out: string;
  readonly json?: boolean;
}

export function addFindRate(program: Command): void {
  const command = program
    .command("find-lr")
    .summary("find a learning rate: the loss while it grows")
    .description(
      "Takes one training step for each of two hundred learning rates, which grow exponentially (Smith 2017), until the " +
        "loss grows out of bounds. Suggests the rate at which it was lowest and writes a page with the curve. " +
        "Takes the settings of train; trains anew, and leaves run folders alone.",
    )
    .argument("[data]", "as for train")
    .option("--lowest <rate>", "first rate (default: a hundredth of the usual one)", positive)
    .option("--highest <rate>", "last rate (default: a hundred times the usual one)", positive)
    .option("--steps <number>", "steps from the one to the other", manySteps, 200)
    .option("--out <file>", "HTML file to write", "find-lr.html")
    .option("--json", "print rates, losses and the suggestion as JSON");
  addSettingFlags(command).action(findAction);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value)))
    throw new InvalidArgumentError(`must be a number > 0, got ${text}`);
  return value;
}

function manySteps(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 20 || value > 10_000)
    throw new InvalidArgumentError(`must be an integer from 20 to 10000, got ${text}`);
  return value;
}

async function findAction(data: string | undefined, flags: FindFlags): Promise<void> {
  const { lowest, highest, steps, out, json } = flags;
  const { settings, nameOf, notes } = settingsFrom(data, flags);
  notes.forEach(tell);
  checkOutFile("--out", out, ".html");
  const { findRate } = await import("../run/find-rate.ts");
  const { ratePage, suggestionText } = await import("../report/rate-page.ts");
  const progress = createProgress(process.stderr);
  try {
    const range = {
      steps,
      ...(lowest !== undefined && { lowest }),
      ...(highest !== undefined && { highest }),
    };
    const found = await namedBy(nameOf, findRate(settings, range, progress.onEvent));
    progress.clear();
    const { config, points, smooth, suggestion, blewUp } = found;
    const usual = config.schedule.learningRate;
    const shown = {
      data: printable(config.data),
      network: config.model.name,
      optimizer: config.optimizer.name,
      batchSize: config.batchSize,
      points,
      smooth,
      suggestion,
      usual,
      blewUp,
    };
    writeOutFile(out, Buffer.from(await ratePage(shown)));
    if (json) {
      const rate = suggestion.kind === "rate" ? suggestion.rate : null;
      say(
        JSON.stringify({
          suggestion: rate,
          usual,
          blewUp,
          range: found.range,
          points,
          smooth,
        }),
      );
    } else {
      const label = suggestion.kind === "rate" ? "suggestion" : "no suggestion";
      say(`${label}  ${suggestionText(shown)}`);
      say(
        blewUp
          ? `stopped     at ${decimal(points.at(-1)!.rate)}, where the loss had grown out of bounds`
          : `reached     ${decimal(points.at(-1)!.rate)}`,
      );
    }
    const tellFile = json ? tell : say;
    tellFile(`report      ${out}`);
  } finally {
    progress.clear();
  }
}
