// Several arms against one baseline, each by the sequential sign-flip test, with one error for all of them: Holm's way.
import { describe, differenceVerdict, type SequentialResult, sequentialVerdict } from "./sequential.ts";
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
  const rules = arms.map((_, at) => ruleForArms(rule, arms.length, at + 1));
  /** Found with an error of 1 / k; null where not, or not with every larger error. */
  const found = (arm: number, k: number) => {
    const standings = rules.slice(0, k).map((divided) => differenceVerdict(arms[arm]!, divided));
    const { verdict, at } = standings[k - 1]!;
    const { kind } = verdict;
    const all =
      (kind === "better" || kind === "worse") && standings.every((other) => other.verdict.kind === kind);
    return all ? describe(arms[arm]!, rules[k - 1]!, verdict, at) : null;
  };
  const results = new Map<number, ArmResult>();
  for (let before = -1; before !== results.size; ) {
    before = results.size;
    const open = arms.length - before;
    for (const arm of arms.keys()) {
      const result = results.has(arm) ? null : found(arm, open);
      if (result !== null) results.set(arm, { ...result, error: rules[open - 1]!.spent.at(-1)! });
    }
  }
  return arms.map(
    (differences, arm) => results.get(arm) ?? unfound(differences, rules, arms.length - results.size),
  );
}

function unfound(differences: readonly number[], rules: readonly SequentialRule[], open: number): ArmResult {
  const strictest = rules.at(-1)!;
  const none = sequentialVerdict(differences, strictest);
  if (none.verdict.kind === "no difference larger than")
    return { ...describe(differences, strictest, none.verdict, none.at), error: strictest.spent.at(-1)! };
  // Not found at one of these errors at least.
  for (const rule of rules.slice(0, open).reverse()) {
    const { verdict, at } = differenceVerdict(differences, rule);
    if (verdict.kind === "waiting" || verdict.kind === "inconclusive")
      return { ...describe(differences, rule, verdict, at), error: rule.spent.at(-1)! };
  }
  throw new Error("an arm that is found at every error has been found");
}
