// What an arm of a sweep gains in time to accuracy: the seconds that the plain settings, trained longer or shorter, need
// for the accuracy that it reaches, over the seconds that it took. Arms that are nothing but `--epochs N` are the plain ones.
// The mean over the seeds is the geometric one, with a 95 % interval by Student's t over the logarithms.
//
//   cutout sweep cifar10 --arm "--epochs 4" --arm "--epochs 8" --arm "--epochs 16" --arm "--epochs 8 --optimizer muon" ... --seeds 3
//   node --import tsx bench/time-to-accuracy.ts study/results.csv
import { existsSync, readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";
import { meanWithInterval } from "../src/stats/student.ts";

const [file] = process.argv.slice(2);
if (file === undefined || !existsSync(file))
  throw new Error(`time-to-accuracy: must be given the results.csv of a study, got ${file ?? "none"}`);

interface Run {
  readonly arm: string;
  readonly seed: string;
  readonly accuracy: number;
  readonly seconds: number;
}

const rows: readonly Readonly<Record<string, string>>[] = parse(readFileSync(file), { columns: true });
// The chosen arm is tested in rows of its own, which have no training.
const runs: readonly Run[] = rows
  .filter(({ stage, state }) => stage === "sweep" && state === "finished")
  .map((row) => ({
    arm: row.arm!,
    seed: row.seed!,
    accuracy: Number(row.validation),
    seconds: Number(row.seconds),
  }));

const isPlain = ({ arm }: Run) => /^--epochs \d+$/.test(arm);
if (new Set(runs.filter(isPlain).map(({ arm }) => arm)).size < 2)
  throw new Error("time-to-accuracy: there must be two arms at least that are --epochs N alone");

/** Seconds of the plain settings for this accuracy, along the straight lines between them, or beyond which end it is. */
function secondsFor({ accuracy }: Run, plain: readonly Run[]): number | "less" | "more" {
  const sorted = [...plain].sort((first, second) => first.seconds - second.seconds);
  for (const [index, after] of sorted.entries()) {
    const before = sorted[index - 1];
    if (!before || after.accuracy < accuracy || before.accuracy > accuracy) continue;
    const share = (accuracy - before.accuracy) / (after.accuracy - before.accuracy);
    return before.seconds + share * (after.seconds - before.seconds);
  }
  return accuracy > sorted.at(-1)!.accuracy ? "more" : "less";
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const percent = (share: number) => (100 * share).toFixed(2);
const beyond = { less: "less than the shortest reaches", more: "more than the longest reaches" };

function togetherText(gains: readonly number[]): string {
  const { mean: middle, interval } = meanWithInterval(gains.map(Math.log));
  const text = (log: number) => Math.exp(log).toFixed(2);
  return interval === null
    ? text(middle)
    : `${text(middle)} (${text(interval.lower)} to ${text(interval.upper)})`;
}

// Each run is set against the plain runs of its own seed: what a seed does to all is taken off.
for (const arm of new Set(runs.map((run) => run.arm))) {
  const some = runs.filter((run) => run.arm === arm);
  const gains = some.map((run) => {
    const needed = secondsFor(
      run,
      runs.filter((other) => isPlain(other) && other.seed === run.seed),
    );
    return typeof needed === "number" ? needed / run.seconds : needed;
  });
  const numbers = gains.filter((gain) => typeof gain === "number");
  const together = numbers.length < gains.length ? "" : `${togetherText(numbers)}, by seed `;
  const each = gains.map((gain) => (typeof gain === "number" ? gain.toFixed(2) : beyond[gain])).join(", ");
  const accuracies = some.map(({ accuracy }) => percent(accuracy)).join(", ");
  console.log(
    `${arm.padEnd(40)} ${percent(mean(some.map(({ accuracy }) => accuracy)))} % (${accuracies})  ${mean(some.map(({ seconds }) => seconds)).toFixed(1)} s  gain ${together}${each}`,
  );
}
