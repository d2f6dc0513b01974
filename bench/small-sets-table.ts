// The rows of `small-sets.ts` as tables: ways to keep weights against the best epoch, arms against the first, paired by seed.
//
//   node --import tsx bench/small-sets-table.ts bench/results/small-sets.jsonl
import { readFileSync } from "node:fs";
import { pairedT } from "../src/stats/student.ts";
import type { Row } from "./small-sets-row.ts";

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error("small-sets-table: a file of rows must be given, got none");
const rows: Row[] = readFileSync(file, "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

const percent = (share: number) => (100 * share).toFixed(2);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const distinct = <T>(values: readonly T[]) => [...new Set(values)];

/** `+3.1 (+1.2 to +5.0)`, in points */
function difference(first: readonly number[], second: readonly number[]): string {
  const sign = (value: number) => `${value < 0 ? "" : "+"}${(100 * value).toFixed(1)}`;
  const differences = first.map((value, index) => second[index]! - value);
  const middle = sign(mean(differences));
  if (new Set(differences).size < 2) return middle;
  const { interval } = pairedT(differences);
  return `${middle} (${sign(interval.lower)} to ${sign(interval.upper)})`;
}

for (const arm of distinct(rows.map((row) => row.arm))) {
  for (const images of distinct(rows.map((row) => row.images)).sort((a, b) => a - b)) {
    const some = rows.filter((row) => row.arm === arm && row.images === images);
    if (some.length === 0) continue;
    const { validation, epochs, batchSize, photos } = some[0]!;
    console.log(
      `\n${arm}: ${images} training images, ${validation} to validate, ${epochs} epochs of batches of ${batchSize}; ` +
        `${photos} new photos, n = ${some.length} seeds, training accuracy ${percent(mean(some.map((row) => row.trainTop1)))} %`,
    );
    const best = some.flatMap((row) => row.kept.best?.top1 ?? []);
    for (const way of Object.keys(some[0]!.kept)) {
      const top1 = some.map((row) => row.kept[way]!.top1);
      const range = `${percent(Math.min(...top1))} to ${percent(Math.max(...top1))}`;
      console.log(
        `  ${way.padEnd(28)} ${percent(mean(top1))} (${range})  ${way === "best" || best.length < top1.length ? "" : difference(best, top1)}`,
      );
    }
  }
}

const [first, ...others] = distinct(rows.map((row) => row.arm));
for (const images of distinct(rows.map((row) => row.images)).sort((a, b) => a - b)) {
  for (const arm of others) {
    const of = (name: string) =>
      new Map(
        rows
          .filter((row) => row.arm === name && row.images === images)
          .map((row) => [row.seed, row.kept.last!.top1]),
      );
    const [base, other] = [of(first!), of(arm)];
    const seeds = [...base.keys()].filter((seed) => other.has(seed));
    if (seeds.length === 0) continue;
    const pair = [base, other].map((each) => seeds.map((seed) => each.get(seed)!)) as [number[], number[]];
    console.log(
      `${images} images, last epoch: ${arm} ${percent(mean(pair[1]))} against ${first} ${percent(mean(pair[0]))}, ${difference(...pair)}, n = ${seeds.length}`,
    );
  }
}
