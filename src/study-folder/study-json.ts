// study.json: the question, its rule and its arms, written once, before the first run, and never changed.
import { createHash } from "node:crypto";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { formatVersion, type Settings } from "../config/config.ts";
import { isReadable, settingsOfVersion } from "../config/settings.ts";
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

/** What is written down before the first run. */
export interface StudyContent {
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

export interface Study extends StudyContent {
  /** What its trials know it by: SHA-256 of question, plan, arms and images, as they were written. */
  readonly hash: string;
}

const armSchema = z.object({ name: z.string(), settings: z.record(z.string(), z.unknown()) });

const schema: z.ZodType<Study> = z
  .object({
    question: z.enum(questions),
    plan: z.unknown(),
    arms: z.array(armSchema).min(1),
    data: z.string(),
    command: z.array(z.string()),
    version: z.string(),
    formatVersion: z.int(),
    created: z.string(),
  })
  .transform((raw) => ({
    ...raw,
    arms: raw.arms.map(({ name, settings }): Arm => {
      return { name, settings: settingsOfVersion(raw.formatVersion, settings) };
    }),
    // Of what was written and not of what this version makes of it, which may be more.
    hash: hashOf(raw),
  }));

function hashOf({
  question,
  plan,
  arms,
  data,
}: Pick<StudyContent, "question" | "plan" | "data"> & { readonly arms: unknown }) {
  return createHash("sha256")
    .update(JSON.stringify([question, plan, arms, data]))
    .digest("hex");
}

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

/** Before anything else is looked at: of a later version everything else may be wrong. */
function checkVersion(json: unknown): void {
  const { formatVersion: made, version } = (json ?? {}) as Partial<Study>;
  if (typeof made !== "number" || isReadable(made)) return;
  throw new CutoutError({
    what: `was made by cutout ${version}, whose settings this version does not read`,
    remedy: "use that version",
  });
}

/**
 * A study whose settings meant something else can be looked at, and not gone on with: its runs would not be of one kind.
 * @throws CutoutError
 */
export function checkGoesOn(where: string, { formatVersion: made, version }: Study): void {
  if (made === formatVersion) return;
  throw new CutoutError({
    where,
    what: `was made by cutout ${version}, and this is another version, to which settings mean something else`,
    remedy: "go on with it by that version, or begin a new study",
  });
}

/**
 * Makes a study folder.
 * @param path where; null for `<runsDir>/2026-11-29-photos-compare-1`, with the first number that is free
 * @returns its path
 * @throws CutoutError when something is there already, or the folder cannot be made
 */
export function createStudyFolder(path: string | null, study: StudyContent): string {
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
  file.write(path, studyFrom(JSON.parse(JSON.stringify(study))));
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
