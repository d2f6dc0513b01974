// What a sequential comparison of two settings comes to, in words.
import type { SequentialResult, SequentialVerdict } from "../../stats/sequential.ts";
import type { SequentialRule } from "../../stats/sequential-rule.ts";
import { counted, listed, points, pValue, size, span } from "../../text.ts";
import type { Words } from "../words.ts";
import type { SeedPair } from "./pairs.ts";

type Of<Kind extends SequentialVerdict["kind"]> = Extract<SequentialVerdict, { readonly kind: Kind }>;

/** `95 %`, `11.2 %` */
const level = (share: number) => `${Number((100 * share).toPrecision(3))}\u00A0%`;

const headlines: {
  readonly [Kind in SequentialVerdict["kind"]]: (
    verdict: Of<Kind>,
    result: SequentialResult,
    names: readonly [string, string],
  ) => string;
} = {
  better: (_, { mean }, [first, second]) =>
    `“${second}” is better than “${first}”, by ${size(mean!)} percentage points in the mean.`,
  worse: (_, { mean }, [first, second]) =>
    `“${second}” is worse than “${first}”, by ${size(mean!)} percentage points in the mean.`,
  "no difference larger than": ({ smallest }, _, [first, second]) =>
    `No difference larger than ${size(smallest)} percentage points between “${second}” and “${first}”.`,
  inconclusive: (_, { interval }, [first, second]) =>
    `Inconclusive: “${second}” minus “${first}” lies between ${points(interval!.lower)} and ${points(interval!.upper)} percentage points.`,
  waiting: ({ nextLook }, { pairs }) =>
    `No verdict yet: ${counted(pairs, "pair")}, the next look is at ${nextLook}.`,
};

export function compareWords(
  rule: SequentialRule,
  names: readonly [string, string],
  pairs: readonly SeedPair[],
  result: SequentialResult,
): Words {
  const { verdict, mean, interval, t, repeated, naiveRisk } = result;
  const looked = pairs.slice(0, result.pairs);
  const headline = headlines[verdict.kind] as (
    verdict: SequentialVerdict,
    result: SequentialResult,
    names: readonly [string, string],
  ) => string;
  const wins = looked.filter(({ difference }) => difference > 0).length;
  const losses = looked.filter(({ difference }) => difference < 0).length;
  const error = rule.spent.at(-1)!;
  const sentences =
    mean === null
      ? []
      : [
          `“${names[1]}” minus “${names[0]}”: ${points(mean)} percentage points in the mean of ${counted(looked.length, "pair")}; higher in ${wins}, lower in ${losses}.`,
        ];
  if (interval !== null && t !== null && repeated !== null) {
    sentences.push(
      `${level(1 - error)} interval ${span(interval)}, from the same test that gives the verdict: an exact sequential sign-flip test with looks at ${listed(rule.looks)} pairs and an error of ${level(error)} over all of them together; the rule was written down before the first run.`,
      `Beside it Student’s paired t on these pairs alone: ${span(t.interval)}, p ${pValue(t.p)}; its interval for all looks together: ${span(repeated)}.`,
      `Whoever had taken p below 0.05 at any of these looks for a proof would find a difference where there is none in ${level(naiveRisk)} of such studies.`,
    );
  }
  return {
    headline: headline(verdict, result, names),
    sentences,
    commands: [],
    cautions: [...apartOf(result, looked), ...smallOf(result, rule)],
  };
}

/** One pair far from all others moves the mean and not the interval. */
function apartOf({ mean, interval }: SequentialResult, pairs: readonly SeedPair[]): readonly string[] {
  if (mean === null || interval === null) return [];
  if (mean >= interval.lower && mean <= interval.upper) return [];
  const { seed, difference } = pairs.reduce((farthest, pair) =>
    Math.abs(pair.difference - mean) > Math.abs(farthest.difference - mean) ? pair : farthest,
  );
  return [
    `The mean lies outside the interval: few pairs are far from all others, seed ${seed} with ${points(difference)} points the farthest. Look at its runs before you believe either.`,
  ];
}

function smallOf({ verdict, mean }: SequentialResult, { smallest }: SequentialRule): readonly string[] {
  const says = verdict.kind === "better" || verdict.kind === "worse";
  if (says && verdict.small) {
    return [
      `The difference is there, but smaller than the ${size(smallest)} points that were said to matter before the first run.`,
    ];
  }
  if (says && Math.abs(mean!) < smallest) {
    return [
      `It may be smaller than the ${size(smallest)} points that were said to matter before the first run.`,
    ];
  }
  return [];
}
