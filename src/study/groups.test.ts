// Which runs belong together, what their groups are called, and what the title says.
import { expect, test } from "vitest";
import { makeRunFolder, prediction } from "../../test/fixtures/run-folder.ts";
import type { SettingsInput } from "../config/config.ts";
import { showRun } from "../run-folder/index.ts";
import { compareAll } from "./comparison.ts";
import { groupRuns, titleOf } from "./groups.ts";

const classes = ["cat", "dog"];
const run = (config: Partial<SettingsInput> = {}, dataset: object = {}) =>
  showRun(makeRunFolder({ classes, predictions: [prediction("a", 0)], config, dataset }));
const groupsOf = (...runs: readonly ReturnType<typeof run>[]) => groupRuns(runs);
const labels = (...runs: readonly ReturnType<typeof run>[]) =>
  groupsOf(...runs).groups.map(({ label }) => label);

test("seed, threads, device, folders and the place of the same data do not tell runs apart", () => {
  const { groups } = groupsOf(
    run(),
    run({ seed: 1, threads: 64, loaderWorkers: 4, cacheDir: "elsewhere", runsDir: "there" }),
    run({ seed: 2, data: "moved/photos", format: "folder", maxPixels: 1e6 }),
    run({ seed: 3, device: "webgpu", convolution: "timed" }),
  );
  expect(groups.map(({ seeds }) => seeds.map(({ seed }) => seed))).toEqual([["7", "1", "2", "3"]]);
});

test.each<[Partial<SettingsInput>, Partial<SettingsInput>, string[], string]>([
  [
    { schedule: { kind: "one-cycle", learningRate: 0.1 } },
    { schedule: { kind: "one-cycle", learningRate: 0.05 } },
    ["--learning-rate 0.1", "--learning-rate 0.05"],
    "Learning rate 0.1 against 0.05",
  ],
  [
    { augment: { cutout: { length: 8 } } },
    { augment: { cutout: null } },
    ["--cutout 8", "--no-cutout"],
    "Cutout 8 against off",
  ],
  [
    { augment: { augmentations: ["trivial-augment"] } },
    {},
    ["--augment trivial-augment", "--no-augment"],
    "Augment trivial-augment against off",
  ],
  [
    { augment: { augmentations: ["random-erasing:fill=zero,probability=1"] } },
    { augment: { augmentations: ["random-erasing:probability=1,fill=zero"] } },
    ["these settings"],
    "The same settings and seed",
  ],
  [
    { optimizer: { nesterov: true } },
    { optimizer: { nesterov: false } },
    ["--nesterov", "--no-nesterov"],
    "Nesterov on against off",
  ],
  [
    { schedule: { kind: "cosine", learningRate: 0.1 } },
    { schedule: { kind: "one-cycle", learningRate: 0.1 } },
    ["--schedule cosine", "--schedule one-cycle"],
    "Schedule cosine against one-cycle",
  ],
])("%j, %j: %j", (first, second, names, title) => {
  const grouping = groupsOf(run(first), run(second));
  expect(grouping.groups.map(({ label }) => label)).toEqual(names);
  expect(titleOf(grouping)).toBe(title);
});

test("three groups, and more settings than a title holds", () => {
  const rates = [0.1, 0.05, 0.01].map((learningRate) =>
    run({ schedule: { kind: "one-cycle", learningRate } }),
  );
  expect(titleOf(groupsOf(...rates))).toBe("Learning rate 0.1, 0.05 and 0.01");
  const other = run({
    crops: "ten",
    labelSmoothing: 0.1,
    classWeights: "balanced",
    optimizer: { momentum: 0.8 },
    fit: "cover",
  });
  const grouping = groupsOf(run(), other);
  expect(titleOf(grouping)).toMatch(/ and 2 more settings$/);
  expect(grouping.groups.map(({ label, runs }) => label === runs[0]!.name)).toEqual([true, true]);
});

test("other data are a difference, by name or fingerprint; other sizes of the same are not", () => {
  expect(labels(run({}, { fingerprint: "aaaaaaaaaa" }), run({}, { fingerprint: "bbbbbbbbbb" }))).toEqual([
    "photos (fingerprint aaaaaaaa)",
    "photos (fingerprint bbbbbbbb)",
  ]);
  expect(
    labels(run({}, { name: "cats", fingerprint: "a" }), run({}, { name: "cars", fingerprint: "b" })),
  ).toEqual(["cats", "cars"]);
  expect(
    labels(run({ cacheSize: 80 }, { fingerprint: "a" }), run({ cacheSize: 90 }, { fingerprint: "b" })),
  ).toEqual(["--cache-size 80", "--cache-size 90"]);
});

test("a repeated seed counts once; pairs are of equal seeds only", () => {
  const [one, other] = [
    { batchSize: 64 },
    { batchSize: 32, schedule: { kind: "one-cycle", learningRate: 0.1 } },
  ] as const;
  const seeds = (config: Partial<SettingsInput>, ...list: readonly number[]) =>
    list.map((seed) => run({ ...config, schedule: { kind: "one-cycle", learningRate: 0.1 }, seed }));
  const comparison = compareAll([...seeds(one, 0, 1, 2, 2, 3), ...seeds(other, 2, 3, 4)]);
  expect(comparison.groups.map(({ repeated, seeds: found }) => [found.length, repeated])).toEqual([
    [4, 1],
    [3, 0],
  ]);
  const [{ finding, cautions }] = comparison.contrasts as [(typeof comparison.contrasts)[0]];
  expect(finding.kind === "few" && finding.pairs.map(({ seed }) => seed)).toEqual(["2", "3"]);
  expect(cautions).toEqual(["One run repeats a seed; the first of each counts."]);
});
