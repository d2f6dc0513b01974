// Occlusion: strokes against the distance to many points of them; how many marks; bad options.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { expectContract, simulatedShare } from "../../../test/helpers/augmentation-contract.ts";
import { stream } from "../../rng.ts";
import { occlusion } from "./occlusion.ts";

const kinds = ["scratches", "dots", "scribbles"] as const;

test.each(kinds)("%s: what every augmentation holds", (kind) => {
  expectContract(() => occlusion({ kind, probability: 0.9, counts: [1, 3] }));
});

const anyPoint = fc.tuple(fc.integer({ min: -40, max: 200 }), fc.integer({ min: -40, max: 200 }));

test("a stroke covers what is at most its radius away", () => {
  fc.assert(
    fc.property(
      fc.array(anyPoint, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 5, max: 40 }),
      (tenths, tenthsOfRadius) => {
        const points = tenths.map(([y, x]) => [y / 10, x / 10] as const);
        const radius = tenthsOfRadius / 10;
        const area = { height: 14, width: 17 };
        const mask = occlusion({ kind: "scribbles" }).mask(area, {
          strokes: [{ points, radius }],
          fillSeed: 0,
        });
        // The slow way: many points on the way, and the nearest of them.
        const dense = points.flatMap(([y0, x0], piece) => {
          const [y1, x1] = points[piece + 1] ?? [y0, x0];
          return Array.from({ length: 401 }, (_, at) => [
            y0 + ((y1 - y0) * at) / 400,
            x0 + ((x1 - x0) * at) / 400,
          ]);
        });
        mask.forEach((covered, pixel) => {
          const [y, x] = [Math.floor(pixel / 17) + 0.5, (pixel % 17) + 0.5];
          const nearest = Math.min(...dense.map(([py, px]) => Math.hypot(y - py!, x - px!)));
          // Between the dense points a stroke may be nearer by up to half their distance, 34 / 400 / 2; a distance
          // that is the radius but for rounding may fall on either side.
          if (nearest <= radius - 1e-9) expect(covered).toBe(1);
          if (nearest > radius + 0.05) expect(covered).toBe(0);
        });
      },
    ),
    { numRuns: 40 },
  );
});

describe("what is drawn", () => {
  const shape = { height: 60, width: 100, channels: 3 };

  test("scratches: in 15 % of the images; one, two or three with 50, 30 and 20 %", () => {
    const scratch = occlusion({ kind: "scratches" });
    const rng = stream(2, "draws");
    const numbers = [0, 0, 0, 0];
    for (let draw = 0; draw < 8000; draw++) numbers[scratch.sample(rng, shape, 0).strokes.length]!++;
    [0.85, 0.075, 0.045, 0.03].forEach((chance, marks) => {
      expect(Math.abs(numbers[marks]! / 8000 - chance)).toBeLessThan(0.015);
    });
  });

  test.each(kinds)("%s have the shape and thickness of their kind", (kind) => {
    const augmentation = occlusion({ kind, probability: 1, thickness: [0.05, 0.1], length: [0.5, 1] });
    for (let seed = 0; seed < 50; seed++) {
      for (const { points, radius } of augmentation.sample(stream(seed, "draws"), shape, 0).strokes) {
        expect(points.length).toBe({ scratches: 2, dots: 1, scribbles: 33 }[kind]);
        expect(radius).toBeGreaterThanOrEqual(1.5);
        expect(radius).toBeLessThanOrEqual(3);
        const length = points
          .slice(1)
          .reduce((sum, [y, x], at) => sum + Math.hypot(y - points[at]![0], x - points[at]![1]), 0);
        const [least, most] = kind === "dots" ? [0, 0] : [29, 61];
        expect(length).toBeGreaterThanOrEqual(least);
        expect(length).toBeLessThanOrEqual(most);
      }
    }
  });

  test("dots well inside a large image cover the area of their discs", () => {
    const dot = occlusion({ kind: "dots", probability: 1, counts: [1], thickness: [0.2, 0.2] });
    const area = { height: 100, width: 100 };
    // A disc of radius r around a uniform point of the square of side s: pi r^2 - 4 r^3 / 3 s ... by inclusion,
    // the mean covered share is (pi r^2 - (8/3) r^3 + r^4 / 2) with r as a share of the side.
    const r = 0.1;
    const expected = Math.PI * r ** 2 - (8 / 3) * r ** 3 + r ** 4 / 2;
    expect(Math.abs(simulatedShare(dot, area, 1500) - expected)).toBeLessThan(0.001);
  });
});

test.each<[object, string]>([
  [{ kind: "lines" }, 'occlusion: kind must be "scratches", "dots" or "scribbles", got "lines"'],
  [{ kind: "dots", probability: 3 }, "occlusion: probability must be a number from 0 to 1, got 3"],
  [{ kind: "dots", counts: [0] }, "occlusion: counts must be a list of integers >= 1, not empty, got [0]"],
  [{ kind: "dots", thickness: [0.2, 0.1] }, "occlusion: thickness must be [min, max]"],
  [{ kind: "dots", length: 3 }, "occlusion: length must be [min, max]"],
  [{ kind: "dots", angle: -1 }, "occlusion: angle must be a number >= 0, got -1"],
  [{ kind: "dots", fill: "red" }, "occlusion: fill must be"],
  [{ kind: "dots", size: 1 }, "occlusion: options must be among kind, probability, counts"],
])("bad option %o", (options, message) => {
  expect(() => occlusion(options as never)).toThrow(message);
});

test("strokes that are none", () => {
  const scratch = occlusion({ kind: "scratches" });
  for (const stroke of [
    { points: [], radius: 1 },
    { points: [[1, Number.NaN] as const], radius: 1 },
    { points: [[1, 2] as const], radius: -1 },
  ]) {
    expect(() => scratch.mask({ height: 9, width: 9 }, { strokes: [stroke], fillSeed: 0 })).toThrow(
      "occlusion: strokes must be a list of strokes { points, radius }: at least one point [y, x], and a radius >= 0",
    );
  }
});
