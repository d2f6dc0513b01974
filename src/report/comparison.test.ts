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
import { points, pValue } from "../text.ts";
import { writeComparison } from "./html.ts";
import { differenceOf, disagreements, outcomeOf, pairUp } from "./verdict.ts";

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

const only = "This pair of models only: one seed cannot tell which training is better.";

test("Cutout won, lost, or no difference to be seen: as the exact test says, with its limits", async () => {
  const cases = [
    { counts: [80, 2, 14, 4], says: "Cutout won on this pair." },
    { counts: [80, 14, 2, 4], says: "Cutout lost on this pair." },
    { counts: [80, 7, 9, 4], says: "No difference to be seen." },
    { counts: [90, 0, 0, 10], says: "No difference to be seen." },
  ] as const;
  for (const { counts, says } of cases) {
    const [bothRight, onlyFirstRight, onlySecondRight, bothWrong] = counts;
    const verdict = textOf(partOf(await compare(counts), "verdict-1"));
    expect(verdict).toContain(says);
    expect(verdict).toContain(only);
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
    expect(verdict).toContain(`${onlySecondRight} only “with Cutout” got right, ${onlyFirstRight} only`);
    expect(verdict.includes("does not show that they are equal")).toBe(says.startsWith("No"));
  }
});

test("which run has Cutout decides the words, not which comes first", async () => {
  const swapped = await compare([80, 2, 14, 4], { firstCutout: cutout, secondCutout: null });
  expect(textOf(partOf(swapped, "verdict-1"))).toContain("Cutout lost on this pair.");
  const both = await compare([80, 2, 14, 4], {
    firstCutout: cutout,
    secondCutout: { ...cutout, length: 32 },
  });
  expect(textOf(partOf(both, "verdict-1"))).toContain(
    "“with Cutout (length 32, 19.1 % masked on average)” did better than “with Cutout (length 16, 5.5 % masked on average)” on this pair.",
  );
});

test("results, classes, disagreements and settings stand as in the files", async () => {
  const page = await compare([80, 2, 14, 4]);
  const rows = rowsOf(partOf(page, "results"));
  expect(rows[1]!.slice(0, 2)).toEqual(["without Cutout", "82.0 %"]);
  expect(rows[2]!.slice(0, 2)).toEqual([
    "with Cutout with Cutout (length 16, 5.5 % masked on average)",
    "94.0 %",
  ]);
  expect(rows[1]!.slice(5)).toEqual(["3 of 3", "74.7 %", "38 s"]);
  expect(
    rowsOf(partOf(page, "classes"))
      .slice(1)
      .map((row) => row.at(-1)),
  ).toEqual(["+12.0", "+12.0"]);
  const disagree = textOf(partOf(page, "disagreements-1"));
  expect(disagree).toContain("Right only with “with Cutout”: 14 images");
  expect(disagree).toContain("Right only with “without Cutout”: 2 images");
  const settings = rowsOf(partOf(page, "settings")).map(([key]) => key);
  expect(settings).toContain("augment.cutout.length");
  expect(settings).not.toContain("seed");
});

test("labels tell no more than sets the runs apart", async () => {
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
    "without Cutout",
    "with Cutout like timm",
    "with Cutout",
  ]);
  const long = await labels(null, { like: "timm" }, { like: "timm:probability=1" });
  expect(long[0]).toBe("without Cutout");
  expect(long[1]).toMatch(/^with Cutout like timm \(2 % to 33\.33 % of the area, /);
  expect(long[2]).toMatch(/^with Cutout like timm:probability=1 \(/);
  const [one, other] = await labels(cutout, cutout);
  expect(one).toMatch(/^with Cutout \(length 16, 5\.5 % masked on average\), ./);
  expect(other).not.toBe(one);
});

test("another seed, another learning rate, other data: each is said", async () => {
  expect(textOf(partOf(await compare([8, 1, 1, 0]), "verdict-1"))).not.toContain("differ:");
  const config = { seed: 8, batchSize: 128 };
  const verdict = textOf(partOf(await compare([8, 1, 1, 0], { config }), "verdict-1"));
  expect(verdict).toContain("The seeds differ");
  expect(verdict).toContain("More than the augmentation differs: batchSize, schedule.learningRate.");
});

test("a run without its settings still gets a verdict, which says that they are missing", async () => {
  const { first, second } = answers(80, 2, 14, 4);
  const bare = makeRunFolder({ classes, predictions: second });
  rmSync(join(bare, "config.json"));
  const out = join(temporaryFolder(), "comparison.html");
  await writeComparison([makeRunFolder({ classes, predictions: first }), bare], out, ["A", "B"]);
  const verdict = textOf(partOf(readFileSync(out, "utf8"), "verdict-1"));
  expect(verdict).toContain("“B” did better than “A” on this pair.");
  expect(verdict).toContain("The settings of a run are missing");
});

test("runs on different images, of different classes, or without a result get no verdict, and the reason", async () => {
  const { first } = answers(5, 0, 0, 5);
  const base = () => makeRunFolder({ classes, predictions: first });
  const unfinished = base();
  rmSync(join(unfinished, "evaluation.json"));
  const empty = temporaryFolder();
  const cases: readonly (readonly [string, string])[] = [
    [makeRunFolder({ classes, predictions: first.slice(1) }), "tested on different images"],
    [makeRunFolder({ classes: ["cat", "fox"], predictions: first }), "different classes"],
    [unfinished, "no test result"],
    [empty, "no test result"],
    [makeRunFolder({ classes, predictions: [...first.slice(1), first[1]!] }), "comes twice"],
    [
      makeRunFolder({ classes, predictions: first.map((one) => ({ ...one, label: 1 - one.label })) }),
      "disagree on what",
    ],
  ];
  for (const [other, reason] of cases) {
    const out = join(temporaryFolder(), "comparison.html");
    await writeComparison([base(), other], out);
    const page = readFileSync(out, "utf8");
    checkOffline(page);
    const verdict = textOf(partOf(page, "verdict-1"));
    expect(verdict).toContain("No verdict.");
    expect(verdict).toContain(reason);
    expect(verdict).not.toContain("percentage points");
  }
});

test("more than two runs: each against the first, the test corrected for their number", async () => {
  const { first, second } = answers(80, 4, 13, 3);
  const runs = [first, second, first].map((predictions, index) =>
    makeRunFolder({ classes, predictions, cutout: index === 0 ? null : cutout }),
  );
  const out = join(temporaryFolder(), "comparison.html");
  await writeComparison(runs, out, ["A", "<i>B</i>", "C"]);
  const page = readFileSync(out, "utf8");
  checkOffline(page);
  const p = mcnemarExact(4, 13);
  expect(p).toBeLessThan(0.05);
  const verdict = textOf(partOf(page, "verdict-1"));
  expect(verdict).toContain("“<i>B</i>” against “A”");
  expect(verdict).toContain(`${pValue(p)} (McNemar’s exact test), which is ${pValue(2 * p)} after Holm`);
  expect(verdict).toContain(2 * p < 0.05 ? "Cutout won" : "No difference to be seen");
  expect(textOf(partOf(page, "verdict-2"))).toContain("No difference to be seen");
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
        const outcome = outcomeOf(result, result.p);
        expect(outcome).toBe(result.p >= 0.05 ? "no difference" : c > b ? "second better" : "first better");
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
  expect(textOf(partOf(page, "problems"))).toContain("with Cutout: evaluation.json is missing");
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
