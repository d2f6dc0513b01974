// Trouble in the middle of a study, with real processes: kill -9 of whoever conducts it, a full disk, a trial that fails.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { stream } from "../../src/rng.ts";
import { conductedOf, openStudy, trialFolder } from "../../src/study-folder/index.ts";
import { paintPhotos } from "../helpers/photos.ts";
import { metricsOf } from "../helpers/small-run.ts";

const main = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const root = mkdtempSync(join(tmpdir(), "cutout-study-trouble-"));
const photos = join(root, "photos");
const settings = "--size 16 --epochs 2 --batch-size 8 --by validation --smallest 99".split(" ");

/** What a study that is left alone says. */
let alone: Ended;

beforeAll(async () => {
  await paintPhotos(photos, 20, 16);
  alone = await start(...compare(join(root, "alone"))).ended;
  expect(alone.code).toBe(0);
}, 1_200_000);
afterAll(() => rmSync(root, { recursive: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

const start = (...words: readonly string[]): Started => startIn(process.env, ...words);

function startIn(env: NodeJS.ProcessEnv, ...words: readonly string[]): Started {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), main, ...words], {
    cwd: root,
    env,
  });
  const told = { out: "", err: "" };
  child.stdout.on("data", (text) => {
    told.out += text;
  });
  child.stderr.on("data", (text) => {
    told.err += text;
  });
  return { child, ended: once(child, "close").then(([code]) => ({ code, ...told })) };
}

const compare = (out: string, ...more: readonly string[]) =>
  ["compare", photos, "--a", "", "--b", "--cutout 8", ...settings, "--out", out, ...more] as const;

/** results.csv without the seconds. */
function resultsOf(study: string): readonly string[] {
  const [head, ...rows] = readFileSync(join(study, "results.csv"), "utf8").trimEnd().split("\n");
  const seconds = head!.split(",").indexOf("seconds");
  return rows.map((row) => row.split(",").toSpliced(seconds, 1).join(","));
}

/** The answer, without where it stands. */
const answerIn = (out: string) => out.replace(/^(study|report) .*$/gm, "");

it("killed ten times at any moment and resumed, it says what one left alone says, bit for bit", {
  timeout: 3_600_000,
}, async () => {
  const study = join(root, "killed");
  const random = stream(10, "kills");
  for (let kill = 0; kill < 10; kill++) {
    const { child, ended } = kill === 0 ? start(...compare(study)) : start("study", "resume", study);
    if (kill === 0) {
      // From here on there is a study to go on with.
      while (!(await seen(study))) await pause(20);
    }
    await pause(500 + 6000 * random.uniform());
    child.kill("SIGKILL");
    await ended;
  }
  const resumed = await start("study", "resume", study).ended;
  expect(resumed.err).not.toMatch(/failed/);
  expect(resumed.code).toBe(0);
  expect(answerIn(resumed.out)).toBe(answerIn(alone.out));
  expect(resultsOf(study)).toEqual(resultsOf(join(root, "alone")));
  for (const { trial } of conductedOf(openStudy(study))) {
    const [left, right] = [study, join(root, "alone")].map((of) => metricsOf(trialFolder(of, trial.index)));
    expect(left).toEqual(right);
  }
});

const pause = (milliseconds: number) => new Promise((wake) => setTimeout(wake, milliseconds));

async function seen(study: string): Promise<boolean> {
  try {
    return openStudy(study).path === study;
  } catch {
    return false;
  }
}

it("with a clock that jumps by a day, twice a second, it says what one left alone says, in as many seconds", {
  timeout: 1_200_000,
}, async () => {
  const study = join(root, "jumping");
  const clock = new URL("../helpers/jumping-clock.mjs", import.meta.url);
  const began = performance.now();
  const ended = await startIn({ ...process.env, NODE_OPTIONS: `--import=${clock}` }, ...compare(study)).ended;
  const took = (performance.now() - began) / 1000;
  expect(ended.code).toBe(0);
  expect(answerIn(ended.out)).toBe(answerIn(alone.out));
  expect(resultsOf(study)).toEqual(resultsOf(join(root, "alone")));
  for (const { outcome } of conductedOf(openStudy(study))) {
    const seconds = outcome.state === "finished" ? outcome.seconds : Number.NaN;
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThan(took);
  }
});

it("the second process on a study says who has it, and the first one goes on", {
  timeout: 1_200_000,
}, async () => {
  const study = join(root, "held");
  const first = start(...compare(study));
  while (!(await seen(study))) await pause(50);
  await pause(300);
  const second = await start("study", "resume", study).ended;
  expect(second.code).toBe(1);
  expect(second.err).toMatch(new RegExp(`the study is held by process ${first.child.pid} on `));
  expect((await first.ended).code).toBe(0);
});

it("a trial that fails is listed with its error and its log, the others go on, and it is tried again", {
  timeout: 1_200_000,
}, async () => {
  const study = join(root, "failing");
  const first = start(...compare(study));
  while (!(await seen(study)) || openStudy(study).trials.length === 0) await pause(20);
  // In the way of a trial that is not begun yet.
  const blocked = join(study, "trials", "0009");
  writeFileSync(blocked, "no folder");
  const stuck = await first.ended;
  expect(stuck.code).toBe(1);
  expect(stuck.err).toMatch(/^trial 9 failed: .*0009/m);
  expect(stuck.err).toMatch(/0009\.log/);
  expect(stuck.err).toMatch(/cutout study resume/);
  const states = conductedOf(openStudy(study)).map(({ outcome }) => outcome.state);
  expect(states.filter((state) => state !== "finished")).toEqual(["failed"]);
  rmSync(blocked);
  const resumed = await start("study", "resume", study).ended;
  expect(resumed.code).toBe(0);
  expect(resultsOf(study)).toEqual(resultsOf(join(root, "alone")));
});

/** A small disk of its own, where this user may mount one. */
function smallDisk(megabytes: number): string | null {
  const path = join(root, `disk-${megabytes}`);
  mkdirSync(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path], { stdio: "ignore" });
    return path;
  } catch {
    return null;
  }
}

it("a disk that is full in the middle: one line says so, nothing is lost, and with more room it goes on", {
  timeout: 1_800_000,
}, async ({ skip }) => {
  const disk = smallDisk(60);
  if (disk === null) return skip("mounting is not permitted here");
  try {
    const study = join(disk, "study");
    const full = await start(...compare(study, "--cache-dir", join(root, "cache"))).ended;
    expect(full.code).toBe(1);
    expect(full.err).toMatch(/the disk is full: free some space, then try again/);
    expect(full.err).not.toMatch(/unexpected|\n\s+at /);
    const finished = conductedOf(openStudy(study)).filter(({ outcome }) => outcome.state === "finished");
    execFileSync("mount", ["-o", "remount,size=2g", disk]);
    const kept = finished.map(({ trial }) =>
      readFileSync(join(trialFolder(study, trial.index), "metrics.jsonl"), "utf8"),
    );
    const resumed = await start("study", "resume", study).ended;
    expect(resumed.code).toBe(0);
    expect(resultsOf(study)).toEqual(resultsOf(join(root, "alone")));
    for (const [at, { trial }] of finished.entries()) {
      const file = join(trialFolder(study, trial.index), "metrics.jsonl");
      expect(readFileSync(file, "utf8")).toBe(kept[at]);
    }
  } finally {
    execFileSync("umount", ["-l", disk]);
  }
});
