// What a sweep comes to, in words: the best value, all that cannot be told from it, and the one look at the test part.
import type { Arm } from "../../study-folder/index.ts";
import { capital, counted, percent, points, span } from "../../text.ts";
import type { Words } from "../words.ts";
import { type Axes, armLabel, armsLabel, numericAxis } from "./axes.ts";
import type { Choice, Estimate, Score } from "./choice.ts";
import { baseOf, compareCommand } from "./commands.ts";
import type { SweepPlan, SweepTest } from "./sweep.ts";

/** `93.10 % (92.80 to 93.40)` */
function estimateText({ mean, interval }: Estimate): string {
  if (interval === null) return percent(mean);
  const ends = [interval.lower, interval.upper].map((end) => (100 * end).toFixed(2));
  return `${percent(mean)} (${ends.join(" to ")})`;
}

/** `−0.31 (−0.62 to +0.01)` */
function differenceText({ mean, interval }: Estimate): string {
  if (interval === null) return points(mean);
  return `${points(mean)} (${span(interval)})`;
}

/** More of the others are counted, in a headline. */
const named = 3;

/** The best and its plateau in one sentence. */
function plateauHeadline(axes: Axes, arms: readonly Arm[], { scores, best, seeds }: Choice): string {
  const name = armLabel(axes, arms, best);
  const number = counted(seeds.length, "seed");
  const equal = scores.filter(({ arm, behind }) => arm !== best && behind.mean === 0).map(({ arm }) => arm);
  if (equal.length > 0) {
    const others = scores.length - 1 - equal.length;
    const told = seeds.length === 1 && others > 0 ? "; one seed tells none of the others from them" : "";
    return `${capital(armsLabel(axes, arms, [best, ...equal]))} are equally high on the validation part with ${number}${told}; ${name} is taken.`;
  }
  if (seeds.length === 1) {
    return `${capital(name)} is highest on the validation part; one seed tells none of the others from it.`;
  }
  const others = scores.filter(({ arm, plateau }) => plateau && arm !== best).map(({ arm }) => arm);
  if (others.length === 0) {
    return `${capital(name)} is best on the validation part: each of the others is told from it with ${number}.`;
  }
  if (others.length === scores.length - 1) {
    return `Flat: ${name} is highest on the validation part, but none of the others can be told from it with ${number}.`;
  }
  // Of numbers the plateau as it lies on their axis, the best among them.
  const told =
    numericAxis(axes) !== null
      ? armsLabel(axes, arms, [...others, best])
      : others.length <= named
        ? armsLabel(axes, arms, others)
        : `${others.length} of the ${scores.length - 1} others`;
  return `${capital(name)} is highest on the validation part; with ${number}, ${told} cannot be told apart from it.`;
}

export function sweepWords(
  plan: SweepPlan,
  arms: readonly Arm[],
  choice: Choice | null,
  test: SweepTest | null,
): Words {
  if (choice === null) {
    const headline = "Nothing can be said yet: no seed is finished for all values.";
    return { headline, sentences: [], commands: [], cautions: [] };
  }
  const { best, seeds, scores } = choice;
  const { baseline } = plan;
  const open = plan.seeds.length - seeds.length;
  const headline = plateauHeadline(plan, arms, choice);
  return {
    headline: open === 0 ? headline : `By now, with ${counted(open, "seed")} open: ${headline}`,
    sentences: [
      `Validation accuracy in the mean of ${counted(seeds.length, "seed")}${seeds.length > 1 ? ", with 95 % intervals (Student’s t)" : ""}, and the difference from the best, seed by seed:`,
      ...scores.map((score) => scoreText(plan, arms, score, best)),
      ...testSentences(plan, arms, test),
    ],
    // Of settings that were chosen on other seeds' runs, a comparison with fresh seeds is an honest test.
    commands:
      test !== null && baseline !== null && best !== baseline
        ? [compareCommand(baseOf(plan, arms), [arms[baseline]!, arms[best]!], Math.max(...plan.seeds) + 1)]
        : [],
    cautions: cautionsOf(choice),
  };
}

function scoreText(plan: SweepPlan, arms: readonly Arm[], score: Score, best: number): string {
  const label = `${armLabel(plan, arms, score.arm)}${score.arm === plan.baseline ? ", the baseline" : ""}`;
  if (score.arm === best) return `${label}: ${estimateText(score)}, the best.`;
  const told = score.plateau ? "not told apart" : "told apart";
  return `${label}: ${estimateText(score)}, ${differenceText(score.behind)} points, ${told}.`;
}

function testSentences(plan: SweepPlan, arms: readonly Arm[], test: SweepTest | null): readonly string[] {
  if (test === null) return [];
  const { chosen, against } = test;
  const alone = `On the test part, looked at once, for the chosen value: ${estimateText(chosen)}.`;
  if (against === null) return [alone];
  const { pairs, t } = against;
  const mean = pairs.reduce((sum, { difference }) => sum + difference, 0) / pairs.length;
  const difference = differenceText({ mean, interval: t?.interval ?? null });
  return [
    alone,
    `Against ${armLabel(plan, arms, plan.baseline!)} with the same seeds: ${difference} points on the test part. These very runs have chosen the value, which flatters it: that is no verdict; to have one:`,
  ];
}

function cautionsOf({ seeds, scores }: Choice): readonly string[] {
  const flattered = `The highest of ${scores.length} accuracies is partly luck: on other images the chosen value is likely to be a little worse than the validation part says.`;
  if (seeds.length === 1) return [flattered];
  return [
    flattered,
    "The intervals of the differences are as long as it takes for the truly best value to be among those that are not told apart in 95 % of such sweeps (Hsu’s comparisons with the best: one deviation for all values, seeds as blocks). “Not told apart” is not “equal”: more seeds may tell them apart.",
  ];
}
