// Is one of two settings better? Pairs of runs with equal seeds, as many as the sequential sign-flip test needs.
import { z } from "zod";
import { type SequentialResult, sequentialSignFlip } from "../../stats/sequential.ts";
import { checkRule, type SequentialRule } from "../../stats/sequential-rule.ts";
import type { NewTrial } from "../../study-folder/index.ts";
import { compareWords } from "./compare-words.ts";
import { type SeedPair, seedPairs } from "./pairs.ts";
import { mustHold, type Question } from "./question.ts";

export interface ComparePlan {
  readonly rule: SequentialRule;
  /** The part of the images on which the accuracy counts. */
  readonly part: "test" | "validation";
  /** Seed of the first pair; each later one has the next. */
  readonly firstSeed: number;
}

export interface CompareAnswer {
  /** Those that the rule has used. */
  readonly pairs: readonly SeedPair[];
  readonly result: SequentialResult;
}

export const ruleSchema = z
  .object({ looks: z.array(z.number()), spent: z.array(z.number()), smallest: z.number() })
  .transform((rule): SequentialRule => {
    checkRule(rule);
    return rule;
  });

export const compareQuestion: Question<ComparePlan, CompareAnswer> = {
  name: "compare",
  plan: z.object({
    rule: ruleSchema,
    part: z.enum(["test", "validation"]),
    firstSeed: z.int().min(0),
  }),
  check(_plan, arms) {
    mustHold(arms.length === 2, "arms", "must be two", arms.length);
  },
  next({ rule, part, firstSeed }, _arms, results) {
    const trials: NewTrial[] = [];
    for (const look of rule.looks) {
      const before = trials.length / 2;
      for (let pair = before; pair < look; pair++) {
        for (const arm of [0, 1]) {
          const seed = firstSeed + pair;
          const test = part === "test";
          trials.push({ task: "train", arm, seed, stage: `look ${look}`, epochs: null, test });
        }
      }
      const pairs = seedPairs(results, part, [0, 1]);
      if (pairs.length < look) return { trials, answer: null };
      const used = pairs.slice(0, look);
      const result = sequentialSignFlip(differencesOf(used), rule);
      if (result.verdict.kind !== "waiting") return { trials, answer: { pairs: used, result } };
    }
    throw new Error("internal: the last look must end a comparison");
  },
  later: ({ rule }, planned) =>
    rule.looks
      .map((look, at) => ({
        stage: `look ${look}`,
        trials: 2 * (look - (rule.looks[at - 1] ?? 0)),
        end: 2 * look,
      }))
      .filter(({ end }) => end > planned)
      .map(({ stage, trials }) => ({ stage, trials })),
  tell({ rule, part }, arms, results, answer) {
    const pairs = answer?.pairs ?? seedPairs(results, part, [0, 1]);
    const result = answer?.result ?? sequentialSignFlip(differencesOf(pairs), rule);
    return compareWords(rule, [arms[0]!.name, arms[1]!.name], pairs, result);
  },
};

const differencesOf = (pairs: readonly SeedPair[]) => pairs.map(({ difference }) => difference);
