// What a doctor's study comes to, in words.
import { ruleForArms } from "../../stats/sequential-rule.ts";
import type { Arm } from "../../study-folder/index.ts";
import { counted, duration, points, size } from "../../text.ts";
import type { Words } from "../words.ts";
import { compareCommand } from "./commands.ts";
import { compareWords } from "./compare-words.ts";
import type { DoctorAnswer, DoctorStand, KeptArm } from "./doctor.ts";
import { type DoctorPlan, mostSeeds } from "./doctor-design.ts";

const quoted = ({ name }: Pick<Arm, "name">) => `“${name}”`;

/** What the budget allows, as soon as it is known what a run takes. */
export function designWords(
  plan: DoctorPlan,
  arms: readonly Arm[],
  { design, epochs, least }: Pick<DoctorStand, "design" | "epochs" | "least">,
): string {
  const time = duration(plan.budget);
  const length =
    epochs < plan.epochs[0]! ? `${epochs} of ${plan.epochs[0]} epochs` : counted(epochs, "epoch");
  const needs = `a verdict on one treatment needs about ${duration(least)}`;
  if (design === null) {
    return `${time} are too short to try even one treatment in ${length}: ${needs}`;
  }
  const { screened, seeds, keep } = design;
  const all = arms.length - 1;
  const which = screened < all ? `${screened} of ${all} treatments` : counted(screened, "treatment");
  const screen = `${which} with ${counted(seeds, "seed")} each on validation, ${length} a run`;
  if (keep === 0) return `${time} allow to screen ${screen}, and no verdict: ${needs}`;
  const confirm = `up to ${counted(keep, "treatment")} with the baseline, by pairs with fresh seeds`;
  if (seeds === 0) return `${time} allow to compare ${confirm}, ${length} a run`;
  return `${time} allow to screen ${screen}, and then to compare ${confirm}`;
}

export function doctorWords(
  plan: DoctorPlan,
  arms: readonly Arm[],
  stand: DoctorStand,
  answer: DoctorAnswer | null,
): Words {
  const { stage, epochs, used, budget } = stand;
  const measured = stage !== "measure";
  const kept = stand.kept.map((one) => keptWords(plan, arms, stand, one));
  const sentences = [
    ...(measured ? [`${designWords(plan, arms, stand)}.`] : []),
    ...screeningWords(arms, stand),
    ...kept.flatMap(({ headline, sentences }) => [headline, ...sentences.slice(0, 2)]),
    ...(measured ? [`The runs took ${duration(used)} of the ${duration(budget)}.`] : []),
  ];
  const better = stand.kept.filter(({ result }) => result.verdict.kind === "better").length;
  const short = stand.design !== null && epochs < plan.epochs[0]!;
  return {
    headline: answer === null ? "No verdict yet." : headlineOf(arms, answer),
    sentences,
    commands: answer === null ? [] : commandsOf(plan, arms, answer),
    cautions: [
      ...kept.flatMap(({ cautions }, at) =>
        cautions.map((caution) => `${quoted(arms[stand.kept[at]!.arm]!)}: ${caution}`),
      ),
      ...(short
        ? [
            `The runs had ${epochs} of ${plan.epochs[0]} epochs, to fit into the time: what helps in a long training may not show in a short one, and the other way round.`,
          ]
        : []),
      ...(better > 1
        ? [
            `Of ${better} treatments that help, the one with the highest mean is named: that mean is likely to be a little too high.`,
          ]
        : []),
      ...(stand.kept.length > 1
        ? [
            "Each treatment is compared with the baseline, not with the others; the error is that of all these comparisons together (Holm).",
          ]
        : []),
    ],
  };
}

function headlineOf(arms: readonly Arm[], { winner, kept, settled, budget }: DoctorAnswer): string {
  if (winner !== null) {
    const { mean } = kept.find(({ arm }) => arm === winner)!.result;
    return `${quoted(arms[winner]!)} helps here, by ${size(mean!)} percentage points in the mean.`;
  }
  if (!settled) return `Cannot tell in this time: ${duration(budget)} were too short for a verdict.`;
  return "Nothing was found that helps here.";
}

/** `“--cutout” +0.42, “--mix mixup” −0.10` */
function screeningWords(arms: readonly Arm[], { screening }: DoctorStand): readonly string[] {
  if (screening.length === 0) return [];
  const { seeds } = screening[0]!;
  const rows = screening.map(({ arm, mean }) => `${quoted(arms[arm]!)} ${points(mean)}`);
  return [
    `Screening, percentage points of validation accuracy over the baseline’s in the mean of ${counted(seeds, "seed")}, which is no verdict: ${rows.join(", ")}.`,
  ];
}

function keptWords(
  plan: DoctorPlan,
  arms: readonly Arm[],
  { kept }: DoctorStand,
  { arm, pairs, result }: KeptArm,
): Words {
  const { looks, spent, smallest } = ruleForArms(plan.rule, kept.length);
  const whole = spent.at(-1)!;
  const rule = { looks, spent: spent.map((error) => (error * result.error) / whole), smallest };
  return compareWords(rule, [arms[0]!.name, arms[arm]!.name], pairs, result);
}

function commandsOf(plan: DoctorPlan, arms: readonly Arm[], answer: DoctorAnswer): readonly string[] {
  const { winner, settled, screening, kept, command } = answer;
  if (winner !== null || settled) return [command];
  const open = kept.find(({ result }) => result.verdict.kind === "waiting");
  const promising = open?.arm ?? screening[0]?.arm;
  if (promising === undefined) return [];
  const used = Math.max(0, ...kept.map(({ pairs }) => pairs.length));
  return [compareCommand(plan.base, [arms[0]!, arms[promising]!], plan.firstSeed + mostSeeds + used)];
}
