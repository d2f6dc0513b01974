// Successive halving with compressed schedules: many settings for a few epochs, the best of them for more, the last for all.

import type { NewTrial } from "../../study-folder/index.ts";
import { choose } from "./choice.ts";
import type { Result } from "./question.ts";

export interface Rung {
  /** Length of its trainings: the whole schedule, compressed. */
  readonly epochs: number;
  /** At most so many for each setting, each rung others. */
  readonly seeds: readonly number[];
  /** Settings that are taken into it by their accuracy; all into the first. */
  readonly takes: number;
  /**
   * Who is taken along, too, as short trainings favour weak regularization: the best of the stronger half, or whoever is
   * next in strength to the best.
   */
  readonly also: (typeof alsoTaken)[number];
}

export const alsoTaken = ["nobody", "large", "stronger"] as const;

/** What a rung has come to. */
export interface RungEnd {
  readonly rung: Rung;
  /** From the best to the worst; those that were dropped on the way last. */
  readonly order: readonly number[];
  /** Mean validation accuracy of each of these, over the seeds that it had. */
  readonly means: readonly number[];
}

export interface Halving {
  readonly trials: readonly NewTrial[];
  /** That have ended. */
  readonly ends: readonly RungEnd[];
}

/** How many settings are in a rung at most: the baseline, who is taken by accuracy, and who is taken along. */
export const mostIn = ({ takes, also }: Pick<Rung, "takes" | "also">, arms: number): number =>
  Math.min(arms, 1 + takes + (also === "nobody" ? 0 : 1));

export const stageOf = (rung: number): string => `rung ${rung + 1}`;

/**
 * Trials that are needed by now, and the rungs that have ended. Within a rung a seed is run after the other; from the third on
 * only for settings that cannot be told from the best by then, and for none of them when it stands alone.
 * @param arms number of settings, in the order of their strength
 * @param baseline taken into each rung
 */
export function halving(
  rungs: readonly Rung[],
  arms: number,
  baseline: number,
  results: readonly Result[],
): Halving {
  const trials: NewTrial[] = [];
  const ends: RungEnd[] = [];
  let taken: readonly number[] = [...Array(arms).keys()];
  for (const [index, rung] of rungs.entries()) {
    if (index > 0) taken = takenBy(rung, ends.at(-1)!, arms, baseline);
    const own = results.filter(({ trial }) => trial.stage === stageOf(index));
    const end = race(rung, index, taken, baseline, own, trials);
    if (end === null) break;
    ends.push(end);
  }
  return { trials, ends };
}

function takenBy(
  { takes, also }: Rung,
  { order }: RungEnd,
  arms: number,
  baseline: number,
): readonly number[] {
  const others = order.filter((arm) => arm !== baseline);
  const further = {
    nobody: undefined,
    large: others.find((arm) => arm >= arms / 2),
    // Beside the strongest its rival: two are set against each other in any case.
    stronger: others[0]! + 1 < arms ? others[0]! + 1 : others[takes],
  }[also];
  const chosen = new Set([baseline, ...others.slice(0, takes), ...(further === undefined ? [] : [further])]);
  return [...chosen].sort((a, b) => a - b);
}

/** Adds the trials of a rung; @returns null as long as one of them is open */
function race(
  rung: Rung,
  index: number,
  taken: readonly number[],
  baseline: number,
  results: readonly Result[],
  trials: NewTrial[],
): RungEnd | null {
  let racing = taken;
  const dropped: number[] = [];
  for (const [round, seed] of rung.seeds.entries()) {
    for (const arm of racing) {
      trials.push({ task: "train", arm, seed, stage: stageOf(index), epochs: rung.epochs, test: false });
    }
    const seeds = rung.seeds.slice(0, round + 1);
    const choice = choose(results, racing, seeds, "validation");
    if (choice === null || choice.seeds.length <= round) return null;
    const alive = choice.scores.filter(({ plateau }) => plateau).map(({ arm }) => arm);
    if (round < rung.seeds.length - 1 && round > 0) {
      const kept = racing.filter((arm) => alive.includes(arm) || arm === baseline);
      dropped.unshift(
        ...sorted(
          racing.filter((arm) => !kept.includes(arm)),
          results,
        ),
      );
      racing = kept;
      if (alive.length === 1) break;
    }
  }
  const order = [...sorted(racing, results), ...dropped];
  return { rung, order, means: order.map((arm) => meanOf(arm, results)) };
}

const sorted = (arms: readonly number[], results: readonly Result[]) =>
  [...arms].sort((a, b) => meanOf(b, results) - meanOf(a, results));

function meanOf(arm: number, results: readonly Result[]): number {
  const own = results.filter(({ trial }) => trial.arm === arm);
  return own.reduce((sum, { outcome }) => sum + outcome.validation!, 0) / own.length;
}
