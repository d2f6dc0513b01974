// `cutout sweep`: the accuracy over a setting, or over a grid of several, with the same seeds for every value.
import type { Command } from "commander";
import { conductNew } from "./conduct.ts";
import { checkValidation } from "./rule-flags.ts";
import { seedsFrom } from "./seeds.ts";
import { addSettingFlags } from "./setting-flags.ts";
import { addPlaceFlags, executorFrom, type PlaceFlags, several } from "./study-flags.ts";
import type { VariedFlags } from "./varied-settings.ts";

export function addSweep(program: Command): void {
  const command = program
    .command("sweep")
    .summary("train every value of a setting with several seeds, and draw the accuracy over it")
    .description(
      "Trains with each value of a list (--length 0,4,8,12,16; 0 is without Cutout) and each seed, and tells which is " +
        "best on the validation part and which cannot be told from it. Any flag with a single value takes a list with " +
        "commas; several lists make a grid. The test part is looked at once, at the end, for the chosen value and the " +
        "baseline.",
    )
    .argument("[data]", "the images")
    .option("--seeds <seeds>", "how many, from --seed on, or which: 3, 0-4, 1,5,7", "3")
    .option("--out <folder>", "study folder to make");
  addSetOptions(addPlaceFlags(command)).action(sweepAction);
}

/** Flags that lists and whole settings are given by. */
export function addSetOptions(command: Command): Command {
  return addSettingFlags(
    command
      .option(
        '--vary <"--flag v1 v2">',
        "values of any flag, in the words of a shell; can be given several times",
        several,
      )
      .option(
        '--arm <"flags">',
        'whole settings, flags of train or a config file, "" for none; given several times, each is set against the others',
        several,
      ),
  );
}

interface SweepFlags extends PlaceFlags, VariedFlags {
  readonly seeds: string;
  readonly out?: string;
}

async function sweepAction(data: string | undefined, flags: SweepFlags): Promise<void> {
  const executor = await executorFrom(flags);
  const { variedFrom } = await import("./varied-settings.ts");
  const { arms, ...varied } = await variedFrom(data, flags);
  const { settings } = arms[0];
  checkValidation(settings, "the choice of a value");
  const plan = { ...varied, seeds: seedsFrom("--seeds", flags.seeds, settings.seed) };
  await conductNew({ question: "sweep", plan, arms, out: flags.out ?? null }, executor);
}
