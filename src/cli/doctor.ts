// `cutout doctor`: which treatment helps on these images, in the time that the user gives.
import { availableParallelism } from "node:os";
import type { Command } from "commander";
import { automatic, type ToldAugmentation } from "../config/augmentation-fields.ts";
import type { Settings } from "../config/config.ts";
import { secondsFrom } from "../config/duration-text.ts";
import { regularizerText } from "../config/flag-text.ts";
import { type GivenFlags, wordsOfFlags } from "../config/flags.ts";
import { settingsError } from "../config/settings.ts";
import { CutoutError } from "../error.ts";
import type { DoctorPlan } from "../study/questions/doctor-design.ts";
import type { Arm } from "../study-folder/index.ts";
import { duration, settingAt, shortForm } from "../text.ts";
import { conductNew } from "./conduct.ts";
import { tell } from "./console.ts";
import { createProgress } from "./progress.ts";
import { addRuleFlags, checkValidation, type RuleFlags, ruleFrom } from "./rule-flags.ts";
import { addSettingFlags } from "./setting-flags.ts";
import { addPlaceFlags, countFrom, executorFrom, type PlaceFlags, several } from "./study-flags.ts";
import { type Treatment, treatmentNames, treatments } from "./treatments.ts";

export function addDoctor(program: Command): void {
  const command = program
    .command("doctor")
    .summary("tell which treatment helps on these images, in the time that you give")
    .description(
      "Trains with each of several treatments for a few seeds and looks at the validation part; then compares the most " +
        "promising ones with the baseline, by pairs of runs with fresh seeds and the sequential sign-flip test. Flags " +
        "beside its own are for all runs. Where the time is too short for a verdict it says so.",
    )
    .argument("[data]", "the images")
    .option("--budget <time>", "time by the clock that the runs may take: 30m, 2h, 90s", "30m")
    .option(
      "--arms <names>",
      `treatments to try, separated by commas: ${treatmentNames.join(", ")} (default: all)`,
    )
    .option(
      "--arm <flags>",
      'a treatment of your own, as "--cutout 8 --fill random", beside those of --arms (can be given several times)',
      several,
    )
    .option("--out <folder>", "study folder to make");
  addSettingFlags(addPlaceFlags(addRuleFlags(command))).action(doctorAction);
}

interface DoctorFlags extends RuleFlags, PlaceFlags, GivenFlags {
  readonly budget: string;
  readonly arms?: string;
  readonly arm?: readonly string[];
  readonly out?: string;
}

/** Shares of the epochs, where the time does not suffice for all. */
const shares = [1, 1 / 2, 1 / 4] as const;

async function doctorAction(data: string | undefined, flags: DoctorFlags): Promise<void> {
  const budget = secondsFrom("--budget", flags.budget);
  const texts = textsFrom(flags);
  const rule = ruleFrom(flags);
  const parallel = atATime(flags);
  const executor = await executorFrom(flags);
  const { armFrom } = await import("./arm-settings.ts");
  const baseline = await armFrom("doctor", "", data, flags);
  checkValidation(baseline.settings, "the screening");
  const arms: Arm[] = [baseline];
  const epochs = [await epochsOf(baseline.settings)];
  for (const text of texts) {
    try {
      const arm = withThoseOfAll(baseline.settings, await armFrom("--arm", text, data, flags), text);
      if (arms.some(({ settings }) => JSON.stringify(settings) === JSON.stringify(arm.settings))) {
        throw settingsError({
          where: "--arm",
          what: "changes nothing, or the same as one before",
          got: text,
        });
      }
      epochs.push(await epochsOf(arm.settings));
      arms.push(arm);
    } catch (error) {
      // What was asked for must be possible; of what is tried by itself, that which fits is.
      if (!(error instanceof CutoutError) || flags.arms !== undefined || flags.arm !== undefined) throw error;
      tell(`${text} is left out: ${error.message}`);
    }
  }
  if (arms.length === 1) {
    throw settingsError({ where: "doctor", what: "has nothing to try: no treatment can be used here" });
  }
  const { schedule } = baseline.settings;
  const fixed = arms.some(({ settings }) => namesEpochs(settings));
  if (fixed)
    tell(`the schedule ${schedule.kind} names epochs, so no training is shortened to fit into the time`);
  const plan: DoctorPlan = {
    ...rule,
    firstSeed: baseline.settings.seed,
    budget,
    parallel,
    epochs,
    shares: fixed ? [1] : shares,
    measure: fixed ? null : 1,
    base: [baseline.settings.data, ...wordsOfAll(baseline.settings, flags)],
  };
  const [first, ...others] = arms as [Arm, ...Arm[]];
  tell(
    `${others.length} treatments in ${duration(budget)}, which begin now that the images are read: short runs measure first what a run takes`,
  );
  await conductNew({ question: "doctor", plan, arms: [first, ...others], out: flags.out ?? null }, executor);
}

/** How many runs go at a time, which the plan of the time counts on. */
function atATime({ on, parallel }: PlaceFlags): number {
  if (parallel !== undefined) return countFrom("--parallel", parallel);
  if (on === "local") return availableParallelism();
  throw settingsError({
    where: "--parallel",
    what: "must say how many runs go at a time there, as the time is planned by it",
    got: `nothing, with --on ${on}`,
  });
}

/** The flags of what is tried. */
function textsFrom({ arms, arm = [] }: DoctorFlags): readonly string[] {
  if (arms === undefined) return arm.length > 0 ? arm : treatmentNames.map((name) => treatments[name]);
  const names = arms.split(",").map((name) => name.trim());
  const unknown = names.find((name) => !treatmentNames.includes(name as Treatment));
  if (unknown !== undefined) {
    throw settingsError({
      where: "--arms",
      what: `must be names of ${treatmentNames.join(", ")}, separated by commas`,
      got: arms,
      remedy: 'flags of your own go into --arm "..."',
    });
  }
  return [...new Set(names)].map((name) => treatments[name as Treatment]).concat(arm as []);
}

/** Augmentations and regularizers of a treatment come to those that all runs have. */
function withThoseOfAll({ augment, regularize }: Settings, arm: Arm, text: string): Arm {
  const { settings } = arm;
  const added = <T extends Listed>(flag: string, ofAll: readonly T[], own: readonly T[]): T[] => {
    if (!new RegExp(`(^|\\s)${flag}\\b`).test(text)) return [...own];
    const listed = new Set(ofAll.map(calledAs));
    const twice = own.map(calledAs).find((name) => listed.has(name));
    if (twice === undefined) return [...ofAll, ...own];
    throw settingsError({ where: "--arm", what: `${twice} is in the baseline already`, got: text });
  };
  return {
    ...arm,
    settings: {
      ...settings,
      regularize: added("--regularize", regularize, settings.regularize),
      augment: {
        ...settings.augment,
        augmentations: added("--augment", augment.augmentations, settings.augment.augmentations),
      },
    },
  };
}

type Listed = ToldAugmentation | Settings["regularize"][number];

/** What must not be in a list twice: `trivial-augment`, `dropout@layer3`. */
function calledAs(one: Listed): string {
  if (one === automatic) return one;
  return "at" in one ? `${one.name}@${one.at}` : one.name;
}

/** The flags for all, with the lists of a config file, which those of a treatment would replace. */
function wordsOfAll({ augment, regularize }: Settings, flags: DoctorFlags): readonly string[] {
  const words = wordsOfFlags(flags);
  const listed = (flag: string, texts: readonly string[]) =>
    words.includes(flag) ? [] : texts.flatMap((text) => [flag, text]);
  return [
    ...words,
    ...listed("--regularize", regularize.map(regularizerText)),
    ...listed(
      "--augment",
      augment.augmentations.map((one) => (one === automatic ? automatic : shortForm(one.name, one.options))),
    ),
  ];
}

/** Whether another number of epochs would change what the schedule does. */
function namesEpochs({ schedule }: Settings): boolean {
  const warmup = settingAt(schedule, "warmupEpochs");
  return schedule.kind === "steps" || (typeof warmup === "number" && warmup > 0);
}

/** Epochs of a training; checks on the way that all else can be used, and decodes the images. */
async function epochsOf(settings: Settings): Promise<number> {
  const { prepare } = await import("../run/prepare.ts");
  const progress = createProgress(process.stderr);
  try {
    const { config, dataset } = await prepare(settings, (done, total, what) =>
      progress.onEvent({ type: "progress", what, done, total }),
    );
    dataset.close();
    return config.epochs;
  } finally {
    progress.clear();
  }
}
