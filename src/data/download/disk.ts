// What a person is told when the disk refuses, and the lock that keeps two downloads out of one folder.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { CutoutError, systemError } from "../../error.ts";

const full = "the disk is full: free some space, then run it again, it goes on where it was";
const locked = "the folder cannot be written: change its permissions, or choose another with --to";
const troubles: { readonly [code: string]: string } = {
  ENOSPC: full,
  EDQUOT: full,
  EFBIG: "the disk does not take files of this size: choose another folder with --to",
  EACCES: locked,
  EPERM: locked,
  EROFS: locked,
  ENOTDIR: "a part of the path is a file: choose another folder with --to",
  EEXIST: "something of that name is there already: remove it, or choose another folder with --to",
  EISDIR: "a folder of that name is there already: remove it, or choose another folder with --to",
  ENAMETOOLONG: "the path is too long for this disk: choose another folder with --to",
};

/** Runs something that writes; a refusal of the disk becomes one line that says what to do. */
export async function writing<T>(path: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const trouble = troubles[code];
    if (trouble === undefined) throw systemError(error, path);
    throw new CutoutError(
      { where: "data get", what: `${path} cannot be written, ${trouble} (${code})` },
      { cause: error },
    );
  }
}

/** @throws Error when the disk of `folder` has less room than `bytes` */
export async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes) return;
  const megabytes = (value: number) => Math.ceil(value / 1e6).toLocaleString("en-US");
  throw new CutoutError({
    where: "data get",
    what: `${folder} must have room for ${megabytes(bytes)} MB`,
    got: `${megabytes(free)} MB`,
    remedy: "free some space, or choose another folder with --to",
  });
}

/**
 * Keeps others out of a folder. The lock of a process that has ended is taken over.
 * @returns gives the folder free
 * @throws Error when a running process of this machine works in the folder
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, ".cutout-get.lock");
  const own = JSON.stringify({ pid: process.pid, host: hostname() });
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, own, { flag: "wx" });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 0) throw error;
    }
    const owner = runningOwner(path);
    if (owner !== null) {
      throw new CutoutError({
        where: "data get",
        what: `${folder} is being filled by another process (${owner})`,
        remedy: "wait for it, or end it first",
      });
    }
    rmSync(path, { force: true });
  }
}

/** Process number of a lock's owner, when it may still be at work. */
function runningOwner(path: string): string | null {
  try {
    const { pid, host } = JSON.parse(readFileSync(path, "utf8")) as { pid: number; host: string };
    if (host !== hostname()) return `${pid} on ${host}; if that has ended, remove ${path}`;
    return isRunning(pid) ? String(pid) : null;
  } catch {
    return null; // written halfway by a process that was killed
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
