// What an arm of a sweep gains in time to accuracy: the seconds that the plain settings, trained longer or shorter, need
// for the accuracy that it reaches, over the seconds that it took. Arms that are nothing but `--epochs N` are the plain ones.
//
//   cutout sweep cifar10 --arm "--epochs 4" --arm "--epochs 8" --arm "--epochs 16" --arm "--epochs 8 --optimizer muon" ... --seeds 3
//   node --import tsx bench/time-to-accuracy.ts study/results.csv
import { existsSync, readFileSync } from "node:fs";
import { parse } from "csv-parse/sync";

const [file] = process.argv.slice(2);
if (file === undefined || !existsSync(file))
  throw new Error(`time-to-accuracy: must be given the results.csv of a study, got ${file ?? "none"}`);

interface Run {
  readonly arm: string;
  readonly accuracy: number;
  readonly seconds: number;
}

const rows: readonly Readonly<Record<string, string>>[] = parse(readFileSync(file), { columns: true });
// The chosen arm is tested in runs of its own folders again: those rows have a test accuracy too.
const runs: readonly Run[] = rows
  .filter(({ stage, state }) => stage === "sweep" && state === "finished")
  .map((row) => ({ arm: row.arm!, accuracy: Number(row.validation), seconds: Number(row.seconds) }));

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const armOf = (arm: string) => {
  const some = runs.filter((run) => run.arm === arm);
  return {
    arm,
    some,
    accuracy: mean(some.map(({ accuracy }) => accuracy)),
    seconds: mean(some.map(({ seconds }) => seconds)),
  };
};
const arms = [...new Set(runs.map(({ arm }) => arm))].map(armOf);
const plain = arms
  .filter(({ arm }) => /^--epochs \d+$/.test(arm))
  .sort((first, second) => first.seconds - second.seconds);
if (plain.length < 2)
  throw new Error("time-to-accuracy: there must be two arms at least that are --epochs N alone");

/** Seconds of the plain settings for this accuracy, along the straight lines between them; null beyond their ends. */
function secondsFor(accuracy: number): number | null {
  for (const [index, after] of plain.entries()) {
    const before = plain[index - 1];
    if (!before || after.accuracy < accuracy || before.accuracy > accuracy) continue;
    const share = (accuracy - before.accuracy) / (after.accuracy - before.accuracy);
    return before.seconds + share * (after.seconds - before.seconds);
  }
  return null;
}

const percent = (share: number) => (100 * share).toFixed(2);
const beyond = (accuracy: number) =>
  accuracy > plain.at(-1)!.accuracy ? "more than the longest" : "less than the shortest";
const gain = ({ accuracy, seconds }: Pick<Run, "accuracy" | "seconds">) => {
  const needed = secondsFor(accuracy);
  return needed === null ? beyond(accuracy) : (needed / seconds).toFixed(2);
};
for (const { arm, some, accuracy, seconds } of arms) {
  const each = some.map((run) => percent(run.accuracy)).join(", ");
  const gains = some.map(gain).join(", ");
  console.log(
    `${arm.padEnd(44)} ${percent(accuracy)} % (${each})  ${seconds.toFixed(1).padStart(6)} s  gain ${gain({ accuracy, seconds })} (${gains})`,
  );
}
