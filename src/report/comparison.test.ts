// Comparing runs: the verdict follows the test, says what it cannot know, and refuses what cannot be compared.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkOffline, partOf, rowsOf, textOf } from "../../test/fixtures/page.ts";
import {
  epochsOf,
  evaluationOf,
  makeRunFolder,
  prediction,
  temporaryFolder,
} from "../../test/fixtures/run-folder.ts";
import type { CutoutInput } from "../config/cutout-fields.ts";
import { mcnemarExact } from "../stats/mcnemar.ts";
import { pairedDifferenceInterval } from "../stats/proportion.ts";
import { differenceOf, disagreements, pairUp } from "../study/models.ts";
import { points, pValue } from "../text.ts";
import { writeComparison } from "./html.ts";

const classes = ["cat", "dog"];

/** Two lists of answers on the same images with these many of each kind. */
function answers(both: number, onlyFirst: number, onlySecond: number, neither: number) {
  const kinds = [
    ...Array<[boolean, boolean]>(both).fill([true, true]),
    ...Array<[boolean, boolean]>(onlyFirst).fill([true, false]),
    ...Array<[boolean, boolean]>(onlySecond).fill([false, true]),
    ...Array<[boolean, boolean]>(neither).fill([false, false]),
  ];
  const side = (which: 0 | 1) =>
    kinds.map((kind, index) =>
      prediction(`${index}.jpg`, index % 2, kind[which] ? index % 2 : (index + 1) % 2),
    );
  return { first: side(0), second: side(1) };
}

const cutout = { length: 16 };

async function compare(
  counts: readonly [number, number, number, number],
  { firstCutout = null as CutoutInput | null, secondCutout = cutout as CutoutInput | null, config = {} } = {},
): Promise<string> {
  const { first, second } = answers(...counts);
  const out = join(temporaryFolder(), "comparison.html");
  const runs = [
    makeRunFolder({ classes, predictions: first, cutout: firstCutout }),
    makeRunFolder({ classes, predictions: second, cutout: secondCutout, config }),
  ];
  expect(await writeComparison(runs, out)).toBe(out);
  const page = readFileSync(out, "utf8");
  checkOffline(page);
  return page;
}

const only = "This is about this pair of models only: one pair cannot tell which settings are better";

test("two models: what McNemar's test says of them, with its limits, and nothing of the settings", async () => {
  const cases = [
    { counts: [80, 2, 14, 4], says: "the model of “--cutout 16” is right more often than" },
    { counts: [80, 14, 2, 4], says: "the model of “--no-cutout” is right more often than" },
    { counts: [80, 7, 9, 4], says: "These images do not tell the two models apart." },
    { counts: [90, 0, 0, 10], says: "These images do not tell the two models apart." },
  ] as const;
  for (const { counts, says } of cases) {
    const [bothRight, onlyFirstRight, onlySecondRight, bothWrong] = counts;
    const page = await compare(counts);
    expect(page).toContain("<h1>Cutout off against 16</h1>");
    const verdict = textOf(partOf(page, "verdict-1"));
    expect(verdict).toContain(says);
    expect(verdict).toContain(only);
    expect(verdict).toContain("Too few seeds for a verdict: 1 pair.");
    expect(verdict).toMatch(
      /for seed in 0 1 2 3 4; do cutout train --config \S+config.json --seed \$seed; done/,
    );
    expect(verdict).not.toMatch(/is better than|won|lost/);
    const { lower, upper } = pairedDifferenceInterval({
      bothRight,
      onlyFirstRight,
      onlySecondRight,
      bothWrong,
    });
    const difference = points((onlySecondRight - onlyFirstRight) / 100);
    expect(verdict).toContain(
      `${difference} percentage points of 100 test images (95 % interval ${points(lower)} to ${points(upper)})`,
    );
    expect(verdict).toContain(`probability ${pValue(mcnemarExact(onlyFirstRight, onlySecondRight))}`);
    expect(verdict).toContain(`${onlySecondRight} only “--cutout 16” got right, ${onlyFirstRight} only`);
    expect(verdict.includes("does not show that they are equal")).toBe(says.startsWith("These"));
  }
});

test("results, classes, disagreements and settings stand as in the files", async () => {
  const page = await compare([80, 2, 14, 4]);
  const rows = rowsOf(partOf(page, "results"));
  expect(rows[1]!.slice(0, 2)).toEqual(["--no-cutout without Cutout", "82.0 %"]);
  expect(rows[2]!.slice(0, 2)).toEqual([
    "--cutout 16 with Cutout (length 16, 5.5 % masked on average)",
    "94.0 %",
  ]);
  expect(rows[1]!.slice(5)).toEqual(["2 of 3", "68.0 %", "38 s"]);
  expect(
    rowsOf(partOf(page, "classes"))
      .slice(1)
      .map((row) => row.at(-1)),
  ).toEqual(["+12.0", "+12.0"]);
  const disagree = textOf(partOf(page, "disagreements-1"));
  expect(disagree).toContain("Right only with “--cutout 16”: 14 images");
  expect(disagree).toContain("Right only with “--no-cutout”: 2 images");
  expect(rowsOf(partOf(page, "settings"))).toEqual([
    ["Setting", "--no-cutout", "--cutout 16"],
    ["cutout", "off", "16"],
  ]);
});

test("labels are the flags that set the runs apart, and no more", async () => {
  const { first, second } = answers(80, 2, 14, 4);
  const labels = async (...cutouts: readonly (CutoutInput | null)[]) => {
    const out = join(temporaryFolder(), "comparison.html");
    const runs = cutouts.map((one, index) =>
      makeRunFolder({ classes, predictions: index === 0 ? first : second, cutout: one }),
    );
    await writeComparison(runs, out);
    const [, line] = /<p>(.*?)<\/p>/.exec(readFileSync(out, "utf8"))!;
    return textOf(line!).split(" · ");
  };
  expect(await labels(null, { like: "timm" }, cutout)).toEqual([
    "--no-cutout (1 run)",
    "--cutout-like timm (1 run)",
    "--cutout 16 (1 run)",
  ]);
  expect(await labels(cutout, { ...cutout, length: 32 })).toEqual([
    "--cutout 16 (1 run)",
    "--cutout 32 (1 run)",
  ]);
  expect(await labels({ like: "timm" }, { like: "timm:probability=1" })).toEqual([
    "--cutout-like timm (1 run)",
    "--cutout-like timm:probability=1 (1 run)",
  ]);
  expect(await labels(cutout, { ...cutout, fill: "imageMean" })).toEqual([
    "--fill zero (1 run)",
    "--fill imageMean (1 run)",
  ]);
  expect(await labels(cutout, cutout)).toEqual(["these settings (2 runs)"]);
});

test("another seed, another learning rate, other data: each is said", async () => {
  expect(textOf(partOf(await compare([8, 1, 1, 0]), "verdict-1"))).not.toContain("differs:");
  const config = { seed: 8, batchSize: 128 };
  const verdict = textOf(partOf(await compare([8, 1, 1, 0], { config }), "verdict-1"));
  expect(verdict).toContain("The seeds differ too");
  expect(verdict).toContain("Too few seeds for a verdict: 0 pairs.");
  expect(verdict).toContain("More than one thing differs: batch size, learning rate, cutout.");
});

test("a run without its settings still gets a verdict, which says that they are missing", async () => {
  const { first, second } = answers(80, 2, 14, 4);
  const bare = makeRunFolder({ classes, predictions: second });
  rmSync(join(bare, "config.json"));
  const out = join(temporaryFolder(), "comparison.html");
  await writeComparison([makeRunFolder({ classes, predictions: first }), bare], out, ["A", "B"]);
  const verdict = textOf(partOf(readFileSync(out, "utf8"), "verdict-1"));
  expect(verdict).toContain("the model of “B” is right more often than the model of “A”");
  expect(verdict).toContain("The settings of a run are missing");
});

test("runs on different images, of different classes, or without a result get no verdict, and the reason", async () => {
  const { first } = answers(5, 0, 0, 5);
  const base = () => makeRunFolder({ classes, predictions: first });
  const unfinished = makeRunFolder({ classes, predictions: first, config: { batchSize: 16 } });
  rmSync(join(unfinished, "evaluation.json"));
  const empty = temporaryFolder();
  const other = { classes, config: { batchSize: 16 } };
  const cases: readonly (readonly [string, string])[] = [
    [makeRunFolder({ ...other, predictions: first.slice(1) }), "tested on different images"],
    [makeRunFolder({ ...other, classes: ["cat", "fox"], predictions: first }), "different classes"],
    [unfinished, "no test result"],
    [empty, "no test result"],
    [makeRunFolder({ ...other, predictions: [...first.slice(1), first[1]!] }), "comes twice"],
    [
      makeRunFolder({ ...other, predictions: first.map((one) => ({ ...one, label: 1 - one.label })) }),
      "disagree on what",
    ],
  ];
  for (const [against, reason] of cases) {
    const out = join(temporaryFolder(), "comparison.html");
    await writeComparison([base(), against], out);
    const page = readFileSync(out, "utf8");
    checkOffline(page);
    const verdict = textOf(partOf(page, "verdict-1"));
    expect(verdict).toContain("No verdict.");
    expect(verdict).toContain(reason);
    expect(verdict).not.toContain("percentage points");
  }
});

test("more than two settings: each against the first, the test corrected for their number", async () => {
  const { first, second } = answers(80, 4, 13, 3);
  const runs = [first, second, first].map((predictions, index) =>
    makeRunFolder({ classes, predictions, cutout: index === 0 ? null : { length: 8 * index } }),
  );
  const out = join(temporaryFolder(), "comparison.html");
  await writeComparison(runs, out, ["A", "<i>B</i>", "C"]);
  const page = readFileSync(out, "utf8");
  checkOffline(page);
  const p = mcnemarExact(4, 13);
  expect(p).toBeLessThan(0.05);
  const verdict = textOf(partOf(page, "verdict-1"));
  expect(verdict).toContain("“<i>B</i>” against “A”");
  expect(verdict).toContain(`${pValue(p)} (McNemar’s exact test), ${pValue(2 * p)} after Holm`);
  expect(verdict).toContain("These images do not tell the two models apart");
  expect(verdict).toContain("A verdict needs at least 7 seeds that both have");
  expect(textOf(partOf(page, "verdict-2"))).toContain("These images do not tell the two models apart");
});

/** Runs of one config, a seed each, with so many of 100 test images right. */
const seedRuns = (right: readonly number[], told: CutoutInput | null, firstSeed = 0) =>
  right.map((count, index) =>
    makeRunFolder({
      classes,
      predictions: answers(0, count, 0, 100 - count).first,
      cutout: told,
      config: { seed: firstSeed + index },
    }),
  );

async function pageOf(runs: readonly string[]): Promise<string> {
  const out = join(temporaryFolder(), "comparison.html");
  await writeComparison(runs, out);
  const page = readFileSync(out, "utf8");
  checkOffline(page);
  return page;
}

test("an interval that leaves out 0 beside a test that is corrected for several groups is said to be undecided", async () => {
  const base = [70, 70, 70, 70, 70, 70, 70];
  const groups = [
    ...seedRuns(base, null),
    ...seedRuns([69, 80, 81, 82, 83, 84, 85], cutout),
    ...seedRuns([69, 71, 70, 69, 71, 70, 70], { length: 8 }),
  ];
  const verdict = textOf(partOf(await pageOf(groups), "verdict-1"));
  expect(verdict).toMatch(/95 % interval \+\d/);
  expect(verdict).toContain("0.063 after Holm’s correction for 2 comparisons");
  expect(verdict).toContain("No verdict");
  expect(verdict).toContain("The interval leaves out 0 all the same");
});

test("the same settings with several seeds are a spread, never an effect", async () => {
  const page = await pageOf(seedRuns([60, 90, 75], cutout));
  expect(page).toContain("<h1>The same settings, 3 seeds</h1>");
  expect(page).not.toMatch(/McNemar|is better|more often/);
  const verdict = textOf(partOf(page, "verdict-1"));
  expect(verdict).toContain("no difference here is the effect of a setting");
  expect(verdict).toContain("75.0 % in the mean of 3 seeds, deviation 15.00 points, 60.0 % to 90.0 %");
  // 4.3027 is the quantile of Student's t with 2 degrees of freedom.
  expect(verdict).toContain(`up to ${(4.302653 * Math.SQRT2 * 15).toFixed(2)}`);
  expect(rowsOf(partOf(page, "groups"))[1]).toEqual([
    "these settings",
    "3",
    "75.00 %",
    "15.00 points",
    "60.00 % to 90.00 %",
  ]);
});

test("two groups over six seeds get the verdict of the paired test; over fewer none", async () => {
  const [low, high] = [
    [80, 81, 82, 83, 84, 85],
    [82, 84, 83, 87, 88, 88],
  ];
  const page = await pageOf([...seedRuns(low, null), ...seedRuns(high, cutout)]);
  const verdict = textOf(partOf(page, "verdict-1"));
  expect(verdict).toContain(
    "“--cutout 16” is better than “--no-cutout”, by 2.83 percentage points in the mean.",
  );
  expect(verdict).toContain(
    "in the mean of 6 seed pairs (95 % interval +1.00 to +4.00); higher with 6 seeds, lower with 0",
  );
  expect(verdict).toContain("probability 0.031 (paired sign-flip permutation test");
  expect(verdict).not.toContain("Too few");
  expect(rowsOf(partOf(page, "verdict-1"))[1]).toEqual(["0", "80.00 %", "82.00 %", "+2.00"]);
  const five = textOf(
    partOf(await pageOf([...seedRuns(low.slice(1), null, 1), ...seedRuns(high, cutout)]), "verdict-1"),
  );
  expect(five).toContain("Too few seeds for a verdict: 5 pairs.");
  expect(five).not.toContain("is better");
  expect(five).toMatch(/cutout train --config \S+ --seed 0/);
  const undecided = textOf(
    partOf(
      await pageOf([...seedRuns(low, null), ...seedRuns([85, 84, 83, 82, 81, 80], cutout)]),
      "verdict-1",
    ),
  );
  expect(undecided).toContain("No verdict: these seeds do not tell the settings apart.");
});

test("pairing does not depend on the order of the images; the test counts every one once", () => {
  fc.assert(
    fc.property(
      fc.nat({ max: 20 }),
      fc.nat({ max: 20 }),
      fc.nat({ max: 20 }),
      fc.nat({ max: 20 }),
      (a, b, c, d) => {
        fc.pre(a + b + c + d > 0);
        const { first, second } = answers(a, b, c, d);
        const pairing = pairUp(evaluationOf(classes, first), evaluationOf(classes, [...second].reverse()));
        if (!("pairs" in pairing)) throw new Error(pairing.reason);
        const result = differenceOf(pairing.pairs);
        expect(result.counts).toEqual({ bothRight: a, onlyFirstRight: b, onlySecondRight: c, bothWrong: d });
        expect(result.p).toBe(mcnemarExact(b, c));
        const { onlyFirst, onlySecond } = disagreements(pairing.pairs);
        expect([onlyFirst.length, onlySecond.length]).toEqual([b, c]);
      },
    ),
  );
});

test("an unfinished run beside a finished one shows its curves", async () => {
  const { first } = answers(5, 0, 0, 5);
  const unfinished = makeRunFolder({ classes, predictions: first, cutout, epochs: epochsOf(2) });
  rmSync(join(unfinished, "evaluation.json"));
  const out = join(temporaryFolder(), "deep", "comparison.html");
  await writeComparison([makeRunFolder({ classes, predictions: first }), unfinished], out);
  const page = readFileSync(out, "utf8");
  expect(textOf(partOf(page, "problems"))).toContain("--cutout 16: evaluation.json is missing");
  expect(partOf(page, "curves")).toContain("<svg");
});

test("one run, a wrong number of labels, and a file that cannot be written are refused by name", async () => {
  const { first } = answers(2, 0, 0, 0);
  const run = makeRunFolder({ classes, predictions: first });
  const out = join(temporaryFolder(), "comparison.html");
  await expect(writeComparison([run], out)).rejects.toThrow("comparison: needs at least two runs, got 1");
  await expect(writeComparison([run, run], out, ["a"])).rejects.toThrow(
    "a label for each of the 2 runs, got 1",
  );
  mkdirSync(out);
  await expect(writeComparison([run, run], out)).rejects.toThrow("comparison.html: could not be written");
});
