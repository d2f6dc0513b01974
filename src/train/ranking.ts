// Which of two epochs is the better one, by the scores that an objective ranks.
import type { Ranking, Scores } from "./objective.ts";

/** The scores that count, by name. */
export type RankedScores = Readonly<Record<string, number>>;

export function rankedScores<S extends Scores>(ranking: Ranking<S>, score: S["score"]): RankedScores {
  const numbers = score as unknown as RankedScores;
  return Object.fromEntries(ranking.map(({ score: name }) => [name, numbers[name]!]));
}

/** The first score that differs decides; equals are not better. */
export function isBetter<S extends Scores>(
  ranking: Ranking<S>,
  scores: RankedScores,
  than: RankedScores,
): boolean {
  for (const { score: name, best } of ranking) {
    const gain = best === "highest" ? scores[name]! - than[name]! : than[name]! - scores[name]!;
    if (gain !== 0) return gain > 0;
  }
  return false;
}
