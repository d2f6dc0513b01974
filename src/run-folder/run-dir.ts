// Run folders: made without ever touching an older one, and opened with a clear answer when that cannot be done.
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Config, formatVersion } from "../config/config.ts";
import { readCompleteConfig } from "../config/settings.ts";
import type { ChannelStatistics, Dataset, Split } from "../data/dataset.ts";
import { replaceFile } from "../durable-file.ts";
import type { Environment } from "../run/environment.ts";
import { shellWord } from "../text.ts";
import type { EpochRecord, MetricsRecord, TestRecord } from "../train/events.ts";
import { splitDigest } from "./identity.ts";
import { type DatasetSummary, datasetSchema, recordSchema } from "./read.ts";

/** dataset.json: what the images were. */
export interface DatasetRecord extends DatasetSummary {
  readonly formatVersion: number;
}

export interface OpenRun {
  /** As given. */
  readonly path: string;
  readonly config: Config;
  readonly dataset: DatasetRecord;
  readonly epochs: readonly EpochRecord[];
  /** The last line of metrics.jsonl, once the best checkpoint has been tested. */
  readonly test: TestRecord | null;
}

export function datasetRecord(dataset: Dataset, split: Split, statistics: ChannelStatistics): DatasetRecord {
  const { name, classes, height, width, channels, count, fingerprint, broken } = dataset;
  const { mean, std } = statistics;
  const sizes = { train: split.train.length, validation: split.validation.length, test: split.test.length };
  return {
    formatVersion,
    name,
    classes,
    height,
    width,
    channels,
    count,
    fingerprint,
    mean,
    std,
    split: sizes,
    splitDigest: splitDigest(split),
    broken,
  };
}

/** Writes a JSON file as a whole; a kill or a full disk leaves the file of before. */
export function writeJson(path: string, value: unknown): void {
  replaceFile(path, [Buffer.from(`${JSON.stringify(value, null, 2)}\n`)]);
}

/**
 * Makes a new run folder with config.json, environment.json and dataset.json.
 * @param out the folder; null makes `<runsDir>/<date>-<data>-<model>-<n>` with the first free n
 * @returns the folder's path
 * @throws Error when `out` exists already, or the folder cannot be written
 */
export function createRun(args: {
  readonly config: Config;
  readonly dataset: DatasetRecord;
  readonly environment: Environment;
  readonly out: string | null;
}): string {
  const { config, dataset, environment, out } = args;
  const path = out === null ? makeNumbered(config, dataset.name) : makeNamed(out);
  writeJson(join(path, "environment.json"), { formatVersion, ...environment });
  writeJson(join(path, "dataset.json"), dataset);
  // Last: a folder with a config.json is a run folder.
  writeConfig(path, config);
  return path;
}

export function writeConfig(path: string, config: Config): void {
  writeJson(join(path, "config.json"), { formatVersion, ...config });
}

function makeNumbered(config: Config, data: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const name = folderWord(data);
  makeFolder(config.runsDir, { recursive: true });
  for (let number = 1; ; number++) {
    const path = join(config.runsDir, `${date}-${name}-${config.model}-${number}`);
    // Without `recursive`, mkdir fails on a folder that exists: two runs at once get two folders.
    if (makeFolder(path, { recursive: false })) return path;
  }
}

/** A name as a part of a folder's name: letters of any script and digits stay, anything else becomes _. */
function folderWord(name: string): string {
  const word = name.normalize("NFC").replace(/[^\p{L}\p{M}\p{N}_-]+/gu, "_");
  return [...word]
    .slice(0, 40)
    .join("")
    .replace(/(?<=.)_+$/u, "");
}

/**
 * Makes sure that a folder can become a new run folder: it does not exist yet, or is empty.
 * @throws Error when something is there
 */
export function checkNewRun(out: string): void {
  if (!existsSync(out) || (statSync(out).isDirectory() && readdirSync(out).length === 0)) return;
  const way = existsSync(join(out, "config.json"))
    ? `, or go on with it: cutout train --resume ${shellWord(out)}`
    : "";
  throw new Error(`--out: ${out} exists already and is not overwritten; choose another name${way}`);
}

function makeNamed(out: string): string {
  checkNewRun(out);
  makeFolder(out, { recursive: true });
  return out;
}

/** False when the folder exists already. */
function makeFolder(path: string, options: { recursive: boolean }): boolean {
  try {
    mkdirSync(path, options);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && !options.recursive) return false;
    throw new Error(
      `${path}: the run folder cannot be made (${code}); choose another with --out or --runs-dir`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Opens an existing run folder, finished or not.
 * @throws Error, one line, when it is missing, no run folder, damaged, or of another version
 */
export function openRun(path: string): OpenRun {
  if (!existsSync(path)) throw new Error(`${path}: no such run folder; "cutout train" makes them in runs/`);
  if (!statSync(path).isDirectory()) throw new Error(`${path}: must be a run folder, got a file`);
  if (!existsSync(join(path, "config.json"))) {
    throw new Error(`${path}: must be a run folder made by "cutout train", got a folder without config.json`);
  }
  const raw = readVersioned(path, "config.json");
  const config = readCompleteConfig(raw, join(path, "config.json"));
  const dataset = readDataset(path);
  const metrics = readMetrics(path);
  const epochs = metrics.filter((record) => record.type === "epoch");
  return { path, config, dataset, epochs, test: metrics.find((record) => record.type === "test") ?? null };
}

/**
 * Opens a run whose best checkpoint has been tested.
 * @throws Error as `openRun`, and when the run is not finished
 */
export function openFinishedRun(path: string): OpenRun & { readonly test: TestRecord } {
  const run = openRun(path);
  if (run.test === null) {
    throw new Error(
      `${path}: the run is not finished (${run.epochs.length} of ${run.config.epochs} epochs); ` +
        `go on with it: cutout train --resume ${shellWord(path)}`,
    );
  }
  return { ...run, test: run.test };
}

/**
 * Makes sure that images and parts are those that a run began with.
 * @param otherwise what else to do than to put them back
 * @throws Error that names what has changed: the images, or the groups file
 */
export function checkSameData(
  run: Pick<OpenRun, "config" | "dataset">,
  { config, dataset, split }: { readonly config: Config; readonly dataset: Dataset; readonly split: Split },
  otherwise: string,
): void {
  if (dataset.fingerprint !== run.dataset.fingerprint) {
    throw new Error(
      `${config.data}: the images must be those the run began with, but some have changed; ` +
        `put them back, or ${otherwise}`,
    );
  }
  if (run.dataset.splitDigest === undefined || run.dataset.splitDigest === splitDigest(split)) return;
  const { groups } = config.split;
  throw new Error(
    groups === null
      ? `${config.data}: this version of cutout divides the images into other parts than those of the run; ` +
          `use the version that made it, or ${otherwise}`
      : `${groups}: the groups file must divide the images as when the run began, but it has changed; ` +
          `put it back, or ${otherwise}`,
  );
}

function readVersioned(path: string, file: string): Record<string, unknown> {
  const where = join(path, file);
  const value = readJson(where);
  const version = (value as { formatVersion?: unknown } | null)?.formatVersion;
  if (version !== formatVersion) {
    throw new Error(
      `${where}: must have format version ${formatVersion}, got ${JSON.stringify(version) ?? "none"}; ` +
        "use the version of cutout that made this run, or train again",
    );
  }
  return value as Record<string, unknown>;
}

function readDataset(path: string): DatasetRecord {
  const raw = readVersioned(path, "dataset.json");
  const checked = datasetSchema.safeParse(raw);
  if (checked.success) return { formatVersion, ...checked.data };
  const { path: field, message } = checked.error.issues[0]!;
  throw new Error(
    `${join(path, "dataset.json")}: ${field.join(".")}: ${message}; the run folder is damaged, train again`,
  );
}

function readJson(where: string): unknown {
  try {
    return JSON.parse(readFileSync(where, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === "ENOENT"
        ? "is missing"
        : code === undefined
          ? "is not valid JSON"
          : `cannot be read (${code})`;
    throw new Error(`${where}: ${why}; the run folder is damaged, train again`, { cause: error });
  }
}

/** The whole lines; a kill may have cut the last one. */
function readMetrics(path: string): MetricsRecord[] {
  const where = join(path, "metrics.jsonl");
  if (!existsSync(where)) return [];
  const lines = readFileSync(where, "utf8").split("\n").slice(0, -1);
  return lines.map((line, index) => {
    const damaged = (what: string, cause?: unknown) =>
      new Error(`${where}: line ${index + 1} is ${what}; the run folder is damaged`, { cause });
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch (error) {
      throw damaged("not valid JSON", error);
    }
    const checked = recordSchema.safeParse(json);
    if (!checked.success) throw damaged("no record of an epoch or of the test");
    return checked.data;
  });
}
