// The exact sequential sign-flip test of any shift, by all patterns of signs, and the shifts that it keeps.
import type { Interval } from "./proportion.ts";
import { selectLargest } from "./select.ts";
import { patternsWithin, type SequentialRule } from "./sequential-rule.ts";

/**
 * All patterns of signs at one look. A pattern says which differences are turned round; its mirror image has the same
 * |sum|, so that the first difference may stay as it is, and pattern 0 is what was observed. Bit i turns difference i + 1.
 * With the shift x taken off every difference, the sum of pattern S is sums[S] - x weights[S].
 */
interface Look {
  readonly pairs: number;
  readonly sums: Float64Array;
  readonly weights: Int8Array;
  /** How many patterns may be rejected up to this look. */
  readonly allowed: number;
}

/** What is rejected up to a look. */
interface Stage {
  readonly rejected: Uint8Array;
  readonly count: number;
  /** The largest pattern that no longer fitted; null where nothing could be spent. */
  readonly cut: number | null;
}

export class SignPatterns {
  private readonly looks: readonly Look[];
  /** Sums of shares that are equal but for rounding are equal. */
  private readonly slack: number;
  /** A step that is nothing to a difference, and yet parts two sums which are equal before it and not after it. */
  private readonly step: number;

  /**
   * @param differences at least as many as the first look has pairs
   * @param rule checked
   */
  constructor(
    private readonly differences: readonly number[],
    rule: SequentialRule,
  ) {
    const made = rule.looks.filter((look) => look <= differences.length);
    this.looks = made.map((pairs, at) => ({
      pairs,
      ...signedSums(differences.slice(0, pairs)),
      allowed: patternsWithin(rule.spent[at]!, pairs),
    }));
    const size = Math.max(...differences.map(Math.abs));
    this.slack = 1e-11 * size * differences.length;
    this.step = 1e-9 * size;
  }

  /**
   * The test at a look. Under "the differences lie symmetrically about x" every pattern of the signs of d - x is as likely
   * as any other, so rejecting a share of the patterns is an error of that share. Rejected are those with the largest
   * |sum| among the ones not rejected before, ties all or none, while the error allowed up to the look is kept.
   * @returns p, the share of patterns that are rejected before, or have a sum at least as large: the observed one is
   *   rejected at this look exactly when p is at most the error allowed up to it (ordering by stages); null when
   *   it was rejected at an earlier look
   * @see Rom and McTague, "Exact critical values for group sequential designs with small sample sizes" (2020)
   */
  p(at: number, x: number): number | null {
    const before = this.stage(at - 1, x);
    if (before?.rejected[0] === 1) return null;
    const { sums } = this.looks[at]!;
    const values = this.sizes(at, x, before);
    let count = (before?.count ?? 0) * (sums.length / (before?.rejected.length ?? sums.length));
    for (const value of values) if (value >= values[0]! - this.slack) count++;
    return count / sums.length;
  }

  /** Is the shift rejected at this look or before it? */
  rejects(at: number, x: number): boolean {
    return this.stage(at, x)!.rejected[0] === 1;
  }

  /**
   * From the least to the largest shift that is rejected neither at this look nor before it; null when all are rejected.
   * An end itself may be rejected (what is tied there is not tied beside it), and so may shifts between the ends: which
   * patterns are rejected early depends on the shift.
   */
  interval(at: number): Interval | null {
    const lower = this.lowest(at);
    const upper = new SignPatterns(
      this.differences.map((difference) => -difference),
      this.asRule(),
    ).lowest(at);
    return lower === null || upper === null ? null : { lower, upper: -upper };
  }

  private asRule(): SequentialRule {
    return {
      looks: this.looks.map(({ pairs }) => pairs),
      spent: this.looks.map(({ pairs, allowed }) => allowed / 2 ** (pairs - 1)),
      smallest: 1,
    };
  }

  /**
   * The least shift that is kept, exactly but for `step`. All shifts below the least difference of the first look are
   * rejected there. From it on x walks to the right, from place to place where another set of patterns is rejected at
   * the looks before. Between two places that set stands still, and the test at this look is a plain one: pattern S counts
   * against x once x has reached the mean of the differences that S turns, or of those that it leaves.
   */
  private lowest(at: number): number | null {
    const first = this.differences.slice(0, this.looks[0]!.pairs);
    let x = at === 0 ? Math.min(...first) : this.lowest(at - 1);
    const end = Math.max(...first);
    while (x !== null && x <= end) {
      // At such a place itself patterns are tied, and other ones are rejected than beside it.
      if (!this.rejects(at, x)) return x;
      const right = x + this.step;
      const next = this.nextChange(at, right);
      const kept = this.firstKept(at, x, right);
      if (kept !== null && kept < next) return kept;
      x = next;
    }
    return null;
  }

  /** The first place to the right of x at which a look before this one may reject other patterns, or where the mean is. */
  private nextChange(at: number, x: number): number {
    const { sums, weights } = this.looks[at]!;
    let next = sums[0]! / weights[0]! > x ? sums[0]! / weights[0]! : Number.POSITIVE_INFINITY;
    for (let look = 0; look < at; look++) {
      const { cut } = this.stage(look, x)!;
      if (cut !== null) next = Math.min(next, this.nextCrossing(look, cut, x));
    }
    return next;
  }

  /** The first place to the right of x where another pattern has the same |sum| as this one. */
  private nextCrossing(look: number, pattern: number, x: number): number {
    const { sums, weights } = this.looks[look]!;
    const [sum, weight] = [sums[pattern]!, weights[pattern]!];
    let next = Number.POSITIVE_INFINITY;
    for (let other = 0; other < sums.length; other++) {
      const equal = (sums[other]! - sum) / (weights[other]! - weight);
      if (equal > x && equal < next) next = equal;
      const opposite = (sums[other]! + sum) / (weights[other]! + weight);
      if (opposite > x && opposite < next) next = opposite;
    }
    return next;
  }

  /** The first shift from x on that is kept, if the looks before went on to reject what they reject at `right`. */
  private firstKept(at: number, x: number, right: number): number | null {
    const before = this.stage(at - 1, right);
    if (before?.rejected[0] === 1) return null;
    const { pairs, sums, weights, allowed } = this.looks[at]!;
    const carried = before?.rejected.length ?? sums.length;
    const left = allowed - (before?.count ?? 0) * (sums.length / carried);
    if (left <= 0) return x;
    const mean = sums[0]! / pairs;
    const below = right < mean;
    const turns = new Float64Array(sums.length).fill(Number.NEGATIVE_INFINITY);
    for (let pattern = 1; pattern < sums.length; pattern++) {
      if (before?.rejected[pattern & (carried - 1)] === 1) continue;
      const left = (sums[0]! + sums[pattern]!) / (pairs + weights[pattern]!);
      const turned = (sums[0]! - sums[pattern]!) / (pairs - weights[pattern]!);
      turns[pattern] = below ? -Math.min(left, turned) : Math.max(left, turned);
    }
    // Pattern 0 itself counts from the beginning; with `left` others it is one too many.
    const enough = selectLargest(turns, left - 1);
    if (below) return Math.max(x, -enough);
    return right <= enough ? x : null;
  }

  private stage(at: number, x: number): Stage | null {
    let stage: Stage | null = null;
    for (let look = 0; look <= at; look++) stage = this.after(look, x, stage);
    return stage;
  }

  private after(at: number, x: number, before: Stage | null): Stage {
    const { sums, allowed } = this.looks[at]!;
    const carried = before?.rejected.length ?? sums.length;
    const rejected = new Uint8Array(sums.length);
    if (before !== null)
      for (let start = 0; start < sums.length; start += carried) rejected.set(before.rejected, start);
    let count = (before?.count ?? 0) * (sums.length / carried);
    const left = allowed - count;
    if (left <= 0) return { rejected, count, cut: null };
    const values = this.sizes(at, x, before);
    const bound = selectLargest(values.slice(), left);
    for (let pattern = 0; pattern < values.length; pattern++) {
      if (values[pattern]! <= bound + this.slack) continue;
      rejected[pattern] = 1;
      count++;
    }
    return { rejected, count, cut: values.indexOf(bound) };
  }

  /** |sum| of each pattern; below 0 for those rejected before. */
  private sizes(at: number, x: number, before: Stage | null): Float64Array {
    const { sums, weights } = this.looks[at]!;
    const carried = before?.rejected.length ?? sums.length;
    const values = new Float64Array(sums.length);
    for (let pattern = 0; pattern < values.length; pattern++) {
      values[pattern] =
        before?.rejected[pattern & (carried - 1)] === 1
          ? Number.NEGATIVE_INFINITY
          : Math.abs(sums[pattern]! - x * weights[pattern]!);
    }
    return values;
  }
}

function signedSums(differences: readonly number[]): { sums: Float64Array; weights: Int8Array } {
  const sums = new Float64Array(2 ** (differences.length - 1));
  const weights = new Int8Array(sums.length);
  sums[0] = differences[0]!;
  weights[0] = 1;
  let size = 1;
  for (const difference of differences.slice(1)) {
    for (let pattern = 0; pattern < size; pattern++) {
      sums[size + pattern] = sums[pattern]! - difference;
      weights[size + pattern] = weights[pattern]! - 1;
      sums[pattern]! += difference;
      weights[pattern]!++;
    }
    size *= 2;
  }
  return { sums, weights };
}
