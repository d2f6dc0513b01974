// Which of two settings is better, from pairs of runs that are looked at along the way: the sequential sign-flip test.
import { CutoutError } from "../error.ts";
import type { Interval } from "./proportion.ts";
import { naiveRisk, repeatedT } from "./repeated-t.ts";
import { checkRule, type SequentialRule } from "./sequential-rule.ts";
import { SignPatterns } from "./sign-patterns.ts";
import { spreadOf } from "./spread.ts";
import { type PairedT, pairedT } from "./student.ts";

export type SequentialVerdict =
  /** No answer yet: the next look is at so many pairs. */
  | { readonly kind: "waiting"; readonly nextLook: number }
  /** Of the second setting. `small`: all that is left of the interval is smaller than what matters. */
  | { readonly kind: "better" | "worse"; readonly small: boolean }
  /** The interval lies within +- the smallest difference that matters. */
  | { readonly kind: "no difference larger than"; readonly smallest: number }
  /** The last look has passed. */
  | { readonly kind: "inconclusive" };

export interface SequentialResult {
  readonly verdict: SequentialVerdict;
  /** The first so many are what is said here: up to the look that stopped it, else to the last one passed; before the first look all. */
  readonly pairs: number;
  /** Null without pairs. Where little is left of the interval after early looks, it can lie outside: one pair that is far from all others is enough. */
  readonly mean: number | null;
  /** The share of patterns of signs at least as extreme, in the order in which the test rejects them: at a look it rejects where this is at most what is spent. Null before the first look, as all below. */
  readonly p: number | null;
  /** What the same test has not rejected. An end that is exactly 0 beside "better" or "worse" is itself rejected. */
  readonly interval: Interval | null;
  /** Student's, as if there had been no look before. */
  readonly t: PairedT | null;
  /** mean +- t s / sqrt(n) with a t for all looks together, which takes normal differences; it can hold 0 beside a verdict. */
  readonly repeated: Interval | null;
  /** The probability of a false "significant" if every look of the rule took p <= 0.05 in the paired t test. */
  readonly naiveRisk: number;
}

/** Up to this look, counted from 0; null before the first. */
export interface Standing {
  readonly verdict: SequentialVerdict;
  readonly at: number | null;
}

/**
 * Looks at the differences as the rule says, and stops with the first verdict:
 * - "better" or "worse" where the test rejects 0 and all that it has not rejected lies on one side of 0;
 * - "no difference larger than" where all of that and the mean lie within +- `smallest`. This too stops early: the interval
 *   holds the true difference at all looks together but for the error of the rule, so that any false claim is within that
 *   error; the mean is asked for as well since one pair far from the others moves it and not the interval.
 * @param differences second setting minus first, a pair each, in the order of the pairs; those after the last look are left out
 * @throws CutoutError where one is not finite, or the rule is none
 */
export function sequentialSignFlip(differences: readonly number[], rule: SequentialRule): SequentialResult {
  const { verdict, at } = sequentialVerdict(differences, rule);
  return describe(differences, rule, verdict, at);
}

/** The verdict of `sequentialSignFlip` alone, which is quicker. */
export function sequentialVerdict(differences: readonly number[], rule: SequentialRule): Standing {
  const { patterns, passed } = looked(differences, rule);
  for (let at = 0; at < passed; at++) {
    const verdict =
      sideOfZero(patterns, differences, rule, at) ?? withinSmallest(patterns, differences, rule, at);
    if (verdict !== null) return { verdict, at };
  }
  return { verdict: undecided(rule, passed), at: passed === 0 ? null : passed - 1 };
}

/** As `sequentialVerdict`, but only "better" and "worse" stop it. */
export function differenceVerdict(differences: readonly number[], rule: SequentialRule): Standing {
  const { patterns, passed } = looked(differences, rule);
  for (let at = 0; at < passed; at++) {
    const verdict = sideOfZero(patterns, differences, rule, at);
    if (verdict !== null) return { verdict, at };
  }
  return { verdict: undecided(rule, passed), at: passed === 0 ? null : passed - 1 };
}

/** All that there is to say of a verdict at a look. */
export function describe(
  differences: readonly number[],
  rule: SequentialRule,
  verdict: SequentialVerdict,
  at: number | null,
): SequentialResult {
  const risk = naiveRiskOf(rule.looks);
  const used = differences.slice(0, at === null ? differences.length : rule.looks[at]);
  const mean = used.length === 0 ? null : spreadOf(used).mean;
  const standing = { verdict, pairs: used.length, mean, naiveRisk: risk };
  if (at === null) return { ...standing, p: null, interval: null, t: null, repeated: null };
  const patterns = new SignPatterns(used, rule);
  const t = pairedT(used);
  const { deviation } = spreadOf(used);
  const reach = (repeatedTOf(rule)[at]! * deviation!) / Math.sqrt(used.length);
  return {
    ...standing,
    p: lastP(patterns, at),
    interval: intervalAt(patterns, used, at),
    t,
    repeated: { lower: t.mean - reach, upper: t.mean + reach },
  };
}

function looked(
  differences: readonly number[],
  rule: SequentialRule,
): { patterns: SignPatterns; passed: number } {
  checkRule(rule);
  if (!differences.every(Number.isFinite))
    throw new CutoutError({
      where: "sequentialSignFlip",
      option: "differences",
      what: "must be finite numbers",
      got: `[${differences.join(", ")}]`,
    });
  const passed = rule.looks.filter((look) => look <= differences.length).length;
  return { patterns: new SignPatterns(differences.slice(0, rule.looks[passed - 1] ?? 1), rule), passed };
}

function undecided(rule: SequentialRule, passed: number): SequentialVerdict {
  const nextLook = rule.looks[passed];
  return nextLook === undefined ? { kind: "inconclusive" } : { kind: "waiting", nextLook };
}

function sideOfZero(
  patterns: SignPatterns,
  differences: readonly number[],
  { smallest }: SequentialRule,
  at: number,
): SequentialVerdict | null {
  if (!patterns.rejects(at, 0)) return null;
  const { lower, upper } = intervalAt(patterns, differences, at);
  const small = lower >= -smallest && upper <= smallest;
  // 0 can be rejected with some kept on both its sides: then nothing is said.
  if (lower >= 0) return { kind: "better", small };
  return upper <= 0 ? { kind: "worse", small } : null;
}

function withinSmallest(
  patterns: SignPatterns,
  differences: readonly number[],
  { smallest, looks }: SequentialRule,
  at: number,
): SequentialVerdict | null {
  const outside = smallest * (1 + 1e-6);
  if (Math.abs(spreadOf(differences.slice(0, looks[at])).mean) > outside) return null;
  // What lies just outside must have been rejected; that is quickly seen.
  if (!patterns.rejects(at, outside) || !patterns.rejects(at, -outside)) return null;
  const { lower, upper } = intervalAt(patterns, differences, at);
  // An end that is the smallest difference but for rounding is it.
  return lower >= -outside && upper <= outside ? { kind: "no difference larger than", smallest } : null;
}

/** The interval at a look; where it is empty, as nothing fits all looks, that of the look before. */
function intervalAt(patterns: SignPatterns, differences: readonly number[], at: number): Interval {
  const interval = patterns.interval(at);
  if (interval === null) return intervalAt(patterns, differences, at - 1);
  const rounding = 2e-9 * Math.max(...differences.map(Math.abs));
  const tidy = (end: number) => (Math.abs(end) <= rounding ? 0 : end);
  return { lower: tidy(interval.lower), upper: tidy(interval.upper) };
}

/** p at a look, or at the earlier one that rejected 0 and could not say on which side. */
function lastP(patterns: SignPatterns, at: number): number | null {
  for (let look = at; look >= 0; look--) {
    const p = patterns.p(look, 0);
    if (p !== null) return p;
  }
  return null;
}

/** Numbers that depend on the rule alone and take a moment. */
const risks = new Map<string, number>();
const reaches = new Map<string, readonly number[]>();

function naiveRiskOf(looks: readonly number[]): number {
  return once(risks, String(looks), () => naiveRisk(looks));
}

function repeatedTOf({ looks, spent }: SequentialRule): readonly number[] {
  const error = spent.at(-1)!;
  return once(reaches, `${looks} ${error}`, () => repeatedT(looks, error));
}

function once<T>(known: Map<string, T>, key: string, compute: () => T): T {
  const found = known.get(key) ?? compute();
  known.set(key, found);
  return found;
}
