// Several arms against one baseline, each by the sequential sign-flip test, with one error for all of them: Holm's way.
import {
  describe,
  differenceVerdict,
  type SequentialResult,
  type Standing,
  sequentialVerdict,
} from "./sequential.ts";
import { ruleForArms, type SequentialRule } from "./sequential-rule.ts";

export interface ArmResult extends SequentialResult {
  /** What this arm's test and interval may err, over all its looks. */
  readonly error: number;
}

/**
 * Holm's step-down procedure over sequential tests. While k arms are open each is tested with an error of 1 / k of the
 * rule's; whenever one is found better or worse the others are tested again with their larger part, on the pairs they have.
 * The first look is later than with one arm (`ruleForArms`), for all arms alike.
 *
 * Holm's proof needs that what is rejected at a smaller error is rejected at a larger one as well. Tests that reject patterns
 * by stages do not promise that, so an arm counts only where it is rejected at every error from its own part up to the whole.
 * Then the probability that any arm without an effect is called better or worse is at most the rule's error, whatever
 * the arms have in common. "No difference larger than" is said at the smallest part (Bonferroni): of those claims too, at
 * most the rule's error is false, counted by itself.
 * @param arms differences from the baseline, an arm each, in the order of the pairs; they need not be equally many
 * @throws CutoutError with a difference that is not finite, no arm, or too many of them
 * @see Holm (1979); Maurer and Bretz, "Multiple testing in group sequential trials using graphical approaches" (2013)
 */
export function compareArms(arms: readonly (readonly number[])[], rule: SequentialRule): ArmResult[] {
  return armVerdicts(arms, rule).map(({ verdict, at, rule: divided }, arm) => ({
    ...describe(arms[arm]!, divided, verdict, at),
    error: divided.spent.at(-1)!,
  }));
}

interface ArmStanding extends Standing {
  /** The rule with this arm's part of the error. */
  readonly rule: SequentialRule;
}

/** The verdicts of `compareArms` alone, which is quicker. */
export function armVerdicts(arms: readonly (readonly number[])[], rule: SequentialRule): ArmStanding[] {
  const rules = arms.map((_, at) => ruleForArms(rule, arms.length, at + 1));
  /** At an error of 1 / (k + 1), whether or not at larger ones too. */
  const standings = arms.map((differences) =>
    rules.map((divided) => ({ ...differenceVerdict(differences, divided), rule: divided })),
  );
  const found = new Map<number, ArmStanding>();
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    const open = arms.length - before;
    for (const [arm, ofArm] of standings.entries()) {
      const standing = ofArm[open - 1];
      if (found.has(arm) || standing === undefined || !isDifference(standing)) continue;
      if (ofArm.slice(0, open).every(({ verdict }) => verdict.kind === standing.verdict.kind))
        found.set(arm, standing);
    }
  }
  const open = arms.length - found.size;
  return standings.map(
    (ofArm, arm) => found.get(arm) ?? notFound(arms[arm]!, ofArm.slice(0, open), rules.at(-1)!),
  );
}

/** Of an arm that is not found at one of these errors at least: it says what it says at the smallest of them. */
function notFound(
  differences: readonly number[],
  standings: readonly ArmStanding[],
  strictest: SequentialRule,
): ArmStanding {
  const none = sequentialVerdict(differences, strictest);
  if (none.verdict.kind === "no difference larger than") return { ...none, rule: strictest };
  return standings.findLast((standing) => !isDifference(standing))!;
}

function isDifference({ verdict }: Standing): boolean {
  return verdict.kind === "better" || verdict.kind === "worse";
}
