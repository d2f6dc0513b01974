// results.csv: a row a run, for other programs; written anew whenever a run ends.
import { relative } from "node:path";
import { replaceFile } from "../durable-file.ts";
import { resultsFile, trialFolder } from "./layout.ts";
import type { Conducted, OpenStudy } from "./open.ts";

export interface ResultRow {
  readonly trial: number;
  readonly arm: string;
  readonly seed: number;
  readonly stage: string;
  readonly state: "open" | "failed" | "finished";
  /** The epoch whose weights are kept. */
  readonly epoch: number | null;
  /** Top-1 accuracies, shares from 0 to 1. */
  readonly validation: number | null;
  readonly test: number | null;
  /** Of training and validation. */
  readonly seconds: number | null;
  /** Of the run, from the study's folder. */
  readonly folder: string;
}

/** A row a trial; what is not known is null. */
export function resultRows(
  { path, study }: OpenStudy,
  conducted: readonly Conducted[],
): readonly ResultRow[] {
  return conducted.map(({ trial, outcome }) => {
    const finished = outcome.state === "finished" ? outcome : null;
    return {
      trial: trial.index,
      arm: study.arms[trial.arm]!.name,
      seed: trial.seed,
      stage: trial.stage,
      state: outcome.state,
      epoch: finished?.epoch ?? null,
      validation: finished?.validation ?? null,
      test: finished?.test ?? null,
      seconds: finished?.seconds ?? null,
      folder: relative(path, trialFolder(path, trial.task === "test" ? trial.of : trial.index)),
    };
  });
}

const columns = [
  "trial",
  "arm",
  "seed",
  "stage",
  "state",
  "epoch",
  "validation",
  "test",
  "seconds",
  "folder",
] as const satisfies readonly (keyof ResultRow)[];

/** RFC 4180. */
export function resultsCsv(rows: readonly ResultRow[]): string {
  const cell = (value: string | number | null) => {
    const text = value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return [columns.join(","), ...rows.map((row) => columns.map((name) => cell(row[name])).join(","))]
    .map((line) => `${line}\n`)
    .join("");
}

/** A kill leaves the file of before. */
export function writeResults(study: OpenStudy, conducted: readonly Conducted[]): void {
  replaceFile(resultsFile(study.path), [Buffer.from(resultsCsv(resultRows(study, conducted)))]);
}
