// The search for a length: held against made-up responses with a known optimum, killed anywhere, and its words.
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  conductMadeUp,
  madeUpArm,
  madeUpResults,
  type Response,
} from "../../../test/helpers/made-up-study.ts";
import { stream } from "../../rng.ts";
import { standardRule } from "../../stats/sequential-rule.ts";
import { eighths, searchRungs } from "../rungs.ts";
import { type TunePlan, tuneQuestion } from "./tune.ts";
import { priceAheadText } from "./tune-words.ts";

const epochs = 16;
const lengths = eighths(32);
const arms = lengths.map(madeUpArm);
const planWith = (
  told: Partial<Parameters<typeof searchRungs>[0]> = {},
  rest: Partial<TunePlan> = {},
): TunePlan => {
  const rungs = searchRungs({ arms: 9, epochs, firstSeed: 0, sweepSeeds: 3, budget: 0.2, ...told });
  return {
    axes: [{ flag: "--length", values: lengths.map(String) }],
    points: lengths.map((length) => [String(length)]),
    rungs,
    choice: "curve",
    baseline: 0,
    epochs,
    sweepValues: 9,
    sweepSeeds: 3,
    rule: null,
    freshSeed: Math.max(...rungs.flatMap(({ seeds }) => seeds)) + 1,
    common: [],
    ...rest,
  };
};

/** The paper's curve: two points at the optimum, flat around it, steep where little of the image is left; short trainings want smaller holes. */
function truth(arm: number, trained: number, optimum: number): number {
  const share = trained / epochs;
  const best = optimum * (0.5 + 0.5 * share);
  const distance = (lengths[arm]! - best) / 16;
  return 0.7 + 0.2 * share ** 0.3 - 0.02 * distance ** 2 - 0.02 * Math.max(0, distance) ** 4;
}

const response =
  (optimum: number, noise: number, study = 0): Response =>
  (arm, seed, trained, part) => {
    const ofSeed = 0.01 * stream(seed, `seed ${part}`, study).normal();
    const own = noise * stream(seed, part, study, arm, trained ?? epochs).normal();
    return truth(arm, trained ?? epochs, optimum) + ofSeed + own;
  };

test("lengths are eighths of the side, even, and no longer than it", () => {
  expect(eighths(32)).toEqual([0, 4, 8, 12, 16, 20, 24, 28, 32]);
  expect(eighths(64)).toEqual([0, 8, 16, 24, 32, 40, 48, 56, 64]);
  for (let side = 8; side < 100; side++) {
    const all = eighths(side);
    expect(all[0]).toBe(0);
    expect(
      all.every((length, at) => length % 2 === 0 && length <= side && length > (all[at - 1] ?? -1)),
    ).toBe(true);
  }
});

test("rounds: all for an eighth, three and none and a large one for a quarter, the best and its stronger neighbour and none for all", () => {
  const { trials, answer } = conductMadeUp(tuneQuestion, planWith(), arms, response(12, 0));
  const rounds = [1, 2, 3].map((rung) => trials.filter(({ stage }) => stage === `rung ${rung}`));
  expect(rounds.map((round) => round.length)).toEqual([9, 5, 3]);
  expect(
    rounds.map((round) => new Set(round.map((trial) => trial.task === "train" && trial.epochs))),
  ).toEqual([new Set([2]), new Set([4]), new Set([16])]);
  expect(rounds.map((round) => round[0]!.seed)).toEqual([0, 1, 2]);
  expect(trials.some((trial) => trial.task === "train" && trial.test)).toBe(false);
  for (const round of rounds.slice(1)) expect(round.some(({ arm }) => arm === 0)).toBe(true);
  expect(rounds[1]!.some(({ arm }) => lengths[arm]! >= 16)).toBe(true);
  expect(lengths[answer.chosen]).toBe(12);
  expect(answer.price.search.epochs).toBe(9 * 2 + 5 * 4 + 3 * 16);
  expect(answer.price.search.epochs).toBeLessThanOrEqual(0.2 * answer.price.sweep.epochs);
});

test("the price is said before: what the search costs is what it was said to, and the confirmation apart", () => {
  const { answer } = conductMadeUp(tuneQuestion, planWith(), arms, response(12, 0));
  const search = `the search takes at most ${answer.price.search.epochs} epochs, 20\u00A0% of a full sweep of 9 x 3 runs`;
  expect(priceAheadText(planWith())).toBe(search);
  expect(priceAheadText(planWith({}, { rule: standardRule }))).toBe(
    `${search}; then the confirmation 192 to 384 epochs, 44\u00A0% to 89\u00A0% of it (--no-confirm leaves that out)`,
  );
});

test("what is left of the budget goes to more seeds; then only what is not told apart goes on", () => {
  const plan = planWith({ budget: 0.5 });
  expect(plan.rungs.map(({ seeds }) => seeds.length)).toEqual([3, 3, 2]);
  const all = plan.rungs.flatMap(({ seeds }) => seeds);
  expect(new Set(all).size).toBe(all.length);
  const { trials, answer } = conductMadeUp(tuneQuestion, plan, arms, response(12, 0.0005));
  const first = trials.filter(({ stage }) => stage === "rung 1");
  expect(first.length).toBeGreaterThan(18);
  expect(first.length).toBeLessThan(27);
  expect(first.slice(18).some(({ arm }) => arm === 0)).toBe(true);
  expect(answer.rungs[0]!.order).toHaveLength(9);
  expect(answer.price.search.epochs).toBeLessThan(0.5 * answer.price.sweep.epochs);
});

test("in 300 searches among noisy trainings: within a fifth of the sweep, and near its best in the mean", () => {
  let regret = 0;
  let kept = 0;
  for (let study = 0; study < 300; study++) {
    const optimum = [8, 12, 16][study % 3]!;
    const { answer } = conductMadeUp(tuneQuestion, planWith(), arms, response(optimum, 0.003, study));
    const best = Math.max(...lengths.map((_, arm) => truth(arm, epochs, optimum)));
    regret += best - truth(answer.chosen, epochs, optimum);
    if (answer.plateau.some((arm) => truth(arm, epochs, optimum) === best)) kept++;
    expect(answer.price.search.epochs / answer.price.sweep.epochs).toBeLessThanOrEqual(0.2);
  }
  expect(regret / 300).toBeLessThan(0.003);
  expect(kept / 300).toBeGreaterThan(0.95);
});

test("the curve through all trainings loses less than the highest of the last round, at each optimum but the two strongest", () => {
  for (const optimum of [4, 8, 12, 16]) {
    const lost = { curve: 0, last: 0 };
    for (let study = 0; study < 200; study++) {
      const { answer } = conductMadeUp(tuneQuestion, planWith(), arms, response(optimum, 0.01, study));
      const behind = (arm: number) => truth(optimum / 4, epochs, optimum) - truth(arm, epochs, optimum);
      lost.curve += behind(answer.chosen);
      lost.last += behind(answer.rungs.at(-1)!.order[0]!);
    }
    expect(lost.curve).toBeLessThan(0.75 * lost.last);
  }
});

test("a plan of before there was a curve is answered as it was then", () => {
  const { choice, ...before } = planWith();
  const { results } = conductMadeUp(tuneQuestion, planWith(), arms, response(12, 0.01, 3));
  const plan = tuneQuestion.plan.parse(before);
  const { answer } = tuneQuestion.next(plan, arms, results);
  expect(answer!.curve).toBeNull();
  expect(answer!.chosen).toBe(answer!.rungs.at(-1)!.order[0]);
});

test("values are set beside each other by their order, whatever lies between them", () => {
  const { trials, answer } = conductMadeUp(tuneQuestion, planWith(), arms, response(12, 0.01, 7));
  const stretched: TunePlan = {
    ...planWith(),
    axes: [{ flag: "--length", values: arms.map((_, arm) => String(10 ** arm)) }],
    points: arms.map((_, arm) => [String(10 ** arm)]),
  };
  const other = tuneQuestion.next(stretched, arms, madeUpResults(trials, response(12, 0.01, 7)));
  expect(other.answer!.curve).toEqual(answer.curve);
  expect(other.answer!.chosen).toBe(answer.chosen);
});

test("with any of the runs finished, in any order, what was wanted stays wanted", () => {
  const plan = planWith({ budget: 0.4 }, { rule: standardRule });
  const { trials, results } = conductMadeUp(tuneQuestion, plan, arms, response(12, 0.003));
  fc.assert(
    fc.property(fc.subarray([...results]), fc.nat(results.length), (some, first) => {
      for (const finished of [some, results.slice(0, first)]) {
        const step = tuneQuestion.next(plan, arms, finished);
        expect(trials.slice(0, step.trials.length)).toEqual(step.trials);
        expect(step.answer === null).toBe(finished.length < results.length);
        tuneQuestion.tell(plan, arms, finished, step.answer);
      }
    }),
    { numRuns: 60 },
  );
});

test("the confirmation is the comparison's, with seeds and images that the search has not seen", () => {
  const plan = planWith({}, { rule: standardRule });
  const { trials, results, answer } = conductMadeUp(tuneQuestion, plan, arms, response(12, 0.0001));
  const fresh = trials.filter(({ stage }) => stage.startsWith("confirm"));
  expect(fresh).toHaveLength(12);
  expect(fresh.every((trial) => trial.task === "train" && trial.test && trial.epochs === null)).toBe(true);
  expect(new Set(fresh.map(({ arm }) => arm))).toEqual(new Set([0, answer.candidate]));
  const searched = new Set(plan.rungs.flatMap(({ seeds }) => seeds));
  expect(fresh.some(({ seed }) => searched.has(seed))).toBe(false);
  expect(answer.confirmation!.result.verdict.kind).toBe("better");
  expect(answer.price.confirmation).toEqual({ epochs: 12 * epochs, seconds: 12 });
  const words = tuneQuestion.tell(plan, arms, results, answer);
  expect(words.headline).toMatch(
    /^Length 12 is highest on the curve through all trainings of the search; .*“--cutout 12” is better than “--no-cutout”, by/,
  );
  expect(words.sentences.at(-1)).toMatch(
    /^Price: the search 86 epochs and .*, 20\u00A0% of a full sweep of 9 x 3 runs \(432 epochs, .*; the confirmation 192 epochs .*44\u00A0% more\.$/,
  );
  expect(words.commands).toEqual(["cutout train /photos --cutout 12"]);
});

test("what a confirmation leaves open is trained as the search says", () => {
  const plan = planWith({}, { rule: { ...standardRule, smallest: 0.0001 } });
  // Best without holes in the search; on the test part now the one is ahead, now the other.
  const { results, answer } = conductMadeUp(tuneQuestion, plan, arms, (arm, seed, _trained, part) =>
    part === "validation" ? 0.9 - 0.01 * arm : 0.9 + (arm > 0 ? 0.01 * (-1) ** seed : 0),
  );
  expect(answer.chosen).toBe(0);
  expect(answer.confirmation!.result.verdict.kind).toBe("inconclusive");
  const { commands } = tuneQuestion.tell(plan, arms, results, answer);
  expect(commands).toEqual(["cutout train /photos --no-cutout"]);
});

test("without the confirmation the answer says how to have one", () => {
  const { results, answer } = conductMadeUp(tuneQuestion, planWith(), arms, response(12, 0));
  const words = tuneQuestion.tell(planWith(), arms, results, answer);
  expect(words.commands).toEqual([
    "cutout compare /photos --a --no-cutout --b '--cutout 12' --seed 3",
    "cutout train /photos --cutout 12",
  ]);
  const early = tuneQuestion.tell(planWith(), arms, results.slice(0, 12), null);
  expect(early.headline).toBe("The search goes on: 1 of 3 rounds ended.");
  expect(early.sentences).toHaveLength(1);
});

test("lengths drawn for each image: one training and one without, which says nothing by itself", () => {
  const drawn: TunePlan = {
    ...planWith(),
    axes: [{ flag: "--length", values: ["0", "0.1%-60%"] }],
    points: [["0"], ["0.1%-60%"]],
    rungs: [{ epochs, seeds: [0], takes: 2, also: "nobody" }],
  };
  const pair = [arms[0]!, { ...arms[1]!, name: "--cutout 0.1%-60%" }];
  const { trials, results, answer } = conductMadeUp(tuneQuestion, drawn, pair, response(12, 0));
  expect(trials).toHaveLength(2);
  expect(answer.candidate).toBe(1);
  expect(tuneQuestion.tell(drawn, pair, results, answer).sentences.join(" ")).toContain(
    "says nothing about how far a seed reaches",
  );
});
