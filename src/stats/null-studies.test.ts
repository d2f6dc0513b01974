// Null studies from a pool of runs: the rule keeps its error, naive looks do not.
import { expect, test } from "vitest";
import { stream } from "../rng.ts";
import { nullStudies } from "./null-studies.ts";
import { standardRule } from "./sequential-rule.ts";

/** As from 24 runs that are validated on 500 images: 90 % right, give or take. */
const rng = stream(5, "accuracies");
const accuracies = Array.from({ length: 24 }, () => Math.round(450 + 4 * rng.normal()) / 500);

test("false verdicts are at most 5 %, and naive looks find more", () => {
  const { studies, falseVerdicts, naive } = nullStudies(accuracies, standardRule, 1500, 0);
  expect(studies).toBe(1500);
  expect(falseVerdicts.share).toBe(falseVerdicts.count / 1500);
  expect(falseVerdicts.interval.lower).toBeLessThanOrEqual(0.05);
  expect(falseVerdicts.count).toBeGreaterThan(0);
  expect(naive.interval.lower).toBeGreaterThan(0.05);
});

test("the seed alone decides, and where all runs are alike nothing is claimed", () => {
  const once = nullStudies(accuracies, standardRule, 50, 3);
  expect(nullStudies(accuracies, standardRule, 50, 3)).toEqual(once);
  const alike = nullStudies(Array(24).fill(0.9), standardRule, 50, 0);
  expect(alike.falseVerdicts.count).toBe(0);
  expect(alike.naive.count).toBe(0);
});

test("a run that stands out far does not add false verdicts", () => {
  const { falseVerdicts } = nullStudies([...accuracies.slice(1), 0.1], standardRule, 1000, 1);
  expect(falseVerdicts.interval.lower).toBeLessThanOrEqual(0.05);
});

test("too few runs, or what is no accuracy, is refused", () => {
  const of =
    (values: number[], studies = 10) =>
    () =>
      nullStudies(values, standardRule, studies, 0);
  expect(of(accuracies.slice(1))).toThrow(
    "nullStudies: accuracies must be 24 or more finite numbers, two for each of 12 pairs, got 23",
  );
  expect(of([...accuracies.slice(1), Number.NaN])).toThrow("got 23");
  expect(of(accuracies, 0)).toThrow("studies must be an integer >= 1, got 0");
});
