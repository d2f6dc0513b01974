// The file that remembers which algorithm was fastest: one for all networks of a user, kept in the user's cache folder.
import { mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { writeFlushed } from "../durable-file.ts";
import { type ConvAlgorithmName, convAlgorithms } from "../graph/conv/algorithms.ts";

/** What one timing found. */
export interface Remembered {
  readonly algorithm: ConvAlgorithmName;
  /** Of each algorithm that was timed. */
  readonly milliseconds: { readonly [Name in ConvAlgorithmName]?: number };
}

/** Machine and versions -> convolution -> what was found. */
type Content = Readonly<Record<string, Readonly<Record<string, Remembered>>>>;

const format = 1;

/** Below the user's home: where each system keeps what can be made again. */
const cacheFolders: { readonly [Platform in NodeJS.Platform]?: string } = {
  darwin: join("Library", "Caches"),
  win32: join("AppData", "Local"),
};

/**
 * `$XDG_CACHE_HOME/cutout/convolutions.json`, or in the system's own place for what can be made again; for users that
 * have no home, as those of some containers, in the folder for temporary files.
 */
export function timingFile(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: () => string = homedir,
): string {
  const { XDG_CACHE_HOME: chosen, LOCALAPPDATA: local } = environment;
  const cache =
    chosen || (platform === "win32" && local) || underHome(cacheFolders[platform] ?? ".cache", home);
  return join(cache, "cutout", "convolutions.json");
}

function underHome(folder: string, home: () => string): string {
  try {
    return join(home() || tmpdir(), folder);
  } catch {
    return join(tmpdir(), folder);
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isRemembered = (value: unknown): value is Remembered =>
  isObject(value) &&
  typeof value.algorithm === "string" &&
  Object.hasOwn(convAlgorithms, value.algorithm) &&
  isObject(value.milliseconds);

/** Everything that is remembered; nothing when the file is missing, damaged or of another version. */
function readAll(path: string): Content {
  try {
    const raw: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isObject(raw) && raw.format === format && isObject(raw.timings) ? (raw.timings as Content) : {};
  } catch {
    return {};
  }
}

/** What is remembered for a machine, by convolution; damaged entries are left out. */
export function readTimings(path: string, machine: string): ReadonlyMap<string, Remembered> {
  const entries = Object.hasOwn(readAll(path), machine) ? readAll(path)[machine] : {};
  return new Map(Object.entries(isObject(entries) ? entries : {}).filter(([, entry]) => isRemembered(entry)));
}

let temporaries = 0;

/**
 * Adds to what is remembered for a machine. The file is replaced as a whole; when two processes do so at the same
 * moment, the additions of one may be lost, and are timed again some day.
 * @throws the system's error when the file cannot be written
 */
export function addTimings(path: string, machine: string, added: ReadonlyMap<string, Remembered>): void {
  const all = readAll(path);
  const before = Object.fromEntries(readTimings(path, machine));
  const timings = { ...all, [machine]: { ...before, ...Object.fromEntries(added) } };
  mkdirSync(dirname(path), { recursive: true });
  const beside = `${path}.${process.pid}-${temporaries++}.partial`;
  try {
    writeFlushed(beside, [Buffer.from(`${JSON.stringify({ format, timings }, null, 1)}\n`)]);
    renameSync(beside, path);
  } finally {
    rmSync(beside, { force: true });
  }
}
