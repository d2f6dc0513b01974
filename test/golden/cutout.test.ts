// Cutout against the two published versions run in numpy (cutout_numpy.py writes cutout.json).
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { cutout } from "../../src/augment/index.ts";
import type { Rng } from "../../src/rng.ts";

interface Size {
  height: number;
  width: number;
  channels: number;
  length: number;
  /** y and x of each hole. */
  centres: [number, number][];
  expected: number[];
}

const golden: {
  numpy: (Size & { count: number; images: number[] })[];
  torch: (Size & { nHoles: number; image: number[] })[];
} = JSON.parse(readFileSync(new URL("cutout.json", import.meta.url), "utf8"));

/** A stream that gives the drawn centres, and checks that they are asked for as y, x from the right ranges. */
function scripted({ centres, height, width }: Size): Rng {
  const draws = centres.flatMap(([y, x]) => [
    { bound: height, value: y },
    { bound: width, value: x },
  ]);
  const refuse = () => {
    throw new Error("not drawn by Cutout");
  };
  return {
    uniform: () => 0,
    integer(bound) {
      const draw = draws.shift();
      expect(draw?.bound).toBe(bound);
      return draw!.value;
    },
    normal: refuse,
    seed: refuse,
  };
}

function expectClose(actual: Float32Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i]!)), 0);
  expect(worst).toBeLessThan(1e-6);
}

test.each(golden.numpy)(
  "numpy version, $count images of $height x $width x $channels, length $length",
  (c) => {
    const augment = cutout({ length: c.length, fill: "imageMean" });
    const result = augment(Float32Array.from(c.images), { ...c, layout: "HWC" }, scripted(c));
    expectClose(result, c.expected);
  },
);

test.each(golden.torch)("authors' version, $nHoles holes of $length in $channels x $height x $width", (c) => {
  const augment = cutout({ length: c.length, nHoles: c.nHoles });
  const result = augment(Float32Array.from(c.image), { ...c, layout: "CHW" }, scripted(c));
  expectClose(result, c.expected);
});

test("the golden cases do cut something and leave something", () => {
  for (const c of [...golden.numpy, ...golden.torch]) {
    const before = "images" in c ? c.images : c.image;
    const changed = c.expected.filter((value, i) => Math.abs(value - before[i]!) > 1e-6).length;
    expect(changed).toBeGreaterThan(0);
    expect(changed).toBeLessThan(before.length);
  }
});
