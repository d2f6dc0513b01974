// Does the rule of `compare` keep its error on real runs? Runs of one config that differ in the seed alone are paired at random.
//
//   node --import tsx bench/null-studies.ts study/results.csv top1
//   node --import tsx bench/null-studies.ts bench/results/small-sets.jsonl kept.last.top1 --where images=600
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parse } from "csv-parse/sync";
import { nullStudies } from "../src/stats/null-studies.ts";
import { standardRule } from "../src/stats/sequential-rule.ts";
import { spreadOf } from "../src/stats/spread.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    where: { type: "string", multiple: true, default: [] },
    studies: { type: "string", default: "10000" },
    seed: { type: "string", default: "0" },
  },
});
const [file, column] = positionals;
if (file === undefined || column === undefined)
  throw new Error("null-studies: a file (.csv or .jsonl) and its column of accuracies must be given");

const text = readFileSync(file, "utf8");
const rows: unknown[] = file.endsWith(".jsonl")
  ? text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
  : parse(text, { columns: true, skip_empty_lines: true });

/** `kept.last.top1`: fields within fields. */
const field = (row: unknown, path: string): unknown =>
  path
    .split(".")
    .reduce<unknown>(
      (inner, name) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, name) : undefined),
      row,
    );

const chosen = rows.filter((row) =>
  values.where.every((condition) => {
    const [path, ...wanted] = condition.split("=");
    return String(field(row, path!)) === wanted.join("=");
  }),
);
const accuracies = chosen.map((row) => {
  const value = field(row, column);
  if (value === undefined || value === "") throw new Error(`null-studies: a row of ${file} has no ${column}`);
  return Number(value);
});
const { falseVerdicts, naive, studies } = nullStudies(
  accuracies,
  standardRule,
  Number(values.studies),
  Number(values.seed),
);
const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
const line = (what: string, { count, share, interval }: typeof naive) =>
  console.log(
    `${what.padEnd(44)} ${count} of ${studies}: ${percent(share)} (${percent(interval.lower)} to ${percent(interval.upper)})`,
  );

const { count, mean, deviation, least, most } = spreadOf(accuracies);
console.log(
  `${count} runs of one config: ${percent(mean)} on average, deviation ${percent(deviation!)}, ${percent(least)} to ${percent(most)}`,
);
console.log(`null studies of up to ${standardRule.looks.at(-1)} pairs, seed ${values.seed}:`);
line("better or worse by the rule of compare", falseVerdicts);
line(`p <= 0.05 by t at one of ${standardRule.looks.join(", ")} pairs`, naive);
