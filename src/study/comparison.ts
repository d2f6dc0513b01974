// Several runs set against each other: the one result that terminal and page both tell.

import { viewsText } from "../config/views.ts";
import type { ShownRun } from "../run-folder/index.ts";
import { holm, mcnemarExact } from "../stats/mcnemar.ts";
import { fewestPairs, mostPairs, type SignFlip, signFlip } from "../stats/sign-flip.ts";
import { type PairedT, pairedT } from "../stats/student.ts";
import { type Grouping, groupRuns, type RunGroup, titleOf } from "./groups.ts";
import { differenceOf, type ModelDifference, type PairedPrediction, pairUp } from "./models.ts";

/** Below or at this p-value there is a difference. */
export const significance = 0.05;

/** One run of each group with the same seeds, tested on the same images. */
export interface SeedPair {
  readonly seed: string;
  readonly first: number;
  readonly second: number;
  /** Accuracy of the second minus that of the first. */
  readonly difference: number;
}

export type Finding =
  /** Nothing can be said. */
  | { readonly kind: "none"; readonly reason: string }
  /** One run each: a statement on these two models. */
  | {
      readonly kind: "models";
      readonly first: ShownRun;
      readonly second: ShownRun;
      readonly pairs: readonly PairedPrediction[];
      readonly result: ModelDifference;
      /** McNemar's, after Holm's correction for the comparisons of the page. */
      readonly p: number;
      readonly tests: number;
      readonly sameSeed: boolean;
    }
  /** Fewer seed pairs than a test needs to be able to speak. */
  | { readonly kind: "few"; readonly pairs: readonly SeedPair[] }
  /** A verdict on the settings. */
  | {
      readonly kind: "seeds";
      readonly pairs: readonly SeedPair[];
      readonly flip: SignFlip;
      readonly student: PairedT;
      /** Of the sign-flip test, after Holm's correction. */
      readonly p: number;
      readonly tests: number;
    };

/** A group set against the first one. */
export interface Contrast {
  readonly first: RunGroup;
  readonly second: RunGroup;
  readonly finding: Finding;
  /** Seed pairs that a verdict needs. */
  readonly needed: number;
  /** What makes it less than a fair comparison. */
  readonly cautions: readonly string[];
}

export interface Comparison extends Grouping {
  /** What differs: `Learning rate 0.1 against 0.05`. */
  readonly title: string;
  readonly runs: readonly ShownRun[];
  readonly contrasts: readonly Contrast[];
}

/**
 * Sets each group of runs against the group of the first run.
 * @param labels names for the runs
 */
export function compareAll(runs: readonly ShownRun[], labels?: readonly string[]): Comparison {
  const grouping = groupRuns(runs, labels);
  const [first, ...others] = grouping.groups as readonly [RunGroup, ...RunGroup[]];
  const needed = fewestPairs(significance, Math.max(1, others.length));
  const contrasts = others.map((second) => contrast(first, second, needed, grouping));
  return { ...grouping, runs, title: titleOf(grouping), contrasts: corrected(contrasts) };
}

function contrast(first: RunGroup, second: RunGroup, needed: number, grouping: Grouping): Contrast {
  const cautions = [...cautionsOf(first, second, grouping)];
  const about = { first, second, needed };
  if (first.runs.length === 1 && second.runs.length === 1) {
    return { ...about, finding: modelsOf(first.runs[0]!, second.runs[0]!), cautions };
  }
  const { pairs, reasons } = seedPairs(first, second);
  cautions.push(...reasons);
  if (first.seeds.length === 0 || second.seeds.length === 0)
    return { ...about, finding: { kind: "none", reason: "one of them has no test result" }, cautions };
  if (pairs.length < needed) return { ...about, finding: { kind: "few", pairs }, cautions };
  const taken = pairs.slice(0, mostPairs);
  if (taken.length < pairs.length)
    cautions.push(`Only the first ${mostPairs} of ${pairs.length} seed pairs are tested.`);
  const differences = taken.map(({ difference }) => difference);
  const flip = signFlip(differences, significance);
  const student = pairedT(differences);
  return { ...about, finding: { kind: "seeds", pairs: taken, flip, student, p: flip.p, tests: 1 }, cautions };
}

function modelsOf(first: ShownRun, second: ShownRun): Finding {
  const pairing = pairUp(first.evaluation, second.evaluation);
  if ("reason" in pairing) return { kind: "none", reason: pairing.reason };
  const result = differenceOf(pairing.pairs);
  const { onlyFirstRight, onlySecondRight } = result.counts;
  return {
    kind: "models",
    first,
    second,
    pairs: pairing.pairs,
    result,
    p: mcnemarExact(onlyFirstRight, onlySecondRight),
    tests: 1,
    sameSeed: first.config !== null && first.config.seed === second.config?.seed,
  };
}

/** Runs of both groups with the same seeds; what has the same seeds and is no pair all the same is said. */
function seedPairs(
  first: RunGroup,
  second: RunGroup,
): { readonly pairs: readonly SeedPair[]; readonly reasons: readonly string[] } {
  const pairs: SeedPair[] = [];
  const reasons: string[] = [];
  for (const one of first.seeds) {
    const other = second.seeds.find(({ seed, run }) => seed === one.seed && run.config !== null);
    if (other === undefined) continue;
    const pairing = pairUp(one.run.evaluation, other.run.evaluation);
    if ("reason" in pairing) {
      reasons.push(`The runs with seed ${one.seed} are no pair: ${pairing.reason}.`);
      continue;
    }
    const difference = other.accuracy - one.accuracy;
    pairs.push({ seed: one.seed, first: one.accuracy, second: other.accuracy, difference });
  }
  return { pairs, reasons };
}

/** Holm's correction over the tests of a kind: they all look at the same first group. */
function corrected(contrasts: readonly Contrast[]): readonly Contrast[] {
  const kinds = ["models", "seeds"] as const;
  const adjusted = new Map<Contrast, Contrast>();
  for (const kind of kinds) {
    const tested = contrasts.filter(({ finding }) => finding.kind === kind);
    const ps = holm(tested.map(({ finding }) => (finding as { readonly p: number }).p));
    for (const [index, one] of tested.entries()) {
      const finding = { ...one.finding, p: ps[index]!, tests: tested.length } as Finding;
      adjusted.set(one, { ...one, finding });
    }
  }
  return contrasts.map((one) => adjusted.get(one) ?? one);
}

function cautionsOf(first: RunGroup, second: RunGroup, { groups, differing }: Grouping): readonly string[] {
  const all = [...first.runs, ...second.runs];
  const [one, other] = [groups.indexOf(first), groups.indexOf(second)];
  const names = differing.flatMap(({ name, values }) => (values[one] === values[other] ? [] : [name]));
  const crops = new Set(all.flatMap(({ evaluation }) => evaluation?.crops ?? []));
  const repeated = first.repeated + second.repeated;
  return [
    ...(all.some(({ config }) => config === null)
      ? ["The settings of a run are missing, so it cannot be said what else differs."]
      : []),
    ...(names.length > 1
      ? [`More than one thing differs: ${names.join(", ")}. What is seen is the effect of all together.`]
      : []),
    ...(names.includes("data") ? ["The data are not the same."] : []),
    ...(crops.size > 1
      ? [`Some runs were tested on ${[...crops].map((name) => viewsText[name].seen).join(", others on ")}.`]
      : []),
    ...(repeated > 0
      ? [
          `${repeated === 1 ? "One run repeats" : `${repeated} runs repeat`} a seed; the first of each counts.`,
        ]
      : []),
  ];
}
