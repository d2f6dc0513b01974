// From what a person told (config file, flags) to checked settings; every mistake is named by where it was made.
import { readFileSync } from "node:fs";
import { closestMatch } from "leven";
import type { z } from "zod";
import { CutoutError, type ErrorFields, refusalText } from "../error.ts";
import { networks } from "../nn/networks/index.ts";
import {
  type Config,
  configSchema,
  formatVersion,
  oldestVersion,
  type Settings,
  type SettingsInput,
  settingsSchema,
} from "./config.ts";
import { show } from "./fields.ts";
import { leaves } from "./leaves.ts";
import { onThisMachine } from "./machine.ts";
import { defaultOptimizer } from "./optimizer-fields.ts";
import { defaultSchedule } from "./schedule-fields.ts";

/** What was told, not yet looked at. */
export type Raw = { readonly [key: string]: unknown };

/** How a field of the config is named in errors: by its flag, or by its file and path. */
export type NameOf = (field: string) => string;

/** What `work` gives; its errors about a field are told by `nameOf`. */
export function naming<T>(nameOf: NameOf, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof CutoutError ? error.named(nameOf) : error;
  }
}

/** A mistake in what was asked for. */
export function settingsError(fields: ErrorFields): CutoutError {
  return new CutoutError({ ...fields, kind: "settings" });
}

/**
 * Checked settings with the defaults that need no data. Of a run's own config.json, threads, device and folders are
 * this machine's.
 * @param told settings; they win over those of `file`
 * @param file path of a JSON config file
 * @throws CutoutError naming the field, and the file where it comes from one, and what must hold
 */
export function readSettings(told: SettingsInput | Partial<SettingsInput>, file?: string): Settings {
  const under = file === undefined ? {} : onThisMachine(readConfigFile(file)).raw;
  const where = file ?? "config";
  return naming(
    (field) => `${where}: ${field}`,
    () => checkSettings(merged(under, told as Raw)),
  );
}

/**
 * Settings out of what was told.
 * @throws CutoutError about the field
 */
export function checkSettings(raw: Raw): Settings {
  const defaults = {
    schedule: { kind: defaultSchedule },
    optimizer: { name: defaultOptimizer },
    objective: { kind: "classify" },
  };
  const result = settingsSchema.safeParse(merged(defaults, raw), { reportInput: true });
  if (!result.success) throw errorOf(result.error.issues[0]!);
  return result.data;
}

/**
 * Checks a config that must be complete, as stored in a run folder: defaults fill no gaps here.
 * @param stored with or without its format version, which is not looked at
 * @throws CutoutError about the field
 */
export function readCompleteConfig(stored: unknown): Config {
  const raw = isObject(stored) ? upgraded(stored) : {};
  const result = configSchema.safeParse(isObject(stored) ? raw : stored, { reportInput: true });
  if (!result.success) throw errorOf(result.error.issues[0]!);
  const gap = firstGap(raw, result.data, "");
  if (gap !== null) throw settingsError({ field: gap, what: "must be there", got: "nothing" });
  return result.data;
}

/** Path of the first field that only the defaults have put there. What is told as a text has no gaps. */
function firstGap(stored: unknown, complete: unknown, path: string): string | null {
  if (!isObject(complete) || !isObject(stored)) return null;
  for (const [name, value] of Object.entries(complete)) {
    const here = path === "" ? name : `${path}.${name}`;
    if (!(name in stored)) return here;
    const inner = firstGap(stored[name], value, here);
    if (inner !== null) return inner;
  }
  return null;
}

export interface ConfigFile {
  readonly raw: Raw;
  /** The format version that a run's own config.json has; null of any other file. */
  readonly version: number | null;
  /** What the file says that it is, for people; null when it does not. */
  readonly about: string | null;
}

/** @throws CutoutError when the file is missing, no JSON object, or of a version that is not read */
export function readConfigFile(file: string): ConfigFile {
  let content: string;
  try {
    // Some editors begin a file with a byte order mark.
    content = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw settingsError({
      where: "--config",
      what: missing ? `no such file: ${file}` : `${file} cannot be read, ${refusalText(error)}`,
    });
  }
  let raw: unknown;
  try {
    raw = JSON.parse(content);
  } catch (error) {
    throw settingsError({ where: file, what: `must be a JSON file (${messageOf(error)})` });
  }
  if (!isObject(raw)) throw settingsError({ where: file, what: "must hold one JSON object", got: show(raw) });
  const version = (raw.formatVersion ?? null) as number | null;
  const { about = null, ...settings } = raw;
  if (about !== null && typeof about !== "string")
    throw settingsError({ where: `${file}: about`, what: "must be a text", got: show(about) });
  return { raw: withoutFormat(settings, file), version, about };
}

/** Whether a file of this format version is understood here. */
export function isReadable(version: unknown): boolean {
  return Number.isInteger(version) && Number(version) >= oldestVersion && Number(version) <= formatVersion;
}

/** Checked settings out of those that a version wrote. @throws CutoutError about the field */
export const settingsOfVersion = (version: number, stored: Raw): Settings =>
  checkSettings(upgraded({ ...stored, formatVersion: version }));

/** As this version has it, and without what only a run folder looks at: format version and checksum. */
function upgraded({ formatVersion: version, checksum, ...raw }: Raw): Raw {
  const from = Number(version ?? formatVersion);
  return upgrades.reduce(
    (upgradedSoFar, { before, upgrade }) => (from < before ? upgrade(upgradedSoFar) : upgradedSoFar),
    raw,
  );
}

/** Up to version 6 padding had one colour, products were of float32, and all images were learnt, and in one size. */
const fromVersion6 = ({ augment, ...rest }: Raw): Raw => ({
  arithmetic: "float32",
  progressive: null,
  filter: null,
  ...rest,
  ...(augment !== undefined && {
    augment: isObject(augment) ? { paddingMode: "constant", ...augment } : augment,
  }),
});

/**
 * Up to version 5 there was one optimizer and nothing beside it, nothing was put among the layers of a network, and every
 * run told classes apart and began with weights of its own.
 */
function fromVersion5({ optimizer, augment, ...rest }: Raw): Raw {
  const named = isObject(optimizer) ? { name: defaultOptimizer, ...optimizer } : optimizer;
  return {
    clipNorm: null,
    accumulate: 1,
    lookahead: null,
    average: null,
    regularize: [],
    objective: { kind: "classify" },
    from: null,
    ...rest,
    ...(augment !== undefined && {
      augment: isObject(augment) ? { targeted: null, ...augment } : augment,
    }),
    optimizer: named,
  };
}

/** Up to version 4 the best epoch was kept wherever there was a validation part. */
function fromVersion4(raw: Raw): Raw {
  const { split } = raw;
  return { ...raw, keep: isObject(split) && split.validation === 0 ? "last" : "best" };
}

/** Up to version 3 the parts followed from the one seed. */
function fromVersion3({ split, ...rest }: Raw): Raw {
  const { seed } = rest;
  return { ...rest, split: isObject(split) && seed !== undefined ? { ...split, seed } : split };
}

/** Version 2 had the options of two networks beside the network's name. What it tells as texts is read as it is. */
function fromVersion2({ initialization, dropout, model, ...rest }: Raw): Raw {
  const known = networks.find(({ name }) => name === model);
  const told = Object.entries({ initialization, dropout }).filter(
    ([option, value]) => value !== undefined && known !== undefined && option in known.options,
  );
  return {
    ...rest,
    ...(model !== undefined && { model: { name: model, options: Object.fromEntries(told) } }),
  };
}

/** In their order: what makes version `before` of the one before it. */
const upgrades: readonly { readonly before: number; readonly upgrade: (raw: Raw) => Raw }[] = [
  { before: 3, upgrade: fromVersion2 },
  { before: 4, upgrade: fromVersion3 },
  { before: 5, upgrade: fromVersion4 },
  { before: 6, upgrade: fromVersion5 },
  { before: 7, upgrade: fromVersion6 },
];

/** A run's own config.json is a config file too; its format version is checked and taken off. */
function withoutFormat(raw: Raw, where: string): Raw {
  const { formatVersion: version = formatVersion } = raw;
  if (isReadable(version)) return upgraded(raw);
  throw settingsError({
    where,
    what: `has format version ${show(version)} and this version of cutout reads ${oldestVersion} to ${formatVersion}`,
    remedy: "use the version that wrote it",
  });
}

/**
 * `over` wins. Objects are merged, unless both name another `kind`, `over` names another implementation (`like`), or the
 * two are other optimizers: then nothing of the first is kept.
 */
export function merged(under: Raw, over: Raw): Raw {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    // Setting it would set the prototype, and the schema would not see it.
    if (key === "__proto__") throw settingsError({ field: key, what: "unknown key" });
    const before = result[key];
    const choiceIn = key === "optimizer" ? optimizerIn : choiceOf;
    const chosen = isObject(value) ? choiceOf(value) : undefined;
    const replaced = isObject(before) && chosen !== undefined && chosen !== choiceIn(before);
    result[key] = isObject(before) && isObject(value) && !replaced ? merged(before, value) : value;
  }
  return result;
}

/** What decides which other fields an object has. */
const choiceOf = ({ kind, like, name }: Raw): unknown => kind ?? like ?? name;
const optimizerIn = ({ name = defaultOptimizer }: Raw): unknown => name;

/** One error out of what the schema found. */
function errorOf(issue: z.core.$ZodIssue): CutoutError {
  const field = issue.path.length === 0 ? undefined : issue.path.join(".");
  if (issue.code === "unrecognized_keys")
    return unknownKey(field === undefined ? issue.keys[0]! : `${field}.${issue.keys[0]}`);
  const params = issue.code === "custom" ? issue.params : undefined;
  if (params?.error instanceof CutoutError) return aboutField(params.error, field ?? "");
  const got = issue.code === "invalid_union" ? unionChoice(issue) : issue.input;
  return settingsError({ field, what: issue.message, got: show(got), ...params });
}

/** What was told in the field that decides between the forms of an object, where that is what is wrong. */
function unionChoice({ input, path }: z.core.$ZodIssue): unknown {
  const last = String(path.at(-1));
  return isObject(input) && (last === "kind" || last === "name") ? input[last] : input;
}

/** What an augmentation, or whoever else the data belong to, says of them; its option may be the field itself. */
export function aboutField(error: CutoutError, field: string): CutoutError {
  const itself = error.option !== undefined ? field.endsWith(`.${error.option}`) : error.where === field;
  return error.with({
    field,
    kind: "settings",
    ...(itself && { where: undefined, option: undefined }),
  });
}

function unknownKey(field: string): CutoutError {
  const kinds = leaves().find((leaf) => leaf.path === field)?.kinds;
  if (kinds) {
    const [part] = field.split(".");
    return settingsError({
      field,
      what: `belongs to the ${part} ${kinds.join(" or ")}`,
      remedy: `choose ${kinds.length > 1 ? "one of them" : "that"} with --${part}, or leave it out`,
    });
  }
  return settingsError({ field, what: `unknown key${suggestion(field.split(".").at(-1)!)}` });
}

/** The known key that looks most like it. */
function suggestion(key: string): string {
  const names = [...new Set(leaves().flatMap((leaf) => leaf.path.split(".")))];
  const best = closestMatch(key, names, { maxDistance: Math.max(2, Math.floor(key.length / 3)) });
  return best === undefined ? "" : ` (did you mean ${best}?)`;
}

function isObject(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
