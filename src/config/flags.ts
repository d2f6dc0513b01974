// Command-line flags of a run: a table from flag to config path, and what the flags that were given say.
import type { Settings } from "./config.ts";
import { changesSince } from "./earlier.ts";
import { type Leaf, leaves } from "./leaves.ts";
import { onThisMachine } from "./machine.ts";
import { recipeFile } from "./recipes.ts";
import {
  checkSettings,
  merged,
  type NameOf,
  naming,
  type Raw,
  readConfigFile,
  settingsError,
} from "./settings.ts";

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
      "split.seed": "--split-seed <number>",
      maxPixels: "--max-pixels <number>",
      maxBroken: "--max-broken <share>",
    },
  },
  {
    group: "Network and training:",
    flags: {
      model: "--model <name:options>",
      from: "--from <run>",
      seed: "--seed <number>",
      epochs: "--epochs <number>",
      batchSize: "--batch-size <number>",
      "schedule.kind": "--schedule <kind>",
      "schedule.learningRate": "--learning-rate <rate>",
      "optimizer.name": "--optimizer <name>",
      "optimizer.momentum": "--momentum <number>",
      "optimizer.nesterov": "--nesterov",
      "optimizer.weightDecay": "--weight-decay <number>",
      "optimizer.decayBiasAndNorm": "--decay-bias-and-norm",
      labelSmoothing: "--label-smoothing <share>",
      classWeights: "--class-weights <how>",
      regularize: "--regularize <name:options@layer>",
      "earlyStopping.patience": "--early-stopping <epochs>",
      keep: "--keep <which>",
      crops: "--crops <views>",
    },
  },
  {
    group: "Update of the weights:",
    flags: {
      "optimizer.betas": "--betas <first,second>",
      "optimizer.epsilon": "--epsilon <number>",
      "optimizer.steps": "--newton-schulz-steps <number>",
      "optimizer.normalizeFilters": "--normalize-filters",
      "optimizer.companion": "--companion <name>",
      "optimizer.companionRate": "--companion-rate <factor>",
      "optimizer.biasRate": "--bias-rate <factor>",
      "optimizer.companionMomentum": "--companion-momentum <number>",
      clipNorm: "--clip-norm <length>",
      accumulate: "--accumulate <parts>",
      "lookahead.every": "--lookahead <steps>",
      "lookahead.alpha": "--lookahead-alpha <share>",
      average: "--average <name:options>",
    },
  },
  {
    group: "Time to accuracy:",
    flags: {
      "progressive.initialScale": "--progressive-size <scale>",
      "progressive.delayFraction": "--progressive-delay <share>",
      "progressive.finetuneFraction": "--progressive-finetune <share>",
      "progressive.sizeIncrement": "--progressive-increment <pixels>",
      "filter.model": "--filter <name:options>",
      "filter.keep": "--filter-keep <share>",
    },
  },
  {
    group: "Augmentation:",
    flags: {
      "augment.padding": "--padding <pixels>",
      "augment.paddingMode": "--padding-mode <what>",
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
      "augment.targeted.layer": "--targeted <layer>",
      "augment.augmentations": "--augment <name:options>",
      "augment.mix": "--mix <name:options>",
    },
  },
  {
    group: "Learning without labels:",
    flags: {
      "objective.kind": "--objective <kind>",
      "objective.corruption": "--corrupt <name:options>",
      "objective.emphasis": "--emphasis <weight>",
      "objective.region": "--region <which>",
      "objective.overlapWeight": "--overlap-weight <weight>",
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
      arithmetic: "--arithmetic <type>",
      convolution: "--convolution <how>",
      cacheDir: "--cache-dir <folder>",
      runsDir: "--runs-dir <folder>",
    },
  },
];

/** The part that `--cutout` turns on and off. */
export const cutoutPath = "augment.cutout";

export interface Flag {
  /** `--length <pixels>` */
  readonly spelling: string;
  /** `--length` */
  readonly name: string;
  readonly path: string;
  readonly group: string;
  readonly leaf: Leaf;
}

/** Every flag with what the schema says about it. */
export function settingFlags(): readonly Flag[] {
  known ??= flagsOfSchema();
  return known;
}

let known: readonly Flag[] | null = null;

function flagsOfSchema(): readonly Flag[] {
  const leafAt = new Map(leaves().map((leaf) => [leaf.path, leaf]));
  return groups.flatMap(({ group, flags }) =>
    Object.entries(flags).map(([path, spelling]) => {
      const leaf = leafAt.get(path);
      if (leaf === undefined)
        throw new Error(`internal: flag ${spelling} names no field of the config: ${path}`);
      return { spelling, name: spelling.split(" ")[0]!, path, group, leaf };
    }),
  );
}

/** What a command line gave: `DATA`, and the values of the flags by their names (`batchSize` of `--batch-size`). */
export type GivenFlags = Readonly<Record<string, unknown>>;

export interface SettingsRequest {
  readonly settings: Settings;
  /** How errors name a field: by its flag where it was set by one. */
  readonly nameOf: NameOf;
  /** What is not as the file has it, a line each for the person. */
  readonly notes: readonly string[];
}

const nothing = { raw: {}, notes: [] } as const;

/** The file of settings that the flags name, and how errors name it. */
function fileOf({ config, recipe }: GivenFlags): readonly [file: string, name: string] | null {
  if (recipe === undefined) return config === undefined ? null : [String(config), String(config)];
  if (config !== undefined)
    throw settingsError({ where: "--recipe", what: "must not be given together with --config" });
  return [recipeFile(String(recipe)), `recipe ${recipe}`];
}

/**
 * Settings from the flags, and from the file that `--config` or `--recipe` names.
 * @param data the command's DATA argument, where there is one
 * @throws CutoutError
 */
export function settingsFrom(data: string | undefined, given: GivenFlags): SettingsRequest {
  const { raw, origins } = rawSettings(data, given);
  const [path, file] = fileOf(given) ?? [null, null];
  const read = path === null ? null : readConfigFile(path);
  const { raw: stored, notes } = read === null ? nothing : onThisMachine(read, raw);
  requireCutout(origins, given, stored);
  const nameOf: NameOf = (path) =>
    originOf(path, origins) ?? (file === null ? flagOf(path) : `${file}: ${path}`);
  // A recipe tells the format of its own data.
  const { format, ...others } = stored as Readonly<Record<string, unknown>>;
  const base = given.recipe !== undefined && raw.data !== undefined ? others : stored;
  const settings = naming(nameOf, () => checkSettings(merged(base, raw)));
  const changed = read?.version ? changesSince(read.version, settings) : [];
  return {
    settings,
    nameOf: (path) => origins.get(path) ?? flagOf(path),
    notes: [...notes, ...changed.map((now) => `of an earlier version; now ${now}`)].map(
      (note) => `${file}: ${note}`,
    ),
  };
}

/** The flag that set this path, or the closest path around it. */
function originOf(path: string, origins: ReadonlyMap<string, string>): string | undefined {
  for (let inner = path; inner !== ""; inner = inner.slice(0, Math.max(0, inner.lastIndexOf(".")))) {
    const flag = origins.get(inner);
    if (flag !== undefined) return flag;
  }
  return undefined;
}

/** The flag that could set this path. */
export function flagOf(path: string): string {
  if (path === "data") return "DATA";
  return settingFlags().find((flag) => flag.path === path)?.name ?? `config: ${path}`;
}

/** The words of a command line that gives these flags again, but for the images. */
export function wordsOfFlags(given: GivenFlags): readonly string[] {
  const { config, recipe, cutout } = given;
  const words = config === undefined ? [] : ["--config", String(config)];
  if (recipe !== undefined) words.push("--recipe", String(recipe));
  if (cutout === false) words.push("--no-cutout");
  else if (cutout !== undefined) words.push("--cutout", ...(cutout === true ? [] : [String(cutout)]));
  for (const { name } of settingFlags()) {
    const value = given[attributeOf(name)];
    if (value === undefined) continue;
    if (value === true) words.push(name);
    else if (value === false) words.push(`--no-${name.slice(2)}`);
    else for (const text of Array.isArray(value) ? value : [value]) words.push(name, String(text));
  }
  return words;
}

/** The flags that were given, in the shape of the config, and which flag set what. */
function rawSettings(data: string | undefined, options: GivenFlags) {
  const raw: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  const set = (path: string, value: unknown, flag: string) => {
    const names = path.split(".");
    let inner = raw;
    for (const name of names.slice(0, -1)) {
      if (inner[name] === null)
        throw settingsError({
          where: flag,
          what: `must not be given together with its opposite, --no-${name}`,
        });
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
  return { raw, origins };
}

/** Off means off: a flag about holes does not turn Cutout on. The name of an implementation does. */
function requireCutout(origins: ReadonlyMap<string, string>, options: GivenFlags, stored: Raw): void {
  const path = [...origins.keys()].find((key) => key.startsWith(`${cutoutPath}.`));
  if (path === undefined || options.cutout !== undefined || origins.has(`${cutoutPath}.like`)) return;
  const { cutout } = (stored.augment ?? {}) as Raw;
  if (cutout !== undefined && cutout !== null) return;
  throw settingsError({
    where: origins.get(path)!,
    what: "Cutout is off",
    remedy: "turn it on with --cutout",
  });
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
export function attributeOf(name: string): string {
  return name.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
