// New run folders: made without ever touching an older one.
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join, parse } from "node:path";
import type { Config } from "../config/config.ts";
import { CutoutError } from "../error.ts";
import { shellWord } from "../text.ts";
import { configJson } from "./config-json.ts";
import { type DatasetRecord, datasetJson } from "./dataset-json.ts";
import { type Environment, environmentJson } from "./environment-json.ts";

/**
 * Makes a new run folder with config.json, environment.json and dataset.json.
 * @param out the folder; null makes `<runsDir>/<date>-<data>-<model>-<n>` with the first free n
 * @returns the folder's path
 * @throws CutoutError when `out` exists already, or the folder cannot be written
 */
export function createRun(args: {
  readonly config: Config;
  readonly dataset: DatasetRecord;
  readonly environment: Environment;
  readonly out: string | null;
}): string {
  const { config, dataset, environment, out } = args;
  const folder = out === null ? makeNumbered(config, dataset.name) : makeNamed(out);
  environmentJson.write(folder, environment);
  datasetJson.write(folder, dataset);
  // Last: a folder with a config.json is a run folder.
  configJson.write(folder, config);
  return folder;
}

function makeNumbered(config: Config, data: string): string {
  const date = new Date().toISOString().slice(0, 10);
  const name = folderWord(data);
  const model = folderWord(parse(config.model.name).name);
  makeFolder(config.runsDir, { recursive: true });
  for (let number = 1; ; number++) {
    const path = join(config.runsDir, `${date}-${name}-${model}-${number}`);
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
 * @throws CutoutError when something is there
 */
export function checkNewRun(out: string): void {
  if (!existsSync(out) || (statSync(out).isDirectory() && readdirSync(out).length === 0)) return;
  const way = configJson.isIn(out) ? `, or go on with it: cutout train --resume ${shellWord(out)}` : "";
  throw new CutoutError({
    where: "--out",
    what: `${out} exists already and is not overwritten`,
    remedy: `choose another name${way}`,
  });
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
    throw new CutoutError(
      {
        where: path,
        what: `the run folder cannot be made (${code})`,
        remedy: "choose another with --out or --runs-dir",
      },
      { cause: error },
    );
  }
}
