// The page of a sweep: over numbers, by categories, in the middle and at its end.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkOffline, partOf, rowsOf, textOf } from "../../../test/fixtures/page.ts";
import { type Fate, makeStudyFolder } from "../../../test/fixtures/study-folder.ts";
import { readSettings } from "../../config/settings.ts";
import type { Arm, NewTrial } from "../../study-folder/index.ts";
import { writeStudyReport } from "./study-page.ts";

const lengths = [0, 4, 8, 12, 16, 20, 24];
const means = [0.6, 0.64, 0.72, 0.76, 0.77, 0.7, 0.62];
const seeds = [0, 1, 2];
/** Of a seed. */
const luck = [0, 0.02, -0.02];

const armOf = (name: string, length: number): Arm => ({
  name,
  settings: readSettings({
    data: "photos",
    epochs: 3,
    augment: { cutout: length === 0 ? null : { length } },
  }),
});
const trials: readonly NewTrial[] = [
  ...seeds.flatMap((seed) =>
    lengths.map(
      (_, arm) => ({ task: "train", arm, seed, stage: "sweep", epochs: null, test: false }) as const,
    ),
  ),
  ...seeds.flatMap((seed) =>
    [0, 4].map(
      (arm) => ({ task: "test", arm, seed, stage: "test", of: seed * lengths.length + arm }) as const,
    ),
  ),
];
const fates: readonly Fate[] = seeds.flatMap((seed) =>
  means.map((mean, arm) => mean + luck[seed]! + (arm % 3 === seed ? 0.02 : 0)),
);

async function pageOf(names: readonly string[] | null, planned = trials, given = fates) {
  const path = makeStudyFolder({
    question: "sweep",
    plan: {
      axes: [
        names === null ? { flag: "--length", values: lengths.map(String) } : { flag: "--arm", values: names },
      ],
      points: lengths.map((length, at) => [names === null ? String(length) : names[at]!]),
      seeds,
      baseline: 0,
      common: ["photos"],
    },
    arms: lengths.map((length, at) => armOf(names?.[at] ?? `--cutout ${length}`, length)),
    command: ["sweep", "photos"],
    trials: planned,
    fates: given,
  });
  const page = readFileSync(await writeStudyReport(path), "utf8");
  checkOffline(page);
  return page;
}
const pictures = (html: string) => html.match(/<svg /g)?.length ?? 0;

test("over numbers: accuracy and how far each is behind the best, the plateau told, the test part once", async () => {
  const page = await pageOf(null);
  expect(textOf(page)).toContain("Accuracy by length");
  const sweep = partOf(page, "sweep");
  expect(pictures(sweep)).toBe(2);
  expect(textOf(sweep)).toContain("n = 3 seeds of each");
  expect(textOf(sweep)).toMatch(/Green: length 12 (to|and) 16/);
  expect(rowsOf(partOf(page, "test"))[0]).toEqual([
    "Seed",
    "--cutout 0",
    "--cutout 16",
    "Difference, percentage points",
  ]);
  // More arms than colours: a panel each.
  expect(pictures(partOf(page, "curves"))).toBe(lengths.length);
  const runs = rowsOf(partOf(page, "runs"));
  expect(runs.length).toBe(1 + 21 + 6);
  // What only tests takes no time of training.
  expect(runs.at(-1)!.at(-1)).toBe("–");
  expect(textOf(partOf(page, "cost"))).toContain("in 27 trials, in 2 rounds of 21, 6");
});

test("categories, with names that are hostile, long and alike at their beginnings", async () => {
  const names = lengths.map((length) =>
    length < 8 ? `<script>alert(${length})</script>` : `--augment ${"same-beginning:".repeat(8)}${length}`,
  );
  const page = await pageOf(names);
  const sweep = partOf(page, "sweep");
  expect(pictures(sweep)).toBe(2);
  expect(textOf(sweep)).toContain("Accuracy of each");
  // Rows that are cut alike stay rows of their own.
  expect(sweep).toMatch(/>3 --augment/);
  expect(sweep).toMatch(/>7 --augment/);
});

test("a name of more than two lines says that it goes on", async () => {
  const words =
    "--regularize dropblock:0.1@layer2 --optimizer muon --label-smoothing 0.1 --mix mixup --length";
  const sweep = partOf(await pageOf(lengths.map((length) => `${words} ${length}`)), "sweep");
  expect(sweep).toMatch(/…</);
});

test("in the middle it draws the seeds that all have finished, and before the first nothing", async () => {
  const some = await pageOf(null, trials.slice(0, 21), fates.slice(0, 9));
  expect(textOf(partOf(some, "sweep"))).toContain("n = 1 seed of each");
  expect(textOf(partOf(some, "sweep"))).toContain("One seed has no interval.");
  const none = await pageOf(null, trials.slice(0, 21), fates.slice(0, 3));
  expect(none).not.toContain('<section id="sweep"');
});
