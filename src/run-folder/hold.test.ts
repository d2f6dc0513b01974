// The hold of a run folder: one process, whatever has become of the one before.
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { holdRun } from "./hold.ts";

const root = mkdtempSync(join(tmpdir(), "cutout-hold-"));
afterAll(() => rmSync(root, { recursive: true }));
let count = 0;
const newFolder = () => {
  const folder = join(root, `run${count++}`);
  mkdirSync(folder);
  return folder;
};
const hurried = { times: { beat: 20, watch: 300, look: 20 } };
const lockIn = (folder: string) => join(folder, "run.lock");

test("a second one is told who holds it; given free it can be held again, and nothing is left", async () => {
  const folder = newFolder();
  const hold = await holdRun(folder);
  await expect(holdRun(folder)).rejects.toThrow(
    new RegExp(`${folder}: the run folder is held by process ${process.pid} on .+, since 20..-`),
  );
  hold.check();
  hold.release();
  hold.release();
  expect(readdirSync(folder)).toEqual([]);
  (await holdRun(folder)).release();
});

test("of many at once one holds it, also when a dead process did", async () => {
  const folder = newFolder();
  for (const dead of [false, true]) {
    if (dead) await leftByDead(folder);
    const tried = await Promise.allSettled(Array.from({ length: 12 }, () => holdRun(folder)));
    const holds = tried.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
    expect(holds.length).toBe(1);
    holds[0]!.check();
    holds[0]!.release();
    expect(readdirSync(folder)).toEqual([]);
  }
});

/** A lock of a process that has been killed with kill -9. */
async function leftByDead(folder: string): Promise<void> {
  const child = spawn(process.execPath, [
    "--import",
    import.meta.resolve("tsx"),
    "--input-type=module",
    "-e",
    `
    const { holdRun } = await import(${JSON.stringify(import.meta.resolve("./hold.ts"))});
    await holdRun(${JSON.stringify(folder)});
    process.kill(process.pid, "SIGKILL");
  `,
  ]);
  expect((await once(child, "exit"))[1]).toBe("SIGKILL");
  expect(readdirSync(folder)).toEqual(["run.lock"]);
}

test("a process of the same number that began later is another one", async () => {
  const folder = newFolder();
  const hold = await holdRun(folder);
  const lock = JSON.parse(readFileSync(lockIn(folder), "utf8"));
  hold.release();
  writeFileSync(lockIn(folder), JSON.stringify(lock));
  await expect(holdRun(folder)).rejects.toThrow("is held by");
  if (lock.started === null) return;
  writeFileSync(lockIn(folder), JSON.stringify({ ...lock, started: "1" }));
  (await holdRun(folder)).release();
});

test("another machine's is watched: it lives as long as its file changes, whatever the clocks say", async () => {
  const folder = newFolder();
  const lock = {
    token: "0123456789abcdef".repeat(2),
    host: "elsewhere",
    machine: "other",
    pid: 1,
    started: "1",
    since: "2020",
  };
  writeFileSync(lockIn(folder), JSON.stringify(lock));
  // An hour in the future, and it does not change.
  utimesSync(lockIn(folder), Date.now() / 1000 + 3600, Date.now() / 1000 + 3600);
  const told: string[] = [];
  (await holdRun(folder, { ...hurried, tell: (text) => told.push(text) })).release();
  expect(told).toEqual([
    expect.stringContaining("is held by process 1 on elsewhere, since 2020; looking for 1 s"),
  ]);

  writeFileSync(lockIn(folder), JSON.stringify(lock));
  let beats = 0;
  const beating = setInterval(() => utimesSync(lockIn(folder), 1000 + beats, 1000 + beats++), 50);
  await expect(holdRun(folder, hurried)).rejects.toThrow("held by process 1 on elsewhere");
  clearInterval(beating);
  // Cut short by a power cut: nobody is named, and it is watched as well.
  writeFileSync(lockIn(folder), "");
  (await holdRun(folder, hurried)).release();
});

test("our own beats", async () => {
  const folder = newFolder();
  const hold = await holdRun(folder, hurried);
  const lock = readFileSync(lockIn(folder), "utf8").replace(/"machine":("[^"]*"|null)/, '"machine":"other"');
  const seen = await holdRun(folder, hurried).catch((error: Error) => error.message);
  expect(seen).toContain("is held by");
  expect(lock).toContain("other");
  hold.release();
});

test("whoever has lost it notices: another's lock, and a folder that is gone", async () => {
  const folder = newFolder();
  const hold = await holdRun(folder);
  const lock = JSON.parse(readFileSync(lockIn(folder), "utf8"));
  writeFileSync(lockIn(folder), JSON.stringify({ ...lock, token: "f".repeat(32), pid: 7 }));
  expect(() => hold.check()).toThrow("is held by process 7");
  hold.release();
  expect(readdirSync(folder)).toEqual(["run.lock"]);
  rmSync(lockIn(folder));
  const moved = await holdRun(folder);
  renameSync(folder, `${folder} elsewhere`);
  expect(() => moved.check()).toThrow("has been removed or moved while the run went on");
  moved.release();
});

test("a link or a folder in the lock's place is refused by name", async () => {
  const folder = newFolder();
  symlinkSync("/etc/hostname", lockIn(folder));
  await expect(holdRun(folder)).rejects.toThrow("run.lock: must be a plain file, got a link");
  rmSync(lockIn(folder));
  mkdirSync(lockIn(folder));
  await expect(holdRun(folder)).rejects.toThrow("run.lock: must be a plain file, got a folder");
});
