// Durable writes: whatever call fails, the old file stays whole.
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failingAt } from "../test/helpers/failing-disk.ts";
import { appendLine, replaceFile } from "./durable-file.ts";

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), "cutout-durable-"));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const chunks = [Buffer.from("new "), Buffer.alloc(0), Buffer.from("bytes")];

test("replaces a file, and leaves nothing beside it", () => {
  const path = join(folder, "file");
  replaceFile(path, [Buffer.from("old")]);
  replaceFile(path, chunks);
  expect(fs.readFileSync(path, "utf8")).toBe("new bytes");
  expect(fs.readdirSync(folder)).toEqual(["file"]);
});

test("a half-written file of a killed run is overwritten", () => {
  const path = join(folder, "file");
  fs.writeFileSync(`${path}.partial`, "much longer than the new bytes");
  replaceFile(path, chunks);
  expect(fs.readFileSync(path, "utf8")).toBe("new bytes");
});

test("the bytes are flushed before the rename, and the folder after it", () => {
  const seen: string[] = [];
  const calls = failingAt(Number.POSITIVE_INFINITY, "ENOSPC", (name) => seen.push(name));
  replaceFile(join(folder, "file"), chunks, calls);
  const order = [
    "openSync",
    "writeSync",
    "writeSync",
    "fsyncSync",
    "closeSync",
    "renameSync",
    "openSync",
    "fsyncSync",
  ];
  expect(seen).toEqual([...order, "closeSync"]);
});

describe.each(["ENOSPC", "EIO"])("when a call fails with %s", (code) => {
  test("the old file stays whole, whichever of the calls it is", () => {
    const path = join(folder, "file");
    fs.writeFileSync(path, "old");
    let failures = 0;
    // openSync, writeSync, writeSync, fsyncSync, closeSync, renameSync
    for (let place = 0; place < 6; place++) {
      expect(() => replaceFile(path, chunks, failingAt(place, code))).toThrow(
        code === "ENOSPC" ? /file: could not be written, the disk is full: free some space/ : /EIO/,
      );
      failures++;
      expect(fs.readFileSync(path, "utf8")).toBe("old");
      expect(fs.readdirSync(folder)).toEqual(["file"]);
    }
    expect(failures).toBe(6);
  });

  test("a line that could not be appended is taken back", () => {
    const path = join(folder, "lines");
    appendLine(path, "one");
    for (let place = 0; place < 3; place++) {
      expect(() => appendLine(path, "two", failingAt(place, code))).toThrow(/lines: could not be written/);
      expect(fs.readFileSync(path, "utf8")).toBe("one\n");
    }
    appendLine(path, "two");
    expect(fs.readFileSync(path, "utf8")).toBe("one\ntwo\n");
  });
});

test("a disk that takes some of a line and then is full leaves the lines of before", () => {
  const path = join(folder, "lines");
  appendLine(path, "one");
  let writes = 0;
  const half = (file: number, bytes: Uint8Array) => {
    if (writes++ > 0) throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    return fs.writeSync(file, bytes, 0, 2);
  };
  expect(() => appendLine(path, "two", { ...fs, writeSync: half })).toThrow(/disk is full/);
  expect(fs.readFileSync(path, "utf8")).toBe("one\n");
});

test.runIf(fs.existsSync("/dev/full"))("the system's own full disk gives the clear error", () => {
  expect(() => appendLine("/dev/full", "line", { ...fs, ftruncateSync() {} })).toThrow(
    /\/dev\/full: could not be written, the disk is full: free some space/,
  );
});

test("a missing folder is named", () => {
  expect(() => replaceFile(join(folder, "none", "file"), chunks)).toThrow(
    /none\/file: could not be written, the folder does not exist/,
  );
});
