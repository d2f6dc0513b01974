// Command-line flags of a run: a table from flag to config path; types, choices and help come from the schema.
import { type Command, Option } from "commander";
import type { Settings } from "../config/config.ts";
import { type Leaf, leaves } from "../config/leaves.ts";
import { defaultSchedule } from "../config/schedule-fields.ts";
import { ConfigError, readSettings } from "../config/settings.ts";

interface FlagNames {
  /** Heading in the help. */
  readonly group: string;
  /** `--flag <argument>`; booleans have no argument and also get `--no-flag`. */
  readonly flags: Readonly<Record<string, string>>;
}

/** Config path -> flag, in the order of the help. Every path of the schema but `data` has one. */
const groups: readonly FlagNames[] = [
  {
    group: "Data:",
    flags: {
      format: "--format <name>",
      columns: "--columns <image,label>",
      imageSize: "--size <pixels>",
      cacheSize: "--cache-size <pixels>",
      fit: "--fit <how>",
      "split.validation": "--validation <part>",
      "split.test": "--test <part>",
      "split.train": "--train-images <number>",
      "split.groups": "--groups <file>",
      maxPixels: "--max-pixels <number>",
      maxBroken: "--max-broken <share>",
    },
  },
  {
    group: "Network and training:",
    flags: {
      model: "--model <name>",
      initialization: "--initialization <name>",
      dropout: "--dropout <probability>",
      seed: "--seed <number>",
      epochs: "--epochs <number>",
      batchSize: "--batch-size <number>",
      "schedule.kind": "--schedule <kind>",
      "schedule.learningRate": "--learning-rate <rate>",
      "optimizer.momentum": "--momentum <number>",
      "optimizer.nesterov": "--nesterov",
      "optimizer.weightDecay": "--weight-decay <number>",
      "optimizer.decayBiasAndNorm": "--decay-bias-and-norm",
      labelSmoothing: "--label-smoothing <share>",
      classWeights: "--class-weights <how>",
      "earlyStopping.patience": "--early-stopping <epochs>",
      crops: "--crops <views>",
    },
  },
  {
    group: "Augmentation:",
    flags: {
      "augment.padding": "--padding <pixels>",
      "augment.flip": "--flip <probability>",
      "augment.cutout.length": "--length <pixels>",
      "augment.cutout.shape": "--cutout-shape <shape>",
      "augment.cutout.aspect": "--cutout-aspect <ratio>",
      "augment.cutout.nHoles": "--n-holes <number>",
      "augment.cutout.placement": "--placement <where>",
      "augment.cutout.fill": "--fill <how>",
      "augment.cutout.probability": "--probability <share>",
      "augment.cutout.per": "--cutout-per <what>",
      "augment.cutout.like": "--cutout-like <name:options>",
      "augment.augmentations": "--augment <name:options>",
      "augment.mix": "--mix <name:options>",
    },
  },
  {
    group: "Learning-rate schedule:",
    flags: {
      "schedule.warmupEpochs": "--warmup-epochs <number>",
      "schedule.milestones": "--milestones <epochs>",
      "schedule.gamma": "--gamma <factor>",
      "schedule.floor": "--min-learning-rate <rate>",
      "schedule.shape": "--cycle-shape <shape>",
      "schedule.warmupShare": "--warmup-share <share>",
      "schedule.initialDivision": "--initial-division <number>",
      "schedule.finalDivision": "--final-division <number>",
      "schedule.factor": "--plateau-factor <factor>",
      "schedule.patience": "--plateau-patience <epochs>",
      "schedule.threshold": "--plateau-threshold <share>",
      "schedule.epsilon": "--plateau-epsilon <rate>",
    },
  },
  {
    group: "Machine and folders:",
    flags: {
      threads: "--threads <number>",
      loaderWorkers: "--workers <number>",
      device: "--device <name>",
      convolution: "--convolution <how>",
      cacheDir: "--cache-dir <folder>",
      runsDir: "--runs-dir <folder>",
    },
  },
];

const cutoutPath = "augment.cutout";

interface Flag {
  readonly spelling: string;
  /** `--length` */
  readonly name: string;
  readonly path: string;
  readonly group: string;
  readonly leaf: Leaf;
}

/** Every flag with what the schema says about it. */
export function settingFlags(): readonly Flag[] {
  const known = new Map(leaves().map((leaf) => [leaf.path, leaf]));
  return groups.flatMap(({ group, flags }) =>
    Object.entries(flags).map(([path, spelling]) => {
      const leaf = known.get(path);
      if (leaf === undefined)
        throw new Error(`internal: flag ${spelling} names no field of the config: ${path}`);
      return { spelling, name: spelling.split(" ")[0]!, path, group, leaf };
    }),
  );
}

/** Adds `--config`, `--cutout` and a flag for every field of the config. */
export function addSettingFlags(command: Command): Command {
  command.addOption(
    new Option(
      "--config <file>",
      "JSON file of settings, for example a run's config.json; flags win",
    ).helpGroup("Data:"),
  );
  for (const flag of settingFlags()) {
    const { spelling, name, path, group, leaf } = flag;
    if (path === "augment.cutout.length") {
      command.addOption(
        new Option(
          "--cutout [length]",
          "cut holes out of the training images (default length: half the side)",
        ).helpGroup(group),
      );
      command.addOption(
        new Option("--no-cutout", "without Cutout, whatever the config file says").helpGroup(group),
      );
    }
    const option = new Option(spelling, helpOf(flag)).helpGroup(group);
    if (leaf.type === "texts") {
      option.argParser((value, before: readonly string[] | boolean | undefined) => [
        ...(Array.isArray(before) ? before : []),
        value,
      ]);
    }
    command.addOption(option);
    const off = `--no-${name.slice(2)}`;
    if (leaf.type === "boolean")
      command.addOption(new Option(off, `without: ${leaf.description}`).helpGroup(group));
    else if (leaf.type === "texts" || (leaf.nullable !== null && leaf.nullable !== cutoutPath)) {
      command.addOption(new Option(off, "off, whatever the config file says").hideHelp());
    }
  }
  return command;
}

function helpOf({ leaf }: Flag): string {
  const notes: string[] = [];
  if (leaf.choices !== null) notes.push(leaf.choices.join(", "));
  if (leaf.type === "numbers") notes.push("separated by commas");
  if (leaf.type === "texts") notes.push("can be given several times");
  if (leaf.kinds !== null) notes.push(`schedule ${leaf.kinds.join(", ")}`);
  const standard = defaultOf(leaf);
  if (standard !== null) notes.push(`default: ${standard}`);
  return notes.length === 0 ? leaf.description : `${leaf.description} (${notes.join("; ")})`;
}

function defaultOf({ path, default: value, nullable, type }: Leaf): string | null {
  if (path === "schedule.kind") return defaultSchedule;
  if (nullable === "earlyStopping") return "off";
  if (value === undefined || value === null || type === "texts") return null;
  return type === "boolean" ? (value === true ? "on" : "off") : String(value);
}

export interface SettingsRequest {
  readonly settings: Settings;
  /** How errors name a field: by its flag where it was set by one. */
  readonly nameOf: (path: string) => string;
}

/**
 * Settings from the parsed flags.
 * @param data the command's DATA argument, where there is one
 * @throws ConfigError
 */
export function settingsFrom(
  data: string | undefined,
  options: Readonly<Record<string, unknown>>,
): SettingsRequest {
  const { raw, origins } = rawSettings(data, options);
  const file = options.config as string | undefined;
  const flags = settingFlags();
  const flagOf = (path: string) =>
    path === "data" ? "DATA" : (flags.find((flag) => flag.path === path)?.name ?? `config: ${path}`);
  const settings = readSettings({ flags: raw, origins, nameOf: flagOf, ...(file !== undefined && { file }) });
  return { settings, nameOf: (path) => origins.get(path) ?? flagOf(path) };
}

/** The flags that were given, in the shape of the config, and which flag set what. */
function rawSettings(data: string | undefined, options: Readonly<Record<string, unknown>>) {
  const raw: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const set = (path: string, value: unknown, flag: string) => {
    const names = path.split(".");
    let inner = raw;
    for (const name of names.slice(0, -1)) {
      if (inner[name] === null)
        throw new ConfigError(`${flag}: must not be given together with its opposite, --no-${name}`);
      inner[name] ??= {};
      inner = inner[name] as Record<string, unknown>;
    }
    inner[names.at(-1)!] = value;
    origins.set(path, flag);
  };
  // In `train --cutout photos` Commander takes the folder for the length.
  const swallowed =
    data === undefined && typeof options.cutout === "string" && Number.isNaN(Number(options.cutout));
  const cutout = swallowed ? true : options.cutout;
  const folder = swallowed ? options.cutout : data;
  if (folder !== undefined) set("data", folder, "DATA");
  if (cutout === false) set(cutoutPath, null, "--no-cutout");
  else if (cutout !== undefined) {
    set(cutoutPath, {}, "--cutout");
    if (cutout !== true) set("augment.cutout.length", numberOr(String(cutout)), "--cutout");
  }
  for (const { name, path, leaf } of settingFlags()) {
    const value = options[attributeOf(name)];
    if (value === undefined) continue;
    if (value === false && leaf.nullable !== null) set(leaf.nullable, null, `--no-${name.slice(2)}`);
    else if (value === false && leaf.type === "texts") set(path, [], `--no-${name.slice(2)}`);
    else set(path, typeof value === "string" ? parsers[leaf.type](value) : value, name);
  }
  requireCutout(origins, options);
  return { raw, origins };
}

/** Off means off: a flag about holes does not turn Cutout on. The name of an implementation does. */
function requireCutout(
  origins: ReadonlyMap<string, string>,
  options: Readonly<Record<string, unknown>>,
): void {
  const path = [...origins.keys()].find((key) => key.startsWith(`${cutoutPath}.`));
  if (path === undefined || options.cutout !== undefined || origins.has(`${cutoutPath}.like`)) return;
  const file = options.config as string | undefined;
  const { augment } = readSettings({ flags: { data: "any" }, ...(file !== undefined && { file }) });
  if (augment.cutout === null) {
    throw new ConfigError(`${origins.get(path)}: Cutout is off; turn it on with --cutout`);
  }
}

const parsers: { readonly [Type in Leaf["type"]]: (text: string) => unknown } = {
  number: numberOr,
  numbers: (text) => text.split(",").map((part) => numberOr(part.trim())),
  texts: (text) => [text],
  string: (text) => text,
  boolean: (text) => text,
};

/** The number, or the text as it is: the schema then says what must hold, and what it got. */
function numberOr(text: string): number | string {
  return text.trim() === "" || !Number.isFinite(Number(text)) ? text : Number(text);
}

/** Commander's name of an option's value: `--batch-size` is `batchSize`. */
function attributeOf(name: string): string {
  return name.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
