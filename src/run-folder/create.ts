// New run folders: made without ever touching an older one.
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, parse } from "node:path";
import type { Config } from "../config/config.ts";
import { makeFolders } from "../durable-file.ts";
import { CutoutError, refusalText, telling } from "../error.ts";
import type { Network } from "../nn/network.ts";
import { shellWord } from "../text.ts";
import { configJson } from "./config-json.ts";
import { type DatasetRecord, datasetJson } from "./dataset-json.ts";
import { type Environment, environmentJson } from "./environment-json.ts";
import { type HoldOptions, holdRun, isHeldLock, isLockFile, type RunHold } from "./hold.ts";
import { folderName as imagesName } from "./images.ts";
import { networkJson } from "./network-json.ts";
import { entryAt, isFolder, unreadable } from "./plain-file.ts";

export interface NewRun {
  readonly config: Config;
  readonly dataset: DatasetRecord;
  readonly environment: Environment;
  /** The network, where config.json does not say all of it; null by default. */
  readonly network?: Network | null;
  /** The folder; null makes `<runsDir>/<date>-<data>-<model>-<n>` with the first free n. */
  readonly out: string | null;
}

/**
 * Makes a new run folder with config.json, environment.json and dataset.json, held by this process.
 * @returns the hold, which knows the folder's path
 * @throws CutoutError when `out` exists already or is held, or the folder cannot be written
 */
export async function createRun(run: NewRun, options: HoldOptions = {}): Promise<RunHold> {
  const { config, dataset, environment, network = null, out } = run;
  const folder =
    out === null
      ? makeNumbered(config.runsDir, [dataset.name, parse(config.model.name).name])
      : makeNamed(out);
  const hold = await holdRun(folder, options);
  try {
    // Another process may have begun a run there in the meantime.
    checkNewRun(folder);
    for (const file of filesIn(folder)) {
      const path = join(folder, file);
      if (!isHeldLock(file)) telling(path, () => rmSync(path, { force: true }));
    }
    environmentJson.write(folder, environment);
    datasetJson.write(folder, dataset);
    if (network !== null) networkJson.write(folder, network);
    // Last: a folder with a config.json is a run folder, which can be gone on with.
    configJson.write(folder, config);
    return hold;
  } catch (error) {
    hold.release();
    throw error;
  }
}

/** Takes away what a kill in the middle of writing has left; the folder must be held. */
export function removeLeftovers(folder: string): void {
  for (const part of [folder, join(folder, imagesName)]) {
    if (!entryAt(part)?.isDirectory() && part !== folder) continue;
    for (const file of filesIn(part)) {
      const left = file.endsWith(".partial") || (isLockFile(file) && !isHeldLock(file));
      if (left && !entryAt(join(part, file))?.isDirectory()) {
        telling(join(part, file), () => rmSync(join(part, file), { force: true }));
      }
    }
  }
}

/** Makes `<parent>/<date>-<words>-<n>` with the first free n. @returns its path */
export function makeNumbered(parent: string, words: readonly string[]): string {
  const date = new Date().toISOString().slice(0, 10);
  makeFolder(parent, { recursive: true });
  for (let number = 1; ; number++) {
    const path = join(parent, [date, ...words.map(folderWord), number].join("-"));
    // Without `recursive`, mkdir fails on a folder that exists: two processes at once get two folders.
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

/** What a run has written before its config.json, when it was killed; that run never began. */
function isOfBeginning(file: string): boolean {
  const begun = [environmentJson, datasetJson, networkJson, configJson].map(({ pathIn }) => pathIn("."));
  return (
    isLockFile(file) || [...begun.slice(0, -1), ...begun.map((path) => `${path}.partial`)].includes(file)
  );
}

/**
 * Makes sure that a folder can become a new run folder: it does not exist yet, is empty, or holds only what a run that
 * was killed before it began has left.
 * @throws CutoutError when something else is there
 */
export function checkNewRun(out: string): void {
  if (isFolder(out) === null || (isFolder(out) && filesIn(out).every(isOfBeginning))) return;
  const way =
    isFolder(out) && configJson.isIn(out)
      ? `, or go on with it: cutout train --resume ${shellWord(out)}`
      : "";
  throw new CutoutError({
    where: "--out",
    what: `${out} exists already and is not overwritten`,
    remedy: `choose another name${way}`,
  });
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    throw unreadable(folder, error);
  }
}

function makeNamed(out: string): string {
  checkNewRun(out);
  makeFolder(out, { recursive: true });
  return out;
}

/** False when the folder exists already. */
function makeFolder(path: string, options: { recursive: boolean }): boolean {
  try {
    if (options.recursive) makeFolders(path);
    else mkdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && !options.recursive) return false;
    throw new CutoutError(
      {
        where: path,
        what: `the folder cannot be made, ${refusalText(error)}`,
        remedy: "choose another with --out or --runs-dir",
      },
      { cause: error },
    );
  }
}
