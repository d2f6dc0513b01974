import { describe, expect, test } from "vitest";
import type { EpochRecord, TrainingEvent } from "../train/events.ts";
import {
  createProgress,
  formatDuration,
  formatEpoch,
  formatProgress,
  formatStep,
  formatTest,
} from "./progress.ts";

const step = (stepInEpoch: number): Extract<TrainingEvent, { type: "step" }> => ({
  type: "step",
  epoch: 3,
  epochs: 15,
  stepInEpoch,
  stepsPerEpoch: 78,
  loss: 0.51234,
  top1: 0.76123,
  learningRate: 0.08123,
  imagesPerSecond: 852.6,
  secondsLeft: 130,
});

const epoch: EpochRecord = {
  type: "epoch",
  epoch: 3,
  step: 234,
  learningRate: 1e-5,
  train: { loss: 0.5, top1: 0.76 },
  validation: { loss: 0.4, top1: 0.8019, top5: 1, count: 2500 },
  best: true,
  imagesPerSecond: 852.6,
  seconds: 12.4,
};

/** What a terminal shows in the end: carriage returns and "erase line" carried out. */
function rendered(text: string): string[] {
  return text.split("\n").map((line) => line.split("\r\x1b[2K").at(-1)!);
}

function display(isTTY: boolean, columns?: number) {
  let text = "";
  let time = 0;
  const screen = {
    isTTY,
    write: (more: string) => {
      text += more;
    },
    ...(columns !== undefined && { columns }),
  };
  const progress = createProgress(screen, () => time);
  return {
    progress,
    text: () => text,
    wait(milliseconds: number) {
      time += milliseconds;
    },
  };
}

test.each([
  [0, "0 s"],
  [59.4, "59 s"],
  [59.6, "1 min 00 s"],
  [125, "2 min 05 s"],
  [3599.6, "1 h 00 min"],
  [3725, "1 h 02 min"],
  [-1, "0 s"],
  [Number.POSITIVE_INFINITY, "?"],
])("%d seconds are %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test("lines hold what a person looks for", () => {
  expect(formatStep(step(12))).toBe(
    "epoch  3/15  step 12/78  loss 0.512  accuracy 76.12 %  rate 0.0812  853 images/s  2 min 10 s left",
  );
  expect(formatEpoch(epoch, 15, 130)).toBe(
    "epoch  3/15  loss 0.500  training 76.00 %  validation 80.19 %*  rate 1.0e-5  853 images/s  12 s, 2 min 10 s left",
  );
  expect(formatEpoch({ ...epoch, best: false }, null, null)).toContain("validation 80.19 %   rate");
  expect(formatTest({ type: "test", epoch: 3, crops: "ten", test: epoch.validation! })).toBe(
    "test (epoch 3, ten crops)  accuracy 80.19 %  loss 0.400  2500 images",
  );
  expect(formatProgress(1200, 10_000, "decoding photos")).toBe("decoding photos  1,200 of 10,000  12 %");
  expect(formatProgress(0, 0, "decoding")).toBe("decoding  0 of 0");
});

describe("on a terminal", () => {
  test("one line is redrawn in place and makes way for the line of the epoch", () => {
    const { progress, text, wait } = display(true, 200);
    for (let at = 1; at <= 78; at++) {
      progress.onEvent(step(at));
      wait(200);
    }
    expect(text()).not.toContain("\n");
    expect(rendered(text())).toEqual([formatStep(step(78))]);
    progress.onEvent({ ...epoch, last: false });
    expect(rendered(text())).toEqual([formatEpoch(epoch, 15, 130), ""]);
  });

  test("it is drawn ten times a second at most", () => {
    const { progress, text, wait } = display(true, 200);
    for (let at = 1; at <= 1000; at++) {
      progress.onEvent(step(at));
      wait(1);
    }
    expect(text().split("\r").length - 1).toBe(10);
  });

  test("it never wraps, however narrow the terminal", () => {
    const { progress, text, wait } = display(true, 40);
    for (let at = 1; at <= 10; at++) {
      progress.onEvent(step(at));
      progress.onProgress(at, 100, "decoding a folder with a very long name indeed");
      wait(200);
    }
    for (const line of text().split("\r\x1b[2K")) expect(line.length).toBeLessThan(40);
  });

  test("messages and clearing leave no rest of it behind", () => {
    const { progress, text } = display(true, 200);
    progress.onProgress(5, 10, "decoding");
    progress.onEvent({ type: "message", text: "hello" });
    expect(rendered(text())).toEqual(["hello", ""]);
    progress.onEvent(step(1));
    progress.clear();
    expect(rendered(text()).at(-1)).toBe("");
  });
});

describe("without a terminal", () => {
  test("there are plain lines only: each epoch, and a sign of life every ten seconds", () => {
    const { progress, text, wait } = display(false);
    progress.onEvent({ type: "phase", phase: "train" });
    for (let at = 1; at <= 250; at++) {
      wait(100);
      progress.onEvent(step(at));
    }
    progress.onEvent({ type: "phase", phase: "validate" });
    progress.onEvent({ ...epoch, last: false });
    expect(text()).not.toContain("\r");
    expect(text()).not.toContain("\x1b");
    expect(text().trimEnd().split("\n")).toEqual([
      formatStep(step(100)),
      formatStep(step(200)),
      formatEpoch(epoch, 15, 130),
    ]);
  });

  test("the last epoch has no time left to tell", () => {
    const { progress, text } = display(false);
    progress.onEvent({ ...step(78), epoch: 15 });
    progress.onEvent({ ...epoch, epoch: 15, last: true });
    expect(text()).not.toContain("left");
  });

  test("nor has the one at which early stopping strikes", () => {
    const { progress, text } = display(false);
    progress.onEvent(step(78));
    progress.onEvent({ ...epoch, last: true });
    expect(text()).not.toContain("left");
  });
});
