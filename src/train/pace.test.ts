// Speed and time left with a clock of the test's own.
import { expect, test } from "vitest";
import { Pace } from "./pace.ts";

function pace() {
  const clock = { now: 0 };
  const made = new Pace(() => clock.now, 10);
  const step = (seconds: number) => {
    clock.now += seconds;
    return made.stepDone();
  };
  return { clock, made, step };
}

test("the first step, which compiles, counts only until there is a second", () => {
  const { made, step } = pace();
  expect(step(60)).toBeNull();
  expect(made.imagesPerSecond).toBeCloseTo(10 / 60, 12);
  expect(step(0.5)).toBe(0.5);
  expect(made.imagesPerSecond).toBeCloseTo(20, 12);
  expect(made.secondsLeft({ steps: 100, views: 0 })).toBeCloseTo(50, 12);
});

test("a steady pace is shown as it is, a change comes through little by little", () => {
  const { made, step } = pace();
  for (let n = 0; n < 50; n++) step(2);
  expect(made.secondsPerStep).toBeCloseTo(2, 12);
  step(4);
  expect(made.secondsPerStep).toBeGreaterThan(2);
  expect(made.secondsPerStep).toBeLessThan(2.3);
  for (let n = 0; n < 200; n++) step(4);
  expect(made.secondsPerStep).toBeCloseTo(4, 3);
});

test("what lies between restart and the step before is no training", () => {
  const { clock, made, step } = pace();
  step(1);
  step(1);
  clock.now += 1000;
  made.restart();
  step(1);
  expect(made.secondsPerStep).toBeCloseTo(1, 12);
});

test("time left counts evaluations: a guess first, then what was measured", () => {
  const { made, step } = pace();
  step(9);
  step(3);
  expect(made.secondsLeft({ steps: 0, views: 100 })).toBeCloseTo(10, 12);
  made.evaluated(50, 100);
  expect(made.secondsLeft({ steps: 2, views: 100 })).toBeCloseTo(206, 12);
});

test("images of another size: guessed by their pixels until they are timed, and what compiles is not counted", () => {
  const { made, step } = pace();
  made.resized(0.25);
  step(9);
  step(1);
  expect(made.secondsPerStep).toBeCloseTo(1, 12);
  // Two steps on images of a quarter of the pixels and three on full ones.
  expect(made.secondsLeft({ steps: 3.5, views: 0 })).toBeCloseTo(14, 12);
  made.resized(1);
  expect(made.secondsPerStep).toBeCloseTo(4, 12);
  step(100);
  for (let n = 0; n < 200; n++) step(5);
  expect(made.secondsLeft({ steps: 2, views: 0 })).toBeCloseTo(10, 2);
});
