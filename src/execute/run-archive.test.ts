// Run folders on their way: what was packed comes out; what is hostile does not, and leaves the folder of before.
import { mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Header, pack } from "tar-stream";
import { beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../../test/fixtures/run-folder.ts";
import { CutoutError } from "../error.ts";
import { packRun, putBack, unpackRun } from "./run-archive.ts";

let root: string;
let folder: string;
beforeEach(() => {
  root = temporaryFolder();
  folder = join(root, "run");
});

const treeOf = (path: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      .sort()
      .map((file) => [file.slice(path.length + 1), readFileSync(file, "latin1")]),
  );

test("what was packed comes out, but for locks, links and what was being written", async () => {
  const from = join(root, "from");
  mkdirSync(join(from, "images"), { recursive: true });
  const files: Record<string, string> = {
    "config.json": "{}",
    "empty.svg": "",
    "images/12.webp": "x".repeat(100_000),
    "last.safetensors": "\0\xff".repeat(1 << 20),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(from, name), text, "latin1");
  for (const name of ["run.lock", "best.safetensors.partial"]) writeFileSync(join(from, name), "x");
  symlinkSync("/etc/hostname", join(from, "link"));
  mkdirSync(folder);
  writeFileSync(join(folder, "of-before"), "x");
  await unpackRun(packRun(from), folder);
  expect(treeOf(folder)).toEqual(files);
  expect(readdirSync(root).sort()).toEqual(["from", "run"]);
});

async function* tar(
  entries: readonly (readonly [Partial<Header> & { name: string }, string])[],
): AsyncGenerator<Buffer> {
  const packed = pack();
  for (const [header, text] of entries) packed.entry(header, text);
  packed.finalize();
  yield* packed as AsyncIterable<Buffer>;
}
const file = (name: string, text = "x") => [{ name }, text] as const;

test.each<[string, AsyncIterable<Uint8Array>, string]>([
  ["a link", tar([[{ name: "a", type: "symlink", linkname: "/etc/passwd" }, ""]]), "got a symlink"],
  ["a hard link", tar([[{ name: "a", type: "link", linkname: "/etc/passwd" }, ""]]), "got a link"],
  ["a device", tar([[{ name: "a", type: "character-device" }, ""]]), "got a character-device"],
  ["a path out", tar([file("../a")]), "paths of a run folder only"],
  ["a path out further down", tar([file("images/../../a")]), "paths of a run folder only"],
  ["an absolute path", tar([file("/tmp/a")]), "paths of a run folder only"],
  ["a path of Windows", tar([file("C:\\a")]), "paths of a run folder only"],
  ["a hidden file", tar([file(".npmrc")]), "paths of a run folder only"],
  ["a deep path", tar([file("a/b/c")]), "paths of a run folder only"],
  ["a file twice", tar([file("a"), file("a")]), "each file once"],
  ["too many files", tar(Array.from({ length: 6 }, (_, n) => file(`${n}`))), "at most 5 files"],
  ["too many bytes", tar([file("a", "x".repeat(600)), file("b", "x".repeat(600))]), "at most 1000 bytes"],
  ["endless padding", padding(), "must be of at most"],
  ["half an archive", half(), "a whole tar archive"],
  ["no archive", noise(), "a whole tar archive"],
])("%s is refused, and the folder of before stays", async (_, bytes, message) => {
  mkdirSync(folder);
  writeFileSync(join(folder, "config.json"), "before");
  await expect(unpackRun(bytes, folder, { bytes: 1000, files: 5 })).rejects.toThrow(message);
  expect(treeOf(folder)).toEqual({ "config.json": "before" });
  expect(readdirSync(root)).toEqual(["run"]);
});

async function* padding(): AsyncGenerator<Buffer> {
  for (;;) yield Buffer.alloc(1 << 16);
}
async function* half(): AsyncGenerator<Buffer> {
  for await (const chunk of tar([file("a", "x".repeat(900))])) {
    yield chunk.subarray(0, Math.min(chunk.length, 700));
    return;
  }
}
async function* noise(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(1024, "noise");
}

test("bytes that can no longer be had in the middle of a file are the reason", async () => {
  async function* broken(): AsyncGenerator<Buffer> {
    yield* half();
    throw new CutoutError({ where: "Redis", what: "has lost a part" });
  }
  await expect(unpackRun(broken(), folder)).rejects.toThrow("Redis: has lost a part");
  expect(readdirSync(root)).toEqual([]);
});

test("a file that no run writes stays behind, and does not make an archive that nobody takes", async () => {
  mkdirSync(folder);
  for (const name of ["config.json", ".DS_Store", "report (1).html"]) writeFileSync(join(folder, name), name);
  const other = `${folder}-other`;
  await unpackRun(packRun(folder), other);
  expect(treeOf(other)).toEqual({ "config.json": "config.json" });
});

test("a kill between the two renames is put right", async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, "config.json"), "before");
  renameSync(folder, `${folder}.before`);
  putBack(folder);
  expect(treeOf(folder)).toEqual({ "config.json": "before" });
  putBack(folder);
  await unpackRun(tar([file("config.json", "after")]), folder);
  expect(treeOf(folder)).toEqual({ "config.json": "after" });
});
