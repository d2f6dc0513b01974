// What the system refuses becomes one line that names the place and what helps: a full disk, a read-only one, folders
// without rights, names that are too long, folders in the place of files.
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { main } from "../../src/cli/program.ts";
import { paintPhotos } from "../helpers/photos.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-refused-"));
const at = (...names: string[]) => join(root, ...names);
const sizes = ["--size", "28", "--cache-size", "32"];
const quick = [...sizes, "--epochs", "1", "--batch-size", "8", "--threads", "1"];
const folders = ["--cache-dir", at("cache"), "--runs-dir", at("runs")];
const long = "x".repeat(300);

/** What a command line says of its mistake. */
async function said(...words: readonly string[]): Promise<string> {
  let err = "";
  vi.spyOn(process.stdout, "write").mockImplementation(() => true);
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += text;
    return true;
  });
  try {
    await main(words);
    expect(process.exitCode, `${words.join(" ")}: ${err}`).toBeGreaterThan(0);
    return err.trim().split("\n").at(-1)!;
  } finally {
    process.exitCode = undefined;
    vi.restoreAllMocks();
  }
}

/** A small disk of its own, where that may be made. */
function mounted(folder: string): boolean {
  mkdirSync(folder);
  return spawnSync("mount", ["-t", "tmpfs", "-o", "size=2m", "none", folder]).status === 0;
}
const disks = mounted(at("full")) && mounted(at("read-only"));

beforeAll(async () => {
  await paintPhotos(at("photos"), 26);
  await main(["train", at("photos"), ...quick, ...folders, "--out", at("run")]);
  process.exitCode = undefined;
  if (!disks) return;
  cpSync(at("run"), at("read-only", "run"), {
    recursive: true,
    filter: (path) => !/safetensors|onnx|images/.test(path),
  });
  execFileSync("mount", ["-o", "remount,ro", at("read-only")]);
  writeFileSync(at("full", "filler"), Buffer.alloc(2 ** 21 - 2 ** 13));
}, 60_000);
afterAll(() => {
  for (const disk of ["full", "read-only"]) spawnSync("umount", [at(disk)]);
  rmSync(root, { recursive: true, force: true });
});

/** Every place that a person can name to be written to. */
const writers: readonly (readonly [string, (place: string) => readonly string[]])[] = [
  ["--out of train", (place) => ["train", at("photos"), ...quick, ...folders, "--out", place]],
  [
    "--cache-dir",
    (place) => ["train", at("photos"), ...quick, "--cache-dir", place, "--runs-dir", at("runs")],
  ],
  [
    "--runs-dir",
    (place) => ["train", at("photos"), ...quick, "--cache-dir", at("cache"), "--runs-dir", place],
  ],
  ["--out of export", (place) => ["export", at("run"), "--out", join(place, "m.onnx")]],
  [
    "--out of preview",
    (place) => ["preview", at("photos"), ...sizes, ...folders, "--out", join(place, "p.png")],
  ],
  ["--html of data stats", (place) => ["data", "stats", at("photos"), "--html", join(place, "s.html")]],
  ["--to of data get", (place) => ["data", "get", "cifar10", "--to", place, "--mirror", at("nowhere")]],
];

describe.each(writers)("%s", (_, words) => {
  test.skipIf(!disks)("on a full disk and on a read-only one", async () => {
    const full = await said(...words(at("full", "new")));
    expect(full).toMatch(
      /^cutout: (?!unexpected)(?=.*\/full\/).*(disk is full: free|no room left|must have room)/,
    );
    const locked = await said(...words(at("read-only", "new")));
    expect(locked).toMatch(
      /^cutout: (?!unexpected).*\/read-only\/.*(read-only|can be written|cannot be written).*EROFS/,
    );
  });

  test("by a name that is too long, and below a file", async () => {
    expect(await said(...words(at(long)))).toMatch(/^cutout: (?!unexpected).*too long.*ENAMETOOLONG/);
    expect(await said(...words(at("photos", "red", "0.png", "x")))).toMatch(
      /^cutout: (?!unexpected).*0\.png.*(no folder|a folder|a file|exists already).*E[A-Z]+/,
    );
  });
});

test.skipIf(!disks)("a run on a disk that has become read-only is not gone on with", async () => {
  expect(await said("train", "--resume", at("read-only", "run"))).toMatch(
    /run\.lock: could not be written.*EROFS.*; check/,
  );
});

/** Every place that a person can name to be read. */
const readers: readonly (readonly [string, (place: string) => readonly string[]])[] = [
  ["DATA", (place) => ["train", place, ...quick, ...folders]],
  ["--resume", (place) => ["train", "--resume", place]],
  ["--config", (place) => ["train", "--config", place]],
  ["--groups", (place) => ["train", at("photos"), ...quick, ...folders, "--groups", place]],
  ["RUN", (place) => ["eval", place]],
  ["DATA of eval", (place) => ["eval", at("run"), place]],
  ["an image", (place) => ["predict", at("run"), place]],
  ["--files-from", (place) => ["predict", at("run"), "--files-from", place]],
  ["a run to compare", (place) => ["compare", at("run"), place, "--out", at("c.html")]],
];

test.each(readers)("%s by a name that is too long", async (_, words) => {
  const line = await said(...words(at(long)));
  expect(line).toMatch(/^cutout: (?!unexpected).*too long/);
  expect(line).not.toMatch(/, open|illegal/);
});

test.each(["--config", "--groups", "--files-from"])("%s that is a folder", async (name) => {
  const words = readers.find(([reader]) => reader === name)![1];
  expect(await said(...words(at("photos")))).toMatch(
    /photos cannot be read, it is a folder, and must be a file \(EISDIR\)/,
  );
});

/** As a user who may do nothing here; only root can become one. */
const nobody = process.getuid?.() === 0 && spawnSync("setpriv", ["--version"]).status === 0;

test.skipIf(!nobody)("folders and files without rights", { timeout: 120_000 }, async () => {
  chmodSync(root, 0o755);
  cpSync(at("photos"), at("locked"), { recursive: true });
  chmodSync(at("locked", "red"), 0o700);
  writeFileSync(at("secret.json"), "{}", { mode: 0o600 });
  mkdirSync(at("home"), { mode: 0o777 });
  chmodSync(at("home"), 0o777);
  const script = `process.setgroups([]); process.setgid(65534); process.setuid(65534);
    process.env.HOME = ${JSON.stringify(at("home"))};
    const { main } = await import(${JSON.stringify(resolve("src/cli/program.ts"))});
    const runs = ${JSON.stringify([
      ["train", at("locked"), ...quick, "--cache-dir", at("home", "c"), "--runs-dir", at("home")],
      ["train", at("photos"), ...quick, "--cache-dir", at("home", "c"), "--runs-dir", at("new")],
      ["train", at("photos"), ...quick, "--cache-dir", at("new"), "--runs-dir", at("home")],
      ["train", "--config", at("secret.json")],
      ["train", "--resume", at("run")],
      ["export", at("run"), "--out", at("new", "m.onnx")],
      ["data", "get", "cifar10", "--to", at("new"), "--mirror", at("nowhere")],
    ])};
    for (const words of runs) {
      await main(words);
      process.stderr.write("=====\\n");
      process.exitCode = 0;
    }`;
  writeFileSync(at("home", "nobody.mts"), script);
  const { stderr } = spawnSync(
    process.execPath,
    ["--import", import.meta.resolve("tsx"), at("home", "nobody.mts")],
    { encoding: "utf8", cwd: at("home"), env: { ...process.env, TMPDIR: at("home") } },
  );
  const lines = stderr
    .split("=====\n")
    .slice(0, -1)
    .map((text) => text.trim().split("\n").at(-1)!);
  expect(lines, stderr).toHaveLength(7);
  for (const line of lines)
    expect(line).toMatch(/^cutout: (?!unexpected).*\/cutout-refused-.*\(E(ACCES|PERM)\)/);
});
