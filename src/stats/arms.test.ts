// Several arms with one error for all: how many pairs that needs, what Holm adds, and how often it is wrong.
import fc from "fast-check";
import { expect, test } from "vitest";
import { stream } from "../rng.ts";
import { armVerdicts, compareArms } from "./arms.ts";
import { wilsonInterval } from "./proportion.ts";
import { sequentialSignFlip, sequentialVerdict } from "./sequential.ts";
import { ruleForArms, standardRule } from "./sequential-rule.ts";
import { fewestPairs } from "./sign-flip.ts";

const kinds = (arms: readonly (readonly number[])[]) =>
  compareArms(arms, standardRule).map(({ verdict }) => verdict.kind);
const clear = [0.01, 0.02, 0.03, 0.015, 0.025, 0.012, 0.018, 0.022, 0.011, 0.013, 0.014, 0.016];
const mixed = [0.01, -0.02, 0.03, -0.015, 0.025, -0.012, 0.018, -0.022, 0.011, -0.013, 0.014, -0.016];

test("the first look is the earliest that can reject with a part of the error, and the error is divided", () => {
  const firstLooks = Array.from({ length: 9 }, (_, at) => ruleForArms(standardRule, at + 1).looks[0]);
  expect(firstLooks).toEqual([6, 7, 8, 8, 9, 9, 9, 9, 10]);
  for (const [at, look] of firstLooks.entries())
    expect(look).toBe(fewestPairs(standardRule.spent[0]!, at + 1));
  expect(ruleForArms(standardRule, 1)).toEqual(standardRule);
  expect(ruleForArms(standardRule, 4)).toEqual({
    looks: [8, 10, 12, 14],
    spent: [0.0078125, 0.009775, 0.011225, 0.0125],
    smallest: 0.003,
  });
  expect(ruleForArms(standardRule, 4, 2).spent.at(-1)).toBe(0.025);
  expect(() => ruleForArms(standardRule, 65)).toThrow("looks must be one or more integers from 2 to 18");
});

test("one arm is the sequential test itself", () => {
  expect(compareArms([clear], standardRule)).toEqual([
    { ...sequentialSignFlip(clear, standardRule), error: 0.05 },
  ]);
});

test("says of each arm what it can, and six pairs say nothing of two arms", () => {
  expect(kinds([clear, mixed, clear.map((one) => -one)])).toEqual(["better", "waiting", "worse"]);
  expect(kinds([clear.slice(0, 6), mixed.slice(0, 6)])).toEqual(["waiting", "waiting"]);
  expect(kinds([clear.slice(0, 7), []])).toEqual(["better", "waiting"]);
  expect(kinds([clear, clear.map((one) => one / 1e4), clear])).toEqual(["better", "better", "better"]);
  expect(kinds([mixed.map((one) => one / 1e3), mixed])).toEqual(["no difference larger than", "waiting"]);
  expect(compareArms([], standardRule)).toEqual([]);
});

test("an arm that the divided error does not reach is found once others have been: Holm", () => {
  const rule = ruleForArms(standardRule, 2);
  expect(rule.looks).toEqual([7, 9, 11, 13]);
  const rng = stream(3, "holm");
  let gained = 0;
  for (let study = 0; study < 300; study++) {
    const weak = Array.from({ length: 13 }, () => rng.normal() + 0.7);
    const alone = sequentialVerdict(weak, { ...rule, smallest: 1e-9 });
    const strong = Array.from({ length: 13 }, (_, pair) => 5 + pair);
    const [beside] = armVerdicts([weak, strong], { ...standardRule, smallest: 1e-9 });
    if (alone.verdict.kind === "better") expect(beside!.verdict.kind).toBe("better");
    else if (beside!.verdict.kind === "better") gained++;
  }
  expect(gained).toBeGreaterThan(10);
});

test("verdict and interval agree, arms may be in any order, and an arm's interval has its own error", () => {
  const arm = fc.tuple(fc.integer({ min: -2, max: 4 }), fc.nat({ max: 1e6 })).map(([effect, seed]) => {
    const rng = stream(seed, "arm");
    return Array.from({ length: 14 }, () => rng.normal() + effect / 2);
  });
  fc.assert(
    fc.property(fc.array(arm, { minLength: 2, maxLength: 4 }), (arms) => {
      const results = compareArms(arms, standardRule);
      expect(compareArms(arms.slice().reverse(), standardRule).reverse()).toEqual(results);
      const open = results.filter(
        ({ verdict }) => verdict.kind !== "better" && verdict.kind !== "worse",
      ).length;
      for (const { verdict, interval, error } of results) {
        if (verdict.kind === "better") expect(interval!.lower).toBeGreaterThanOrEqual(0);
        else if (verdict.kind === "worse") expect(interval!.upper).toBeLessThanOrEqual(0);
        else {
          expect(interval!.lower).toBeLessThanOrEqual(0);
          expect(interval!.upper).toBeGreaterThanOrEqual(0);
          expect(error).toBeLessThanOrEqual(0.05);
          expect(error).toBeGreaterThanOrEqual(0.05 / arms.length);
          expect(open).toBeGreaterThan(0);
        }
      }
    }),
    { numRuns: 25 },
  );
});

test("of three arms without an effect that share their baseline any is claimed in at most 5 % of studies", () => {
  const rng = stream(11, "family");
  const studies = 200;
  let wrong = 0;
  for (let study = 0; study < studies; study++) {
    const baseline = Array.from({ length: 14 }, () => rng.normal());
    const arms = Array.from({ length: 3 }, () => baseline.map((one) => rng.normal() - one));
    if (
      armVerdicts(arms, standardRule).some(({ verdict: { kind } }) => kind === "better" || kind === "worse")
    )
      wrong++;
  }
  expect(wilsonInterval(wrong, studies).lower).toBeLessThanOrEqual(0.05);
});
