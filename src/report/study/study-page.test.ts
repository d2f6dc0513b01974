// The page of a study, in every state that a study can be in.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { checkOffline, partOf, rowsOf, textOf } from "../../../test/fixtures/page.ts";
import { temporaryFolder } from "../../../test/fixtures/run-folder.ts";
import {
  type Fate,
  makeStudyFolder,
  pairsOf,
  type StudyParts,
  twoArms,
} from "../../../test/fixtures/study-folder.ts";
import { summarize } from "../../study/summary.ts";
import { studyJson } from "./json.ts";
import { studyMarkdown } from "./markdown.ts";
import { writeStudyReport } from "./study-page.ts";

/** Accuracies of both runs of each pair; the second is better, by more or less. */
const better: readonly Fate[] = [0.6, 0.7, 0.62, 0.7, 0.64, 0.78, 0.6, 0.72, 0.58, 0.74, 0.6, 0.62];
const pageOf = async (parts: Partial<StudyParts> & Pick<StudyParts, "fates">) => {
  const path = makeStudyFolder({ trials: pairsOf(6), ...parts });
  const page = readFileSync(await writeStudyReport(path), "utf8");
  checkOffline(page);
  return { path, page };
};
const told = (text: string) => text.replace(/\s+/g, " ");
const pictures = (html: string) => html.match(/<svg /g)?.length ?? 0;

test("an answered comparison: the words of the terminal, every pair, every run, its price and its rule", async () => {
  const { path, page } = await pageOf({ fates: better });
  const { words, study, cost } = summarize(path);
  const answer = textOf(partOf(page, "answer"));
  for (const text of [words.headline, ...words.sentences, ...words.cautions])
    expect(answer).toContain(told(text));
  expect(words.headline).toContain("“--cutout 16” is better than “baseline”, by 10.33 percentage points");
  expect(answer).toContain("12 of 12 planned trials finished.");
  const pairs = partOf(page, "pairs");
  expect(pictures(pairs)).toBe(3);
  expect(rowsOf(pairs).slice(0, 2)).toEqual([
    ["Seed", "baseline", "--cutout 16", "Difference, percentage points"],
    ["0", "60.00 %", "70.00 %", "+10.00"],
  ]);
  expect(rowsOf(pairs).length).toBe(7);
  expect(textOf(pairs)).toContain("n = 6 pairs of runs");
  expect(textOf(pairs)).toContain("the test part of 50 images");
  expect(pictures(partOf(page, "curves"))).toBe(4);
  const runs = rowsOf(partOf(page, "runs"));
  expect(runs[0]).toEqual([
    "Run",
    "Settings",
    "cutout",
    "Seed",
    "For",
    "State",
    "Epoch",
    "Validation",
    "Test",
    "Time",
  ]);
  expect(runs[2]).toEqual([
    "1",
    "--cutout 16",
    "16",
    "0",
    "look 6",
    "finished",
    "2",
    "70.0 %",
    "70.0 %",
    "38 s",
  ]);
  expect(partOf(page, "runs")).toContain('<a href="trials/0001/report.html">1</a>');
  // Twelve runs of 37.5 s, all in one round.
  expect(cost).toMatchObject({ seconds: 450, estimated: 0, rounds: [12] });
  expect(cost.machines.map(({ seconds }) => seconds)).toEqual([450, 225, 112.5, 75]);
  const rule = textOf(partOf(page, "rule"));
  expect(rule).toContain(study.hash);
  expect(rule).toContain("2026-11-29 12:34:56 UTC, before the first run");
  expect(rowsOf(partOf(page, "settings"))).toEqual([
    ["Setting", "baseline", "--cutout 16"],
    ["cutout", "off", "16"],
  ]);
});

test("before the first run there is a page, without a figure that would be empty", async () => {
  const { page } = await pageOf({ fates: [] });
  expect(textOf(partOf(page, "answer"))).toContain(
    "0 of 12 planned trials finished. This page is of a study that goes on.",
  );
  expect(pictures(page)).toBe(0);
  for (const id of ["pairs", "curves", "cost", "failed", "notes"])
    expect(page).not.toContain(`<section id="${id}"`);
  expect(rowsOf(partOf(page, "runs")).length).toBe(13);
});

test("in the middle: the pairs so far, the curves of what runs, and no verdict", async () => {
  const { page } = await pageOf({ fates: [...better.slice(0, 5), "begun"] });
  expect(textOf(partOf(page, "answer"))).toContain("No verdict yet: 2 pairs, the next look is at 6.");
  expect(pictures(partOf(page, "pairs"))).toBe(2);
  expect(textOf(partOf(page, "pairs"))).toContain("An interval comes with the first look, at 6 pairs.");
  expect(textOf(partOf(page, "curves"))).toContain("6 runs by epoch");
  expect(rowsOf(partOf(page, "runs"))[6]![5]).toBe("after epoch 1");
  expect(textOf(partOf(page, "cost"))).toContain("7 trials not finished");
  expect(textOf(partOf(page, "again"))).toContain("cutout study resume");
});

test("what failed is listed with its error and its log, and what is damaged is said; the others stand", async () => {
  const { page, path } = await pageOf({ fates: [...better.slice(0, 10), "failed", "damaged"] });
  const failed = textOf(partOf(page, "failed"));
  expect(failed).toContain("2 trials failed");
  expect(failed).toContain("no memory left for <b>this</b> trial");
  expect(failed).toContain("the <i>last</i> line");
  expect(partOf(page, "failed")).toContain('href="trials/0010.log"');
  expect(failed).toContain("config.json: is not valid JSON");
  expect(rowsOf(partOf(page, "pairs")).length).toBe(6);
  expect(summarize(path).state).toBe("failed");
});

test("runs on different images give no answer, and the page says why", async () => {
  const { page, path } = await pageOf({ fates: better, trials: pairsOf(6) });
  expect(page).toContain("is better than");
  const config = join(path, "trials", "0001", "dataset.json");
  const { writeFileSync } = await import("node:fs");
  writeFileSync(config, readFileSync(config, "utf8").replace("split of seed 0", "another"));
  const again = readFileSync(await writeStudyReport(path), "utf8");
  expect(textOf(partOf(again, "answer"))).toContain(
    "No answer. trials 0 and 1: were trained and tested on different images",
  );
  expect(pictures(partOf(again, "curves"))).toBe(4);
});

test("a second look: both intervals are drawn, and the rounds wait for each other", async () => {
  const even = Array.from({ length: 16 }, (_, at): Fate => [0.6, 0.7, 0.7, 0.6][at % 4]!);
  const { page, path } = await pageOf({ fates: even, trials: pairsOf(8) });
  const { cost, asked } = summarize(path);
  expect(cost.rounds).toEqual([12, 4]);
  expect(cost.machines.at(-1)!.seconds).toBe(75 + 37.5);
  expect(asked?.trials.length).toBe(20);
  expect(asked?.later).toEqual([{ stage: "look 12", trials: 4 }]);
  expect(textOf(partOf(page, "pairs"))).toContain("mean of 8");
});

const hostile = [
  '<script>alert(1)</script>, "a"|`b`',
  `--augment ${"very-long-name-of-a-thing ".repeat(12)}`,
] as const;

test("hostile and long names stay text, on the page, in Markdown and in JSON", async () => {
  const { page, path } = await pageOf({
    fates: better,
    arms: twoArms(hostile),
    command: ["compare", "</code>"],
  });
  expect(textOf(page)).toContain(hostile[0]);
  const summary = summarize(path);
  const markdown = studyMarkdown(summary);
  expect(markdown).not.toContain("<script>");
  const table = markdown.split("\n").filter((one) => one.startsWith("|"));
  // No cell ends early: as many bars that are not escaped in each row.
  expect(new Set(table.map((one) => one.match(/(?<!\\)\|/g)?.length))).toEqual(new Set([5]));
  expect(studyJson(summary).arms).toEqual(hostile);
});

test("a page elsewhere links to the runs where they are", async () => {
  const path = makeStudyFolder({ trials: pairsOf(6), fates: better });
  const out = join(temporaryFolder(), "pages", "a.html");
  expect(await writeStudyReport(path, out)).toBe(out);
  const [, link] = /href="([^"]*0001\/report.html)"/.exec(readFileSync(out, "utf8"))!;
  expect(join(dirname(out), decodeURIComponent(link!))).toBe(join(path, "trials", "0001", "report.html"));
});

test("programs find the same fields in every state", () => {
  const keys = [
    "schema question state hash created version data arms plan words answer runs cost".split(" "),
    "trial arm settings seed stage state epoch validation test seconds folder error".split(" "),
    "seconds estimated rounds machines".split(" "),
  ];
  for (const [state, fates] of [
    ["answered", better],
    ["open", []],
    ["failed", [...better.slice(0, 11), "failed"]],
  ] as const) {
    const json = JSON.parse(
      JSON.stringify(studyJson(summarize(makeStudyFolder({ trials: pairsOf(6), fates })))),
    );
    expect(json).toMatchObject({ schema: 1, question: "compare", state, arms: ["baseline", "--cutout 16"] });
    expect([json, json.runs[0], json.cost].map(Object.keys)).toEqual(keys);
    expect(json.runs[1].settings).toEqual({ cutout: "16" });
    expect(json.answer === null).toBe(state !== "answered");
    expect(json.runs[11].error !== null).toBe(state === "failed");
  }
});
