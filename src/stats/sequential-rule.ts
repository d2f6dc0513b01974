// The rule of a sequential comparison: when it is looked at, and how much error may be spent by then.
import { CutoutError } from "../error.ts";

export interface SequentialRule {
  /** Numbers of pairs at which it is looked at, rising. */
  readonly looks: readonly number[];
  /** The error that may be spent up to each look, that look included, rising. */
  readonly spent: readonly number[];
  /** The smallest difference that matters, a share. */
  readonly smallest: number;
}

/** 5 % over four looks, so that six pairs which agree may stop: 2 / 2^6 = .03125. */
export const standardRule: SequentialRule = {
  looks: [6, 8, 10, 12],
  spent: [0.03125, 0.0391, 0.0449, 0.05],
  smallest: 0.003,
};

/** Half of the patterns of so many signs are gone through in a moment. */
const mostPairs = 18;

/** How many of the 2^(pairs - 1) patterns of signs, mirrored ones taken as one, make up so much error. */
export function patternsWithin(error: number, pairs: number): number {
  return Math.floor(error * 2 ** (pairs - 1) + 1e-9);
}

/** @throws CutoutError where it is no rule, or its first look could never reject */
export function checkRule({ looks, spent, smallest }: SequentialRule): void {
  const fail = (option: string, what: string, got: readonly number[] | number): never => {
    throw new CutoutError({
      where: "rule",
      option,
      what,
      got: typeof got === "number" ? String(got) : `[${got.join(", ")}]`,
    });
  };
  const rising = (values: readonly number[]) =>
    values.every((value, at) => at === 0 || value > values[at - 1]!);
  if (looks.length === 0 || !looks.every((look) => Number.isInteger(look) && look >= 2 && look <= mostPairs))
    fail("looks", `must be one or more integers from 2 to ${mostPairs}`, looks);
  if (!rising(looks)) fail("looks", "must rise", looks);
  if (spent.length !== looks.length) fail("spent", `must have a number a look (${looks.length})`, spent);
  if (!spent.every((error) => error > 0 && error < 0.5) || !rising(spent))
    fail("spent", "must rise, above 0 and below 0.5", spent);
  if (patternsWithin(spent[0]!, looks[0]!) < 1)
    fail(
      "spent",
      `must begin with at least ${2 ** (1 - looks[0]!)}: less cannot be spent on ${looks[0]} pairs`,
      spent,
    );
  if (!(smallest > 0 && smallest < 1)) fail("smallest", "must be above 0 and below 1", smallest);
}

/**
 * The rule for the comparison of so many arms with one baseline: its error divided among `left` arms, with every look
 * later by so many pairs that the first can still reject when it is divided among all `arms`: six pairs cannot.
 * With the standard rule the first look is at 6 pairs for one arm, 7 for two, 8 for four, 9 for five to eight.
 * @throws CutoutError when there are so many arms that the last look has more pairs than can be gone through
 */
export function ruleForArms(rule: SequentialRule, arms: number, left = arms): SequentialRule {
  checkRule(rule);
  if (!Number.isInteger(arms) || arms < 1)
    throw new CutoutError({
      where: "rule",
      option: "arms",
      what: "must be an integer >= 1",
      got: String(arms),
    });
  let later = 0;
  while (patternsWithin(rule.spent[0]! / arms, rule.looks[0]! + later) < 1) later++;
  const divided = {
    looks: rule.looks.map((look) => look + later),
    spent: rule.spent.map((error) => error / left),
    smallest: rule.smallest,
  };
  checkRule(divided);
  return divided;
}
