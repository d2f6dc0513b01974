// Checkpoints: the state of a training run and its position, as one safetensors file.

import { basename, dirname, join } from "node:path";
import { replaceFile, type WriteCalls } from "../durable-file.ts";
import { CutoutError } from "../error.ts";
import type { Tensor } from "../tensor.ts";
import { notFinite } from "../train/finite.ts";
import type { TrainingState } from "../train/network-session.ts";
import type { CheckpointName } from "../train/storage.ts";
import { entryAt } from "./plain-file.ts";
import { encodeTensors, readTensors } from "./safetensors.ts";

export interface Checkpoint {
  readonly state: TrainingState;
  /** Whatever was given to `saveCheckpoint`: plain JSON. */
  readonly position: unknown;
}

export const checkpointNames = ["best", "last"] as const satisfies readonly CheckpointName[];

/** `best.safetensors`, `last.safetensors` */
export function checkpointPath(folder: string, name: CheckpointName): string {
  return join(folder, `${name}.safetensors`);
}

export function hasCheckpoint(folder: string, name: CheckpointName): boolean {
  return entryAt(checkpointPath(folder, name)) !== null;
}

/** Raised when the meaning of a checkpoint changes. Version 1 had no checksum. */
const checkpointVersion = 2;
const optimizerPrefix = "optimizer.";
const keys = {
  version: "cutout.version",
  buffers: "cutout.buffers",
  position: "cutout.position",
  checksum: "cutout.sha256",
} as const;

/**
 * Writes a checkpoint. Parameters and buffers keep their names (`conv1.weight`, `bn1.running_mean`), so that the file
 * opens in PyTorch; optimizer entries begin with `optimizer.`. A kill or a full disk at any moment leaves the file that
 * was there before whole.
 * @param position plain JSON
 * @throws when two tensors have one name, or the file cannot be written
 */
export function saveCheckpoint(
  path: string,
  state: TrainingState,
  position: unknown,
  calls?: WriteCalls,
): void {
  const tensors = new Map<string, Tensor>();
  const add = (name: string, value: Tensor) => {
    if (tensors.has(name))
      throw new CutoutError({
        where: "checkpoint",
        option: "names",
        what: "must be different",
        got: `${name} twice`,
      });
    tensors.set(name, value);
  };
  for (const [name, value] of [...state.parameters, ...state.buffers]) {
    if (name.startsWith(optimizerPrefix)) {
      throw new CutoutError({
        where: "checkpoint",
        option: "names",
        what: `must not begin with ${optimizerPrefix}`,
        got: name,
      });
    }
    add(name, value);
  }
  for (const [name, value] of state.optimizer) add(optimizerPrefix + name, value);
  const metadata = {
    // PyTorch's loaders ask for this key.
    format: "pt",
    [keys.version]: String(checkpointVersion),
    [keys.buffers]: JSON.stringify([...state.buffers.keys()]),
    [keys.position]: JSON.stringify(position),
  };
  replaceFile(path, encodeTensors({ tensors, metadata }, keys.checksum), calls);
}

/**
 * Reads a checkpoint.
 * @throws one error that names the file, and what the run's other one is still good for, when it is missing, damaged, of
 *   another version, no checkpoint of Cutout, or holds numbers that are not finite
 */
export function loadCheckpoint(path: string): Checkpoint {
  try {
    return read(path);
  } catch (error) {
    if (!(error instanceof CutoutError)) throw error;
    throw error.with({
      remedy: [error.remedy, whatIsLeft(path)].filter((part) => part !== undefined).join(". ") || undefined,
    });
  }
}

/** What the other checkpoint of a run can be used for; undefined where the file is none of a run's. */
function whatIsLeft(path: string): string | undefined {
  const name = checkpointNames.find((each) => basename(path) === `${each}.safetensors`);
  if (name === undefined) return undefined;
  const other = name === "best" ? "last" : "best";
  try {
    read(checkpointPath(dirname(path), other));
  } catch {
    return undefined;
  }
  return name === "best"
    ? "last.safetensors is whole: use that one (--weights last), or put this one back from a copy"
    : "best.safetensors is whole: its weights can be used (predict, eval and export with --weights best), but the run cannot be gone on with";
}

function read(path: string): Checkpoint {
  const { tensors, metadata, intact } = readTensors(path, keys.checksum);
  const version = metadata[keys.version];
  if (version === undefined) {
    throw new CutoutError({
      where: path,
      what: "must be a checkpoint written by Cutout",
      got: "another safetensors file",
    });
  }
  if (version !== "1" && version !== String(checkpointVersion)) {
    throw new CutoutError({
      where: path,
      what: `must be a checkpoint of version 1 to ${checkpointVersion}`,
      got: `version ${version}`,
      remedy: "use the release of Cutout that wrote it, or train again",
    });
  }
  if (intact === false || (intact === null && version !== "1")) {
    throw new CutoutError({ where: path, what: "is damaged, its checksum does not fit its content" });
  }
  const bufferNames = new Set(parseNames(path, metadata[keys.buffers]));
  const parameters = new Map<string, Tensor>();
  const buffers = new Map<string, Tensor>();
  const optimizer = new Map<string, Tensor>();
  for (const [name, value] of tensors) {
    if (name.startsWith(optimizerPrefix)) optimizer.set(name.slice(optimizerPrefix.length), value);
    else (bufferNames.has(name) ? buffers : parameters).set(name, value);
  }
  for (const name of bufferNames) {
    if (!buffers.has(name))
      throw new CutoutError({ where: path, what: `must hold the buffer ${name}, which its header names` });
  }
  const state = { parameters, buffers, optimizer };
  const wild = notFinite(state);
  if (wild !== null) {
    throw new CutoutError({
      where: path,
      what: `${wild.name} must hold finite numbers`,
      got: String(wild.value),
    });
  }
  return { state, position: parse(path, metadata[keys.position]) };
}

function parseNames(path: string, text: string | undefined): string[] {
  const names = parse(path, text);
  if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names;
  throw new CutoutError({ where: path, what: "the buffers' names must be a list of strings" });
}

function parse(path: string, text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch (error) {
    throw new CutoutError(
      { where: path, what: "the checkpoint's position and buffers must be JSON" },
      { cause: error },
    );
  }
}
