// `cutout tune`: a length without the full sweep, and one confirmation of it with fresh seeds.
import { type Command, Option } from "commander";
import { settingsError } from "../config/settings.ts";
import type { Rung } from "../study/questions/halving.ts";
import type { Arm } from "../study-folder/index.ts";
import { conductNew } from "./conduct.ts";
import { tell } from "./console.ts";
import { createProgress } from "./progress.ts";
import { checkValidation, pointsFrom } from "./rule-flags.ts";
import { addPlaceFlags, countFrom, executorFrom, type PlaceFlags } from "./study-flags.ts";
import { addSetOptions } from "./sweep.ts";
import type { Varied, VariedFlags } from "./varied-settings.ts";

export function addTune(program: Command): void {
  const command = program
    .command("tune")
    .summary("find the length of the holes without the full sweep")
    .description(
      "Trains all lengths (0, 1/8, ..., 8/8 of the side) for an eighth of the epochs, the best of them for a quarter and " +
        "the last for all, on the validation part; tells the best and all that cannot be told from it; then confirms " +
        "the best against no Cutout once, with fresh seeds on the test part (6 to 12 pairs, as compare does), and says " +
        "what it cost against the full sweep. A list (--length 4,8,12, --label-smoothing 0,0.1,0.2) tunes over that " +
        "instead: from weak to strong, the first one as the baseline.",
    )
    .argument("[data]", "the images")
    .addOption(
      new Option(
        "--how <way>",
        "halving: the search; auto: one training with lengths up to 60 % of the side, drawn for each image, and one without",
      )
        .choices(["halving", "auto"])
        .default("halving"),
    )
    .option("--seeds <number>", "seeds of the full sweep that the price is set against", "3")
    .option(
      "--budget <percent>",
      "share of that sweep which the search may take; more seeds where it allows",
      "20",
    )
    .option(
      "--smallest <points>",
      "smallest difference that matters to the confirmation, percentage points",
      "0.3",
    )
    .option("--no-confirm", "without the confirmation")
    .option("--out <folder>", "study folder to make");
  addSetOptions(addPlaceFlags(command)).action(tuneAction);
}

interface TuneFlags extends PlaceFlags, VariedFlags {
  readonly how: "halving" | "auto";
  readonly seeds: string;
  readonly budget: string;
  readonly smallest: string;
  readonly confirm: boolean;
  readonly out?: string;
}

/** 0, 1/8, ... 8/8 of the side. */
const lengthsOfSweep = 9;
/** Of the side, drawn anew for each image; the shortest holes have two pixels. */
const drawnLengths = "0.1%-60%";

async function tuneAction(data: string | undefined, flags: TuneFlags): Promise<void> {
  const sweepSeeds = countFrom("--seeds", flags.seeds, 1000);
  const budget = budgetFrom(flags.budget);
  const smallest = pointsFrom("--smallest", flags.smallest);
  const executor = await executorFrom(flags);
  const { numericAxis } = await import("../study/questions/axes.ts");
  const { searchRungs } = await import("../study/rungs.ts");
  const { priceAheadText } = await import("../study/questions/tune-words.ts");
  const { standardRule } = await import("../stats/sequential-rule.ts");
  const { varied, epochs } = await settled(data, flags);
  const { seed } = varied.arms[0].settings;
  // What the default follows from is the same for all trainings: the rungs need it as a number.
  const arms = varied.arms.map(
    ({ name, settings }): Arm => ({ name, settings: { ...settings, epochs } }),
  ) as unknown as Varied["arms"];
  const rungs: readonly Rung[] =
    flags.how === "auto"
      ? [{ epochs, seeds: [seed], takes: arms.length, also: "nobody" }]
      : searchRungs({ arms: arms.length, epochs, firstSeed: seed, sweepSeeds, budget });
  const plan = {
    axes: varied.axes,
    points: varied.points,
    rungs,
    choice: numericAxis(varied) === null ? ("last rung" as const) : ("curve" as const),
    baseline: varied.baseline ?? 0,
    epochs,
    sweepValues: flags.how === "auto" ? lengthsOfSweep : arms.length,
    sweepSeeds,
    rule: flags.confirm ? { ...standardRule, smallest } : null,
    freshSeed: Math.max(...rungs.flatMap(({ seeds }) => seeds)) + 1,
    common: varied.common,
  };
  tell(priceAheadText(plan).replaceAll("\u00A0", " "));
  await conductNew({ question: "tune", plan, arms, out: flags.out ?? null }, executor);
}

/** The arms, and the epochs of a full training, which may follow from the number of images. */
async function settled(
  data: string | undefined,
  flags: TuneFlags,
): Promise<{ varied: Varied; epochs: number }> {
  const { isVaried, variedFrom } = await import("./varied-settings.ts");
  const { eighths } = await import("../study/rungs.ts");
  const given = isVaried(flags);
  if (given && flags.how === "auto") {
    throw settingsError({
      where: "--how",
      what: "auto draws lengths and takes no list",
      remedy: "leave one out",
    });
  }
  const first = await variedFrom(data, given ? inOrder(flags) : { ...flags, length: `0,${drawnLengths}` });
  if (first.axes.length > 1) {
    throw settingsError({
      where: first.axes.map(({ flag }) => flag).join(" "),
      what: "must be one setting; tune searches no grid",
      remedy: "use cutout sweep, or tune one after the other",
    });
  }
  checkShortened(flags.how, first.arms);
  const { imageSize, epochs } = await preparedFor(first.arms[0]);
  if (given || flags.how === "auto") return { varied: first, epochs };
  return { varied: await variedFrom(data, { ...flags, length: eighths(imageSize).join(",") }), epochs };
}

/** Lengths from short to long, with none. */
function inOrder(flags: TuneFlags): VariedFlags {
  const told = flags.length ?? flags.cutout;
  if (typeof told !== "string" || !told.includes(",")) return flags;
  const lengths = told.split(",").map((text) => text.trim());
  if (!lengths.every((text) => /^[\d.]+%?$/.test(text))) return flags;
  const sorted = [...lengths].sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
  const none = Number.parseFloat(sorted[0]!) === 0;
  return { ...flags, length: [...(none ? [] : ["0"]), ...sorted].join(",") };
}

/** Shorter trainings go through the whole schedule. */
function checkShortened(how: TuneFlags["how"], arms: readonly Arm[]): void {
  for (const { settings } of arms) {
    const { schedule } = settings;
    checkValidation(settings, "the search");
    if (how === "auto") continue;
    const warm = "warmupEpochs" in schedule && schedule.warmupEpochs > 0;
    if (schedule.kind !== "steps" && schedule.kind !== "plateau" && !warm) continue;
    throw settingsError({
      where: "--schedule",
      what: "must be one that can be shortened as a whole: one-cycle, cosine or constant, without warm-up epochs",
      got: warm ? `${schedule.kind} with warm-up epochs` : schedule.kind,
    });
  }
}

/** Decodes the images, which the trainings need anyway. */
async function preparedFor({
  settings,
}: Arm): Promise<{ readonly imageSize: number; readonly epochs: number }> {
  const { prepare } = await import("../run/prepare.ts");
  const progress = createProgress(process.stderr);
  const { config, dataset } = await prepare(settings, progress.onProgress);
  progress.clear();
  dataset.close();
  return config;
}

/** Percent as a share. */
function budgetFrom(text: string): number {
  const percent = Number(text);
  if (text.trim() !== "" && percent >= 1 && percent <= 100) return percent / 100;
  throw settingsError({ where: "--budget", what: "must be a number from 1 to 100", got: text });
}
