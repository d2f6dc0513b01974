// The progress of a study on a stand-in screen: what stays, what is redrawn in place, and what is said without a terminal.
import { expect, test } from "vitest";
import { makeStudyFolder, pairsOf, twoArms } from "../../test/fixtures/study-folder.ts";
import type { RunEvent } from "../run/events.ts";
import { ask } from "../study/questions/index.ts";
import { conductedOf, openStudy } from "../study-folder/index.ts";
import { createStudyProgress } from "./study-progress.ts";

const control = "\x1b";
const sequences = new RegExp(`(${control}\\[2K|${control}\\[1A|\r|\n)`);

/** The lines that a terminal shows: line breaks, carriage returns, "erase line" and "up" carried out. */
function rendered(text: string): string[] {
  const lines = [""];
  let row = 0;
  let column = 0;
  for (const part of text.split(sequences)) {
    if (part === "\x1b[2K") lines[row] = "";
    else if (part === "\x1b[1A") row--;
    else if (part === "\r") column = 0;
    else if (part === "\n") {
      row++;
      column = 0;
      lines[row] ??= "";
    } else {
      lines[row] = lines[row]!.slice(0, column) + part + lines[row]!.slice(column + part.length);
      column += part.length;
    }
  }
  return lines;
}

function display({
  isTTY = true,
  columns = 120,
  rows = 24,
  names = ["baseline", "--cutout 16"] as [string, string],
} = {}) {
  let text = "";
  let time = 0;
  const write = (more: string) => {
    text += more;
  };
  const screen = { isTTY, columns, rows, write };
  const progress = createStudyProgress(screen, () => time);
  const study = openStudy(makeStudyFolder({ trials: pairsOf(6), fates: [], arms: twoArms(names) }));
  const conducted = conductedOf(study);
  progress.onEvent({ type: "round", study, conducted, asked: ask(study.study, conducted) });
  return {
    progress,
    text: () => text,
    screen: () => rendered(text),
    wait(seconds: number) {
      time += 1000 * seconds;
    },
    begin: (trial: number) => progress.onEvent({ type: "begin", trial, where: "this machine" }),
    run: (trial: number, event: RunEvent) => progress.onEvent({ type: "run", trial, event }),
    step: (trial: number, epoch: number, secondsLeft: number) =>
      progress.onEvent({
        type: "run",
        trial,
        event: {
          type: "step",
          epoch,
          epochs: 3,
          stepInEpoch: 10,
          stepsPerEpoch: 10,
          learningRate: 0.1,
          imagesPerSecond: 100,
          secondsLeft,
          loss: 0.5,
          top1: 0.75,
        },
      }),
    finish: (trial: number, accuracy: number) =>
      progress.onEvent({
        type: "end",
        trial,
        outcome: {
          state: "finished",
          epoch: 3,
          validation: 0.5,
          test: accuracy,
          seconds: 10,
          fingerprint: "f",
          splitDigest: "s",
        },
      }),
  };
}

test("a line for each that runs, redrawn in place below those that stay", () => {
  const { begin, step, finish, wait, screen, progress } = display();
  begin(0);
  begin(1);
  wait(1);
  step(0, 1, 20);
  expect(screen()).toEqual([
    "12 of 12 trials to run",
    "  baseline  seed 0  epoch 1/3  accuracy 75.00 %  20 s left",
    "  --cutout 16  seed 0  begins on this machine",
    // A third of it took 1 s, with 20 s left: 21 s each.
    "[>                       ] 0 of 12 done, 2 running  about 2 min 05 s left of this round",
    "if that gives no answer: look 8 with 4 more trials, look 10 with 4 more trials, look 12 with 4 more trials",
  ]);
  wait(29);
  step(1, 3, 0);
  finish(0, 0.61);
  expect(screen().slice(0, 4)).toEqual([
    "12 of 12 trials to run",
    " 1/12  baseline  seed 0  test 61.00 %  30 s",
    "  --cutout 16  seed 0  epoch 3/3  accuracy 75.00 %",
    // Ten that wait, 30 s each, two at a time.
    "[====>                   ] 1 of 12 done, 1 running  about 2 min 30 s left of this round",
  ]);
  expect(screen()[4]).toContain("look 8 with 4 more trials (about 1 min 00 s), look 10");
  progress.clear();
  expect(screen().slice(2).join("")).toBe("");
});

test("what runs tell alike is told once, and stays", () => {
  const { begin, run, step, wait, screen } = display();
  begin(0);
  run(0, { type: "message", text: "3 images are not read" });
  begin(1);
  wait(1);
  run(1, { type: "message", text: "3 images are not read" });
  run(1, { type: "message", text: "another\nwarning" });
  run(0, { type: "message", text: "epochs 3, seed 0" });
  begin(2);
  run(2, { type: "message", text: "epochs 3, seed 1" });
  wait(1);
  step(1, 1, 20);
  const kept = screen();
  expect(kept.filter((line) => line.includes("3 images are not read")).length).toBe(1);
  expect(kept).toContain("another\uFFFDwarning");
  expect(kept.filter((line) => line.startsWith("epochs 3")).length).toBe(1);
});

test("no line is wider than the terminal, and there are no more than it has", () => {
  const { begin, step, wait, screen, text } = display({
    columns: 40,
    rows: 8,
    names: [`--augment ${"long-".repeat(20)}`, "漢字".repeat(20)],
  });
  for (let trial = 0; trial < 10; trial++) begin(trial);
  wait(1);
  step(0, 1, 20);
  const lines = screen();
  const cells = (line: string) => line.length + (line.match(/\p{Script=Han}/gu)?.length ?? 0);
  for (const line of lines) expect(cells(line)).toBeLessThan(40);
  expect(lines.length - 1).toBeLessThan(8);
  expect(lines.some((line) => line.includes("and 7 more"))).toBe(true);
  // As many lines as were drawn are taken back.
  wait(1);
  step(0, 2, 10);
  expect(screen().length).toBe(lines.length);
  expect(text()).not.toContain("\uFFFD");
});

test("without a terminal: a line an end, and a sign of life every 30 s", () => {
  const { begin, step, finish, wait, text, progress } = display({ isTTY: false });
  begin(0);
  for (let second = 0; second < 65; second++) {
    wait(1);
    if (second < 40) step(0, 1, 100 - second);
    // Nothing is told: the clock alone makes it say that it is alive.
    else progress.tick();
  }
  finish(0, 0.5);
  expect(text()).not.toContain("\x1b");
  expect(text().split("\n")).toEqual([
    "12 of 12 trials to run",
    "if that gives no answer: look 8 with 4 more trials, look 10 with 4 more trials, look 12 with 4 more trials",
    // 101 s each, eleven that wait.
    "0 of 12 done, 1 running  about 19 min 42 s left of this round: baseline  seed 0  epoch 1/3  accuracy 75.00 %  1 min 11 s left",
    "0 of 12 done, 1 running  about 19 min 12 s left of this round: baseline  seed 0  epoch 1/3  accuracy 75.00 %  41 s left",
    " 1/12  baseline  seed 0  test 50.00 %  1 min 05 s",
    "",
  ]);
});

test("a trial that fails, and one that is interrupted, say so on lines of their own", () => {
  const { begin, progress, screen } = display();
  begin(0);
  begin(1);
  progress.onEvent({ type: "end", trial: 0, outcome: { state: "failed", message: "no\nmemory" } });
  progress.onEvent({ type: "end", trial: 1, outcome: { state: "open", epochs: 2 } });
  expect(screen().slice(1, 3)).toEqual([
    " 1/12  baseline  seed 0  failed: no\uFFFDmemory",
    " 2/12  --cutout 16  seed 0  saved after epoch 2",
  ]);
});
