// A sweep: which trials it wants, whatever has ended in whatever order; what it chooses; and its words.
import fc from "fast-check";
import { expect, test } from "vitest";
import { conductMadeUp, madeUpArm, type Response } from "../../../test/helpers/made-up-study.ts";
import { stream } from "../../rng.ts";
import { pairedT } from "../../stats/student.ts";
import { withTheBest } from "../../stats/with-the-best.ts";
import { estimateOf } from "./choice.ts";
import { type SweepPlan, sweepQuestion } from "./sweep.ts";

const lengths = [0, 4, 8, 12, 16, 20, 24];
const arms = lengths.map(madeUpArm);
const plan: SweepPlan = {
  axes: [{ flag: "--length", values: lengths.map(String) }],
  points: lengths.map((length) => [String(length)]),
  seeds: [0, 1, 2],
  baseline: 0,
  common: ["--epochs", "20"],
};

/** The best is at `optimum`; seeds differ by more than lengths do, as real ones. */
const around =
  (optimum: number, noise: number): Response =>
  (arm, seed, _epochs, part) => {
    const own = stream(seed, part, arm).normal();
    const ofSeed = 0.02 * stream(seed, `seed ${part}`).normal();
    return 0.9 - 0.0004 * (lengths[arm]! - optimum) ** 2 + ofSeed + noise * own;
  };

test("every value with every seed, seeds outermost, without a look at the test part; then the chosen one and the baseline", () => {
  const { trials, answer } = conductMadeUp(sweepQuestion, plan, arms, around(12, 0));
  const sweep = trials.slice(0, 21);
  expect(sweep.map(({ seed }) => seed)).toEqual([0, 1, 2].flatMap((seed) => lengths.map(() => seed)));
  expect(sweep.every((trial) => trial.task === "train" && !trial.test && trial.epochs === null)).toBe(true);
  expect(trials.slice(21)).toEqual(
    [0, 1, 2].flatMap((seed) =>
      [0, 3].map((arm) => ({ task: "test", arm, seed, stage: "test", of: 7 * seed + arm })),
    ),
  );
  expect(answer.choice.best).toBe(3);
  expect(answer.axis).toEqual({ name: "length", unit: "", values: lengths });
  const { pairs, t } = answer.test.against!;
  expect(pairs.map(({ seed }) => seed)).toEqual([0, 1, 2]);
  expect(t).toEqual(pairedT(pairs.map(({ difference }) => difference)));
  expect(t!.mean).toBeCloseTo(0.0004 * 144, 10);
});

test("with any of the runs finished, in any order, what was wanted stays wanted", () => {
  const { trials, results } = conductMadeUp(sweepQuestion, plan, arms, around(12, 0.01));
  fc.assert(
    fc.property(fc.subarray([...results]), (some) => {
      const step = sweepQuestion.next(plan, arms, some);
      expect(trials.slice(0, step.trials.length)).toEqual(step.trials);
      expect(step.answer === null).toBe(some.length < results.length);
      sweepQuestion.tell(plan, arms, some, step.answer);
    }),
  );
});

test("the plateau holds what the comparisons with the best do not tell from it, and nothing else", () => {
  for (const seed of [1, 2, 3, 4]) {
    const response = around(12, 0.01);
    const shifted = { ...plan, seeds: [0, 1, 2].map((one) => 10 * seed + one) };
    const { choice } = conductMadeUp(sweepQuestion, shifted, arms, response).answer;
    const { best, behind } = withTheBest(choice.scores.map(({ accuracies }) => accuracies));
    expect(choice.best).toBe(best);
    for (const score of choice.scores) {
      const { interval } = behind[score.arm]!;
      expect(score.plateau).toBe(interval === null || interval.upper >= 0);
      const { lower, upper } = pairedT(score.accuracies).interval;
      expect(score.interval).toEqual({ lower: Math.max(0, lower), upper: Math.min(1, upper) });
    }
  }
});

/** All values as high as told, with hardly any noise. */
const heights =
  (means: readonly number[], noise = 1e-4): Response =>
  (arm, seed, _epochs, part) =>
    means[arm]! + noise * stream(seed, part, arm).normal();
const headline = (response: Response, seeds = [0, 1, 2]) => {
  const own = { ...plan, seeds };
  const { results, answer } = conductMadeUp(sweepQuestion, own, arms, response);
  return sweepQuestion.tell(own, arms, results, answer).headline;
};

test("words: a point, a plateau, a flat curve, a single seed", () => {
  const rising = [0.5, 0.6, 0.7, 0.8, 0.9, 0.7, 0.6];
  expect(headline(heights(rising))).toBe(
    "Length 16 is best on the validation part: each of the others is told from it with 3 seeds.",
  );
  expect(headline(heights([0.5, 0.6, 0.7, 0.9, 0.9, 0.9, 0.6], 0.001))).toMatch(
    /^Length (12|16|20) is highest on the validation part; with 3 seeds, length 12 to 20 cannot be told apart from it\.$/,
  );
  expect(
    headline(
      heights(
        rising.map(() => 0.9),
        0.01,
      ),
    ),
  ).toMatch(/^Flat: length \d+ is highest/);
  const tied = heights([0.5, 0.6, 0.7, 0.9, 0.9, 0.7, 0.6], 0);
  expect(headline(tied, [5])).toBe(
    "Length 12 and 16 are equally high on the validation part with 1 seed; one seed tells none of the others from them; length 12 is taken.",
  );
  expect(headline(tied)).toBe(
    "Length 12 and 16 are equally high on the validation part with 3 seeds; length 12 is taken.",
  );
  expect(headline(heights(rising), [5])).toBe(
    "Length 16 is highest on the validation part; one seed tells none of the others from it.",
  );
});

test("words: of settings without an order the others are named while they are few, and else counted", () => {
  const names = lengths.map((length) => `--cutout ${length}`);
  const own = { ...plan, axes: [{ flag: "--arm", values: names }], points: names.map((name) => [name]) };
  const of = (means: readonly number[]) => {
    const { results, answer } = conductMadeUp(sweepQuestion, own, arms, heights(means, 0.001));
    return sweepQuestion.tell(own, arms, results, answer).headline;
  };
  const two = of([0.5, 0.6, 0.7, 0.9, 0.9, 0.7, 0.6]);
  const [best, other] = [...two.matchAll(/“[^”]+”/g)].map(([name]) => name);
  expect(two).toBe(
    `${best} is highest on the validation part; with 3 seeds, ${other} cannot be told apart from it.`,
  );
  expect(other).not.toBe(best);
  expect(of([0.5, 0.6, 0.9, 0.9, 0.9, 0.9, 0.9])).toMatch(/with 3 seeds, 4 of the 6 others cannot/);
});

test("words: a line a value, the one look at the test part, and a comparison with fresh seeds", () => {
  const { results, answer } = conductMadeUp(sweepQuestion, plan, arms, around(12, 0));
  const words = sweepQuestion.tell(plan, arms, results, answer);
  expect(words.sentences).toHaveLength(1 + lengths.length + 2);
  expect(words.sentences[1]).toMatch(/^length 0, the baseline: .*, −5\.76 \(.*\) points, told apart\.$/);
  expect(words.sentences.at(-1)).toContain("Against length 0 with the same seeds: +5.76");
  expect(words.commands).toEqual([
    "cutout compare /photos --a --no-cutout --b '--cutout 12' --epochs 20 --seed 3",
  ]);
  const early = sweepQuestion.tell(plan, arms, results.slice(0, 10), null);
  expect(early.headline).toMatch(/^By now, with 2 seeds open: /);
  expect(early.commands).toEqual([]);
  expect(sweepQuestion.tell(plan, arms, results.slice(0, 3), null).headline).toMatch(/^Nothing can be said/);
});

test("where no Cutout is best there is nothing to set it against", () => {
  const { trials, answer } = conductMadeUp(sweepQuestion, plan, arms, around(0, 0));
  expect(trials).toHaveLength(21 + 3);
  expect(answer.test.against).toBeNull();
});

test("the interval of an accuracy by two seeds is one of shares", () => {
  const { mean, interval } = estimateOf([0.49, 0.62]);
  expect(mean).toBeCloseTo(0.555, 12);
  expect(interval).toEqual({ lower: 0, upper: 1 });
  expect(estimateOf([0.5]).interval).toBeNull();
});
