// The plan of a search by successive halving: how long, how many seeds, and who is taken, within a budget.
import { mostIn, type Rung } from "./questions/halving.ts";

/** Share of the whole schedule, and how many settings are taken by their accuracy. */
const shape = [
  { share: 1 / 8, takes: Number.POSITIVE_INFINITY, also: "nobody" },
  { share: 1 / 4, takes: 3, also: "large" },
  { share: 1, takes: 1, also: "stronger" },
] as const;

export interface SearchOptions {
  readonly arms: number;
  /** Of a full training. */
  readonly epochs: number;
  readonly firstSeed: number;
  /** Seeds of the full sweep. */
  readonly sweepSeeds: number;
  /** Share of the full sweep's epochs that the search may take. */
  readonly budget: number;
}

/**
 * All settings for an eighth of the schedule, the best three (with the baseline, and the best of the stronger half) for a
 * quarter, the best, the next stronger one and the baseline for all of it: 5.4 full trainings of 9 settings. What is left of the budget goes
 * to further seeds, the shortest round first. Each round has seeds of its own.
 */
export function searchRungs({ arms, epochs, firstSeed, sweepSeeds, budget }: SearchOptions): readonly Rung[] {
  const most = shape.map((rung) => mostIn(rung, arms));
  const lengths = shape.map(({ share }) => Math.max(1, Math.floor(share * epochs)));
  const cost = (seeds: readonly number[]) =>
    seeds.reduce((sum, count, rung) => sum + count * most[rung]! * lengths[rung]!, 0);
  const limit = budget * arms * sweepSeeds * epochs;
  let counts = shape.map(() => 1);
  for (let added = true; added; ) {
    added = false;
    for (const rung of shape.keys()) {
      const more = counts.map((count, at) => (at === rung ? count + 1 : count));
      if (cost(more) > limit || more[rung]! > sweepSeeds) continue;
      counts = more;
      added = true;
    }
  }
  let next = firstSeed;
  return shape.map(({ takes, also }, rung) => {
    const seeds = Array.from({ length: counts[rung]! }, () => next++);
    return { epochs: lengths[rung]!, seeds, takes: Math.min(takes, arms), also };
  });
}

/** Lengths of 0, 1/8, ... 8/8 of the side, each the nearest even number of pixels. */
export function eighths(side: number): readonly number[] {
  const most = 2 * Math.floor(side / 2);
  return [...new Set([...Array(9).keys()].map((at) => Math.min(most, 2 * Math.round((at * side) / 16))))];
}
