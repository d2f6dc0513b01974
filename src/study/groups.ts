// Runs that differ in nothing but the seed, and in what is about the machine, are one group; what differs names it.
import type { Config } from "../config/config.ts";
import { flagWords, settingName, type ToldSetting, toldSettings, valueText } from "../config/flag-text.ts";
import type { ShownRun } from "../run-folder/index.ts";
import { type Spread, spreadOf } from "../stats/spread.ts";
import { shellWord } from "../text.ts";

/** What another machine or folder changes, and what is learnt with them is the same but for rounding. */
const machine: ReadonlySet<string> = new Set([
  "cacheDir",
  "convolution",
  "device",
  "loaderWorkers",
  "runsDir",
  "threads",
]);

/** How the data are found and read. Where a run keeps the fingerprint of what was read, that counts instead. */
const reading: ReadonlySet<string> = new Set(["columns", "data", "format", "maxBroken", "maxPixels"]);

/** What the seeds of a pair are: of the start and the order, and of the split. */
const seeds: ReadonlySet<string> = new Set(["seed", "split.seed"]);

/** These change the pixels that are kept, and the fingerprint with them. */
const decoding: ReadonlySet<string> = new Set(["cacheSize", "fit", "imageSize"]);

/** More settings than this are no name: then the folder is, and a table says what differs. */
const mostNamed = 3;

export interface RunGroup {
  /** What sets it apart, as flags: `--learning-rate 0.05`; the name of its first run where that would be too many. */
  readonly label: string;
  readonly runs: readonly ShownRun[];
  /** The runs that have a test result, one a seed: of those with the same seeds the first. */
  readonly seeds: readonly SeedRun[];
  /** How many more runs have seeds that are there already. */
  readonly repeated: number;
  /** Of the test accuracy over the seeds; null where there is none. */
  readonly spread: Spread | null;
}

export interface SeedRun {
  /** `3`, or `3, split 5` where the split has a seed of its own. */
  readonly seed: string;
  readonly run: ShownRun;
  /** Share of the test images that are right. */
  readonly accuracy: number;
}

/** A setting in which groups differ, with the text of each; null where a group has no such setting. */
export interface Differing {
  /** `learning rate` */
  readonly name: string;
  readonly values: readonly (string | null)[];
}

export interface Grouping {
  /** In the order in which their first runs are given. */
  readonly groups: readonly RunGroup[];
  readonly differing: readonly Differing[];
}

/** The settings that say what is trained on what. */
function essence({ config, dataset }: ShownRun): readonly ToldSetting[] {
  if (config === null) return [];
  return toldSettings(config)
    .filter(({ path }) => !machine.has(path) && !seeds.has(path))
    .filter(({ path }) => dataset === null || !reading.has(path));
}

/** Runs with the same key belong together; without its settings a run is alone. */
function keyOf(run: ShownRun): string {
  if (run.config === null) return JSON.stringify([run.path]);
  const told = essence(run).map(({ flag, value }) => [flag, value]);
  return JSON.stringify([told, run.dataset?.fingerprint ?? null]);
}

/** Which seeds a run was made with; equal ones make a pair. */
function seedsOf(config: Config | null): string | null {
  if (config === null) return null;
  const { seed, split } = config;
  return split.seed === seed ? String(seed) : `${seed}, split ${split.seed}`;
}

function seedRunsOf(runs: readonly ShownRun[]): Pick<RunGroup, "seeds" | "repeated" | "spread"> {
  const bySeed = new Map<string, SeedRun>();
  let repeated = 0;
  for (const run of runs) {
    const score = run.evaluation?.score ?? run.test?.test;
    if (score === undefined || score.count === 0) continue;
    const seed = seedsOf(run.config) ?? "not known";
    if (bySeed.has(seed)) repeated++;
    else bySeed.set(seed, { seed, run, accuracy: score.top1 });
  }
  const found = [...bySeed.values()];
  const spread = found.length === 0 ? null : spreadOf(found.map(({ accuracy }) => accuracy));
  return { seeds: found, repeated, spread };
}

/** Lists of the runs with the same key, in the order of their first ones. */
function byKey(runs: readonly ShownRun[]): readonly (readonly ShownRun[])[] {
  const groups = new Map<string, ShownRun[]>();
  for (const run of runs) {
    const key = keyOf(run);
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()];
}

/**
 * Puts runs into groups.
 * @param labels names for runs; a run that stands alone in its group gives the group its name
 */
export function groupRuns(runs: readonly ShownRun[], labels?: readonly string[]): Grouping {
  const members = byKey(runs);
  const firsts = members.map((group) => group[0]!);
  const data = dataNames(firsts);
  const told = firsts.map((run, index) => differentSettings(run, data?.[index]));
  const paths = [...new Set(told.flatMap((settings) => [...settings.keys()]))].filter((path) => {
    const found = told.flatMap((settings) => settings.get(path) ?? []);
    const values = new Set(found.map(valueText));
    return values.size > 1 || (found.length < known(firsts) && found.some(({ usual }) => !usual));
  });
  const differing = paths.map((path): Differing => {
    const found = told.map((settings) => settings.get(path));
    return {
      name: settingName(found.find((one) => one !== undefined)!),
      values: found.map((one) => (one === undefined ? null : valueText(one))),
    };
  });
  const groups = members.map((group, index): RunGroup => {
    const own = labels !== undefined && group.length === 1 ? labels[runs.indexOf(group[0]!)]! : null;
    const words = paths.flatMap((path) => {
      const one = told[index]!.get(path);
      if (one === undefined) return [];
      return one.flag === "" ? valueText(one) : flagWords(one).map(shellWord);
    });
    const flags = words.join(" ");
    const more = group.length > 1 ? ` and ${group.length - 1} more` : "";
    const named = flags === "" || paths.length > mostNamed ? `${group[0]!.name}${more}` : flags;
    const label = own ?? (members.length === 1 ? "these settings" : named);
    return { label, runs: group, ...seedRunsOf(group) };
  });
  return { groups: distinct(groups), differing };
}

const known = (runs: readonly ShownRun[]) => runs.filter(({ config }) => config !== null).length;

/** Groups that nothing named tells apart get the name of their first run beside it. */
function distinct(groups: readonly RunGroup[]): readonly RunGroup[] {
  const count = (label: string) => groups.filter((group) => group.label === label).length;
  return groups.map((group) =>
    count(group.label) === 1 ? group : { ...group, label: `${group.label} (${group.runs[0]!.name})` },
  );
}

/** By path; the data by their name, where they differ. */
function differentSettings(run: ShownRun, data: string | undefined): ReadonlyMap<string, ToldSetting> {
  const settings = essence(run).filter(({ path }) => path !== "data");
  const map = new Map(settings.map((one) => [one.path, one]));
  if (data !== undefined) map.set("data", { path: "data", flag: "", value: [data], usual: false });
  return map;
}

/** A name for the data of each run; null where all have the same, as far as can be told. */
function dataNames(runs: readonly ShownRun[]): readonly string[] | null {
  const decoded = (run: ShownRun) =>
    JSON.stringify(essence(run).flatMap((one) => (decoding.has(one.path) ? [valueText(one)] : [])));
  const prints = new Set(runs.map(({ dataset }) => dataset?.fingerprint));
  const names = runs.map(({ dataset, config }) => dataset?.name ?? config?.data ?? "unknown data");
  // Other sizes give other pixels of the same images.
  const comparable = new Set(runs.map(decoded)).size === 1 && !prints.has(undefined);
  const shape = new Set(runs.map(({ dataset }) => JSON.stringify([dataset?.classes, dataset?.count])));
  if (comparable ? prints.size === 1 : new Set(names).size === 1 && shape.size === 1) return null;
  if (new Set(names).size === prints.size) return names;
  return runs.map(({ dataset }, index) =>
    dataset === null ? names[index]! : `${names[index]} (fingerprint ${dataset.fingerprint.slice(0, 8)})`,
  );
}

/** `Learning rate 0.1 against 0.05, batch size 64 against 128` */
export function titleOf({ groups, differing }: Grouping): string {
  const [first] = groups;
  if (groups.length === 1) {
    const { length } = first!.seeds;
    return length > 1 ? `The same settings, ${length} seeds` : "The same settings and seed";
  }
  const untold = groups.some(({ runs }) => runs[0]!.config === null);
  if (untold || differing.length === 0) return groups.map(({ label }) => label).join(" against ");
  const phrases = differing.slice(0, mostNamed).map(({ name, values }) => {
    const distinctValues = [...new Set(values.map((value) => value ?? "none"))];
    return `${name} ${joined(distinctValues)}`;
  });
  const more = differing.length - phrases.length;
  const rest = more === 0 ? "" : ` and ${more} more ${more === 1 ? "setting" : "settings"}`;
  const text = `${phrases.join(", ")}${rest}`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function joined(values: readonly string[]): string {
  return values.length === 2
    ? `${values[0]} against ${values[1]}`
    : `${values.slice(0, -1).join(", ")} and ${values.at(-1)}`;
}
