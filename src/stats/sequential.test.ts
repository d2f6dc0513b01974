// The sequential sign-flip test against NumPy and SciPy (test/golden/sequential_scipy.py), and against all patterns of signs.
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../rng.ts";
import { wilsonInterval } from "./proportion.ts";
import { naiveRisk, repeatedT } from "./repeated-t.ts";
import { sequentialSignFlip, sequentialVerdict } from "./sequential.ts";
import { ruleForArms, type SequentialRule, standardRule } from "./sequential-rule.ts";
import { signFlip } from "./sign-flip.ts";
import { SignPatterns } from "./sign-patterns.ts";
import { pairedT } from "./student.ts";

interface Simulated {
  readonly looks: number[];
  readonly bounds: number[];
  readonly studies: number;
  readonly crossed: number[];
}
interface Golden {
  readonly studies: readonly { of: string; differences: number[]; stopped: number }[];
  readonly published: readonly {
    source: string;
    differences: number[];
    signFlip: number;
    t: number;
    p: number;
    lower: number;
    upper: number;
    signedRanks: number[];
    wilcoxon: number;
  }[];
  readonly naive: readonly Simulated[];
  readonly repeated: readonly Simulated[];
}
const golden: Golden = JSON.parse(
  readFileSync(new URL("../../test/golden/sequential.json", import.meta.url), "utf8"),
);

/** Looks that are quickly gone through pattern by pattern. */
const short: SequentialRule = { looks: [4, 5, 7], spent: [0.13, 0.17, 0.21], smallest: 0.5 };

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const isClaim = (kind: string) => kind === "better" || kind === "worse";

/** The look at which the shift x is rejected, by whole lists of signs; null for never. Told anew, from the words of the rule. */
function plainly(differences: readonly number[], { looks, spent }: SequentialRule, x: number): number | null {
  const shifted = differences.map((difference) => difference - x);
  const text = (signs: readonly number[]) => signs.map((sign) => (sign > 0 ? "+" : "-")).join("");
  const sizes = shifted.map(Math.abs);
  const observed = text(shifted);
  const rejected: string[] = [];
  for (const [at, look] of looks.entries()) {
    const patterns = Array.from({ length: 2 ** look }, (_, bits) => {
      const signs = Array.from({ length: look }, (_, pair) => ((bits >> pair) & 1 ? 1 : -1));
      return { name: text(signs), size: Math.abs(sum(signs.map((sign, pair) => sign * sizes[pair]!))) };
    });
    const isGone = ({ name }: { name: string }) => rejected.some((start) => name.startsWith(start));
    const gone = patterns.filter(isGone).length;
    const left = patterns.filter((pattern) => !isGone(pattern)).sort((a, b) => b.size - a.size);
    const budget = Math.floor(spent[at]! * 2 ** look + 1e-9) - gone;
    if (budget > 0) {
      const bound = left[budget]!.size;
      for (const { name, size } of left) if (size > bound + 1e-9) rejected.push(name);
    }
    if (rejected.some((start) => observed.startsWith(start))) return look;
  }
  return null;
}

/** Whole numbers have ties; the others hardly any. */
const differencesOf = (count: number) =>
  fc.oneof(
    fc.array(fc.integer({ min: -4, max: 6 }), { minLength: count, maxLength: count }),
    fc
      .array(fc.integer({ min: -2e6, max: 3e6 }), { minLength: count, maxLength: count })
      .map((millionths) => millionths.map((each) => each / 1e6)),
  );

describe("the test", () => {
  test("stops where the reference in NumPy stops", () => {
    expect(golden.studies.length).toBe(200);
    let held = 0;
    for (const { of, differences, stopped } of golden.studies) {
      const patterns = new SignPatterns(differences, standardRule);
      const at = standardRule.looks.findIndex((_, look) => patterns.rejects(look, 0));
      expect(standardRule.looks[at] ?? 0).toBe(stopped);
      // "No difference larger than" has no part in the reference.
      const { verdict, pairs } = sequentialSignFlip(differences, { ...standardRule, smallest: 1e-9 });
      if (isClaim(verdict.kind) && pairs === stopped) continue;
      if (stopped === 0) expect(verdict.kind).toBe("inconclusive");
      else {
        // Rejected at 0, and something on both its sides is not: only where differences are tied.
        expect(of).toBe("images");
        held++;
      }
    }
    expect(held).toBeLessThan(3);
  });

  test("with one look is the sign-flip test of SciPy, and Wilcoxon's on signed ranks", () => {
    for (const { differences, signedRanks, ...expected } of golden.published) {
      const p = (values: readonly number[]) => {
        const rule = { looks: [values.length], spent: [0.05], smallest: 0.01 };
        return sequentialSignFlip(values, rule).p;
      };
      expect(p(differences)).toBeCloseTo(expected.signFlip, 12);
      expect(p(signedRanks)).toBeCloseTo(expected.wilcoxon, 12);
      const student = pairedT(differences);
      expect(student.p).toBeCloseTo(expected.p, 12);
      expect(student.interval.lower).toBeCloseTo(expected.lower, 9);
      expect(student.interval.upper).toBeCloseTo(expected.upper, 9);
    }
    // Fisher's own count for Darwin's maize: 1,726 of the 32,768 patterns; t = 2.148.
    expect(golden.published[0]!.signFlip).toBe(1726 / 32768);
    expect(golden.published[0]!.t).toBeCloseTo(2.148, 3);
  });

  test("rejects every shift exactly where whole lists of signs say so", () => {
    fc.assert(
      fc.property(differencesOf(7), fc.integer({ min: -9, max: 13 }), (differences, halves) => {
        const x = halves / 2;
        const patterns = new SignPatterns(differences, short);
        const look = plainly(differences, short, x);
        for (const [at, pairs] of short.looks.entries()) {
          expect(patterns.rejects(at, x)).toBe(look !== null && look <= pairs);
          const p = patterns.p(at, x);
          if (p === null) expect(look).toBeLessThan(pairs);
          else
            expect(p <= Math.floor(short.spent[at]! * 2 ** (pairs - 1)) / 2 ** (pairs - 1)).toBe(
              look === pairs,
            );
        }
      }),
      { numRuns: 300 },
    );
  });

  test("of all patterns of signs of any sizes no more is claimed than is spent, ties or not", () => {
    const pairs = 10;
    const rng = stream(1, "sizes");
    const sizes = [
      Array.from({ length: pairs }, (_, pair) => 1 + pair),
      Array.from({ length: pairs }, () => 1),
      [0, 0, 1, 1, 2, 2, 3, 3, 0, 1],
      Array.from({ length: pairs }, () => rng.normal()),
      Array.from({ length: pairs }, () => Math.round(3 * rng.normal()) / 1000),
    ];
    for (const each of sizes) {
      const claims = standardRule.looks.map(() => 0);
      for (let bits = 0; bits < 2 ** pairs; bits++) {
        const differences = each.map((size, pair) => ((bits >> pair) & 1 ? size : -size));
        const { verdict, at } = sequentialVerdict(differences, standardRule);
        if (isClaim(verdict.kind)) claims[at!]!++;
      }
      let claimed = 0;
      for (const [at, count] of claims.entries()) {
        claimed += count;
        expect(claimed / 2 ** pairs).toBeLessThanOrEqual(standardRule.spent[at]!);
      }
    }
  });
});

describe("the interval", () => {
  test("goes from the least to the largest shift that whole lists of signs keep", () => {
    fc.assert(
      fc.property(differencesOf(7), (differences) => {
        const range = Math.max(...differences.map(Math.abs)) + 1e-6;
        for (const [at, pairs] of short.looks.entries()) {
          const patterns = new SignPatterns(differences, short);
          const interval = patterns.interval(at);
          const kept = (x: number) => {
            const look = plainly(differences, short, x);
            return look === null || look > pairs;
          };
          const room = 1e-8 * range;
          for (let step = 0; step <= 60; step++) {
            const x = -range + (2 * range * step) / 60;
            if (interval === null || x < interval.lower - room || x > interval.upper + room)
              expect(kept(x)).toBe(false);
          }
          // What is kept begins at the end itself or right beside it.
          if (interval === null) continue;
          const { lower, upper } = interval;
          expect(patterns.rejects(at, lower) && patterns.rejects(at, lower + room)).toBe(false);
          expect(patterns.rejects(at, upper) && patterns.rejects(at, upper - room)).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("with one look is that of the sign-flip test", () => {
    fc.assert(
      fc.property(differencesOf(9), (differences) => {
        const single = new SignPatterns(differences, { looks: [9], spent: [0.05], smallest: 1 }).interval(0)!;
        const { lower, upper } = signFlip(differences).interval;
        expect(single.lower).toBeCloseTo(lower, 7);
        expect(single.upper).toBeCloseTo(upper, 7);
      }),
    );
  });

  test("of six pairs goes from the smallest to the largest difference", () => {
    const result = sequentialSignFlip([0.01, 0.006, 0.012, 0.004, 0.02, 0.008], standardRule);
    expect(result.verdict).toEqual({ kind: "better", small: false });
    expect(result.pairs).toBe(6);
    expect(result.p).toBe(1 / 32);
    expect(result.mean).toBeCloseTo(0.01, 12);
    expect(result.interval!.lower).toBeCloseTo(0.004, 12);
    expect(result.interval!.upper).toBeCloseTo(0.02, 12);
    // 3.81 is Student's t of .0125 with 5 degrees of freedom.
    const { mean, interval } = result.t!;
    const ratio = (result.repeated!.upper - mean) / (interval.upper - mean);
    expect(ratio).toBeCloseTo(3.81 / 2.5706, 3);
  });
});

describe("the verdict", () => {
  const studies = fc
    .tuple(fc.integer({ min: 0, max: 14 }).chain(differencesOf), fc.constantFrom(0.001, 0.3, 0.9))
    .map(([differences, smallest]) => ({ differences, rule: { ...standardRule, smallest } }));

  test("and the interval never contradict each other", () => {
    fc.assert(
      fc.property(studies, ({ differences, rule }) => {
        const { verdict, interval, pairs, p, mean } = sequentialSignFlip(differences, rule);
        if (differences.length < 6) {
          expect(verdict).toEqual({ kind: "waiting", nextLook: 6 });
          expect(interval).toBe(null);
          expect(pairs).toBe(differences.length);
          return;
        }
        const { lower, upper } = interval!;
        const spent = rule.spent[rule.looks.indexOf(pairs)]!;
        expect(lower).toBeLessThanOrEqual(upper);
        if (verdict.kind === "better") expect(lower).toBeGreaterThanOrEqual(0);
        else if (verdict.kind === "worse") expect(upper).toBeLessThanOrEqual(0);
        else {
          expect(lower).toBeLessThanOrEqual(0);
          expect(upper).toBeGreaterThanOrEqual(0);
        }
        if (isClaim(verdict.kind)) expect(p).toBeLessThanOrEqual(spent);
        const small = Math.max(-lower, upper, Math.abs(mean!)) <= rule.smallest * (1 + 1e-6);
        if (verdict.kind === "no difference larger than") expect(small).toBe(true);
        if (verdict.kind === "inconclusive") expect(small).toBe(false);
        if (verdict.kind === "inconclusive") expect(pairs).toBe(12);
        if (verdict.kind === "waiting") expect(verdict.nextLook).toBeGreaterThan(differences.length);
      }),
      { numRuns: 150 },
    );
  });

  test("turns round with the settings, does not know the order between two looks, and never changes once said", () => {
    fc.assert(
      fc.property(differencesOf(12), (differences) => {
        const rule = { ...standardRule, smallest: 0.5 };
        const result = sequentialSignFlip(differences, rule);
        const turned = sequentialSignFlip(
          differences.map((difference) => -difference),
          rule,
        );
        const other = { better: "worse", worse: "better" } as const;
        const { kind } = result.verdict;
        expect(turned.verdict.kind).toBe(kind === "better" || kind === "worse" ? other[kind] : kind);
        expect(turned.interval!.lower).toBeCloseTo(-result.interval!.upper, 7);
        expect(turned.interval!.upper).toBeCloseTo(-result.interval!.lower, 7);
        const [first, second] = [differences.slice(0, 6).reverse(), differences.slice(6, 8).reverse()];
        const reordered = sequentialSignFlip([...first, ...second, ...differences.slice(8)], rule);
        expect(reordered.verdict).toEqual(result.verdict);
        expect(reordered.pairs).toBe(result.pairs);
        expect(sequentialSignFlip(differences.slice(0, result.pairs), rule)).toEqual(result);
        expect(sequentialSignFlip([...differences, 99, -99], rule)).toEqual(result);
        expect(sequentialVerdict(differences, rule).verdict).toEqual(result.verdict);
      }),
      { numRuns: 40 },
    );
  });

  test("does not depend on the scale, and takes sums that differ by rounding alone as equal", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -4, max: 6 }), { minLength: 12, maxLength: 12 }), (images) => {
        const whole = sequentialSignFlip(images, { ...standardRule, smallest: 1e-9 });
        const shares = images.map((image) => 0.9 + image / 1000 - 0.9);
        const small = sequentialSignFlip(shares, { ...standardRule, smallest: 1e-12 });
        expect(small.verdict.kind).toBe(whole.verdict.kind);
        expect(small.pairs).toBe(whole.pairs);
        expect(small.p).toBe(whole.p);
      }),
      { numRuns: 100 },
    );
  });

  test("without any difference is that there is none, and six that agree on a little one are small", () => {
    const none = sequentialSignFlip([0, 0, 0, 0, 0, 0], standardRule);
    expect(none.verdict).toEqual({ kind: "no difference larger than", smallest: 0.003 });
    expect(none.interval).toEqual({ lower: 0, upper: 0 });
    expect(none.p).toBe(1);
    const little = sequentialSignFlip([0.001, 0.002, 0.001, 0.002, 0.001, 0.003], standardRule);
    expect(little.verdict).toEqual({ kind: "better", small: true });
    const same = sequentialSignFlip([-0.01, -0.01, -0.01, -0.01, -0.01, -0.01], standardRule);
    expect(same.verdict).toEqual({ kind: "worse", small: false });
    expect(same.interval!.lower).toBeCloseTo(-0.01, 12);
    expect(same.interval!.upper).toBeCloseTo(-0.01, 12);
    expect(sequentialSignFlip([], standardRule)).toMatchObject({ pairs: 0, mean: null, p: null, t: null });
  });

  test("is never that there is no difference beside a mean that is larger: one run that went wrong after the first look", () => {
    const rng = stream(11, "outlier");
    const kinds = new Set<string>();
    for (let study = 0; study < 100; study++) {
      const differences = Array.from({ length: 12 }, () => 0.002 * rng.normal());
      differences[6] = -0.6;
      const { verdict, pairs, mean } = sequentialSignFlip(differences, standardRule);
      if (pairs < 7) continue;
      kinds.add(verdict.kind);
      expect(Math.abs(mean!)).toBeGreaterThan(standardRule.smallest);
    }
    expect(kinds.has("inconclusive")).toBe(true);
    expect(kinds.has("no difference larger than")).toBe(false);
  });

  test("without an effect is false in at most 5 % of studies: normal, uniform and t3 differences", () => {
    const studies = 2000;
    const rng = stream(7, "null");
    const draws = {
      normal: () => rng.normal(),
      uniform: () => rng.uniform() - 0.5,
      t3: () => rng.normal() / Math.hypot(rng.normal(), rng.normal(), rng.normal()),
    };
    for (const draw of Object.values(draws)) {
      let claims = 0;
      for (let study = 0; study < studies; study++) {
        const differences = Array.from({ length: 12 }, draw);
        if (isClaim(sequentialVerdict(differences, standardRule).verdict.kind)) claims++;
      }
      // 5 % lies within the interval of what was seen, or above it; and the test is not idle.
      expect(wilsonInterval(claims, studies).lower).toBeLessThanOrEqual(0.05);
      expect(claims / studies).toBeGreaterThan(0.03);
    }
  });
});

describe("t at many looks", () => {
  /** Within four standard errors of the simulation. */
  const near = (share: number, simulated: number, studies: number) =>
    expect(Math.abs(share - simulated)).toBeLessThan(4 * Math.sqrt(simulated / studies));

  test("naive looks risk what NumPy's studies risked: 11.2 % at 6, 8, 10, 12", () => {
    for (const { looks, crossed, studies } of golden.naive) near(naiveRisk(looks), sum(crossed), studies);
    expect(naiveRisk([6, 8, 10, 12])).toBeCloseTo(0.112, 3);
    expect(naiveRisk([9])).toBeCloseTo(0.05, 9);
    expect(sequentialSignFlip([], standardRule).naiveRisk).toBe(naiveRisk(standardRule.looks));
  });

  test("the bounds spend .05 (n / N)^2, as NumPy's studies did", () => {
    for (const { looks, bounds, crossed, studies } of golden.repeated) {
      for (const [at, bound] of repeatedT(looks, 0.05).entries()) {
        expect(Math.abs(bound - bounds[at]!)).toBeLessThan(1e-3);
        const upTo = (look: number) => 0.05 * ((looks[look] ?? 0) / looks.at(-1)!) ** 2;
        near(upTo(at) - upTo(at - 1), crossed[at]!, studies);
      }
    }
  });
});

test("what is no rule is refused by name", () => {
  const refused = (rule: Partial<SequentialRule>) =>
    expect(() => sequentialSignFlip([], { ...standardRule, ...rule }));
  refused({ looks: [] }).toThrow("looks must be one or more integers from 2 to 18, got []");
  refused({ looks: [6, 8.5] }).toThrow("looks must be one or more integers from 2 to 18, got [6, 8.5]");
  refused({ looks: [6, 8, 8, 12] }).toThrow("looks must rise, got [6, 8, 8, 12]");
  refused({ spent: [0.03125] }).toThrow("spent must have a number a look (4), got [0.03125]");
  refused({ spent: [0.04, 0.0391, 0.0449, 0.05] }).toThrow("spent must rise, above 0 and below 0.5");
  refused({ spent: [0.03, 0.0391, 0.0449, 0.05] }).toThrow("less cannot be spent on 6 pairs");
  refused({ looks: [5, 8, 10, 12] }).toThrow("spent must begin with at least 0.0625");
  refused({ smallest: 0 }).toThrow("smallest must be above 0 and below 1, got 0");
  expect(() => sequentialSignFlip([0.1, Number.NaN], standardRule)).toThrow(
    "differences must be finite numbers",
  );
  expect(() => ruleForArms(standardRule, 0)).toThrow("arms must be an integer >= 1, got 0");
});
