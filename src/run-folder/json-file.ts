// A JSON file of a run folder: written as a whole, read strictly to go on with a run, leniently to show it.
import { join } from "node:path";
import type { z } from "zod";
import { formatVersion, oldestVersion } from "../config/config.ts";
import { isReadable } from "../config/settings.ts";
import { replaceFile, type WriteCalls } from "../durable-file.ts";
import { CutoutError } from "../error.ts";
import { sealed, sealOf } from "./checksum.ts";
import { entryAt, readPlainFile } from "./plain-file.ts";

export interface JsonFile<T> {
  /** Where it lies; for errors and for people. */
  pathIn(folder: string): string;
  isIn(folder: string): boolean;
  /** A kill or a full disk leaves the file of before. */
  write(folder: string, value: T, calls?: WriteCalls): void;
  /** @throws CutoutError, one line, when it is missing, no plain file, damaged, or of another version */
  read(folder: string): T;
  /** The format version that stands in it. @throws CutoutError as `read` */
  version(folder: string): number;
  /**
   * Null where there is nothing that can be shown; why is then added to `problems`, as a sentence.
   * The format version is not looked at.
   */
  show(folder: string, problems: string[]): T | null;
}

export interface JsonFileOptions<T> {
  /** `config.json` */
  readonly name: string;
  /** What is not known without it, for people: `the settings are not known`. */
  readonly without: string;
  /** What is left when it is damaged, and what to do; for people. */
  readonly damaged: string;
  /** What to do about content that is not what was written; by default how to have an edit taken. */
  readonly edited?: string;
  /** Bytes that it may have. */
  readonly most: number;
  /** Whether the format version stands in it. */
  readonly versioned: boolean;
  /** Spaces a level; 0 for large files. */
  readonly indent: number;
  /** @throws CutoutError that says what is wrong with which field */
  parse(json: unknown): T;
}

export function jsonFile<T extends object>(options: JsonFileOptions<T>): JsonFile<T> {
  const { name, without, damaged, most, versioned, indent, parse } = options;
  const { edited = `if you changed it, take out its line "checksum"; if not, ${damaged}` } = options;
  const pathIn = (folder: string) => join(folder, name);
  const checkSeal = (where: string, json: unknown): void => {
    if (sealOf(json) !== "broken") return;
    throw new CutoutError({
      where,
      what: "has changed since it was written, its checksum does not fit",
      remedy: edited,
    });
  };
  return {
    pathIn,
    isIn: (folder) => entryAt(pathIn(folder)) !== null,
    write(folder, value, calls) {
      const content = sealed(versioned ? { formatVersion, ...value } : value);
      replaceFile(pathIn(folder), [Buffer.from(`${JSON.stringify(content, null, indent)}\n`)], calls);
    },
    read(folder) {
      const where = pathIn(folder);
      const json = readJson(where, most, damaged);
      if (versioned) checkVersion(json, where);
      checkSeal(where, json);
      try {
        return parse(json);
      } catch (error) {
        if (!(error instanceof CutoutError)) throw error;
        throw error.with({
          field: undefined,
          where: error.field === undefined ? where : `${where}: ${error.field}`,
          remedy: error.remedy ?? damaged,
          kind: "world",
        });
      }
    },
    version(folder) {
      const where = pathIn(folder);
      const json = readJson(where, most, damaged);
      checkVersion(json, where);
      return (json as { readonly formatVersion: number }).formatVersion;
    },
    show(folder, problems) {
      const where = pathIn(folder);
      try {
        if (entryAt(where) === null) {
          problems.push(`${name} is missing: ${without}.`);
          return null;
        }
        const json = readJson(where, most, damaged);
        checkSeal(where, json);
        return parse(json);
      } catch (error) {
        if (!(error instanceof CutoutError)) throw error;
        const { field, what, got } = error;
        const reason = `${field === undefined ? "" : `${field}: `}${what}${got === undefined ? "" : `, got ${got}`}`;
        problems.push(`${name} is damaged (${reason}): ${without}.`);
        return null;
      }
    },
  };
}

function readJson(where: string, most: number, damaged: string): unknown {
  let text: string;
  try {
    text = readPlainFile(where, most).toString("utf8");
  } catch (error) {
    throw error instanceof CutoutError ? error.with({ remedy: error.remedy ?? damaged }) : error;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CutoutError({ where, what: "is not valid JSON", remedy: damaged }, { cause: error });
  }
}

function checkVersion(json: unknown, where: string): void {
  const version = (json as { formatVersion?: unknown } | null)?.formatVersion;
  if (isReadable(version)) return;
  throw new CutoutError({
    where,
    what: `must have format version ${oldestVersion} to ${formatVersion}`,
    got: JSON.stringify(version) ?? "none",
    remedy: "use the version of cutout that made this run, or train again",
  });
}

/** A `parse` by a schema: the first mistake is told with its field. */
export function bySchema<T>(schema: z.ZodType<T>): (json: unknown) => T {
  return (json) => {
    const checked = schema.safeParse(json);
    if (checked.success) return checked.data;
    const { path, message } = checked.error.issues[0]!;
    throw new CutoutError({ field: path.length === 0 ? undefined : path.join("."), what: message });
  };
}
