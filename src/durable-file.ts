// Writes that survive a kill or a full disk at any moment: write beside, flush, rename; append, flush.

import * as fs from "node:fs";
import { dirname, resolve } from "node:path";
import { CutoutError } from "./error.ts";

/** The calls of `node:fs` used for writing; tests hand in ones that fail. */
export interface WriteCalls {
  openSync(path: string, flags: string): number;
  writeSync(file: number, bytes: Uint8Array, offset: number, length: number): number;
  fsyncSync(file: number): void;
  closeSync(file: number): void;
  ftruncateSync(file: number, length: number): void;
  renameSync(from: string, to: string): void;
  rmSync(path: string, options: { readonly force: boolean }): void;
}

const remedies: Record<string, string> = {
  ENOSPC:
    "the disk is full: free some space, then try again (a run: with --resume, a study: with cutout study resume)",
  EDQUOT:
    "the disk quota is used up: free some space, then try again (a run: with --resume, a study: with cutout study resume)",
  EACCES: "writing is not permitted: check the folder's permissions",
  EPERM: "writing is not permitted: check the folder's permissions",
  EROFS: "the disk is read-only: choose another folder",
  ENOENT: "the folder does not exist: create it first",
  ENOTDIR: "a part of the path is no folder: choose another one",
  EISDIR: "a folder is in its place: take that away",
  ENAMETOOLONG: "the name is too long: choose a shorter one",
  ELOOP: "the path leads round in links: choose another one",
  EMFILE: "too many files are open: raise the limit (ulimit -n)",
  ENFILE: "too many files are open on this machine: end other programs",
  EIO: "the disk fails: look at it before anything else is written",
  ENXIO: "something is in its place that is no file: take that away",
};

/**
 * Makes a folder and those above it.
 * @throws the system's error. Of a read-only disk its own one is that something does not exist, which helps nobody.
 */
export function makeFolders(path: string): void {
  try {
    fs.mkdirSync(path, { recursive: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    let missing = resolve(path);
    while (!fs.existsSync(dirname(missing))) missing = dirname(missing);
    fs.mkdirSync(missing);
    throw error;
  }
}

/**
 * Replaces a file as a whole: after a crash at any moment `path` holds either all of the old or all of the new bytes.
 * Throws one clear error when the disk is full or the folder cannot be written; the old file stays.
 */
export function replaceFile(path: string, chunks: Iterable<Uint8Array>, calls: WriteCalls = fs): void {
  const beside = `${path}.partial`;
  try {
    // What a kill has left, or somebody has laid there: a link would be written through, a pipe would wait for a reader.
    calls.rmSync(beside, { force: true });
    write(beside, "wx", chunks, calls);
    calls.renameSync(beside, path);
  } catch (error) {
    try {
      calls.rmSync(beside, { force: true });
    } catch {
      // The first error says more.
    }
    throw explained(path, error, "the file of before is kept");
  }
  flushFolder(dirname(path), calls);
}

/** Writes a file that is on the disk when this returns. Throws the system's own error; a part may then be there. */
export function writeFlushed(path: string, chunks: Iterable<Uint8Array>, calls: WriteCalls = fs): void {
  write(path, "w", chunks, calls);
}

function write(path: string, flags: string, chunks: Iterable<Uint8Array>, calls: WriteCalls): void {
  const file = calls.openSync(path, flags);
  try {
    for (const chunk of chunks) writeAll(calls, file, chunk);
    calls.fsyncSync(file);
  } finally {
    calls.closeSync(file);
  }
}

/**
 * Adds a line to the end of a file and flushes it. When that fails, what was half written is taken back.
 * @param line without its line break
 */
export function appendLine(path: string, line: string, calls: WriteCalls = fs): void {
  try {
    const file = calls.openSync(path, "a");
    const before = fs.fstatSync(file).size;
    try {
      writeAll(calls, file, Buffer.from(`${line}\n`));
      calls.fsyncSync(file);
    } catch (error) {
      calls.ftruncateSync(file, before);
      throw error;
    } finally {
      calls.closeSync(file);
    }
  } catch (error) {
    throw explained(path, error, "the lines of before are kept");
  }
}

function writeAll(calls: WriteCalls, file: number, bytes: Uint8Array): void {
  // A write may take less than it was given: of more than 2 GiB always, on a full disk for the last time before ENOSPC.
  for (let written = 0; written < bytes.length; ) {
    const length = Math.min(bytes.length - written, 2 ** 30);
    written += calls.writeSync(file, bytes, written, length);
  }
}

/** The new name itself is only safe when the folder is flushed too. */
function flushFolder(folder: string, calls: WriteCalls): void {
  try {
    const handle = calls.openSync(folder, "r");
    try {
      calls.fsyncSync(handle);
    } finally {
      calls.closeSync(handle);
    }
  } catch {
    // Windows and some network disks cannot flush a folder; the rename itself has been done.
  }
}

function explained(path: string, error: unknown, kept: string): Error {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === undefined) return error as Error;
  const remedy = remedies[code] ?? (error as Error).message;
  return new CutoutError(
    { where: path, what: `could not be written, ${remedy} (${code}`, remedy: `${kept})` },
    { cause: error },
  );
}
