// A doctor's study: what a budget allows, which trials are wanted when, and what is said of them.
import fc from "fast-check";
import { expect, test } from "vitest";
import { arms, conducted, names, plan, quick, resultOf } from "../../../test/fixtures/doctor-world.ts";
import { compareArms } from "../../stats/arms.ts";
import { standardRule } from "../../stats/sequential-rule.ts";
import type { NewTrial } from "../../study-folder/index.ts";
import { type DoctorAnswer, doctorQuestion } from "./doctor.ts";
import { designFor, makespan } from "./doctor-design.ts";
import type { Result, Step } from "./question.ts";

const stagesOf = ({ trials }: Step<DoctorAnswer>) => [...new Set(trials.map(({ stage }) => stage))];
const trainings = (trials: readonly NewTrial[]) =>
  trials.map((trial) => {
    if (trial.task !== "train") throw new Error("a doctor trains");
    return trial;
  });

test("runs side by side end when the last of them does", () => {
  expect(makespan([], 2, 0)).toBe(0);
  expect(makespan([3, 1, 1, 1], 2, 0)).toBe(3);
  expect(makespan([1, 1, 1, 3], 2, 0)).toBe(4);
  expect(makespan([1, 2, 3], 1, 0)).toBe(6);
  // The second one begins when the first has begun its training.
  expect(makespan([4, 4], 2, 1)).toBe(5);
  expect(makespan([4], 2, 1)).toBe(4);
});

test("time enough: all are screened, the promising ones confirmed with fresh seeds, and the best is told", () => {
  const { answer, trials, ...rest } = conducted(plan, quick);
  expect(stagesOf({ trials, answer })).toEqual(["measure", "screen", "look 7"]);
  expect(answer.design).toEqual({ share: 1, screened: 4, seeds: 3, keep: 3 });
  expect(answer.screening.map(({ arm }) => arm).slice(0, 2)).toEqual([1, 4]);
  expect(answer.kept.map(({ arm, result }) => [arm, result.verdict.kind])).toEqual([
    [1, "better"],
    [4, "better"],
  ]);
  expect(answer.winner).toBe(1);
  expect(answer.settled).toBe(true);
  expect(answer.used).toBeLessThan(plan.budget);
  expect(answer.command).toBe("cutout train '/my photos' --epochs 40 --cutout");
  const seeds = (stage: string) =>
    new Set(trials.filter((trial) => trial.stage.startsWith(stage)).map(({ seed }) => seed));
  expect([...seeds("screen")].filter((seed) => seeds("look").has(seed))).toEqual([]);
  // The screening never looks at the test part, the confirmation always does.
  expect(trainings(trials).every(({ stage, test: tested }) => tested === stage.startsWith("look"))).toBe(
    true,
  );
  const words = doctorQuestion.tell(plan, arms, rest.results, answer);
  expect(words.headline).toMatch(/^“--cutout” helps here, by 3\.0\d percentage points in the mean\.$/);
  expect(words.commands).toEqual([answer.command]);
  const differences = answer.kept.map(({ pairs }) => pairs.map(({ difference }) => difference));
  expect(answer.kept.map(({ result }) => result)).toEqual(compareArms(differences, standardRule));
});

test("on the validation part no run looks at the test part", () => {
  const { trials } = conducted({ ...plan, part: "validation" }, quick);
  expect(trainings(trials).some(({ test: tested }) => tested)).toBe(false);
});

test("less time: fewer are kept, then trainings are shorter, and that is said", () => {
  const designs = [3600, 600, 300, 200, 120].map((budget) => {
    const { answer, notes, results } = conducted({ ...plan, budget }, quick);
    expect(answer.used).toBeLessThanOrEqual(budget);
    expect(notes).toHaveLength(1);
    const { cautions } = doctorQuestion.tell({ ...plan, budget }, arms, results, answer);
    const short = answer.design!.share < 1;
    expect(cautions.join(" ").includes(`The runs had ${answer.epochs} of 40 epochs`)).toBe(short);
    return answer.design!;
  });
  const worth = designs.map(({ share, keep, seeds }) => 100 * share + 10 * keep + seeds);
  expect(worth).toEqual([...worth].sort((a, b) => b - a));
  expect(designs[0]).toMatchObject({ share: 1, keep: 3 });
  expect(designs.at(-1)!.share).toBeLessThan(1);
});

test("too little for six pairs: said before the screening, which is all that runs", () => {
  const budget = 40;
  const { answer, notes, trials, results } = conducted({ ...plan, budget }, quick);
  expect(stagesOf({ trials, answer })).toEqual(["measure", "screen"]);
  expect(answer).toMatchObject({ winner: null, settled: false, kept: [] });
  expect(answer.used).toBeLessThanOrEqual(budget);
  expect(notes[0]).toMatch(
    /^40 s allow to screen 4 treatments .*, and no verdict: a verdict on one treatment needs about/,
  );
  const words = doctorQuestion.tell({ ...plan, budget }, arms, results, answer);
  expect(words.headline).toBe("Cannot tell in this time: 40 s were too short for a verdict.");
  expect(words.commands).toEqual(["cutout compare '/my photos' --a '' --b --cutout --epochs 40 --seed 8"]);
  expect(Math.max(...trials.map(({ seed }) => seed))).toBeLessThan(8);
  // What it says it needs is enough.
  expect(conducted({ ...plan, budget: Math.ceil(answer.least) }, quick).answer.kept).toHaveLength(1);
});

test("hardly any time: nothing but the measure runs", () => {
  const { answer, trials, notes } = conducted({ ...plan, budget: 5 }, quick);
  expect(stagesOf({ trials, answer })).toEqual(["measure"]);
  expect(answer).toMatchObject({ design: null, winner: null, settled: false, screening: [], kept: [] });
  expect(doctorQuestion.tell({ ...plan, budget: 5 }, arms, [], null).headline).toBe("No verdict yet.");
  expect(notes[0]).toMatch(/^5\.0 s are too short to try even one treatment in 10 of 40 epochs/);
});

test("runs that turn out slower than measured: it stops before the look that does not fit", () => {
  const slower = (trial: NewTrial, index: number): Result => {
    const result = resultOf(trial, index, { ...quick, deviation: 0.3 });
    if (!trial.stage.startsWith("look")) return result;
    return { ...result, outcome: { ...result.outcome, seconds: 38, took: 40 } };
  };
  const tight = { ...plan, budget: 420 };
  let step = doctorQuestion.next(tight, arms, []);
  while (step.answer === null) step = doctorQuestion.next(tight, arms, step.trials.map(slower));
  expect(step.answer.settled).toBe(false);
  expect(step.answer.kept[0]!.pairs.length).toBeGreaterThanOrEqual(6);
  expect(step.answer.kept[0]!.result.verdict.kind).toBe("waiting");
});

test("one treatment is not screened, it is compared", () => {
  const one = { ...plan, epochs: [40, 40] };
  const { trials, answer } = conducted(one, quick);
  expect(stagesOf({ trials, answer })).toEqual(["measure", "look 6"]);
  expect(answer.winner).toBe(1);
});

test("whatever the world: trials that were wanted stay wanted, and what is done fits into the time", () => {
  const world = fc.record({
    epoch: fc.double({ min: 0.01, max: 20, noNaN: true }),
    start: fc.double({ min: 0, max: 20, noNaN: true }),
    effects: fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), { minLength: 5, maxLength: 5 }),
    deviation: fc.constantFrom(0.001, 0.02, 0.2),
    seed: fc.nat(1000),
  });
  const budgets = fc.integer({ min: 10, max: 40_000 });
  fc.assert(
    fc.property(world, budgets, fc.integer({ min: 1, max: 9 }), fc.nat(), (of, budget, parallel, some) => {
      const any = { ...plan, budget, parallel };
      const { trials, results, answer } = conducted(any, of);
      const before = doctorQuestion.next(any, arms, results.slice(0, some % (results.length + 1)));
      expect(trials.slice(0, before.trials.length)).toEqual(before.trials);
      const subset = results.filter((_, at) => (some >> (at % 30)) % 2 === 0);
      const holes = doctorQuestion.next(any, arms, subset);
      expect(trials.slice(0, holes.trials.length)).toEqual(holes.trials);
      doctorQuestion.tell(any, arms, subset, holes.answer);
      // Measuring comes before it is known what fits.
      if (answer.design !== null) expect(answer.used).toBeLessThanOrEqual(budget);
    }),
    { numRuns: 40 },
  );
});

test("a design never needs more than is left", () => {
  const costs = { start: 1, epoch: names.map(() => 1) };
  expect(designFor(plan, costs, 10)).toBeNull();
  expect(designFor(plan, costs, 1e6)).toEqual({ share: 1, screened: 4, seeds: 3, keep: 3 });
});
