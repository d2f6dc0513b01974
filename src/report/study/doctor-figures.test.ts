// The page of a doctor's study in the middle of its confirmation.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkOffline, partOf, rowsOf, textOf } from "../../../test/fixtures/page.ts";
import { makeStudyFolder } from "../../../test/fixtures/study-folder.ts";
import { readSettings } from "../../config/settings.ts";
import type { NewTrial } from "../../study-folder/index.ts";
import { writeStudyReport } from "./study-page.ts";

const told = ["baseline", "--cutout", "--label-smoothing 0.1<i>"];
const arms = [
  { name: told[0]!, settings: readSettings({ data: "photos", epochs: 3 }) },
  // Its length follows from the images.
  { name: told[1]!, settings: readSettings({ data: "photos", epochs: 3, augment: { cutout: {} } }) },
  { name: told[2]!, settings: readSettings({ data: "photos", epochs: 3, labelSmoothing: 0.1 }) },
];
const training = (arm: number, seed: number, stage: string): NewTrial => ({
  task: "train",
  arm,
  seed,
  stage,
  epochs: null,
  test: stage !== "screen",
});
const screening = [0, 1].flatMap((seed) => [0, 1, 2].map((arm) => training(arm, seed, "screen")));
const confirmation = [3, 4, 5, 6, 7, 8].flatMap((seed) => [0, 1].map((arm) => training(arm, seed, "look 6")));

async function pageOf(fates: readonly number[]) {
  const path = makeStudyFolder({
    question: "doctor",
    plan: {
      rule: { looks: [6, 8, 10, 12], spent: [0.03125, 0.0391, 0.0449, 0.05], smallest: 0.003 },
      part: "test",
      firstSeed: 0,
      budget: 7200,
      parallel: 2,
      epochs: [3, 3, 3],
      shares: [1, 0.5, 0.25],
      measure: 1,
      base: ["photos"],
    },
    arms,
    command: ["doctor", "photos", "--budget", "2h"],
    trials: [...screening, ...confirmation],
    fates,
  });
  const page = readFileSync(await writeStudyReport(path), "utf8");
  checkOffline(page);
  return page;
}

test("screening and confirmation are drawn apart, with what is kept, n and what the bars are", async () => {
  const looked = [0.6, 0.7, 0.62, 0.68, 0.6, 0.66];
  const page = await pageOf([
    ...[0.6, 0.66, 0.58, 0.62, 0.66, 0.6],
    ...looked,
    ...looked.map((one) => one + 0.02),
  ]);
  const screen = textOf(partOf(page, "screening"));
  expect(screen).toContain("n = 2 pairs of each");
  expect(screen).toContain("--label-smoothing 0.1<i");
  const confirm = textOf(partOf(page, "confirmation"));
  expect(confirm).toContain("n = 6 pairs of each");
  expect(confirm).not.toContain("--label-smoothing");
  // Best first.
  expect(screen.indexOf("--cutout")).toBeLessThan(screen.indexOf("--label-smoothing"));
  expect(rowsOf(partOf(page, "settings"))).toEqual([
    ["Setting", ...told],
    ["label smoothing", "0", "0", "0.1"],
    ["cutout", "off", "on", "off"],
  ]);
});

test("before the screening has a pair, nothing of it is drawn", async () => {
  const page = await pageOf([0.6]);
  expect(page).not.toContain('<section id="screening"');
  expect(page).not.toContain('<section id="confirmation"');
});
