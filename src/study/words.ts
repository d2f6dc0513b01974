// A comparison in words: the same ones in the terminal and on the page.
import { configJson, type ShownRun } from "../run-folder/index.ts";
import type { PairedCounts } from "../stats/proportion.ts";
import { studentQuantile95 } from "../stats/student.ts";
import { counted, percent, points, printable, pValue, shellWord, size, span, whole } from "../text.ts";
import { type Comparison, type Contrast, type Finding, significance } from "./comparison.ts";
import type { RunGroup } from "./groups.ts";

export interface Words {
  /** The sentence that a reader takes home. */
  readonly headline: string;
  readonly sentences: readonly string[];
  /** Commands for a terminal that would tell more. */
  readonly commands: readonly string[];
  readonly cautions: readonly string[];
}

type Of<Kind extends Finding["kind"]> = Extract<Finding, { readonly kind: Kind }>;

const quoted = ({ label }: Pick<RunGroup, "label">) => `“${label}”`;

/** What a group set against the first one comes to. */
export function contrastWords(contrast: Contrast): Words {
  const tell = tellers[contrast.finding.kind] as (
    contrast: Contrast,
    finding: Finding,
  ) => Omit<Words, "cautions">;
  return { ...tell(contrast, contrast.finding), cautions: contrast.cautions };
}

const tellers: {
  readonly [Kind in Finding["kind"]]: (contrast: Contrast, finding: Of<Kind>) => Omit<Words, "cautions">;
} = {
  none: (_, { reason }) => ({
    headline: "No verdict.",
    sentences: [`They cannot be compared: ${reason}.`],
    commands: [],
  }),
  models: modelsWords,
  few: fewWords,
  seeds: seedsWords,
};

function modelsWords(contrast: Contrast, finding: Of<"models">): Omit<Words, "cautions"> {
  const { first, second } = contrast;
  const { result, p, tests, sameSeed } = finding;
  const { counts, difference, interval } = result;
  const total = finding.pairs.length;
  const differ = p < significance && difference !== 0;
  const [more, fewer] = difference > 0 ? [second, first] : [first, second];
  const right = (only: keyof PairedCounts) => percent((counts.bothRight + counts[only]) / total, total);
  // The test is exact, the interval is not, and only the test is corrected: near the limit they may disagree.
  const narrow = !differ && (interval.lower > 0 || interval.upper < 0);
  const correction = tests > 1 ? `, ${pValue(p)} after Holm’s correction for ${tests} comparisons` : "";
  return {
    headline: differ
      ? `On these images the model of ${quoted(more)} is right more often than the model of ${quoted(fewer)}.`
      : "These images do not tell the two models apart.",
    sentences: [
      `${points(difference)} percentage points of ${counted(total, "test image")} (95 % interval ${span(interval)}): ${right("onlySecondRight")} right with ${quoted(second)}, ${right("onlyFirstRight")} with ${quoted(first)}.`,
      `They disagree on ${counted(counts.onlyFirstRight + counts.onlySecondRight, "image")}: ${whole(counts.onlySecondRight)} only ${quoted(second)} got right, ${whole(counts.onlyFirstRight)} only ${quoted(first)}. Two equally good models would split as unevenly as this, or more, with probability ${pValue(result.p)} (McNemar’s exact test)${correction}.`,
      ...(differ
        ? []
        : [
            `That does not show that they are equal: anything in the interval remains possible.${narrow ? ` The interval leaves out 0 all the same: the test is the stricter one${tests > 1 ? " and is corrected for the number of comparisons" : ""}. Take it as undecided.` : ""}`,
          ]),
      "This is about this pair of models only: one pair cannot tell which settings are better, and another seed may turn it round.",
      ...(sameSeed
        ? []
        : [
            "The seeds differ too: part of the difference is luck of the start and of the order of the images.",
          ]),
      ...tooFew(contrast, sameSeed ? 1 : 0),
    ],
    commands: moreSeeds(contrast),
  };
}

function fewWords(contrast: Contrast, { pairs }: Of<"few">): Omit<Words, "cautions"> {
  const [headline, ...sentences] = tooFew(contrast, pairs.length) as [string, ...string[]];
  return {
    headline,
    sentences: [...(pairs.length > 0 ? [meanOf(contrast, pairs)] : []), ...sentences],
    commands: moreSeeds(contrast),
  };
}

function meanOf({ first, second }: Contrast, pairs: Of<"few">["pairs"]): string {
  const differences = pairs.map(({ difference }) => difference);
  const mean = differences.reduce((sum, one) => sum + one, 0) / pairs.length;
  const range =
    pairs.length === 1
      ? ""
      : `, from ${span({ lower: Math.min(...differences), upper: Math.max(...differences) })}`;
  return `${quoted(second)} minus ${quoted(first)}: ${points(mean)} percentage points in the mean of ${counted(pairs.length, "seed pair")}${range}.`;
}

function tooFew(contrast: Contrast, pairs: number): string[] {
  const { needed } = contrast;
  const why = pairs < 6 ? "with fewer, chance alone often agrees" : "with so many comparisons";
  return [
    `Too few seeds for a verdict: ${counted(pairs, "pair")}.`,
    `A verdict needs at least ${needed} seeds that both have: ${why}.${moreSeeds(contrast).length > 0 ? " Run more seeds:" : ""}`,
  ];
}

function seedsWords(contrast: Contrast, finding: Of<"seeds">): Omit<Words, "cautions"> {
  const { first, second } = contrast;
  const { pairs, flip, student, p, tests } = finding;
  const differ = p <= significance && flip.mean !== 0;
  const narrow = !differ && (flip.interval.lower > 0 || flip.interval.upper < 0);
  const [better, worse] = flip.mean > 0 ? [second, first] : [first, second];
  const wins = pairs.filter(({ difference }) => difference > 0).length;
  const losses = pairs.filter(({ difference }) => difference < 0).length;
  const correction = tests > 1 ? `, ${pValue(p)} after Holm’s correction for ${tests} comparisons` : "";
  return {
    headline: differ
      ? `${quoted(better)} is better than ${quoted(worse)}, by ${size(flip.mean)} percentage points in the mean.`
      : "No verdict: these seeds do not tell the settings apart.",
    sentences: [
      `${quoted(second)} minus ${quoted(first)}: ${points(flip.mean)} percentage points in the mean of ${counted(pairs.length, "seed pair")} (95 % interval ${span(flip.interval)}); higher with ${wins} seeds, lower with ${losses}.`,
      `If the settings made no difference, a mean as far from 0 as this would come with probability ${pValue(flip.p)} (paired sign-flip permutation test over the seeds, exact)${correction}.`,
      `Beside it Student’s paired t: interval ${span(student.interval)}, p ${pValue(student.p)} (${student.freedom} degrees of freedom).`,
      ...(differ
        ? []
        : [
            `That does not show that they are equal: any difference from ${span(flip.interval)} remains possible.${narrow ? " The interval leaves out 0 all the same: only the test is corrected for the number of comparisons. Take it as undecided." : ""}`,
          ]),
    ],
    commands: [],
  };
}

/** Commands that bring both groups to the seeds that a verdict needs. */
function moreSeeds({ first, second, needed }: Contrast): readonly string[] {
  const groups = [first, second];
  if (groups.some(({ runs }) => runs[0]!.config === null)) return [];
  const has = groups.map(({ runs }) => new Set(runs.map(({ config }) => config!.seed)));
  const all = [...new Set(has.flatMap((seeds) => [...seeds]))].sort((a, b) => a - b);
  const common = all.filter((seed) => has.every((seeds) => seeds.has(seed)));
  const half = all.filter((seed) => !common.includes(seed));
  const wanted = [...common, ...half].slice(0, Math.max(needed, common.length));
  for (let seed = 0; wanted.length < needed; seed++) if (!wanted.includes(seed)) wanted.push(seed);
  return groups.flatMap(({ runs }, index) => {
    const missing = wanted.filter((seed) => !has[index]!.has(seed)).sort((a, b) => a - b);
    return missing.length === 0 ? [] : [seedsCommand(runs[0]!, missing)];
  });
}

function seedsCommand({ path }: ShownRun, seeds: readonly number[]): string {
  const config = shellWord(printable(configJson.pathIn(path)));
  if (seeds.length === 1) return `cutout train --config ${config} --seed ${seeds[0]}`;
  return `for seed in ${seeds.join(" ")}; do cutout train --config ${config} --seed $seed; done`;
}

/** `84.20 % in the mean of 3 seeds, deviation 0.81 points, 83.10 % to 85.00 %` */
export function spreadWords({ spread, seeds }: RunGroup): string {
  if (spread === null) return "no test result";
  const share = (value: number) => percent(value, testImages(seeds[0]!.run));
  if (spread.deviation === null) return `${share(spread.mean)}, one seed`;
  const deviation = (100 * spread.deviation).toFixed(2);
  return `${share(spread.mean)} in the mean of ${spread.count} seeds, deviation ${deviation} points, ${share(spread.least)} to ${share(spread.most)}`;
}

const testImages = ({ evaluation, test }: ShownRun) => (evaluation?.score ?? test?.test)?.count ?? 0;

/** What the runs of one group alone teach: nothing about settings, but how far a seed reaches. */
export function luckWords({ groups, contrasts }: Comparison): Words | null {
  if (contrasts.length > 0) return null;
  const { spread, repeated } = groups[0]!;
  const cautions =
    repeated > 0
      ? [`${counted(repeated, "run")} more with a seed that is there already: the first of each counts.`]
      : [];
  const headline = "The runs have the same settings: no difference here is the effect of a setting.";
  if (spread === null || spread.deviation === null) {
    const results = (spread?.count ?? 0) + repeated;
    const sentence =
      results === 0
        ? "None of them has a test result."
        : results === 1
          ? "Only one of them has a test result."
          : "They have the same seed too.";
    return { headline, sentences: [sentence], commands: [], cautions };
  }
  const reach = studentQuantile95(spread.count - 1) * Math.SQRT2 * spread.deviation;
  const few = `${spread.count} seeds say little about how far a seed reaches: run more.`;
  return {
    headline,
    sentences: [
      `What differs is the seed: ${spreadWords(groups[0]!)}.`,
      spread.count < 3
        ? few
        : `Two single runs of these settings would lie up to ${(100 * reach).toFixed(2)} percentage points apart by the seed alone (95 % of the time): between one run each, less than that shows nothing.`,
    ],
    commands: [],
    cautions,
  };
}
