// study.json: the question, its rule and its arms, written once, before the first run, and never changed.
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { formatVersion, type Settings } from "../config/config.ts";
import { checkSettings, type Raw } from "../config/settings.ts";
import { makeFolders } from "../durable-file.ts";
import { CutoutError, telling } from "../error.ts";
import { makeNumbered } from "../run-folder/create.ts";
import { bySchema, type JsonFile, jsonFile } from "../run-folder/json-file.ts";
import { isFolder } from "../run-folder/plain-file.ts";
import { shellWord } from "../text.ts";

export const questions = ["compare", "sweep", "tune", "doctor"] as const;

/** Settings that are set against others. */
export interface Arm {
  /** As the person wrote it, or as its settings are called: `--cutout 16`. */
  readonly name: string;
  /** Complete but for the seed, which each trial has of its own, and what is the machine's. */
  readonly settings: Settings;
}

export interface Study {
  readonly question: (typeof questions)[number];
  /** What the question needs to decide, its rule with it; its own schema says what. */
  readonly plan: unknown;
  readonly arms: readonly Arm[];
  /** Absolute path or address of the images where the study was made. */
  readonly data: string;
  /** The command line that made it. */
  readonly command: readonly string[];
  /** Version of cutout that made it. */
  readonly version: string;
  /** Format version of the arms' settings. */
  readonly formatVersion: number;
  /** ISO 8601. */
  readonly created: string;
}

const armSchema = z.object({
  name: z.string(),
  settings: z.record(z.string(), z.unknown()).transform((raw): Settings => checkSettings(raw as Raw)),
});

const schema: z.ZodType<Study> = z.object({
  question: z.enum(questions),
  plan: z.unknown(),
  arms: z.array(armSchema).min(1),
  data: z.string(),
  command: z.array(z.string()),
  version: z.string(),
  formatVersion: z.int(),
  created: z.string(),
});

const file: JsonFile<Study> = jsonFile<Study>({
  name: "study.json",
  without: "the question of the study is not known",
  damaged: "put it back from a copy",
  edited: "put it back as it was: a study whose question is changed after its first run tells nothing",
  most: 2 ** 24,
  versioned: false,
  indent: 2,
  parse(json) {
    checkVersion(json);
    return bySchema<Study>(schema)(json);
  },
});

/** Before anything else is looked at: of another version everything else may be wrong. */
function checkVersion(json: unknown): void {
  const { formatVersion: made, version } = (json ?? {}) as Partial<Study>;
  if (typeof made !== "number" || made === formatVersion) return;
  throw new CutoutError({
    what: `was made by cutout ${version}, and this is another version, to which settings mean something else`,
    remedy: "go on with it by that version, or begin a new study",
  });
}

/** What a study's trials know it by: SHA-256 of what was decided before the first run. */
export function studyHash(study: Study): string {
  const { question, plan, arms, data } = JSON.parse(JSON.stringify(study)) as Study;
  return createHash("sha256")
    .update(JSON.stringify([question, plan, arms, data]))
    .digest("hex");
}

/**
 * Makes a study folder.
 * @param path where; null for `<runsDir>/2026-11-29-photos-compare-1`, with the first number that is free
 * @returns its path
 * @throws CutoutError when something is there already, or the folder cannot be made
 */
export function createStudyFolder(path: string | null, study: Study): string {
  if (path === null) {
    const { runsDir } = study.arms[0]!.settings;
    return createStudyFolder(makeNumbered(runsDir, [basename(study.data), study.question]), study);
  }
  const there = isFolder(path);
  if (there === false || (there && !readdirSync(path).every(isOfBeginning(path)))) {
    const way = file.isIn(path) ? `, or go on with it: cutout study resume ${shellWord(path)}` : "";
    throw new CutoutError({
      where: "--out",
      what: `${path} exists already and is not overwritten`,
      remedy: `choose another name${way}`,
    });
  }
  const trials = join(path, "trials");
  telling(trials, () => makeFolders(trials));
  file.write(path, study);
  return path;
}

/** What a kill may leave before study.json is there; that study never began. */
const isOfBeginning = (path: string) => (name: string) =>
  name === "study.json.partial" ||
  (name === "trials" && isFolder(join(path, name)) === true && readdirSync(join(path, name)).length === 0);

/**
 * The study as it was decided.
 * @throws CutoutError when there is none, or it has changed since it was written
 */
export function readStudy(path: string): Study {
  if (isFolder(path) !== true || !file.isIn(path)) {
    throw new CutoutError({
      where: path,
      what: "must be a study folder, with a study.json",
      remedy:
        '"cutout compare DATA --a ... --b ...", "cutout sweep", "cutout tune" and "cutout doctor" make them',
    });
  }
  return file.read(path);
}

/**
 * A study as another machine has told of it, as plain JSON.
 * @throws CutoutError when it is none
 */
export const studyFrom = (json: unknown): Study => bySchema<Study>(schema)(json);

/** Whether a folder is that of a study. */
export const isStudy = (path: string): boolean => isFolder(path) === true && file.isIn(path);
