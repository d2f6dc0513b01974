// Does the rule keep its error on real runs? Runs of one setting that differ in the seed alone, paired at random again and again.
import { CutoutError } from "../error.ts";
import { permutation, stream } from "../rng.ts";
import { type Interval, wilsonInterval } from "./proportion.ts";
import { sequentialVerdict } from "./sequential.ts";
import { checkRule, type SequentialRule } from "./sequential-rule.ts";
import { pairedT } from "./student.ts";

interface Share {
  readonly count: number;
  readonly share: number;
  /** 95 %, for the drawing of studies; it knows nothing of other runs than these. */
  readonly interval: Interval;
}

export interface NullStudies {
  readonly studies: number;
  /** Said to be better or worse, though both sides are one setting. */
  readonly falseVerdicts: Share;
  /** p <= 0.05 in the paired t test at one of the looks at least. */
  readonly naive: Share;
}

/**
 * Each study pairs runs at random, without one twice, as many pairs as the rule has at most. Which run of a pair comes
 * first is a fair coin, so that the test's one assumption holds by construction: this checks the test and the rule with
 * differences as real runs have them, ties and all, not whether runs of two settings are paired well.
 * @param accuracies one a run, at least two for each pair of the rule's last look
 * @throws CutoutError with fewer, one that is not finite, or no number of studies
 */
export function nullStudies(
  accuracies: readonly number[],
  rule: SequentialRule,
  studies: number,
  seed: number,
): NullStudies {
  checkRule(rule);
  const most = rule.looks.at(-1)!;
  if (accuracies.length < 2 * most || !accuracies.every(Number.isFinite))
    throw new CutoutError({
      where: "nullStudies",
      option: "accuracies",
      what: `must be ${2 * most} or more finite numbers, two for each of ${most} pairs`,
      got: `${accuracies.filter(Number.isFinite).length}`,
    });
  if (!Number.isSafeInteger(studies) || studies < 1)
    throw new CutoutError({
      where: "nullStudies",
      option: "studies",
      what: "must be an integer >= 1",
      got: String(studies),
    });
  let falseVerdicts = 0;
  let naive = 0;
  for (let study = 0; study < studies; study++) {
    const order = permutation(stream(seed, "null study", study), accuracies.length);
    const differences = Array.from(
      { length: most },
      (_, pair) => accuracies[order[2 * pair + 1]!]! - accuracies[order[2 * pair]!]!,
    );
    const { kind } = sequentialVerdict(differences, rule).verdict;
    if (kind === "better" || kind === "worse") falseVerdicts++;
    if (rule.looks.some((look) => pairedT(differences.slice(0, look)).p <= 0.05)) naive++;
  }
  const share = (count: number) => ({
    count,
    share: count / studies,
    interval: wilsonInterval(count, studies),
  });
  return { studies, falseVerdicts: share(falseVerdicts), naive: share(naive) };
}
