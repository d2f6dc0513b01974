// Presets against the libraries themselves: their own random numbers give their holes (presets_libraries.py).
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { presetNames } from "../../src/augment/cutout/presets.ts";
import {
  type CutoutPreset,
  cutoutOptions,
  expectedArea,
  type Hole,
  sampleHoles,
} from "../../src/augment/index.ts";
import { type Rng, stream } from "../../src/rng.ts";

type Box = readonly [top: number, bottom: number, left: number, right: number];

interface Case {
  readonly options: CutoutPreset;
  /** Null where the chance itself is drawn; `applied` is then the share that was erased. */
  readonly probability: number | null;
  readonly applied?: number;
  readonly draws: readonly {
    /** A place from 0 to 1, or [number of possibilities, which of them]. */
    readonly numbers: readonly (number | readonly [number, number])[];
    readonly holes: readonly Box[];
  }[];
}

const folder = new URL(".", import.meta.url);
const cases = readdirSync(folder)
  .filter((name) => /^presets_\w+\.json$/.test(name))
  .flatMap((name) => {
    const golden = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
    const { height, width } = golden;
    return (golden.cases as Case[]).map((c) => ({ ...c, image: { height, width } }));
  });

/** A stream that gives the library's numbers, and checks that integers are asked for from the same possibilities. */
function replay(numbers: Case["draws"][number]["numbers"]): { rng: Rng; left: () => number } {
  const queue = [...numbers];
  let first = true;
  const refuse = () => {
    throw new Error("not drawn by these presets");
  };
  const rng: Rng = {
    uniform() {
      if (first) {
        first = false;
        return 0; // against the probability
      }
      const place = queue.shift();
      if (typeof place !== "number") throw new Error(`a float was asked for where the library drew ${place}`);
      return place;
    },
    integer(bound) {
      const draw = queue.shift();
      if (!Array.isArray(draw)) throw new Error(`an integer was asked for where the library drew ${draw}`);
      expect(bound).toBe(draw[0]);
      return draw[1];
    },
    normal: refuse,
    seed: () => 0, // of the fill
  };
  return { rng, left: () => queue.length };
}

const boxOf = ({ top, bottom, left, right }: Hole): Box => [top, bottom, left, right];
const areaOf = ([top, bottom, left, right]: Box) => (bottom - top) * (right - left);
const hasPixels = (box: Box) => areaOf(box) > 0;

/** Pixels that are in at least one box. */
function unionOf(boxes: readonly Box[], height: number, width: number): number {
  const map = new Uint8Array(height * width);
  for (const [top, bottom, left, right] of boxes) {
    for (let y = top; y < bottom; y++) map.fill(1, y * width + left, y * width + right);
  }
  return map.reduce((sum, value) => sum + value, 0);
}

/** Largest distance of the two distribution functions (Kolmogorov and Smirnov). */
function distance(a: readonly number[], b: readonly number[]): number {
  const share = (values: readonly number[], most: number) =>
    values.filter((value) => value <= most).length / values.length;
  return Math.max(...[...new Set([...a, ...b])].map((value) => Math.abs(share(a, value) - share(b, value))));
}

test("every preset has at least 1,000 drawn parameters", () => {
  for (const like of presetNames) {
    const draws = cases
      .filter(({ options }) => options.like === like)
      .reduce((sum, { draws }) => sum + draws.length, 0);
    expect(draws, like).toBeGreaterThanOrEqual(1000);
  }
});

describe.each(cases.map((c) => [JSON.stringify(c.options), c] as const))(
  "%s",
  (_, { options, probability, applied, draws, image }) => {
    const complete = cutoutOptions(options);
    const { height, width } = image;

    test("the library's numbers give the library's holes", () => {
      for (const { numbers, holes } of draws) {
        const { rng, left } = replay(numbers);
        const ours = sampleHoles(rng, image, complete).map(boxOf);
        expect(left()).toBe(0);
        expect(ours.filter(hasPixels)).toEqual(holes.filter(hasPixels));
      }
    });

    test("the same chance", () => {
      if (probability !== null) expect(complete.probability).toBe(probability);
      else {
        const error = Math.sqrt((applied! * (1 - applied!)) / draws.length);
        expect(Math.abs(complete.probability - applied!)).toBeLessThan(4 * error);
      }
    });

    test("areas, tops and lefts of our own draws are distributed as the library's", () => {
      const rng = stream(12, "presets");
      const always = { ...complete, probability: 1 };
      const ours = Array.from({ length: 3000 }, () => sampleHoles(rng, image, always).map(boxOf));
      const theirs = draws.map(({ holes }) => holes);
      // Two samples of one distribution are further apart than this once in 100,000 times.
      const limit = 2.47 * Math.sqrt(1 / ours.length + 1 / theirs.length);
      const measures: readonly ((boxes: readonly Box[]) => number)[] = [
        (boxes) => boxes.filter(hasPixels).length,
        (boxes) => unionOf(boxes, height, width),
        ...[0, 1, 2, 3].map((edge) => (boxes: readonly Box[]) => boxes.find(hasPixels)?.[edge] ?? -1),
      ];
      for (const measure of measures) {
        expect(distance(ours.map(measure), theirs.map(measure))).toBeLessThan(limit);
      }
    });

    test("the expected area is the mean of the library's", () => {
      const areas = draws.map(({ holes }) => unionOf(holes, height, width) / (height * width));
      const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
      const variance = areas.reduce((sum, area) => sum + (area - mean) ** 2, 0) / areas.length;
      const expected = expectedArea({ ...complete, probability: 1 }, image);
      expect(Math.abs(expected - mean)).toBeLessThan(4 * Math.sqrt(variance / areas.length) + 1e-3);
    });
  },
);
