// Reads a file of a run folder, which may come from anywhere: no link is followed, nothing that is no file is waited for, no size is believed.
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
  type Stats,
  statSync,
} from "node:fs";
import { totalmem } from "node:os";
import { CutoutError } from "../error.ts";

const { O_RDONLY, O_NONBLOCK = 0, O_NOFOLLOW = 0 } = constants;

/** What there is by this name, a link being a link; null when there is nothing. */
export function entryAt(path: string): Stats | null {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) ?? null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return null;
    throw unreadable(path, error);
  }
}

/** Whether a folder is there, a link being followed; null when there is nothing. */
export function isFolder(path: string): boolean | null {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return null;
    throw unreadable(path, error);
  }
}

/**
 * Opens a plain file, hands over its number and size, and closes it.
 * @param most bytes that it may have
 * @throws CutoutError when it is missing, no plain file, or larger
 */
export function withPlainFile<T>(
  path: string,
  most: number,
  use: (file: number, status: { readonly size: number; readonly mtimeMs: number }) => T,
): T {
  // Where links can be opened as such (O_NOFOLLOW) this only gives the better message.
  const there = entryAt(path);
  if (there === null) throw new CutoutError({ where: path, what: "is missing" });
  checkPlain(path, there);
  let file: number;
  try {
    // A pipe without a writer would be waited for without O_NONBLOCK.
    file = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch (error) {
    throw unreadable(path, error);
  }
  try {
    const status = fstatSync(file);
    checkPlain(path, status);
    if (status.size > Math.min(most, totalmem())) {
      throw new CutoutError({
        where: path,
        what: `must be of at most ${Math.min(most, totalmem())} bytes`,
        got: `${status.size}`,
        remedy: "no run writes one as large",
      });
    }
    return use(file, status);
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    closeSync(file);
  }
}

/** The bytes of a plain file. Throws as `withPlainFile`. */
export function readPlainFile(path: string, most: number): Buffer {
  return withPlainFile(path, most, (file, { size }) => {
    const bytes = Buffer.alloc(size);
    let done = 0;
    for (let count = -1; done < size && count !== 0; done += count) {
      count = readSync(file, bytes, done, Math.min(size - done, 2 ** 30), done);
    }
    return bytes.subarray(0, done);
  });
}

/** @throws CutoutError that says what is there instead of a plain file */
export function checkPlain(path: string, status: Stats): void {
  if (status.isFile()) return;
  const got = kinds.find(([is]) => is(status))?.[1] ?? "something else";
  throw new CutoutError({
    where: path,
    what: "must be a plain file",
    got,
    remedy: "put the file itself there",
  });
}

const kinds: readonly (readonly [(status: Stats) => boolean, string])[] = [
  [(status) => status.isSymbolicLink(), "a link"],
  [(status) => status.isDirectory(), "a folder"],
  [(status) => status.isFIFO(), "a pipe"],
  [(status) => status.isSocket(), "a socket"],
  [(status) => status.isBlockDevice() || status.isCharacterDevice(), "a device"],
];

const reasons: Readonly<Record<string, string>> = {
  EACCES: "reading is not permitted: check the permissions",
  EPERM: "reading is not permitted: check the permissions",
  ENOENT: "it has just been removed",
  ENOTDIR: "a part of the path is no folder",
  ENAMETOOLONG: "the name is too long",
  ELOOP: "a link is in its place",
  EMFILE: "too many files are open: raise the limit (ulimit -n)",
  ENFILE: "too many files are open on this machine: end other programs",
  EIO: "the disk fails to read it",
  ERR_MEMORY_ALLOCATION_FAILED: "there is not enough memory for it",
};

/** The system's error as one for people; others stay what they are. */
export function unreadable(path: string, error: unknown): unknown {
  if (error instanceof CutoutError) return error;
  // An array that is too large for the machine.
  if (error instanceof RangeError) {
    return new CutoutError(
      { where: path, what: "cannot be read, there is not enough memory for it" },
      { cause: error },
    );
  }
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) return error;
  const reason = reasons[code];
  const what = reason === undefined ? `cannot be read (${code})` : `cannot be read, ${reason} (${code})`;
  return new CutoutError({ where: path, what }, { cause: error });
}
