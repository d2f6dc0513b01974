// From what a person wrote (config file, flags) to checked settings; every mistake is named by where it was made.
import { readFileSync } from "node:fs";
import type { z } from "zod";
import { type Config, configSchema, formatVersion, type Settings, settingsSchema } from "./config.ts";
import { show } from "./fields.ts";
import { leaves } from "./leaves.ts";
import { defaultSchedule } from "./schedule-fields.ts";

/** A mistake in a config file or a flag. The message is one line, meant for the person. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

type Raw = { readonly [key: string]: unknown };

export interface SettingsSources {
  /** Path of a JSON config file. */
  readonly file?: string;
  /** What the flags said, in the shape of the config; wins over the file. */
  readonly flags?: Raw;
  /** Config path -> the flag that set it (`augment.cutout.length` -> `--length`), for errors. */
  readonly origins?: ReadonlyMap<string, string>;
  /** How to name a path that nobody has set. */
  readonly nameOf?: (path: string) => string;
}

/**
 * Checked settings with the defaults that need no data.
 * @throws ConfigError naming the flag, or the file and the field, and what must hold
 */
export function readSettings(sources: SettingsSources): Settings {
  const fromFile = sources.file === undefined ? {} : readConfigFile(sources.file);
  const raw = merge(merge({ schedule: { kind: defaultSchedule } }, fromFile), sources.flags ?? {});
  const result = settingsSchema.safeParse(raw, { reportInput: true });
  if (!result.success) throw new ConfigError(describe(result.error.issues[0]!, sources));
  return result.data;
}

/**
 * Checks a config that must be complete, as stored in a run folder: defaults fill no gaps here.
 * @param where name of the file, for errors
 * @throws ConfigError
 */
export function readCompleteConfig(raw: unknown, where: string): Config {
  const stored = isObject(raw) ? withoutFormat(raw, where) : raw;
  const result = configSchema.safeParse(stored, { reportInput: true });
  if (!result.success) throw new ConfigError(describe(result.error.issues[0]!, { file: where }));
  const gap = firstGap(stored, result.data, "");
  if (gap !== null) throw new ConfigError(`${where}: ${gap}: must be there, got nothing`);
  return result.data;
}

/** Path of the first field that only the defaults have put there. */
function firstGap(stored: unknown, complete: unknown, path: string): string | null {
  if (!isObject(complete)) return null;
  for (const [name, value] of Object.entries(complete)) {
    const here = path === "" ? name : `${path}.${name}`;
    if (!isObject(stored) || !(name in stored)) return here;
    const inner = firstGap(stored[name], value, here);
    if (inner !== null) return inner;
  }
  return null;
}

function readConfigFile(file: string): Raw {
  let content: string;
  try {
    // Some editors begin a file with a byte order mark.
    content = readFileSync(file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    throw new ConfigError(
      missing ? `--config: no such file: ${file}` : `--config: ${file} cannot be read (${message(error)})`,
    );
  }
  let raw: unknown;
  try {
    raw = JSON.parse(content);
  } catch (error) {
    throw new ConfigError(`${file}: must be a JSON file (${message(error)})`);
  }
  if (!isObject(raw)) throw new ConfigError(`${file}: must hold one JSON object, got ${show(raw)}`);
  return withoutFormat(raw, file);
}

/** A run's own config.json is a config file too; its format version is checked and taken off. */
function withoutFormat(raw: Raw, where: string): Raw {
  const { formatVersion: version = formatVersion, ...rest } = raw;
  if (version !== formatVersion) {
    throw new ConfigError(
      `${where}: has format version ${show(version)} and this version of cutout reads ${formatVersion}; use the version that wrote it`,
    );
  }
  return rest;
}

/**
 * `over` wins. Objects are merged, unless both name another `kind`, or `over` names another implementation (`like`): then
 * nothing of the first is kept.
 */
function merge(under: Raw, over: Raw): Raw {
  const merged: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    // Setting it would set the prototype, and the schema would not see it.
    if (key === "__proto__") throw new ConfigError(`config: ${key}: unknown key`);
    const before = merged[key];
    const chosen = isObject(value) ? (value.kind ?? value.like) : undefined;
    const replaced = isObject(before) && chosen !== undefined && chosen !== (before.kind ?? before.like);
    merged[key] = isObject(before) && isObject(value) && !replaced ? merge(before, value) : value;
  }
  return merged;
}

/** What is wrong with a part that can be told in two ways: the mistake in the way that was taken. */
function innermost(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union" || issue.message.startsWith("must")) return issue;
  const taken =
    issue.errors.find(
      (issues) => !issues.some((each) => each.code === "unrecognized_keys" && each.keys.includes("like")),
    ) ?? issue.errors[0];
  const inner = taken?.[0];
  return inner === undefined ? issue : innermost({ ...inner, path: [...issue.path, ...inner.path] });
}

function describe(outer: z.core.$ZodIssue, sources: SettingsSources): string {
  const issue = innermost(outer);
  const path = issue.path.join(".");
  if (issue.code === "unrecognized_keys") {
    const key = issue.keys[0]!;
    const full = path === "" ? key : `${path}.${key}`;
    const leaf = leaves().find((each) => each.path === full);
    const kinds = leaf?.kinds?.join(" or ");
    if (leaf?.kinds === null && key === "like") {
      // What is no text cannot be the name of a preset, and is then seen as a field too many.
      const got = (issue.input as Raw | undefined)?.like;
      return `${originOf(full, sources)}: must be NAME or NAME:key=value,..., got ${show(got)}`;
    }
    if (leaf?.kinds === null) {
      return `${originOf(full, sources)}: must be left out where Cutout is like another implementation; its options follow the name, as in torchvision:p=1`;
    }
    return kinds === undefined
      ? `${originOf(full, sources)}: unknown key${suggestion(key)}`
      : `${originOf(full, sources)}: belongs to the schedule ${kinds}; choose that with --schedule, or leave it out`;
  }
  const whole = issue.code === "custom" && issue.params?.whole === true;
  const text =
    whole || issue.message.startsWith("must")
      ? issue.message
      : `must be an object with the fields of ${path === "" ? "a config" : path}`;
  return `${originOf(path, sources)}: ${text}`;
}

/** The flag that set this path or the closest path around it; otherwise the file and the path. */
function originOf(path: string, { origins, file, nameOf }: SettingsSources): string {
  for (let inner = path; inner !== ""; inner = inner.slice(0, Math.max(0, inner.lastIndexOf(".")))) {
    const flag = origins?.get(inner);
    if (flag !== undefined) return flag;
  }
  return file === undefined ? (nameOf?.(path) ?? `config: ${path}`) : `${file}: ${path}`;
}

function suggestion(key: string): string {
  const names = new Set(leaves().flatMap((leaf) => leaf.path.split(".")));
  const [best] = [...names]
    .map((name) => ({ name, distance: editDistance(key.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(2, name.length / 3))
    .sort((a, b) => a.distance - b.distance);
  return best === undefined ? "" : ` (did you mean ${best.name}?)`;
}

/** Levenshtein's distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}

function isObject(value: unknown): value is Raw {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
