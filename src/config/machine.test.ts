// A run's own config.json, used on another machine: what is the machine's is this one's, and what a person wrote stays.
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { completeConfig } from "../../test/helpers/config.ts";
import { temporaryFolder } from "../../test/helpers/data.ts";
import { formatVersion } from "./config.ts";
import { settingsFrom } from "./flags.ts";
import { arithmeticHere, threadsHere } from "./machine.ts";
import { readSettings } from "./settings.ts";

const here = availableParallelism();
const elsewhere = {
  ...completeConfig({
    threads: here + 62,
    device: "webgpu",
    arithmetic: "bfloat16",
    cacheDir: "/scratch/cache",
    runsDir: "/scratch/runs",
  }),
  device: "webgpu",
};

function fileOf(content: object): string {
  const file = join(temporaryFolder(), "config.json");
  writeFileSync(file, JSON.stringify(content));
  return file;
}

test("threads, device and folders of a run's own file are this machine's, and the threads are said", () => {
  const config = fileOf({ formatVersion, ...elsewhere });
  const { settings, notes } = settingsFrom(undefined, { config });
  expect(settings).toEqual({
    ...elsewhere,
    threads: here,
    device: "auto",
    arithmetic: arithmeticHere("bfloat16"),
    cacheDir: ".cache/cutout",
    runsDir: "runs",
  });
  expect(notes).toEqual([
    `${config}: ${here} threads here, ${here + 62} in that run: the last bits of results may differ (--threads ${here + 62} computes as it did)`,
  ]);
  expect(readSettings({}, config)).toEqual(settings);
});

test("flags win, and a run of as many threads says nothing", () => {
  const config = fileOf({ formatVersion, ...elsewhere });
  const flags = { threads: "64", device: "cpu", cacheDir: "c", runsDir: "r" };
  const { settings, notes } = settingsFrom(undefined, { config, ...flags });
  expect(settings).toMatchObject({ ...flags, threads: 64 });
  expect(notes).toEqual([]);
  const same = fileOf({ formatVersion, ...completeConfig({}) });
  expect(settingsFrom(undefined, { config: same }).notes).toEqual([]);
});

test("a file that a person wrote is taken as it is", () => {
  const config = fileOf(elsewhere);
  const { settings, notes } = settingsFrom(undefined, { config });
  expect(settings).toEqual(elsewhere);
  expect(notes).toEqual([]);
});

test("what an earlier version meant otherwise is said", () => {
  const augment = { augmentations: ["greyscale"] };
  const config = fileOf({ ...completeConfig({ augment, classWeights: "balanced" }), formatVersion: 3 });
  expect(settingsFrom(undefined, { config }).notes).toEqual([
    expect.stringMatching(/: of an earlier version; now --augment is applied by its kind/),
  ]);
  expect(settingsFrom(undefined, { config, augment: false, labelSmoothing: "0.1" }).notes).toEqual([
    expect.stringMatching(/: of an earlier version; now --label-smoothing with --class-weights/),
  ]);
});

test("a run is gone on with by its own threads where there are so many", () => {
  expect([1, here, here + 1].map((threads) => threadsHere(threads))).toEqual([1, here, here]);
});
