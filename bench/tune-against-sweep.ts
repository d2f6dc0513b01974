// What does the search of `cutout tune` cost against the full sweep, and what does its choice lose? Both by the real commands,
// with other seeds each time; studies that are there are gone on with, rows that are there are not run again.
//
//   node --import tsx bench/tune-against-sweep.ts --data asirra --name asirra --folder runs/tune-asirra \
//     --out bench/results/tune-against-sweep.jsonl -- --size 32 --train-images 400 --epochs 24
//
// What a full sweep with other seeds would have chosen is set beside it, and all against the mean over all sweeps.
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Asked, ask } from "../src/study/questions/index.ts";
import type { TunePlan } from "../src/study/questions/tune.ts";
import { conductedOf, isStudy, openStudy } from "../src/study-folder/index.ts";

const { values, positionals: flags } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: "string" },
    name: { type: "string" },
    folder: { type: "string" },
    out: { type: "string" },
    lengths: { type: "string", default: "0,4,8,12,16,20,24,28,32" },
    seeds: { type: "string", default: "3" },
    repetitions: { type: "string", default: "0-2" },
    parallel: { type: "string", default: "1" },
  },
});
const { data, name, folder, out, lengths, seeds, repetitions, parallel } = values;
if (data === undefined || name === undefined || folder === undefined || out === undefined)
  throw new Error("tune-against-sweep: --data, --name, --folder and --out must be given");

interface Row {
  readonly name: string;
  readonly repetition: number;
  readonly flags: string;
  readonly lengths: string;
  /** Search over sweep, without tests and without a confirmation. */
  readonly price: { readonly epochs: number; readonly seconds: number };
  readonly sweepBest: string;
  readonly tuneChosen: string;
  /** How `tune` chose; since 2026-11-30 by the curve. */
  readonly by: TunePlan["choice"];
  /** Mean validation accuracy of the sweep's best minus that of tune's choice, both of the sweep's runs. */
  readonly regret: number;
  /** The same for the value of each single seed of the sweep, in the mean: what a choice by one full training each loses. */
  readonly regretOfOneSeed: number;
  /** Whether the sweep does not tell tune's choice from its best, and the other way round. */
  readonly chosenInSweepPlateau: boolean;
  readonly bestInTunePlateau: boolean;
  readonly sweep: readonly { readonly length: string; readonly accuracies: readonly number[] }[];
}

const main = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

function cutout(words: readonly string[]): void {
  const command = ["--import", import.meta.resolve("tsx"), main, ...words];
  const { status } = spawnSync(process.execPath, command, { stdio: "inherit" });
  if (status !== 0) throw new Error(`tune-against-sweep: cutout ${words[0]} ended with ${status}`);
}

/** The answered study of a command, made or gone on with. */
function studyOf<Name extends Asked["question"]>(
  command: Name,
  path: string,
  firstSeed: number,
  own: readonly string[],
) {
  const common = ["--length", lengths, "--seeds", seeds, "--seed", String(firstSeed), ...own, ...flags];
  if (isStudy(path)) cutout(["study", "resume", path, "--parallel", parallel]);
  else cutout([command, data!, ...common, "--parallel", parallel, "--out", path]);
  const study = openStudy(path);
  const conducted = conductedOf(study);
  const asked = ask(study.study, conducted);
  if (asked.question !== command || asked.answer === null) throw new Error(`${path} has no answer`);
  return { asked: asked as Extract<Asked, { readonly question: Name }>, conducted };
}

function repeat(repetition: number): Row {
  const at = 1000 * repetition;
  const sweep = studyOf("sweep", join(folder!, `sweep-${repetition}`), at, []);
  // Seeds of its own, as a person would tune who has not swept.
  const tune = studyOf("tune", join(folder!, `tune-${repetition}`), at + 500, ["--no-confirm"]);
  const { best, scores } = sweep.asked.answer!.choice;
  const { chosen, plateau, price } = tune.asked.answer!;
  const label = (arm: number) => sweep.asked.plan.points[arm]![0]!;
  const seconds = sweep.conducted.reduce(
    (sum, { trial, outcome }) =>
      sum + (trial.task === "train" && outcome.state === "finished" ? outcome.seconds : 0),
    0,
  );
  const top = scores[best]!.mean;
  const ones = scores[0]!.accuracies.map((_, seed) => {
    const own = scores.map(({ accuracies }) => accuracies[seed]!);
    return top - scores[own.indexOf(Math.max(...own))]!.mean;
  });
  return {
    name: name!,
    repetition,
    flags: flags.join(" "),
    lengths,
    price: { epochs: price.search.epochs / price.sweep.epochs, seconds: price.search.seconds / seconds },
    sweepBest: label(best),
    tuneChosen: label(chosen),
    by: tune.asked.plan.choice,
    regret: top - scores[chosen]!.mean,
    regretOfOneSeed: ones.reduce((sum, one) => sum + one, 0) / ones.length,
    chosenInSweepPlateau: scores[chosen]!.plateau,
    bestInTunePlateau: plateau.includes(best),
    sweep: scores.map(({ arm, accuracies }) => ({ length: label(arm), accuracies })),
  };
}

const known: Row[] = existsSync(out)
  ? readFileSync(out, "utf8")
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as Row)
  : [];
mkdirSync(folder, { recursive: true });
const [from, to] = repetitions.split("-").map(Number) as [number, number];
for (let repetition = from; repetition <= to; repetition++) {
  if (known.some((row) => isOurs(row) && row.repetition === repetition)) continue;
  const row = repeat(repetition);
  appendFileSync(out, `${JSON.stringify(row)}\n`);
  known.push(row);
}

function isOurs(row: Row): boolean {
  return row.name === name && row.flags === flags.join(" ") && row.lengths === lengths;
}

const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
const points = (share: number) => (100 * share).toFixed(2);
const percent = (share: number) => `${(100 * share).toFixed(1)} %`;

/** Of a length, in points, behind the best of a sweep. */
function behind({ sweep }: Pick<Row, "sweep">, length: string): number {
  const means = sweep.map(({ accuracies }) => mean(accuracies));
  return Math.max(...means) - means[sweep.findIndex((one) => one.length === length)]!;
}

const ours = known.filter(isOurs).sort((a, b) => a.repetition - b.repetition);
const all = {
  sweep: ours[0]!.sweep.map(({ length }) => ({
    length,
    accuracies: ours.flatMap(({ sweep }) => sweep.find((one) => one.length === length)!.accuracies),
  })),
};
for (const row of ours) {
  const others = ours.filter((other) => other !== row).map(({ sweepBest }) => behind(row, sweepBest));
  console.log(
    `${row.name} ${row.repetition}: sweep ${row.sweepBest}, tune ${row.tuneChosen} (${row.by}); behind the sweep's best ${points(row.regret)} points (what the other sweeps chose: ${others.map(points).join(", ")}; one full training each: ${points(row.regretOfOneSeed)}); behind the best of all sweeps together ${points(behind(all, row.tuneChosen))} (the sweep's choice: ${points(behind(all, row.sweepBest))}); ${percent(row.price.epochs)} of the epochs, ${percent(row.price.seconds)} of the seconds`,
  );
}
