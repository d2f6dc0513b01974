// The comparison of two settings: which trials it wants when, and when it stops.
import fc from "fast-check";
import { expect, test } from "vitest";
import { readSettings } from "../../config/settings.ts";
import { sequentialSignFlip } from "../../stats/sequential.ts";
import { standardRule } from "../../stats/sequential-rule.ts";
import type { Arm, NewTrial } from "../../study-folder/index.ts";
import { compareQuestion } from "./compare.ts";
import type { Result } from "./question.ts";

const arms: readonly Arm[] = ["baseline", "--cutout 16"].map((name) => ({
  name,
  settings: readSettings({ data: "photos" }),
}));
const plan = { rule: standardRule, part: "test", firstSeed: 3 } as const;

/** Results as runs would give them, the second arm better by these differences. */
function resultsOf(trials: readonly NewTrial[], differences: readonly number[]): readonly Result[] {
  return trials.map((trial, index) => ({
    trial: { index, ...trial },
    outcome: {
      state: "finished",
      epoch: 1,
      validation: 0.5,
      test: 0.7 + (trial.arm === 0 ? 0 : differences[trial.seed - plan.firstSeed]!),
      seconds: 10,
      fingerprint: "f",
      splitDigest: `split of seed ${trial.seed}`,
    },
  }));
}

/** As a study goes: rounds of trials, until there is an answer. */
function conducted(differences: readonly number[]) {
  let step = compareQuestion.next(plan, arms, []);
  const rounds = [step.trials.length];
  while (step.answer === null) {
    step = compareQuestion.next(plan, arms, resultsOf(step.trials, differences));
    if (step.trials.length > rounds.at(-1)!) rounds.push(step.trials.length);
  }
  return { ...step, rounds };
}

const same = (count: number, difference: number) => Array.from({ length: count }, () => difference);

test("pairs share their seed, each pair has another; six that agree are enough", () => {
  const { trials, answer, rounds } = conducted(same(12, 0.02).map((one, at) => one + at / 1000));
  expect(rounds).toEqual([12]);
  expect(trials.map(({ seed, arm }) => [seed, arm])).toEqual(
    [3, 4, 5, 6, 7, 8].flatMap((seed) => [
      [seed, 0],
      [seed, 1],
    ]),
  );
  expect(answer?.result.verdict.kind).toBe("better");
  expect(answer?.pairs.map(({ seed }) => seed)).toEqual([3, 4, 5, 6, 7, 8]);
});

test("without agreement it looks at 8, 10 and 12 pairs, and then ends", () => {
  const { answer, rounds } = conducted(Array.from({ length: 12 }, (_, at) => (at % 2 === 0 ? 0.03 : -0.03)));
  expect(rounds).toEqual([12, 16, 20, 24]);
  expect(answer?.result.verdict.kind).toBe("inconclusive");
});

test("whatever the results: the answer is the test's, and trials that were wanted stay wanted", () => {
  const differences = fc.array(fc.integer({ min: -40, max: 40 }), { minLength: 12, maxLength: 12 });
  fc.assert(
    fc.property(differences, fc.nat({ max: 24 }), (thousandths, some) => {
      const of = thousandths.map((one) => one / 1000);
      const { trials, answer } = conducted(of);
      const exact = answer!.pairs.map(({ difference }) => difference);
      expect(answer!.result).toEqual(sequentialSignFlip(exact, standardRule));
      const before = compareQuestion.next(plan, arms, resultsOf(trials, of).slice(0, some));
      expect(trials.slice(0, before.trials.length)).toEqual(before.trials);
    }),
    { numRuns: 50 },
  );
});

test("words: no verdict before six pairs; every number of the answer afterwards", () => {
  const { trials, answer } = conducted(same(12, 0.02));
  const results = resultsOf(trials, same(12, 0.02));
  const early = compareQuestion.tell(plan, arms, results.slice(0, 10), null);
  expect(early.headline).toBe("No verdict yet: 5 pairs, the next look is at 6.");
  const words = compareQuestion.tell(plan, arms, results, answer);
  expect(words.headline).toBe(
    "“--cutout 16” is better than “baseline”, by 2.00 percentage points in the mean.",
  );
  expect(words.sentences.join(" ")).toContain("higher in 6, lower in 0");
});

test("words between two looks are of the pairs that were looked at", () => {
  const differences = [0.004, -0.004, 0.003, -0.002, 0.001, 0.002, 0.09, 0, 0, 0, 0, 0];
  const first = compareQuestion.next(plan, arms, []).trials;
  const { trials } = compareQuestion.next(plan, arms, resultsOf(first, differences));
  const { sentences } = compareQuestion.tell(plan, arms, resultsOf(trials, differences).slice(0, 14), null);
  expect(sentences[0]).toContain("+0.07 percentage points in the mean of 6 pairs; higher in 4, lower in 2");
});

test("one pair far from all others is named where it moves the mean out of the interval", () => {
  const differences = [0.001, -0.001, 0.002, -0.002, 0.001, -0.005, -0.6, 0.001, 0, 0.001, 0, 0.001];
  const { trials, answer } = conducted(differences);
  const { headline, cautions } = compareQuestion.tell(plan, arms, resultsOf(trials, differences), answer);
  expect(headline).toMatch(/^Inconclusive/);
  expect(cautions.join(" ")).toContain("seed 9 with −60.00 points the farthest");
});

test("a plan for other arms is none", () => {
  expect(() => compareQuestion.check(plan, [...arms, arms[0]!])).toThrow("arms: must be two, got 3");
});

test("runs of a seed on different images are no pair", () => {
  const results = resultsOf(compareQuestion.next(plan, arms, []).trials, same(12, 0.02));
  const [first, ...others] = results as [Result, ...Result[]];
  const moved = [{ ...first, outcome: { ...first.outcome, splitDigest: "another" } }, ...others];
  expect(() => compareQuestion.next(plan, arms, moved)).toThrow(
    "trials 0 and 1: were trained and tested on different images, and cannot be set against each other",
  );
});
