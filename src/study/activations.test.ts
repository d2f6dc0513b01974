import { expect, test } from "vitest";
import { mcnemarExact } from "../stats/mcnemar.ts";
import { pairedDifferenceInterval, wilsonInterval } from "../stats/proportion.ts";
import { hiddenRows, type InspectedRun, whyNoPair, worthLooking } from "./activations.ts";
import { hiddenHeadline, hiddenSentences, hiddenTable, magnitudeRows } from "./activations-words.ts";

const classes = ["cat", "dog"];
const layer = (name: string, mean: number) => ({
  name,
  shape: [2, 4, 4],
  mean,
  sortedThenAveraged: [2 * mean, 0],
  averagedThenSorted: [mean, mean],
});

/** @param right for each size of the square, whether each image was classified right */
function run(
  label: string,
  right: readonly (readonly number[])[],
  sure: readonly number[] = [],
): InspectedRun {
  const count = right[0]!.length;
  const labels = Array.from({ length: count }, (_, at) => at % 2);
  return {
    label,
    classes,
    part: "test",
    names: labels.map((_, at) => `${at}.png`),
    labels,
    layers: [layer("a", 0.5), layer(label, 1)],
    hidden: right.map((each, at) => ({
      share: at / 2,
      side: 4 * at,
      area: (at / 2) ** 2,
      right: Uint8Array.from(each),
    })),
    answers: labels.map((truth, at) => {
      const confidence = sure[at] ?? 0.6;
      const isRight = right[0]![at] === 1;
      return {
        predicted: isRight ? truth : 1 - truth,
        confidence,
        probability: isRight ? confidence : 1 - confidence,
      };
    }),
  };
}

const some = (count: number, of = 40) => Array.from({ length: of }, (_, at) => Number(at < count));

test("accuracies have Wilson's interval, differences Tango's; McNemar's p is corrected for all sizes", () => {
  const first = run("plain", [some(30), some(20)]);
  const second = run("cutout", [some(31), some(35)]);
  const rows = hiddenRows([first, second]);
  expect(rows.map(({ share }) => share)).toEqual([0, 0.5]);
  expect(rows[1]!.runs.map(({ correct, accuracy, side, area }) => [correct, accuracy, side, area])).toEqual([
    [20, 0.5, 4, 0.25],
    [35, 0.875, 4, 0.25],
  ]);
  expect(rows[1]!.runs[0]!.interval).toEqual(wilsonInterval(20, 40));
  const counts = { bothRight: 20, onlyFirstRight: 0, onlySecondRight: 15, bothWrong: 5 };
  const p = mcnemarExact(0, 15);
  expect(rows[1]!.paired).toEqual({
    ...counts,
    difference: 15 / 40,
    interval: pairedDifferenceInterval(counts),
    p,
    adjusted: 2 * p,
  });
  expect(rows[0]!.paired).toMatchObject({ p: 1, adjusted: 1, onlySecondRight: 1 });
  expect(hiddenHeadline([first, second], rows)).toBe(
    "With a square of 50\u00A0% of the side hidden, the model of “cutout” is right more often than that of “plain”.",
  );
  const turned = [second, first];
  expect(hiddenHeadline(turned, hiddenRows(turned))).toContain("the model of “cutout” is right more often");
  const text = hiddenSentences([first, second], rows).join(" ");
  expect(text).toContain("“plain” 75.0\u00A0% to 50.0\u00A0% (−25.0 points)");
  expect(text).toContain("is +37.5 percentage points of 40 images");
  expect(hiddenTable([first, second], rows)[1]!.slice(0, 2)).toEqual(["50 %", "25.0 %"]);
});

test("without a difference that the correction leaves, no model is said to be better; one run alone tells its own", () => {
  const [first, second] = [run("plain", [some(30), some(20)]), run("cutout", [some(30), some(22)])];
  expect(hiddenHeadline([first, second], hiddenRows([first, second]))).toBe(
    "These images do not tell the two models apart when a part of the image is hidden.",
  );
  const alone = hiddenRows([first]);
  expect(alone.every(({ paired }) => paired === null)).toBe(true);
  expect(hiddenHeadline([first], alone)).toContain(
    "right on 50.0\u00A0% of the images, with nothing hidden on 75.0",
  );
  expect(hiddenSentences([first], alone)).toEqual([]);
  expect(magnitudeRows([first])).toEqual([
    ["a", "0.5"],
    ["plain", "1"],
  ]);
});

test("layers that both have are set side by side", () => {
  const first = run("plain", [some(1)]);
  const second = { ...run("cutout", [some(1)]), layers: [layer("a", 0.6)] };
  expect(magnitudeRows([first, second])).toEqual([
    ["a", "0.5", "0.6", "+20.0 %"],
    ["plain", "1", "–", "–"],
  ]);
});

test("what cannot be laid over each other says why", () => {
  const first = run("a", [some(2)]);
  expect(whyNoPair(first, run("b", [some(3)]))).toBeNull();
  expect(whyNoPair(first, { ...first, classes: ["cat", "cow"] })).toBe("the runs have different classes");
  expect(whyNoPair(first, run("b", [some(3, 41)]))).toMatch(
    /different images; split them with the same seed/,
  );
  expect(whyNoPair(first, { ...first, names: [...first.names].reverse() })).toMatch(/different images/);
  expect(whyNoPair(first, { ...first, labels: first.labels.map((label) => 1 - label) })).toMatch(/disagree/);
});

test("images on which the runs disagree come first, in turn; then sure mistakes and sure right answers", () => {
  //                            0    1    2     3    4    5    6
  const first = run("a", [[1, 0, 1, 0, 1, 0, 1]], [0.9, 0.7, 0.6, 0.8, 0.99, 0.95, 0.7]);
  const second = run("b", [[0, 1, 0, 0, 1, 0, 1]], [0.9, 0.9, 0.9, 0.6, 0.9, 0.6, 0.6]);
  const chosen = worthLooking([first, second], 20);
  expect(chosen).toEqual([
    { position: 0, why: "only one is right" },
    { position: 1, why: "only one is right" },
    { position: 2, why: "only one is right" },
    { position: 5, why: "sure and wrong" },
    { position: 4, why: "sure and right" },
    { position: 3, why: "sure and wrong" },
    { position: 6, why: "sure and right" },
  ]);
  expect(worthLooking([first, second], 2)).toEqual(chosen.slice(0, 2));
  expect(worthLooking([first], 3).map(({ position }) => position)).toEqual([5, 4, 3]);
});
