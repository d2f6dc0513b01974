// trials.jsonl: the runs of a study in the order in which they were planned, a line each; lines are added, never changed.
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../durable-file.ts";
import { CutoutError } from "../error.ts";
import { sealed, sealOf } from "../run-folder/checksum.ts";
import { entryAt, readPlainFile } from "../run-folder/plain-file.ts";
import type { Study } from "./study-json.ts";

interface Planned {
  /** From 0, in the order of planning. */
  readonly index: number;
  /** Index of the arm in study.json. */
  readonly arm: number;
  /** The seed of everything random, of the split too unless the settings give that one of its own. */
  readonly seed: number;
  /** What it is for, in the question's words: `look 6`, `rung 1`, `confirm`. */
  readonly stage: string;
}

export interface TrainTrial extends Planned {
  readonly task: "train";
  /** Another length than the arm's settings have; null for theirs. */
  readonly epochs: number | null;
  /** Whether the test part is looked at; without, the run ends with its validation. */
  readonly test: boolean;
}

/** The run of an earlier trial, trained without a look at the test part, is tested. */
export interface TestTrial extends Planned {
  readonly task: "test";
  /** Index of that trial. */
  readonly of: number;
}

export type Trial = TrainTrial | TestTrial;

/** A trial before it has its place in the file. */
export type NewTrial = Omit<TrainTrial, "index"> | Omit<TestTrial, "index">;

const count = z.int().min(0);
const planned = { index: count, arm: count, seed: count, stage: z.string(), study: z.string() };
const schema = z.discriminatedUnion("task", [
  z.object({ ...planned, task: z.literal("train"), epochs: count.min(1).nullable(), test: z.boolean() }),
  z.object({ ...planned, task: z.literal("test"), of: count }),
]);

const pathIn = (folder: string) => join(folder, "trials.jsonl");

/**
 * The trials that are planned so far.
 * @throws CutoutError when a line is damaged, or belongs to another question than study.json asks
 */
export function readTrials(folder: string, study: Study): readonly Trial[] {
  if (entryAt(pathIn(folder)) === null) return [];
  const text = readPlainFile(pathIn(folder), 2 ** 26).toString("utf8");
  const { hash } = study;
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line, index) => trialOf(line, index, hash, pathIn(folder)));
}

function trialOf(line: string, index: number, hash: string, where: string): Trial {
  const checked = schema.safeParse(jsonIn(line));
  if (!checked.success || checked.data.index !== index) {
    throw new CutoutError({
      where,
      what: `line ${index + 1} is damaged`,
      remedy: "put the file back from a copy; the finished runs in trials/ stay as they are",
    });
  }
  const { study, ...trial } = checked.data;
  if (study === hash) return trial;
  throw new CutoutError({
    where,
    what: `line ${index + 1} was planned for another question than study.json asks now: the study has been changed after its first run`,
    remedy: "put study.json back as it was, or begin a new study",
  });
}

function jsonIn(line: string): unknown {
  try {
    const json: unknown = JSON.parse(line);
    if (sealOf(json) !== "whole") return null;
    const { checksum, ...content } = json as Readonly<Record<string, unknown>>;
    return content;
  } catch {
    return null;
  }
}

/** Adds trials after those that are there; a kill leaves the file with all of them or with none. */
export function appendTrials(
  folder: string,
  study: Study,
  before: readonly Trial[],
  added: readonly NewTrial[],
): readonly Trial[] {
  const trials = [...before, ...added.map((trial, at): Trial => ({ index: before.length + at, ...trial }))];
  replaceFile(pathIn(folder), [Buffer.from(trials.map((trial) => `${trialLine(study, trial)}\n`).join(""))]);
  return trials;
}

/** A trial as its line of the file, by which another machine is told of it. */
export const trialLine = (study: Study, trial: Trial): string =>
  JSON.stringify(sealed({ ...trial, study: study.hash }));

/**
 * The trial of such a line.
 * @throws CutoutError when it is damaged, or of another study
 */
export function trialOfLine(study: Study, line: string): Trial {
  const { index } = (jsonIn(line) ?? {}) as { readonly index?: unknown };
  return trialOf(line, typeof index === "number" ? index : 0, study.hash, "a trial of another machine");
}
