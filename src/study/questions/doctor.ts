// Which of several treatments helps here, in a budget of time? All are screened on validation, the promising ones confirmed.
import { z } from "zod";
import { type ArmResult, armVerdicts, compareArms } from "../../stats/arms.ts";
import type { Arm, NewTrial } from "../../study-folder/index.ts";
import { trainCommand } from "./commands.ts";
import { ruleSchema } from "./compare.ts";
import {
  type Costs,
  type Design,
  type DoctorPlan,
  designFor,
  epochsIn,
  leastFor,
  looksOf,
  makespan,
  mostSeeds,
} from "./doctor-design.ts";
import { Rounds } from "./doctor-rounds.ts";
import {
  costsOf,
  expectedBy,
  keptOf,
  meanSeconds,
  measuring,
  type ScreenRow,
  screening,
  screenTable,
  training,
} from "./doctor-screening.ts";
import { designWords, doctorWords } from "./doctor-words.ts";
import { type SeedPair, seedPairs } from "./pairs.ts";
import { mustHold, type Question, type Result } from "./question.ts";

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
  check({ epochs }, arms) {
    mustHold(epochs.length === arms.length, "epochs", "must be a number for each arm", epochs);
  },
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
