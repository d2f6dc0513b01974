// The first half of a doctor's study: what runs cost, each treatment for a few seeds, and which are worth a confirmation.
import type { NewTrial } from "../../study-folder/index.ts";
import { type Costs, confirmation, type Design, type DoctorPlan, epochsIn } from "./doctor-design.ts";
import { startOf, tookOf } from "./doctor-rounds.ts";
import { seedPairs } from "./pairs.ts";
import type { Result } from "./question.ts";

/** How a treatment did in the screening, on validation. */
export interface ScreenRow {
  readonly arm: number;
  readonly seeds: number;
  /** Accuracy minus the baseline's of the same seed, in the mean. */
  readonly mean: number;
  /** Whether it went on to the confirmation. */
  readonly kept: boolean;
}

export const training = (
  plan: DoctorPlan,
  design: Pick<Design, "share">,
  arm: number,
): Pick<NewTrial & { task: "train" }, "task" | "arm" | "epochs"> => ({
  task: "train",
  arm,
  epochs: design.share === 1 ? null : epochsIn(plan, design.share, arm),
});

/** Short runs side by side, as many as run at a time. */
export function measuring({ epochs, parallel, measure, firstSeed }: DoctorPlan): readonly NewTrial[] {
  return Array.from({ length: Math.min(parallel, epochs.length) }, (_, arm) => {
    return { task: "train", arm, seed: firstSeed, stage: "measure", epochs: measure, test: false };
  });
}

export function costsOf({ epochs, measure }: DoctorPlan, measured: readonly Result[]): Costs {
  const start = Math.min(...measured.map(startOf));
  const each = measured.map(({ trial, outcome }) => outcome.seconds / (measure ?? epochs[trial.arm]!));
  return { start, epoch: epochs.map((_, arm) => each[arm] ?? Math.max(...each)) };
}

export function screening(plan: DoctorPlan, design: Design): readonly NewTrial[] {
  const arms = Array.from({ length: design.screened + 1 }, (_, arm) => arm);
  return Array.from({ length: design.seeds }, (_, at) =>
    arms.map((arm): NewTrial => {
      const seed = plan.firstSeed + at;
      return { ...training(plan, design, arm), seed, stage: "screen", test: false };
    }),
  ).flat();
}

/** Best first; of equals the one that was told first. */
export function screenTable(
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
export const expectedBy = (plan: DoctorPlan, { start, epoch }: Costs, { share }: Design): readonly number[] =>
  plan.epochs.map((_, arm) => start + epoch[arm]! * epochsIn(plan, share, arm));

export function meanSeconds({ epochs }: DoctorPlan, results: readonly Result[]): readonly number[] {
  return epochs.map((_, arm) => {
    const own = results.filter(({ trial }) => trial.arm === arm).map(tookOf);
    return own.reduce((sum, one) => sum + one, 0) / own.length;
  });
}

/**
 * The treatments that are confirmed: the best of the screening, but none that looked no better than the baseline, except
 * the very best; as many as fit with all looks, or one with at least the first look.
 */
export function keptOf(
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
