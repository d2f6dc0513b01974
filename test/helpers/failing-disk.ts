// A disk for tests that fails at a chosen call.
import { closeSync, fsyncSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import type { WriteCalls } from "../../src/durable-file.ts";

/**
 * The real calls, of which number `place` (0 for the first; taking back is not counted) throws `code` and does nothing,
 * but that a close that fails has closed.
 * @param onCall is told each call's name
 */
export function failingAt(place: number, code: string, onCall?: (name: string) => void): WriteCalls {
  let count = 0;
  const fails = (name: string) => {
    onCall?.(name);
    return count++ === place;
  };
  const failure = () => Object.assign(new Error(`${code}: made by a test`), { code });
  const counted =
    <A extends unknown[], R>(name: string, call: (...args: A) => R) =>
    (...args: A): R => {
      if (fails(name)) throw failure();
      return call(...args);
    };
  return {
    openSync: counted("openSync", (path: string, flags: string) => openSync(path, flags)),
    writeSync: counted("writeSync", (file: number, bytes: Uint8Array, offset: number, length: number) =>
      writeSync(file, bytes, offset, length),
    ),
    fsyncSync: counted("fsyncSync", fsyncSync),
    renameSync: counted("renameSync", (from: string, to: string) => renameSync(from, to)),
    closeSync(file) {
      const failed = fails("closeSync");
      closeSync(file);
      if (failed) throw failure();
    },
    ftruncateSync,
    rmSync,
  };
}
