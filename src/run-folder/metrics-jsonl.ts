// metrics.jsonl: one record a line, appended and flushed; cut back to the checkpoint when a run is resumed.
import { closeSync, fsyncSync, ftruncateSync, openSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { appendLine, type WriteCalls } from "../durable-file.ts";
import { CutoutError } from "../error.ts";
import type { ClassScores, ReconstructionScores } from "../train/evaluation.ts";
import type { EpochRecord, MetricsRecord, TestRecord } from "../train/events.ts";
import type { Scores } from "../train/objective.ts";
import { sealed, sealOf } from "./checksum.ts";
import { checkPlain, entryAt, readPlainFile, unreadable } from "./plain-file.ts";
import { count, crops, lossValue, reconstructionScore, score, share } from "./score-schema.ts";

const name = "metrics.jsonl";
const pathIn = (folder: string) => join(folder, name);

/** The schema of the lines of a run that learns something. */
export type RecordSchema<S extends Scores> = z.ZodType<MetricsRecord<S>>;

function recordsWith<T extends z.ZodType, S extends z.ZodType>(train: T, scores: S) {
  const epochRecord = z.object({
    type: z.literal("epoch"),
    epoch: z.int().min(1),
    step: count,
    learningRate: z.number(),
    train,
    validation: scores.nullable(),
    best: z.boolean(),
    imagesPerSecond: z.number(),
    seconds: z.number().min(0),
  });
  const testRecord = z.object({ type: z.literal("test"), epoch: count, crops, test: scores });
  return z.discriminatedUnion("type", [epochRecord, testRecord]);
}

export const classRecords: RecordSchema<ClassScores> = recordsWith(
  z.object({ loss: lossValue, top1: share }),
  score,
);
export const reconstructionRecords: RecordSchema<ReconstructionScores> = recordsWith(
  z.object({ loss: lossValue, corrupted: lossValue }),
  reconstructionScore,
);

/** What the record of an epoch has whatever was learnt. */
const numberedEpoch = z.object({ type: z.literal("epoch"), epoch: count });

export interface Metrics<S extends Scores = ClassScores> {
  /** One a finished epoch, in order; after a resume the later record of an epoch counts. */
  readonly epochs: readonly EpochRecord<S>[];
  /** The last line of a finished run. */
  readonly test: TestRecord<S> | null;
}

interface Line {
  /** 1 for the first. */
  readonly number: number;
  /** Bytes of the file up to the end of this line; `whole` says that its line break is there. */
  readonly end: number;
  readonly whole: boolean;
  /** What it holds; undefined when it is no JSON, or not what was written. */
  readonly json: unknown;
}

/** The only reader of the file; whoever asks decides what a damaged line means. */
function readLines(folder: string): readonly Line[] {
  if (entryAt(pathIn(folder)) === null) return [];
  const bytes = readPlainFile(pathIn(folder), 2 ** 28);
  const lines: Line[] = [];
  for (let start = 0, number = 1; start < bytes.length; number++) {
    const lineBreak = bytes.indexOf("\n", start);
    const end = lineBreak < 0 ? bytes.length : lineBreak + 1;
    const text = bytes.toString("utf8", start, end);
    if (text.trim() !== "") lines.push({ number, end, whole: lineBreak >= 0, json: jsonIn(text) });
    start = end;
  }
  return lines;
}

function jsonIn(text: string): unknown {
  try {
    const json: unknown = JSON.parse(text);
    return sealOf(json) === "broken" ? undefined : json;
  } catch {
    return undefined;
  }
}

/** The record of a line, or what is wrong with it. */
function recordOf<S extends Scores>({ json }: Line, schema: RecordSchema<S>): MetricsRecord<S> | string {
  if (json === undefined) return "not valid JSON, or not what was written";
  const checked = schema.safeParse(json);
  return checked.success ? checked.data : "no record of an epoch or of the test";
}

function metricsOf<S extends Scores>(records: readonly MetricsRecord<S>[]): Metrics<S> {
  const epochs = new Map<number, EpochRecord<S>>();
  let test: TestRecord<S> | null = null;
  for (const record of records) {
    if (record.type === "test") test = record;
    else epochs.set(record.epoch, record);
  }
  return { epochs: [...epochs.values()].sort((a, b) => a.epoch - b.epoch), test };
}

/**
 * Every record. A last line that a kill has cut is none.
 * @throws CutoutError that names the line when another is damaged
 */
export function readMetrics<S extends Scores>(folder: string, schema: RecordSchema<S>): Metrics<S> {
  const whole = readLines(folder).filter((line) => line.whole);
  return metricsOf(
    whole.map((line) => {
      const record = recordOf(line, schema);
      if (typeof record !== "string") return record;
      throw new CutoutError({
        where: pathIn(folder),
        what: `line ${line.number} is ${record}`,
        remedy:
          "put the file back from a copy, or take the line out: the weights are still there to predict, the run cannot be gone on with",
      });
    }),
  );
}

/** The records that can be read; of what cannot, a sentence is added to `problems`. */
export function showMetrics<S extends Scores>(
  folder: string,
  schema: RecordSchema<S>,
  problems: string[],
): Metrics<S> {
  return metricsOf(
    linesToShow(folder, problems).flatMap((line) => {
      const record = recordOf(line, schema);
      if (typeof record !== "string") return [record];
      problems.push(`${name}: line ${line.number} is damaged and left out (${record}).`);
      return [];
    }),
  );
}

function linesToShow(folder: string, problems: string[]): readonly Line[] {
  try {
    if (entryAt(pathIn(folder)) === null) problems.push(`${name} is missing: there are no learning curves.`);
    return readLines(folder);
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    const { what, got } = error;
    problems.push(`${name} ${what}${got === undefined ? "" : `, got ${got}`}: there are no learning curves.`);
    return [];
  }
}

/** Whether a run has written any. */
export function hasMetrics(folder: string): boolean {
  return readLines(folder).length > 0;
}

/** Appends a record; after a failure the file is as before. */
export function appendRecord<S extends Scores>(
  folder: string,
  record: MetricsRecord<S>,
  calls?: WriteCalls,
): void {
  const there = entryAt(pathIn(folder));
  if (there !== null) checkPlain(pathIn(folder), there);
  appendLine(pathIn(folder), JSON.stringify(sealed(record)), calls);
}

/**
 * Keeps the records of the epochs 1 to `epochs` and cuts off what comes after them: later epochs, the test record, a
 * half-written line.
 * @throws CutoutError when the file does not begin with those epochs
 */
export function cutMetrics(folder: string, epochs: number): void {
  const lines = readLines(folder);
  for (let epoch = 1; epoch <= epochs; epoch++) {
    const line = lines[epoch - 1];
    if (line?.whole && numberedEpoch.safeParse(line.json).data?.epoch === epoch) continue;
    throw new CutoutError({
      where: pathIn(folder),
      what: `line ${epoch} must be the record of epoch ${epoch}, because last.safetensors goes on after epoch ${epochs}`,
      remedy: "put the file back, or train anew in another run folder",
    });
  }
  if (lines.length === 0) return;
  try {
    // Just read, so it is a plain file.
    const file = openSync(pathIn(folder), "r+");
    try {
      ftruncateSync(file, epochs === 0 ? 0 : lines[epochs - 1]!.end);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw unreadable(pathIn(folder), error);
  }
}
