// results.csv: a row a run, for other programs; written anew whenever a run ends.
import { relative } from "node:path";
import type { Settings } from "../config/config.ts";
import { replaceFile } from "../durable-file.ts";
import { resultsFile, runFolder } from "./layout.ts";
import type { Conducted, OpenStudy } from "./open.ts";
import type { Trial } from "./trials-jsonl.ts";
import { varyingSettings } from "./varying-settings.ts";

export interface ResultRow {
  readonly trial: number;
  readonly arm: string;
  /** The settings in which runs differ, by their flags without the dashes, with their text; null where a run has no such setting. */
  readonly settings: Readonly<Record<string, string | null>>;
  readonly seed: number;
  readonly stage: string;
  readonly state: "open" | "failed" | "finished";
  /** The epoch whose weights are kept. */
  readonly epoch: number | null;
  /** Top-1 accuracies, shares from 0 to 1. */
  readonly validation: number | null;
  readonly test: number | null;
  /** Of training and validation; null of a trial that only tests. */
  readonly seconds: number | null;
  /** Of the run, from the study's folder. */
  readonly folder: string;
}

/** A row a trial; what is not known is null. */
export function resultRows(
  { path, study }: OpenStudy,
  conducted: readonly Conducted[],
): readonly ResultRow[] {
  const settingsOf = settingsThatVary(study.arms, conducted);
  return conducted.map(({ trial, outcome }) => {
    const finished = outcome.state === "finished" ? outcome : null;
    return {
      trial: trial.index,
      arm: study.arms[trial.arm]!.name,
      settings: settingsOf(trial),
      seed: trial.seed,
      stage: trial.stage,
      state: outcome.state,
      epoch: finished?.epoch ?? null,
      validation: finished?.validation ?? null,
      test: finished?.test ?? null,
      seconds: trial.task === "test" ? null : (finished?.seconds ?? null),
      folder: relative(path, runFolder(path, trial)),
    };
  });
}

/** What tells the settings of a trial that others have differently: those of its arm, and its length where it has one of its own. */
function settingsThatVary(
  arms: OpenStudy["study"]["arms"],
  conducted: readonly Conducted[],
): (trial: Trial) => ResultRow["settings"] {
  const varying = varyingSettings(arms);
  const lengths = conducted.some(({ trial }) => ownEpochs(trial) !== null);
  return (trial) => {
    const ofArm = varying.map(({ name, values }) => [name, values[trial.arm]!] as const);
    const { epochs }: Settings = arms[trial.arm]!.settings;
    return Object.fromEntries([
      ...ofArm,
      ...(lengths ? [["epochs", textOf(ownEpochs(trial) ?? epochs)] as const] : []),
    ]);
  };
}

const textOf = (epochs: number | undefined) => (epochs === undefined ? null : String(epochs));
const ownEpochs = (trial: Trial): number | null => (trial.task === "train" ? trial.epochs : null);

const before = ["trial", "arm", "seed", "stage", "state"] as const satisfies readonly (keyof ResultRow)[];
const after = [
  "epoch",
  "validation",
  "test",
  "seconds",
  "folder",
] as const satisfies readonly (keyof ResultRow)[];

const cell = (value: string | number | null): string => {
  const text = value === null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** RFC 4180: a head, then a record a run, each ended by CR LF. The settings that vary stand between stage and results. */
export function resultsCsv(rows: readonly ResultRow[]): string {
  const settings = Object.keys(rows[0]?.settings ?? {});
  const records = rows.map((row) => [
    ...before.map((name) => row[name]),
    ...settings.map((name) => row.settings[name] ?? null),
    ...after.map((name) => row[name]),
  ]);
  return [[...before, ...settings, ...after], ...records]
    .map((record) => `${record.map(cell).join(",")}\r\n`)
    .join("");
}

/** A kill leaves the file of before. */
export function writeResults(study: OpenStudy, conducted: readonly Conducted[]): void {
  replaceFile(resultsFile(study.path), [Buffer.from(resultsCsv(resultRows(study, conducted)))]);
}
