// Every geometry against a slow, obvious version; the expected area of each against simulation.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Rng, stream } from "../../rng.ts";
import { expectedArea } from "./area.ts";
import { coverageMap, type Hole, holeCovers, type ImageArea } from "./hole.ts";
import type { Length } from "./length.ts";
import type { CutoutOptions, SizedCutoutOptions } from "./options.ts";
import { holeSampler } from "./sample.ts";
import type { Shape } from "./shape.ts";

const paper = { nHoles: 1, placement: "anywhere", fill: "zero", probability: 1 } as const;
const sampleOf = (options: CutoutOptions, image: ImageArea, rng: Rng, progress = 1) =>
  holeSampler(options, image).sample(rng, progress);

/** A stream that gives 0 for the chance and then these integers, or the middle of what is asked for. */
function scripted(integers: readonly number[]): Rng {
  const queue = [...integers];
  return {
    uniform: () => 0,
    integer: (bound) => Math.min(bound - 1, queue.shift() ?? bound >> 1),
    normal: () => 0,
    seed: () => 7,
  };
}

const triangle: Shape = {
  kind: "polygon",
  points: [
    [0.5, 0],
    [1, 1],
    [0, 1],
  ],
};
const star: Shape = {
  kind: "polygon",
  points: [
    [0.5, 0],
    [0.8, 1],
    [0, 0.4],
    [1, 0.4],
    [0.2, 1],
  ],
};
const ring: Shape = {
  kind: "mask",
  rows: [
    [1, 1, 1, 1],
    [1, 0, 0, 1],
    [1, 1, 1, 1],
  ],
};

/** Whether the pixel in row y and column x of a shape's square box of this length is cut out; no cleverness. */
const slowShapes: readonly [Shape, (y: number, x: number, length: number) => boolean][] = [
  ["square", () => true],
  ["circle", (y, x, length) => Math.hypot(y + 0.5 - length / 2, x + 0.5 - length / 2) <= length / 2 + 1e-9],
  [
    triangle,
    // Right of the left edge and left of the right one: both are half the height away from the middle at the bottom.
    (y, x, length) => Math.abs((x + 0.5) / length - 0.5) < ((y + 0.5) / length) * 0.5,
  ],
];

describe("shapes around a centre", () => {
  test.each(slowShapes)("%o", (shape, covers) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: 20 }),
        fc.integer({ min: 8, max: 20 }),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(19),
        fc.nat(19),
        (height, width, half, row, column) => {
          const image = { height, width };
          const [y, x] = [row % height, column % width];
          const length = 2 * half;
          const [hole] = sampleOf({ ...paper, length, shape }, image, scripted([y, x]));
          const map = coverageMap([hole!], image);
          for (let i = 0; i < height; i++) {
            for (let j = 0; j < width; j++) {
              const [boxY, boxX] = [i - (y - half), j - (x - half)];
              const inBox = boxY >= 0 && boxY < length && boxX >= 0 && boxX < length;
              const expected = inBox && covers(boxY, boxX, length);
              // A pixel whose centre lies on an edge may go either way.
              const onEdge =
                shape !== "square" &&
                inBox &&
                covers(boxY, boxX, length) !== covers(boxY + 1e-6, boxX, length);
              if (!onEdge) expect(map[i * width + j]).toBe(expected ? 1 : 0);
              expect(holeCovers(hole!, i, j)).toBe(map[i * width + j] === 1);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test("a polygon that crosses itself has a hole in its middle (even-odd rule)", () => {
    const [hole] = sampleOf(
      { ...paper, length: 40, shape: star },
      { height: 64, width: 64 },
      scripted([32, 32]),
    );
    const at = (x: number, y: number) => holeCovers(hole!, 12 + Math.floor(40 * y), 12 + Math.floor(40 * x));
    expect(at(0.5, 0.15)).toBe(true); // a point of the star
    expect(at(0.5, 0.55)).toBe(false); // the middle
  });

  test("a mask is cut out where it is not 0, with its longer side as the length", () => {
    const [hole] = sampleOf(
      { ...paper, length: 8, shape: ring },
      { height: 20, width: 20 },
      scripted([10, 10]),
    );
    const rows = [0, 0, 1, 1, 2, 2].map((row) =>
      [0, 0, 1, 1, 2, 2, 3, 3].map((x) => (row === 1 && (x === 1 || x === 2) ? 0 : 1)),
    );
    for (let y = 0; y < 20; y++) {
      for (let x = 0; x < 20; x++) {
        expect(holeCovers(hole!, y, x)).toBe((rows[y - 7]?.[x - 6] ?? 0) === 1);
      }
    }
  });

  test("an odd length covers exactly as many pixels, its centre in the middle", () => {
    const [hole] = sampleOf(
      { ...paper, length: { pixels: [5, 5] } },
      { height: 20, width: 20 },
      scripted([10, 10]),
    );
    expect(hole).toEqual({ top: 8, bottom: 13, left: 8, right: 13 });
  });
});

/** The pixels that a hole covers, as rows of 0 and 1. */
function drawnRows(hole: Hole, { height, width }: ImageArea): number[][] {
  const map = coverageMap([hole], { height, width });
  return Array.from({ length: height }, (_, y) => [...map.subarray(y * width, (y + 1) * width)]);
}

/** The same from a question asked of every pixel. */
const slowRows = ({ height, width }: ImageArea, covers: (y: number, x: number) => boolean): number[][] =>
  Array.from({ length: height }, (_, y) => Array.from({ length: width }, (__, x) => Number(covers(y, x))));

const places = fc.record({
  height: fc.integer({ min: 8, max: 20 }),
  width: fc.integer({ min: 8, max: 20 }),
  half: fc.integer({ min: 1, max: 4 }),
  row: fc.double({ min: 0, max: 0.999, noNaN: true }),
  column: fc.double({ min: 0, max: 0.999, noNaN: true }),
});

describe("against a slow version", () => {
  test("any mask: every pixel of the image asks which row and column of the picture it shows", () => {
    const picture = fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
      .chain(([rows, columns]) =>
        fc.array(fc.array(fc.integer({ min: 0, max: 1 }), { minLength: columns, maxLength: columns }), {
          minLength: rows,
          maxLength: rows,
        }),
      )
      .filter((rows) => rows.flat().includes(1));
    fc.assert(
      fc.property(places, picture, ({ height, width, half, row, column }, rows) => {
        const image = { height, width };
        const [y, x] = [Math.floor(row * height), Math.floor(column * width)];
        const longer = Math.max(rows.length, rows[0]!.length);
        const tall = Math.max(1, Math.round((2 * half * rows.length) / longer));
        const wide = Math.max(1, Math.round((2 * half * rows[0]!.length) / longer));
        const options = { ...paper, length: 2 * half, shape: { kind: "mask", rows } } as const;
        const [hole] = sampleOf(options, image, scripted([y, x]));
        const expected = slowRows(image, (i, j) => {
          const down = (i - (y - Math.floor(tall / 2)) + 0.5) / tall;
          const right = (j - (x - Math.floor(wide / 2)) + 0.5) / wide;
          if (down < 0 || down > 1 || right < 0 || right > 1) return false;
          return rows[Math.floor(down * rows.length)]![Math.floor(right * rows[0]!.length)] === 1;
        });
        expect(drawnRows(hole!, image)).toEqual(expected);
      }),
    );
  });

  test("any polygon: a pixel is in it when the corners turn once around its centre, or an odd number of times", () => {
    const corner = fc.tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    const polygons = fc.array(corner, { minLength: 3, maxLength: 7 });
    fc.assert(
      fc.property(places, polygons, ({ height, width, half, row, column }, points) => {
        const image = { height, width };
        const [y, x] = [Math.floor(row * height), Math.floor(column * width)];
        const options = { ...paper, length: 2 * half, shape: { kind: "polygon", points } } as const;
        const [hole] = sampleOf(options, image, scripted([y, x]));
        const drawn = drawnRows(hole!, image);
        for (let i = 0; i < height; i++) {
          for (let j = 0; j < width; j++) {
            const centre = [
              (j - (x - half) + 0.5) / (2 * half),
              (i - (y - half) + 0.5) / (2 * half),
            ] as const;
            if (points.some((point, at) => isNear(centre, point, points[(at + 1) % points.length]!)))
              continue;
            expect(drawn[i]![j]).toBe(Math.abs(turns(centre, points)) % 2);
          }
        }
      }),
    );
  });

  test("any rectangle: as tall and wide as the square's area and the drawn aspect say", () => {
    const aspects = fc.tuple(
      fc.double({ min: 0.1, max: 1, noNaN: true }),
      fc.double({ min: 1, max: 8, noNaN: true }),
    );
    const at = fc.double({ min: 0, max: 0.999, noNaN: true });
    fc.assert(
      fc.property(places, aspects, at, ({ height, width, half, row, column }, aspect, place) => {
        const image = { height, width };
        const [y, x] = [Math.floor(row * height), Math.floor(column * width)];
        const ratio = aspect[0] * (aspect[1] / aspect[0]) ** place;
        const [exactHeight, exactWidth] = [2 * half * Math.sqrt(ratio), (2 * half) / Math.sqrt(ratio)];
        const halfway = (value: number) => Math.abs((value % 1) - 0.5) < 1e-9;
        fc.pre(!halfway(exactHeight) && !halfway(exactWidth));
        const [tall, wide] = [Math.round(exactHeight), Math.round(exactWidth)];
        const uniforms = [0, place];
        const rng = { ...scripted([y, x]), uniform: () => uniforms.shift()! };
        const [hole] = sampleOf(
          { ...paper, length: 2 * half, shape: { kind: "rectangle", aspect } },
          image,
          rng,
        );
        const [top, left] = [y - Math.floor(tall / 2), x - Math.floor(wide / 2)];
        const expected = slowRows(
          image,
          (i, j) => i >= top && i < top + tall && j >= left && j < left + wide,
        );
        expect(drawnRows(hole!, image)).toEqual(expected);
      }),
    );
  });
});

/** How often the polygon goes around the point: the sum of the angles under which it sees the edges. */
function turns([x, y]: readonly [number, number], points: readonly (readonly [number, number])[]): number {
  const angles = points.map(([px, py]) => Math.atan2(py - y, px - x));
  const sum = angles.reduce((whole, angle, index) => {
    const step = angles[(index + 1) % angles.length]! - angle;
    return whole + step - 2 * Math.PI * Math.round(step / (2 * Math.PI));
  }, 0);
  return Math.round(sum / (2 * Math.PI));
}

type Corner = readonly [number, number];

/** Within rounding of an edge either answer is right. */
function isNear([x, y]: Corner, [ax, ay]: Corner, [bx, by]: Corner): boolean {
  const [dx, dy] = [bx - ax, by - ay];
  const squared = dx * dx + dy * dy;
  const along = squared === 0 ? 0 : Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / squared));
  return Math.hypot(ax + along * dx - x, ay + along * dy - y) < 1e-6;
}

describe("rectangles", () => {
  test("keep the area of the square and stay within the aspect", () => {
    const rng = stream(1, "holes");
    const options: CutoutOptions = {
      ...paper,
      length: 24,
      shape: { kind: "rectangle", aspect: [0.5, 2] },
      placement: "inside",
    };
    const logs: number[] = [];
    for (let draw = 0; draw < 2000; draw++) {
      const { top, bottom, left, right } = sampleOf(options, { height: 64, width: 64 }, rng)[0]!;
      const [height, width] = [bottom - top, right - left];
      expect(Math.abs(height * width - 576)).toBeLessThan(40);
      expect(height / width).toBeGreaterThan(0.45);
      expect(height / width).toBeLessThan(2.2);
      logs.push(Math.log(height / width));
    }
    // Log-uniform: tall and wide are equally likely.
    expect(Math.abs(logs.reduce((sum, log) => sum + log, 0) / logs.length)).toBeLessThan(0.04);
  });

  test("that cannot be smaller than the image are no holes", () => {
    const options: CutoutOptions = { ...paper, length: { area: [1, 1] }, placement: "inside" };
    expect(sampleOf(options, { height: 8, width: 8 }, stream(1, "holes"))).toEqual([]);
    expect(expectedArea(options, { height: 8, width: 8 })).toBe(0);
  });
});

describe("lengths", () => {
  const lengthsOf = (length: Length, image: ImageArea, progress = 1) => {
    const rng = stream(3, "holes");
    const options: CutoutOptions = { ...paper, length, placement: "inside" };
    const drawn = Array.from({ length: 400 }, () => sampleOf(options, image, rng, progress)[0]!);
    return [...new Set(drawn.map(({ top, bottom }) => bottom - top))].sort((a, b) => a - b);
  };
  test.each<[Length, ImageArea, number[]]>([
    [{ pixels: [3, 6] }, { height: 9, width: 9 }, [3, 4, 5, 6]],
    [{ share: 0.5 }, { height: 32, width: 40 }, [16]],
    [{ share: 0.5, of: "longer" }, { height: 32, width: 40 }, [20]],
    [{ share: 0.5, of: "height" }, { height: 32, width: 40 }, [16]],
    [{ share: 1 }, { height: 9, width: 9 }, [8]],
    [{ share: [0.25, 0.5] }, { height: 16, width: 16 }, [4, 6, 8]],
  ])("%j of %j", (length, image, expected) => expect(lengthsOf(length, image)).toEqual(expected));

  test.each<[Length, number[]]>([
    [
      {
        schedule: [
          [0, 0],
          [0.5, 8],
          [1, 16],
        ],
      },
      [0, 4, 8, 12, 16],
    ],
    [
      {
        schedule: [
          [0.25, 4],
          [0.75, 12],
        ],
      },
      [4, 4, 8, 12, 12],
    ],
    [
      {
        schedule: [
          [0, 0.25],
          [1, 0.5],
        ],
        unit: "share",
      },
      [8, 10, 12, 14, 16],
    ],
  ])("%j follows the training", (length, expected) => {
    const image = { height: 32, width: 32 };
    expect([0, 0.25, 0.5, 0.75, 1].map((progress) => lengthsOf(length, image, progress)[0])).toEqual(
      expected,
    );
  });
});

test("the number of holes is drawn from its range", () => {
  const rng = stream(4, "holes");
  const counts = Array.from(
    { length: 500 },
    () => sampleOf({ ...paper, length: 2, nHoles: [1, 3] }, { height: 8, width: 8 }, rng).length,
  );
  expect([...new Set(counts)].sort()).toEqual([1, 2, 3]);
});

const image = { height: 24, width: 36 };
const geometries: readonly [string, CutoutOptions][] = [
  ["circle", { ...paper, length: 16, shape: "circle" }],
  ["circles inside", { ...paper, length: 10, shape: "circle", placement: "inside", nHoles: [1, 3] }],
  ["triangle", { ...paper, length: 14, shape: triangle, probability: 0.5 }],
  ["mask inside", { ...paper, length: 20, shape: ring, placement: "inside" }],
  ["rectangle", { ...paper, length: 12, shape: { kind: "rectangle", aspect: [0.3, 3] } }],
  [
    "rectangles inside",
    { ...paper, length: 12, shape: { kind: "rectangle", aspect: [0.2, 5] }, placement: "inside", nHoles: 2 },
  ],
  ["range", { ...paper, length: { pixels: [4, 20] } }],
  ["range of circles", { ...paper, length: { share: [0.2, 0.9] }, shape: "circle" }],
  ["area", { ...paper, length: { area: [0.1, 0.9] }, placement: "inside" }],
  [
    "area of all",
    { ...paper, length: { area: [0.1, 0.6], of: "image" }, nHoles: [1, 4], placement: "inside" },
  ],
  [
    "sides",
    {
      ...paper,
      shape: { kind: "sides", height: { pixels: [2, 9] }, width: { share: [0.1, 0.6] } },
      placement: "inside",
    },
  ],
  ["odd", { ...paper, length: { pixels: [7, 7] } }],
  ["continuous", { ...paper, length: { share: [0.1, 0.7] }, placement: "anywhereContinuous" }],
  [
    "continuous inside",
    {
      ...paper,
      shape: { kind: "sides", height: { areaShare: [0.02, 0.6] }, width: { areaShare: [0.1, 0.9] } },
      placement: "insideContinuous",
    },
  ],
];

test.each(geometries)("expected area by simulation: %s", (_, options) => {
  const rng = stream(21, "area");
  const { sample } = holeSampler(options, image);
  const areas = Array.from({ length: 6000 }, () => {
    const map = coverageMap(sample(rng, 1), image);
    let sum = 0;
    for (const value of map) sum += value;
    return sum / map.length;
  });
  const mean = areas.reduce((sum, area) => sum + area, 0) / areas.length;
  const deviation = Math.sqrt(areas.reduce((sum, area) => sum + (area - mean) ** 2, 0) / areas.length);
  expect(mean).toBeGreaterThan(0.005);
  expect(Math.abs(mean - expectedArea(options, image))).toBeLessThan(
    (4 * deviation) / Math.sqrt(areas.length) + 1e-4,
  );
});

test("expected area with a schedule: at a point of the training, or the average over it", () => {
  const options: SizedCutoutOptions = {
    ...paper,
    length: {
      schedule: [
        [0, 0],
        [1, 20],
      ],
    },
  };
  const at = (progress?: number) => expectedArea(options, image, progress);
  expect(at(0)).toBe(0);
  expect(at(1)).toBe(expectedArea({ ...options, length: 20 }, image));
  const points = Array.from({ length: 1000 }, (_, index) => at((index + 0.5) / 1000));
  expect(at()).toBeCloseTo(points.reduce((sum, area) => sum + area, 0) / 1000, 3);
});

test("holes are plain JSON data", () => {
  for (const [, options] of geometries) {
    const holes = sampleOf({ ...options, fill: "random", probability: 1 }, image, stream(2, "holes"));
    expect(JSON.parse(JSON.stringify(holes))).toEqual(holes);
    expect(() => coverageMap(holes as Hole[], image)).not.toThrow();
  }
});

test.each<[Hole, string]>([
  [{ top: 0, bottom: 25, left: 0, right: 1 }, "cutout: hole must lie in the image of 24 x 36"],
  [
    { top: 0, bottom: 2, left: 0, right: 2, runs: [0, 0, 3] },
    "cutout: runs must be (row, start, end) in the hole's rows [0, 2)",
  ],
  [{ top: 0, bottom: 2, left: 0, right: 4, runs: [0, 0, 2, 0, 1, 3] }, "in order, got (0, 1, 3) at 3"],
  [{ top: 0, bottom: 2, left: 0, right: 4, runs: [1, 0, 2, 0, 1, 3] }, "in order, got (0, 1, 3) at 3"],
  [{ top: 0, bottom: 2, left: 0, right: 4, runs: [0, 0] }, "got (0, 0, undefined) at 0"],
  [{ top: 0, bottom: 2, left: 0, right: 4, runs: [0, 0.5, 2] }, "cutout: runs must be integers"],
  [{ top: 0, bottom: 2, left: 0, right: 4, seed: 0.5 }, "cutout: seed of a hole must be an integer, got 0.5"],
])("holes from elsewhere are checked: %j", (hole, message) => {
  expect(() => coverageMap([hole], image)).toThrow(message);
});
