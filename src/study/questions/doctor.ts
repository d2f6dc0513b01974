// Which of several treatments helps here, in a budget of time? All are screened on validation, the promising ones confirmed.
import { z } from "zod";
import { type ArmResult, armVerdicts, compareArms } from "../../stats/arms.ts";
import type { Arm, NewTrial } from "../../study-folder/index.ts";
import { trainCommand } from "./commands.ts";
import { ruleSchema } from "./compare.ts";
import {
  type Costs,
  confirmation,
  type Design,
  type DoctorPlan,
  designFor,
  epochsIn,
  leastFor,
  looksOf,
  makespan,
  mostSeeds,
} from "./doctor-design.ts";
import { designWords, doctorWords } from "./doctor-words.ts";
import { type SeedPair, seedPairs } from "./pairs.ts";
import { keyOf, type Question, type Result } from "./question.ts";

/** How a treatment did in the screening, on validation. */
export interface ScreenRow {
  readonly arm: number;
  readonly seeds: number;
  /** Accuracy minus the baseline's of the same seed, in the mean. */
  readonly mean: number;
  /** Whether it went on to the confirmation. */
  readonly kept: boolean;
}

/** A treatment that was confirmed, or not, with seeds that the screening has not seen. */
export interface KeptArm {
  readonly arm: number;
  readonly pairs: readonly SeedPair[];
  readonly result: ArmResult;
}

export interface DoctorAnswer {
  /** Null where the budget does not allow to screen even one treatment. */
  readonly design: Design | null;
  /** Epochs that the runs of the baseline had. */
  readonly epochs: number;
  /** Best first. */
  readonly screening: readonly ScreenRow[];
  readonly kept: readonly KeptArm[];
  /** Whether every kept treatment has its verdict; otherwise the time was up before. */
  readonly settled: boolean;
  /** The best of those that are better than the baseline. */
  readonly winner: number | null;
  /** Seconds by the clock that the runs took, so many at a time. */
  readonly used: number;
  readonly budget: number;
  /** Seconds that a verdict on one treatment would have needed at the least, in this length of training, measuring included. */
  readonly least: number;
  /** Trains with the winner, or with nothing but what the baseline has; as a person would type it. */
  readonly command: string;
}

/** How far a study has come. */
export interface DoctorStand extends Omit<DoctorAnswer, "settled" | "winner" | "command"> {
  readonly stage: "measure" | "screen" | "confirm";
}

interface Standing {
  readonly trials: readonly NewTrial[];
  readonly stand: DoctorStand;
  readonly answer: DoctorAnswer | null;
}

export const doctorQuestion: Question<DoctorPlan, DoctorAnswer> = {
  name: "doctor",
  plan: z.object({
    rule: ruleSchema,
    part: z.enum(["test", "validation"]),
    firstSeed: z.int().min(0),
    budget: z.number().positive(),
    parallel: z.int().min(1),
    epochs: z.array(z.int().min(1)).min(2),
    shares: z.array(z.number().positive().max(1)).min(1),
    measure: z.int().min(1).nullable(),
    base: z.array(z.string()),
  }),
  next(plan, arms, results) {
    const { trials, stand, answer } = standingOf(plan, arms, results);
    const note = stand.stage === "measure" ? undefined : designWords(plan, arms, stand);
    return { trials, answer, ...(note !== undefined && { note }) };
  },
  tell(plan, arms, results) {
    const { stand, answer } = standingOf(plan, arms, results);
    return doctorWords(plan, arms, stand, answer);
  },
};

function standingOf(plan: DoctorPlan, arms: readonly Arm[], results: readonly Result[]): Standing {
  const rounds = new Rounds(results, plan.parallel);
  const none = { epochs: plan.epochs[0]!, screening: [], kept: [], budget: plan.budget, least: 0 };
  const measured = rounds.run(measuring(plan));
  if (measured === null) {
    return {
      trials: rounds.trials,
      stand: { ...none, stage: "measure", design: null, used: 0 },
      answer: null,
    };
  }
  const costs = costsOf(plan, measured);
  const design = designFor(plan, costs, plan.budget - rounds.used);
  const share = design?.share ?? plan.shares.at(-1)!;
  const known = {
    ...none,
    design,
    epochs: epochsIn(plan, share, 0),
    least: rounds.used + leastFor(plan, costs, share),
  };
  const ended = (rest: Pick<DoctorStand, "screening" | "kept">, settled: boolean): Standing => {
    const stand: DoctorStand = { ...known, ...rest, stage: "confirm", used: rounds.used };
    return { trials: rounds.trials, stand, answer: answerOf(plan, arms, stand, settled) };
  };
  if (design === null) return ended({ screening: [], kept: [] }, false);
  const screened = rounds.run(screening(plan, design));
  if (screened === null) {
    const stand: DoctorStand = { ...known, stage: "screen", used: rounds.used };
    return { trials: rounds.trials, stand, answer: null };
  }
  const table = screenTable(design, screened);
  const expected = screened.length === 0 ? expectedBy(plan, costs, design) : meanSeconds(plan, screened);
  const kept = keptOf(plan, design, table, costs, expected, plan.budget - rounds.used);
  const rows = table.map((row) => ({ ...row, kept: kept.includes(row.arm) }));
  if (kept.length === 0) return ended({ screening: rows, kept: [] }, false);
  return confirm(plan, design, kept, costs, expected, rounds, (confirmed, settled) => {
    const rest = { screening: rows, kept: confirmedOf(plan, kept, confirmed) };
    if (settled !== null) return ended(rest, settled);
    const stand: DoctorStand = { ...known, ...rest, stage: "confirm", used: rounds.used };
    return { trials: rounds.trials, stand, answer: null };
  });
}

/** The rounds of trials of a study: each is wanted when those before are finished. */
class Rounds {
  readonly trials: NewTrial[] = [];
  readonly finished: Result[] = [];
  /** Seconds by the clock of the rounds that are finished. */
  used = 0;
  readonly #found: ReadonlyMap<string, Result>;
  readonly #parallel: number;

  constructor(results: readonly Result[], parallel: number) {
    this.#found = new Map(results.map((result) => [keyOf(result.trial), result]));
    this.#parallel = parallel;
  }

  /** Their results; null as long as one is missing. */
  run(trials: readonly NewTrial[]): readonly Result[] | null {
    this.trials.push(...trials);
    const results = trials.flatMap((trial) => this.#found.get(keyOf(trial)) ?? []);
    this.finished.push(...results);
    if (results.length < trials.length) return null;
    const [first] = results;
    if (first !== undefined) this.used += makespan(results.map(tookOf), this.#parallel, startOf(first));
    return results;
  }
}

const tookOf = ({ outcome }: Result) => Math.max(outcome.took ?? 0, outcome.seconds);

/** Seconds beside the training. */
const startOf = (result: Result) => tookOf(result) - result.outcome.seconds;

const training = (
  plan: DoctorPlan,
  design: Pick<Design, "share">,
  arm: number,
): Pick<NewTrial & { task: "train" }, "task" | "arm" | "epochs"> => ({
  task: "train",
  arm,
  epochs: design.share === 1 ? null : epochsIn(plan, design.share, arm),
});

/** Short runs side by side, as many as run at a time. */
function measuring({ epochs, parallel, measure, firstSeed }: DoctorPlan): readonly NewTrial[] {
  return Array.from({ length: Math.min(parallel, epochs.length) }, (_, arm) => {
    return { task: "train", arm, seed: firstSeed, stage: "measure", epochs: measure, test: false };
  });
}

function costsOf({ epochs, measure }: DoctorPlan, measured: readonly Result[]): Costs {
  const start = Math.min(...measured.map(startOf));
  const each = measured.map(({ trial, outcome }) => outcome.seconds / (measure ?? epochs[trial.arm]!));
  return { start, epoch: epochs.map((_, arm) => each[arm] ?? Math.max(...each)) };
}

function screening(plan: DoctorPlan, design: Design): readonly NewTrial[] {
  const arms = Array.from({ length: design.screened + 1 }, (_, arm) => arm);
  return Array.from({ length: design.seeds }, (_, at) =>
    arms.map((arm): NewTrial => {
      const seed = plan.firstSeed + at;
      return { ...training(plan, design, arm), seed, stage: "screen", test: false };
    }),
  ).flat();
}

/** Best first; of equals the one that was told first. */
function screenTable(
  { screened, seeds }: Design,
  results: readonly Result[],
): readonly Omit<ScreenRow, "kept">[] {
  if (seeds === 0) return [];
  return Array.from({ length: screened }, (_, at) => {
    const pairs = seedPairs(results, "validation", [0, at + 1]);
    const sum = pairs.reduce((all, { difference }) => all + difference, 0);
    return { arm: at + 1, seeds: pairs.length, mean: sum / pairs.length };
  }).sort((a, b) => b.mean - a.mean);
}

/** Seconds of a run of each arm. */
const expectedBy = (plan: DoctorPlan, { start, epoch }: Costs, { share }: Design): readonly number[] =>
  plan.epochs.map((_, arm) => start + epoch[arm]! * epochsIn(plan, share, arm));

function meanSeconds({ epochs }: DoctorPlan, results: readonly Result[]): readonly number[] {
  return epochs.map((_, arm) => {
    const own = results.filter(({ trial }) => trial.arm === arm).map(tookOf);
    return own.reduce((sum, one) => sum + one, 0) / own.length;
  });
}

/**
 * The treatments that are confirmed: the best of the screening, but none that looked no better than the baseline, except
 * the very best; as many as fit with all looks, or one with at least the first look.
 */
function keptOf(
  plan: DoctorPlan,
  { keep, seeds }: Design,
  table: readonly Pick<ScreenRow, "arm" | "mean">[],
  { start }: Costs,
  expected: readonly number[],
  left: number,
): readonly number[] {
  if (keep === 0) return [];
  const all = plan.epochs.slice(1).map((_, at) => at + 1);
  const promising = table.filter(({ mean }, at) => at === 0 || mean > 0).map(({ arm }) => arm);
  const candidates = seeds === 0 ? all : promising.slice(0, keep);
  const runs = (count: number) => [0, ...candidates.slice(0, count)].map((arm) => expected[arm]!);
  for (let count = candidates.length; count >= 1; count--) {
    if (confirmation(plan, runs(count), start) <= left) return candidates.slice(0, count);
  }
  return confirmation(plan, runs(1), start, 0) <= left ? candidates.slice(0, 1) : [];
}

/**
 * Pairs with fresh seeds up to look after look, as long as a treatment is open and the next look fits into the time. That
 * the time is up follows from seconds alone, never from accuracies, so that it costs no error.
 * @param told the results by now; whether all is settled, or null as long as some are missing
 */
function confirm(
  plan: DoctorPlan,
  design: Design,
  kept: readonly number[],
  costs: Costs,
  expected: readonly number[],
  rounds: Rounds,
  told: (confirmed: readonly Result[], settled: boolean | null) => Standing,
): Standing {
  const looks = looksOf(plan, kept.length);
  const results: Result[] = [];
  for (const [at, look] of looks.entries()) {
    const verdicts = armVerdicts(differencesOf(pairsOf(plan, kept, results)), plan.rule);
    const open = kept.filter((_, arm) => verdicts[arm]!.verdict.kind === "waiting");
    if (open.length === 0) return told(results, true);
    const first = looks[at - 1] ?? 0;
    const trials = Array.from({ length: look - first }, (_, pair) =>
      [0, ...open].map((arm): NewTrial => {
        const seed = plan.firstSeed + mostSeeds + first + pair;
        return {
          ...training(plan, design, arm),
          seed,
          stage: `look ${look}`,
          test: plan.part === "test",
        };
      }),
    ).flat();
    // What the looks before have taken is known best.
    const each = at === 0 ? expected : meanSeconds(plan, results);
    const needs = makespan(
      trials.map(({ arm }) => each[arm]!),
      plan.parallel,
      costs.start,
    );
    // The first look is what there was time for when the treatments were kept.
    if (at > 0 && rounds.used + needs > plan.budget) return told(results, false);
    const before = rounds.finished.length;
    const complete = rounds.run(trials) !== null;
    results.push(...rounds.finished.slice(before));
    if (!complete) return told(results, null);
  }
  return told(results, true);
}

const pairsOf = ({ part }: DoctorPlan, kept: readonly number[], results: readonly Result[]) =>
  kept.map((arm) => seedPairs(results, part, [0, arm]));

const differencesOf = (pairs: readonly (readonly SeedPair[])[]) =>
  pairs.map((some) => some.map(({ difference }) => difference));

function confirmedOf(
  plan: DoctorPlan,
  kept: readonly number[],
  results: readonly Result[],
): readonly KeptArm[] {
  const pairs = pairsOf(plan, kept, results);
  return compareArms(differencesOf(pairs), plan.rule).map((result, at) => ({
    arm: kept[at]!,
    pairs: pairs[at]!,
    result,
  }));
}

function answerOf(
  { base }: DoctorPlan,
  arms: readonly Arm[],
  { stage, ...stand }: DoctorStand,
  settled: boolean,
): DoctorAnswer {
  const better = stand.kept.filter(({ result }) => result.verdict.kind === "better");
  const best = better.sort((a, b) => b.result.mean! - a.result.mean!)[0];
  const winner = best?.arm ?? null;
  return { ...stand, settled, winner, command: trainCommand(base, arms[winner ?? 0]!) };
}
