import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { textOf } from "../../test/fixtures/page.ts";
import { makeRunFolder, prediction, temporaryFolder } from "../../test/fixtures/run-folder.ts";
import type { SettingsInput } from "../config/config.ts";
import { writeComparisonPage } from "../report/comparison.ts";
import { showRun } from "../run-folder/index.ts";
import { mcnemarExact } from "../stats/mcnemar.ts";
import { compareAll } from "../study/comparison.ts";
import { contrastWords, luckWords } from "../study/words.ts";
import { pValue } from "../text.ts";
import { comparisonName, formatComparison } from "./compare.ts";

/** A run of 100 test images with these many first ones, and these many last ones, wrong. */
function runOf(
  wrongFirst: number,
  wrongLast: number,
  config: Partial<SettingsInput> = {},
  classes = ["cat", "dog"],
): string {
  const isWrong = (index: number) => index < wrongFirst || index >= 100 - wrongLast;
  const predictions = Array.from({ length: 100 }, (_, index) =>
    prediction(`${index}.jpg`, index % 2, isWrong(index) ? (index + 1) % 2 : index % 2),
  );
  return makeRunFolder({ classes, predictions, config });
}

const said = (...runs: readonly string[]) => formatComparison(compareAll(runs.map(showRun)));

test("one pair: McNemar's words for the two models, and no verdict on the settings", () => {
  // 13 against 4: p = 0.049 alone, twice that with a second comparison.
  const [first, second] = [runOf(13, 0, { batchSize: 64 }), runOf(0, 4, { batchSize: 32 })];
  const p = mcnemarExact(4, 13);
  const alone = said(first, second);
  expect(alone).toContain("Batch size 64 against 32, learning rate ");
  expect(alone).toContain(`with probability ${pValue(p)} (McNemar’s exact test).`);
  expect(alone).toMatch(/On these images the model of “--batch-size 32 .*” is right more often/);
  expect(alone).not.toContain("is better than");
  expect(alone).toContain("Too few seeds for a verdict: 1 pair.");
  expect(alone).toContain("More than one thing differs: batch size, learning rate.");
  const three = said(first, second, runOf(13, 0, { batchSize: 16 }));
  expect(three).toContain(`${pValue(2 * p)} after Holm’s correction for 2 comparisons`);
  expect(three).toContain("These images do not tell the two models apart.");
});

test("three seeds of one config are a spread", () => {
  const text = said(...[0, 1, 2].map((seed) => runOf(10 * (seed + 1), 0, { seed })));
  expect(text).toContain("The same settings, 3 seeds");
  expect(text).toContain("80.0 % in the mean of 3 seeds, deviation 10.00 points, 70.0 % to 90.0 %");
  expect(text).not.toMatch(/McNemar|better/);
});

test("terminal and page say the same, word for word", async () => {
  const pair = [runOf(13, 0, { batchSize: 64 }), runOf(0, 4, { batchSize: 32 })];
  const sets = [13, 9, 12, 11, 8, 14].flatMap((wrong, seed) => [
    runOf(wrong, 0, { seed }),
    runOf(wrong - 3, 0, { seed, labelSmoothing: 0.1 }),
  ]);
  for (const runs of [pair, sets, sets.slice(0, 6), sets.filter((_, index) => index % 2 === 0)]) {
    const out = join(temporaryFolder(), "page.html");
    const comparison = compareAll(runs.map(showRun));
    await writeComparisonPage(comparison, out);
    const page = textOf(readFileSync(out, "utf8"));
    const words = [...comparison.contrasts.map(contrastWords), ...[luckWords(comparison) ?? []].flat()];
    expect(words.length).toBeGreaterThan(0);
    for (const { headline, sentences, commands, cautions } of words) {
      for (const sentence of [headline, ...sentences, ...commands, ...cautions]) {
        expect(page).toContain(textOf(sentence));
        expect(formatComparison(comparison)).toContain(sentence.replaceAll("\u00a0", " "));
      }
    }
  }
});

test("runs that cannot be paired say why, and do not count as a comparison", () => {
  const text = said(runOf(13, 0), runOf(0, 4, { batchSize: 32 }), runOf(0, 0, { batchSize: 16 }, ["a", "b"]));
  expect(text).toContain("They cannot be compared: the runs have different classes");
  expect(text).not.toContain("correction");
});

test("the page is named after its runs, as long as that is a possible name", () => {
  expect(comparisonName(["runs/a", "runs/b/"])).toBe("a--b.html");
  expect(
    comparisonName(Array.from({ length: 12 }, (_, n) => `runs/2026-11-23-fashion-mnist-resnet9-${n}`)),
  ).toBe("2026-11-23-fashion-mnist-resnet9-0--and-11-others.html");
  expect(Buffer.byteLength(comparisonName(["\u{1F408}".repeat(60), "b"]))).toBeLessThan(255);
});
