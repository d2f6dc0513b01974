// What a person reads before a training begins.
import { expect, test } from "vitest";
import { completeConfig } from "../../test/helpers/config.ts";
import { classesText, updateText } from "./describe-trial.ts";

test("classes are told by name, a few of many, whatever their names hold", () => {
  expect(classesText(["cat", "dog", "runs"])).toBe("cat, dog, runs");
  expect(classesText(["a\nb", ..."cdefgh"])).toBe("a\uFFFDb, c, d, e, f, g, ...");
});

test("how weights are moved is said where it is not as usual", () => {
  const plain = completeConfig({});
  expect(updateText(plain)).toBe("");
  expect(
    updateText({
      ...completeConfig({ optimizer: { name: "muon" }, clipNorm: 1, accumulate: 4 }),
      lookahead: { every: 5, alpha: 0.5 },
      average: { name: "last", share: 0.25 },
    }),
  ).toBe(
    "weights: moved by muon, gradients cut to a length of 1, each batch in 4 parts, Lookahead every 5 steps, the average of the last 25 % of the epochs is tested",
  );
});
