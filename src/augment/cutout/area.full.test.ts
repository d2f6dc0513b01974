// expectedArea against simulation, on random combinations of everything that decides it.
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import { expectedArea } from "./area.ts";
import { cutoutOptions } from "./given.ts";
import { coverageMap } from "./hole.ts";
import type { Length } from "./length.ts";
import { type CutoutGiven, checkFits } from "./options.ts";
import type { Placement } from "./placement.ts";
import { holeSampler } from "./sample.ts";
import type { Shape, SideLength, Sides } from "./shape.ts";

const wanted = 400;
const rng = stream(1, "combinations");
const one = <T>(choices: readonly T[]): T => choices[rng.integer(choices.length)]!;
const between = (low: number, high: number) => low + (high - low) * rng.uniform();
const sorted = (a: number, b: number) => [Math.min(a, b), Math.max(a, b)] as const;
const range = (low: number, high: number) => sorted(between(low, high), between(low, high));
const integers = (low: number, high: number) =>
  sorted(low + rng.integer(high - low + 1), low + rng.integer(high - low + 1));
const ofSide = () =>
  one([{}, { of: "shorter" }, { of: "longer" }, { of: "height" }, { of: "width" }] as const);

function length(longest: number): Length {
  return one<() => Length>([
    () => 2 * (1 + rng.integer(Math.floor(longest / 2))),
    () => ({ pixels: integers(1, longest) }),
    () => ({ share: between(0.05, 1), ...ofSide() }),
    () => ({ share: range(0.02, 1), ...ofSide() }),
    () => ({ area: range(0, 1), of: one(["hole", "image"]) }),
    () => ({
      schedule: [
        [0, rng.integer(longest)],
        [1, rng.integer(longest)],
      ],
    }),
    () => ({
      schedule: [
        [0.2, rng.uniform()],
        [0.8, rng.uniform()],
      ],
      unit: "share",
    }),
  ])();
}

function side(longest: number): SideLength {
  return one<() => SideLength>([
    () => ({ pixels: integers(0, longest) }),
    () => ({ share: range(0, 1) }),
    () => ({ areaShare: range(0, 1) }),
  ])();
}

function shape(longest: number): Shape | Sides {
  return one<() => Shape | Sides>([
    () => "square",
    () => "circle",
    () => ({ kind: "rectangle", aspect: range(0.1, 5) }),
    () => ({
      kind: "polygon",
      points: Array.from({ length: 3 + rng.integer(5) }, () => [rng.uniform(), rng.uniform()] as const),
    }),
    () => {
      const [rows, columns] = [1 + rng.integer(5), 1 + rng.integer(5)];
      const cells = Array.from({ length: rows }, () => Array.from({ length: columns }, () => rng.integer(2)));
      cells[0]![0] = 1;
      return { kind: "mask", rows: cells };
    },
    () => ({ kind: "sides", height: side(longest), width: side(longest) }),
  ])();
}

/** Options that fit their image, drawn until there are enough. */
const cases = Array.from({ length: 4 * wanted }, () => {
  const image = { height: 3 + rng.integer(18), width: 3 + rng.integer(18) };
  const drawn = shape(Math.min(image.height, image.width));
  const sided = typeof drawn === "object" && drawn.kind === "sides";
  const given = {
    shape: drawn,
    placement: one<Placement>(["anywhere", "inside", "anywhereContinuous", "insideContinuous"]),
    nHoles: one<number | readonly [number, number]>([1, 1, 2, 3, [1, 4], [2, 3]]),
    probability: one([1, 1, 0.5, 0.2]),
    ...(sided ? {} : { length: length(Math.max(image.height, image.width)) }),
  } as CutoutGiven;
  return { image, given, progress: one([0, 0.3, 1, undefined]) };
})
  .filter(({ image, given }) => {
    try {
      checkFits(cutoutOptions(given), image);
      return true;
    } catch {
      return false; // too long for its image, or a shape that its placement does not take
    }
  })
  .slice(0, wanted);

test("there are enough combinations", () => expect(cases.length).toBe(wanted));

describe("expected area", () => {
  test.each(cases.map((c, index) => [index, JSON.stringify(c), c] as const))(
    "%i %s",
    (_, __, { image, given, progress }) => {
      const options = cutoutOptions(given);
      const { sample } = holeSampler(options, image);
      const expected = expectedArea(options, image, progress);
      // What is off by chance after 1,500 draws is not after 40,000.
      for (const draws of [1500, 40_000]) {
        let [sum, squares] = [0, 0];
        for (let draw = 0; draw < draws; draw++) {
          const map = coverageMap(sample(rng, progress ?? (draw + 0.5) / draws), image);
          let area = 0;
          for (const covered of map) area += covered;
          area /= map.length;
          sum += area;
          squares += area * area;
        }
        const mean = sum / draws;
        const error = Math.sqrt(Math.max(0, squares / draws - mean * mean) / draws);
        if (Math.abs(mean - expected) <= 3.5 * error + 1e-3) return;
      }
      expect.fail(`expected area ${expected} is not what is simulated`);
    },
  );
});
