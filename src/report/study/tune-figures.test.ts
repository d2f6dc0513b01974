// The page of a search by successive halving: in the middle, and with its confirmation.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { checkOffline, partOf, rowsOf, textOf } from "../../../test/fixtures/page.ts";
import { makeStudyFolder } from "../../../test/fixtures/study-folder.ts";
import { readSettings } from "../../config/settings.ts";
import { standardRule } from "../../stats/sequential-rule.ts";
import { type TunePlan, tuneQuestion } from "../../study/questions/tune.ts";
import type { NewTrial } from "../../study-folder/index.ts";
import { writeStudyReport } from "./study-page.ts";

const lengths = [0, 4, 8, 12, 16, 20, 24];
const means = [0.6, 0.62, 0.7, 0.78, 0.74, 0.7, 0.64];
const arms = lengths.map((length) => ({
  name: length === 0 ? "--no-cutout" : `--cutout ${length}`,
  settings: readSettings({
    data: "photos",
    epochs: 3,
    augment: { cutout: length === 0 ? null : { length } },
  }),
}));
const plan: TunePlan = {
  axes: [{ flag: "--length", values: lengths.map(String) }],
  points: lengths.map((length) => [String(length)]),
  rungs: [
    { epochs: 1, seeds: [0], takes: 7, also: "nobody" },
    { epochs: 2, seeds: [1], takes: 2, also: "large" },
    { epochs: 3, seeds: [2], takes: 1, also: "stronger" },
  ],
  choice: "curve",
  baseline: 0,
  epochs: 3,
  sweepSeeds: 3,
  rule: standardRule,
  freshSeed: 3,
  sweepValues: lengths.length,
  common: ["photos"],
};
/** Of a value with a seed; test images are 50, so that shares are even hundredths. */
const accuracyOf = ({ arm, seed }: Pick<NewTrial, "arm" | "seed">) =>
  means[arm]! + (arm === 0 ? 0 : [0, 0.02, 0.04][seed % 3]!);

/** All trials that the search comes to want. */
function wanted(): readonly NewTrial[] {
  for (let trials: readonly NewTrial[] = []; ; ) {
    const results = trials.map((trial, index) => ({
      trial: { ...trial, index },
      outcome: {
        state: "finished" as const,
        epoch: 1,
        validation: accuracyOf(trial),
        test: accuracyOf(trial),
        seconds: 37.5,
        fingerprint: "f",
        splitDigest: `split of seed ${trial.seed}`,
      },
    }));
    const step = tuneQuestion.next(plan, arms, results);
    if (step.answer !== null) return trials;
    trials = step.trials;
  }
}

async function pageOf(finished: number) {
  const trials = wanted();
  const path = makeStudyFolder({
    question: "tune",
    plan,
    arms,
    command: ["tune", "photos"],
    trials,
    fates: trials.slice(0, finished).map(accuracyOf),
  });
  const page = readFileSync(await writeStudyReport(path), "utf8");
  checkOffline(page);
  return { page, trials };
}
const pictures = (html: string) => html.match(/<svg /g)?.length ?? 0;

test("rungs with what lived on and at which price, the plateau, and the confirmation with fresh seeds", async () => {
  const { page, trials } = await pageOf(Number.POSITIVE_INFINITY);
  expect(textOf(page)).toContain("Which length is best?");
  const rungs = partOf(page, "rungs");
  expect(pictures(rungs)).toBe(2);
  expect(textOf(rungs)).toContain("The thick line: a smooth curve through all trainings");
  const rows = rowsOf(rungs);
  expect(rows.map(([name]) => name)).toEqual([
    "Trainings",
    "rung 1, 1 epoch",
    "rung 2, 2 epochs",
    "rung 3, 3 epochs",
    "the search",
    "the confirmation",
    "the full sweep, not run",
  ]);
  expect(rows[1]).toEqual(["rung 1, 1 epoch", "0, 4, 8, 12, 16, 20, 24", "12: 78.00 %", "7", "4 min 23 s"]);
  // 7 values for 1 epoch, 4 for 2, 3 for 3, against 7 values, 3 seeds, 3 epochs.
  const search = trials.filter(({ stage }) => stage.startsWith("rung"));
  const epochs = search.reduce((sum, trial) => sum + (trial.task === "train" ? trial.epochs! : 0), 0);
  expect(rows[4]![2]).toBe(`${((100 * epochs) / 63).toFixed(1)} % of the full sweep`);
  const confirm = partOf(page, "confirmation");
  expect(pictures(confirm)).toBe(1);
  expect(textOf(confirm)).toContain("n = 6 pairs with fresh seeds");
  expect(rowsOf(confirm)[0]!.slice(0, 3)).toEqual(["Seed", "--no-cutout", "--cutout 12"]);
});

test("in the middle of a rung: what has run, no plateau and no confirmation", async () => {
  const { page } = await pageOf(9);
  expect(pictures(partOf(page, "rungs"))).toBe(1);
  expect(rowsOf(partOf(page, "rungs")).length).toBe(3);
  expect(page).not.toContain('<section id="confirmation"');
  const { page: none } = await pageOf(0);
  expect(none).not.toContain('<section id="rungs"');
});
