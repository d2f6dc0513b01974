import { expect, test } from "vitest";
import { makeRunFolder, prediction } from "../../test/fixtures/run-folder.ts";
import { showRun } from "../run-folder/index.ts";
import { mcnemarExact } from "../stats/mcnemar.ts";
import { comparisonName, formatComparison } from "./compare.ts";

/** A run of 100 test images with these many first ones, and these many last ones, wrong. */
async function runOf(wrongFirst: number, wrongLast: number, classes = ["cat", "dog"]) {
  const isWrong = (index: number) => index < wrongFirst || index >= 100 - wrongLast;
  const predictions = Array.from({ length: 100 }, (_, index) =>
    prediction(`${index}.jpg`, index % 2, isWrong(index) ? (index + 1) % 2 : index % 2),
  );
  return showRun(makeRunFolder({ classes, predictions }));
}

test("two runs: the test as it is; more: corrected for their number, as the page does", async () => {
  // 13 against 4: p = 0.049 alone, twice that with a second comparison.
  const [first, second] = [await runOf(13, 0), await runOf(0, 4)];
  const p = mcnemarExact(4, 13);
  const alone = formatComparison([first, second]);
  expect(alone).toContain(`McNemar p = ${p.toPrecision(2)}, 100 images): ${second.name} is better than`);
  const three = formatComparison([first, second, await runOf(13, 0)]);
  expect(three).toContain(`${second.name}: difference +9.00 percentage points (95 % interval +1.`);
  expect(three).toContain(
    `McNemar p = ${(2 * p).toPrecision(2)}, corrected for 2 comparisons, 100 images): these images do not tell`,
  );
});

test("runs that cannot be paired say why, and do not count as a comparison", async () => {
  const [first, second, other] = [await runOf(13, 0), await runOf(0, 4), await runOf(0, 0, ["a", "b"])];
  const text = formatComparison([first, second, other]);
  expect(text).toContain(`${other.name}: no comparison image by image: the runs have different classes`);
  expect(text).not.toContain("corrected");
});

test("the page is named after its runs, as long as that is a possible name", () => {
  expect(comparisonName(["runs/a", "runs/b/"])).toBe("a--b.html");
  expect(
    comparisonName(Array.from({ length: 12 }, (_, n) => `runs/2026-11-23-fashion-mnist-resnet9-${n}`)),
  ).toBe("2026-11-23-fashion-mnist-resnet9-0--and-11-others.html");
  expect(Buffer.byteLength(comparisonName(["\u{1F408}".repeat(60), "b"]))).toBeLessThan(255);
});
