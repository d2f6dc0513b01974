// What a search for a length comes to, in words: a plateau, the confirmation, and the price of both.
import type { Arm } from "../../study-folder/index.ts";
import { capital, counted, duration, listed, percent } from "../../text.ts";
import type { Words } from "../words.ts";
import { armLabel, armsLabel } from "./axes.ts";
import { baseOf, compareCommand, trainCommand } from "./commands.ts";
import { compareWords } from "./compare-words.ts";
import { mostIn, type RungEnd } from "./halving.ts";
import type { Found, TuneAnswer, TunePlan } from "./tune.ts";

/** Most that a line about a rung names. */
const named = 5;

export function tuneWords(
  plan: TunePlan,
  arms: readonly Arm[],
  ends: readonly RungEnd[],
  found: Found | null,
  confirmation: TuneAnswer["confirmation"],
): Words {
  const rungs = ends.map((end, index) => rungText(plan, arms, end, index));
  if (found === null) {
    const headline = `The search goes on: ${ends.length} of ${counted(plan.rungs.length, "round")} ended.`;
    return { headline, sentences: rungs, commands: [], cautions: [] };
  }
  const { candidate, plateau } = found;
  const names = [arms[plan.baseline]!.name, arms[candidate]!.name] as const;
  const fresh =
    plan.rule === null || confirmation === null
      ? null
      : compareWords(plan.rule, names, confirmation.pairs, confirmation.result);
  const base = baseOf(plan, arms);
  return {
    headline: [choiceText(plan, arms, found), ...(fresh === null ? [] : [fresh.headline])].join(" "),
    sentences: [
      ...rungs,
      plateauText(plan, arms, found),
      ...(fresh === null
        ? []
        : [
            `Confirmed with seeds that the search has not seen, on the test part, which it has not looked at: ${armLabel(plan, arms, candidate)} against ${armLabel(plan, arms, plan.baseline)}.`,
            ...fresh.sentences,
          ]),
      priceText(plan, found),
    ],
    commands: [
      ...(fresh === null
        ? [compareCommand(base, [arms[plan.baseline]!, arms[candidate]!], plan.freshSeed)]
        : []),
      trainCommand(base, arms[toTrain(plan, found, confirmation)]!),
    ],
    cautions: [
      ...(plateau.length > 1
        ? [
            "“Not told apart” is not “equal”: the search has few trainings of each, and is after a good value, not after proof.",
          ]
        : []),
      ...(fresh?.cautions ?? []),
    ],
  };
}

/** What it will take at most, before it begins. */
export function priceAheadText({ points, rungs, epochs, sweepValues, sweepSeeds, rule }: TunePlan): string {
  const sweep = sweepValues * sweepSeeds * epochs;
  const share = (of: number) => `${Math.round((100 * of) / sweep)}\u00A0%`;
  const search = rungs.reduce(
    (sum, rung) => sum + rung.epochs * rung.seeds.length * mostIn(rung, points.length),
    0,
  );
  const own = `the search takes at most ${counted(search, "epoch")}, ${share(search)} of a full sweep of ${sweepValues} x ${sweepSeeds} runs`;
  if (rule === null) return own;
  const [fewest, most] = [rule.looks[0]!, rule.looks.at(-1)!].map((pairs) => 2 * pairs * epochs);
  return `${own}; then the confirmation ${fewest} to ${most} epochs, ${share(fewest!)} to ${share(most!)} of it (--no-confirm leaves that out)`;
}

/** What the confirmation says; where it says neither, what the search does. */
function toTrain(
  { baseline }: TunePlan,
  { chosen, candidate }: Found,
  confirmation: TuneAnswer["confirmation"],
): number {
  const verdict = confirmation?.result.verdict.kind;
  if (verdict === "better") return candidate;
  return verdict === "worse" ? baseline : chosen;
}

function choiceText(
  plan: TunePlan,
  arms: readonly Arm[],
  { chosen, plateau, candidate, curve }: Found,
): string {
  const name = capital(armLabel(plan, arms, chosen));
  const others = plateau.filter((arm) => arm !== chosen);
  const alone =
    curve === null
      ? `${name} is highest in the search`
      : `${name} is highest on the curve through all trainings of the search`;
  const against = chosen === plan.baseline ? `; of the others ${armLabel(plan, arms, candidate)}` : "";
  if (others.length === 0) return `${alone}${against}.`;
  if (others.length === arms.length - 1) return `${alone}${against}; none of the others can be told from it.`;
  return `${alone}${against}; ${armsLabel(plan, arms, plateau)} cannot be told apart.`;
}

function rungText(
  plan: TunePlan,
  arms: readonly Arm[],
  { rung, order, means }: RungEnd,
  index: number,
): string {
  const tops = order.slice(0, named).map((arm, at) => `${armLabel(plan, arms, arm)} ${percent(means[at]!)}`);
  const rest = order.length - tops.length;
  const seeds = rung.seeds.length === 1 ? "one seed" : `up to ${counted(rung.seeds.length, "seed")}`;
  return `Round ${index + 1}, ${counted(order.length, "setting")}, ${counted(rung.epochs, "epoch")} each, ${seeds}: ${listed(tops)}${rest > 0 ? `, then ${rest} lower` : ""} on the validation part.`;
}

function plateauText(plan: TunePlan, arms: readonly Arm[], { plateau, behind, chosen }: Found): string {
  const apart = [...arms.keys()].filter((arm) => !plateau.includes(arm));
  if (behind.every(({ interval }) => interval === null)) {
    return "One training of each says nothing about how far a seed reaches, so none is told from another.";
  }
  const told = apart.length === 0 ? "none" : armsLabel(plan, arms, apart);
  return `Over all trainings of the search, told from ${armLabel(plan, arms, chosen)}: ${told} (95 % for all differences together).`;
}

function priceText({ sweepValues, sweepSeeds }: TunePlan, { price }: Found): string {
  const { search, confirmation, sweep } = price;
  const share = (epochs: number) => `${Math.round((100 * epochs) / sweep.epochs)}\u00A0%`;
  const all = `a full sweep of ${sweepValues} x ${sweepSeeds} runs (${counted(sweep.epochs, "epoch")}, about ${duration(sweep.seconds)})`;
  const own = `Price: the search ${counted(search.epochs, "epoch")} and ${duration(search.seconds)}, ${share(search.epochs)} of ${all}`;
  if (confirmation.epochs === 0) return `${own}.`;
  return `${own}; the confirmation ${counted(confirmation.epochs, "epoch")} and ${duration(confirmation.seconds)}, ${share(confirmation.epochs)} more.`;
}
