// Cutout: each version against a slow, obvious one; expected area against simulation; bad options.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stream } from "../../rng.ts";
import type { ImageLayout, PixelArray } from "../image/layout.ts";
import { expectedArea } from "./area.ts";
import { applyHoles, cutout, sampleHoles } from "./cutout.ts";
import { cutoutOptions } from "./given.ts";
import { type Hole, holeAround } from "./hole.ts";
import { checkFits, type SizedCutoutOptions } from "./options.ts";

const paper: SizedCutoutOptions = {
  length: 2,
  nHoles: 1,
  placement: "anywhere",
  fill: "zero",
  probability: 1,
};

const shapes: fc.Arbitrary<ImageLayout> = fc.record({
  height: fc.integer({ min: 2, max: 14 }),
  width: fc.integer({ min: 2, max: 14 }),
  channels: fc.integer({ min: 1, max: 4 }),
  layout: fc.constantFrom("HWC" as const, "CHW" as const),
});

/** A shape with options that fit it. */
const cases = shapes.chain((shape) =>
  fc.constantFrom("anywhere" as const, "inside" as const).chain((placement) => {
    const side = placement === "inside" ? Math.min : Math.max;
    return fc.record({
      shape: fc.constant(shape),
      seed: fc.integer(),
      options: fc.record({
        length: fc
          .integer({ min: 1, max: Math.floor(side(shape.height, shape.width) / 2) })
          .map((h) => 2 * h),
        nHoles: fc.integer({ min: 1, max: 4 }),
        placement: fc.constant(placement),
        fill: fc.constantFrom("zero" as const, "imageMean" as const),
        probability: fc.constantFrom(0, 0.5, 1),
      }),
    });
  }),
);

function randomImage<A extends PixelArray>(image: A, seed: number): A {
  const rng = stream(seed, "image");
  const draw = image instanceof Float32Array ? () => rng.normal() : () => rng.integer(256);
  for (let index = 0; index < image.length; index++) image[index] = draw();
  return image;
}

const clip = (value: number, low: number, high: number) => Math.min(Math.max(value, low), high);

/** Reviewed numpy version, line by line, one image [H][W][C]; the caller's image is changed as there. */
function numpyVersion(image: number[][][], L: number, y: number, x: number): void {
  const [H, W, C] = [image.length, image[0]!.length, image[0]![0]!.length];
  const mean = image.flat(2).reduce((sum, value) => sum + value, 0) / (H * W * C);
  const [y1, y2] = [clip(y - Math.floor(L / 2), 0, H), clip(y + Math.floor(L / 2), 0, H)];
  const [x1, x2] = [clip(x - Math.floor(L / 2), 0, W), clip(x + Math.floor(L / 2), 0, W)];
  for (let i = y1; i < y2; i++) for (let j = x1; j < x2; j++) image[i]![j] = new Array(C).fill(mean);
}

/** Authors' version, line by line, [C][h][w]: a mask of ones, holes of zeros, multiplied in. */
function torchVersion(img: number[][][], length: number, centres: [number, number][]): number[][][] {
  const [h, w] = [img[0]!.length, img[0]![0]!.length];
  const mask = Array.from({ length: h }, () => new Array<number>(w).fill(1));
  for (const [y, x] of centres) {
    const [y1, y2] = [clip(y - Math.floor(length / 2), 0, h), clip(y + Math.floor(length / 2), 0, h)];
    const [x1, x2] = [clip(x - Math.floor(length / 2), 0, w), clip(x + Math.floor(length / 2), 0, w)];
    for (let i = y1; i < y2; i++) for (let j = x1; j < x2; j++) mask[i]![j] = 0;
  }
  return img.map((plane) => plane.map((row, i) => row.map((value, j) => value * mask[i]![j]!)));
}

/** Nested lists of an array with the axes a, b, c. */
function nested(flat: ArrayLike<number>, [a, b, c]: [number, number, number]): number[][][] {
  return Array.from({ length: a }, (_, i) =>
    Array.from({ length: b }, (_, j) => Array.from({ length: c }, (_, k) => flat[(i * b + j) * c + k]!)),
  );
}

/** The centres that sampleHoles draws from this stream. */
function drawnCentres(seed: number, shape: ImageLayout, nHoles: number): [number, number][] {
  const rng = stream(seed, "holes");
  rng.uniform();
  return Array.from({ length: nHoles }, () => [rng.integer(shape.height), rng.integer(shape.width)]);
}

describe("versions", () => {
  test("reviewed numpy version: batch (N, H, W, C), own mean, clipped", () => {
    fc.assert(
      fc.property(cases, fc.integer({ min: 1, max: 3 }), ({ shape, seed, options: { length } }, count) => {
        const { height, width, channels } = shape;
        const size = height * width * channels;
        const images = randomImage(new Float32Array(count * size), seed);
        const rng = stream(seed, "batch");
        const expected = Array.from({ length: count }, (_, index) => {
          const image = nested(images.slice(index * size, (index + 1) * size), [height, width, channels]);
          rng.uniform();
          const y = rng.integer(height);
          const x = rng.integer(width);
          numpyVersion(image, length, y, x);
          return image;
        });
        const result = cutout({ length, fill: "imageMean" })(
          images,
          { count, height, width, channels, layout: "HWC" },
          stream(seed, "batch"),
        );
        // The mean of the numbers may differ in its last digit.
        expected.flat(3).forEach((value, at) => {
          if (Math.abs(result[at]! - value) > 1e-7) expect(result[at]).toBe(value);
        });
      }),
    );
  });

  test("authors' version: (C, H, W), n holes, zero, clipped", () => {
    fc.assert(
      fc.property(cases, ({ shape, seed, options: { length, nHoles } }) => {
        const chw: ImageLayout = { ...shape, layout: "CHW" };
        const image = randomImage(new Float32Array(shape.height * shape.width * shape.channels), seed);
        const options: SizedCutoutOptions = { ...paper, length, nHoles };
        const holes = sampleHoles(stream(seed, "holes"), chw, options);
        const result = applyHoles(image, chw, holes, "zero");
        const lists = nested(image, [shape.channels, shape.height, shape.width]);
        const expected = torchVersion(lists, length, drawnCentres(seed, shape, nHoles)).flat(2);
        expect([...result].map((v) => v + 0)).toEqual(expected.map((v) => v + 0)); // -0 is 0
      }),
    );
  });

  test("inside: every hole is a whole square in the image, and every position comes up", () => {
    fc.assert(
      fc.property(cases, ({ shape, seed, options }) => {
        const length = Math.min(options.length, 2 * Math.floor(Math.min(shape.height, shape.width) / 2));
        const inside: SizedCutoutOptions = { ...options, length, placement: "inside", probability: 1 };
        for (const hole of sampleHoles(stream(seed, "holes"), shape, inside)) {
          expect(hole.bottom - hole.top).toBe(length);
          expect(hole.right - hole.left).toBe(length);
          expect(hole.top).toBeGreaterThanOrEqual(0);
          expect(hole.left).toBeGreaterThanOrEqual(0);
          expect(hole.bottom).toBeLessThanOrEqual(shape.height);
          expect(hole.right).toBeLessThanOrEqual(shape.width);
        }
      }),
    );
    const rng = stream(1, "holes");
    const options: SizedCutoutOptions = { ...paper, length: 4, placement: "inside" };
    const corners = Array.from(
      { length: 2000 },
      () => sampleHoles(rng, { height: 6, width: 7 }, options)[0]!,
    );
    expect(new Set(corners.map(({ top, left }) => `${top},${left}`)).size).toBe(3 * 4);
  });

  test("anywhere: every pixel comes up as the centre", () => {
    const image = { height: 3, width: 4 };
    const rng = stream(1, "holes");
    const drawn = Array.from({ length: 2000 }, () => sampleHoles(rng, image, { ...paper, length: 2 })[0]!);
    const all = [0, 1, 2].flatMap((y) => [0, 1, 2, 3].map((x) => holeAround(image, 2, y, x)));
    const text = (holes: Hole[]) => [...new Set(holes.map((hole) => JSON.stringify(hole)))].sort();
    expect(text(drawn)).toEqual(text(all));
  });

  test("several holes: the mean is that of the image before any hole", () => {
    const shape: ImageLayout = { height: 2, width: 4, channels: 1, layout: "HWC" };
    const image = Float32Array.of(0, 0, 8, 8, 0, 0, 8, 8);
    const holes = [0, 3].map((x) => ({ top: 0, bottom: 2, left: x, right: x + 1 }));
    expect([...applyHoles(image, shape, holes, "imageMean")]).toEqual([4, 0, 8, 4, 4, 0, 8, 4]);
  });

  test("8 bits: the mean is rounded", () => {
    const shape: ImageLayout = { height: 1, width: 3, channels: 1, layout: "HWC" };
    const hole = { top: 0, bottom: 1, left: 0, right: 1 };
    expect([...applyHoles(Uint8Array.of(1, 2, 2), shape, [hole], "imageMean")]).toEqual([2, 2, 2]);
  });
});

describe("randomness and memory", () => {
  test("the input is never changed, the result is new and of the same kind", () => {
    fc.assert(
      fc.property(cases, fc.boolean(), ({ shape, seed, options }, bytes) => {
        const size = 2 * shape.height * shape.width * shape.channels;
        const images = randomImage(bytes ? new Uint8Array(size) : new Float32Array(size), seed);
        const before = images.slice();
        const result = cutout(options)(images, { ...shape, count: 2 }, seed);
        expect(images).toEqual(before);
        expect(result.buffer).not.toBe(images.buffer);
        expect(result.constructor).toBe(images.constructor);
      }),
    );
  });

  test("a Node Buffer is copied, although its slice() shares memory", () => {
    const image = Buffer.alloc(16, 9);
    const result = cutout({ length: 4 })(image, { height: 4, width: 4, channels: 1, layout: "HWC" }, 3);
    expect([...image]).toEqual(new Array(16).fill(9));
    expect(result.some((value) => value === 0)).toBe(true);
  });

  test("same seed, same result; image i does not depend on the batch around it", () => {
    fc.assert(
      fc.property(cases, ({ shape, seed, options }) => {
        const size = shape.height * shape.width * shape.channels;
        const images = randomImage(new Float32Array(3 * size), seed);
        const augment = cutout(options);
        const three = augment(images, { ...shape, count: 3 }, seed);
        expect(augment(images, { ...shape, count: 3 }, seed)).toEqual(three);
        const two = augment(images.slice(0, 2 * size), { ...shape, count: 2 }, seed);
        expect(two).toEqual(three.slice(0, 2 * size));
      }),
    );
  });

  test("probability 0 means never and 1 always, at both ends of what can be drawn", () => {
    const rng = (uniform: number) => Object.assign(stream(1, "holes"), { uniform: () => uniform });
    const count = (uniform: number, probability: number) =>
      sampleHoles(rng(uniform), { height: 8, width: 8 }, { ...paper, probability }).length;
    expect([count(0, 0), count(1 - 2 ** -32, 0)]).toEqual([0, 0]);
    expect([count(0, 1), count(1 - 2 ** -32, 1)]).toEqual([1, 1]);
  });

  test("probability is the share of images that get holes", () => {
    const rng = stream(5, "holes");
    const image = { height: 8, width: 8 };
    const draw = () => sampleHoles(rng, image, { ...paper, nHoles: 3, probability: 0.3 });
    const counts = Array.from({ length: 4000 }, () => draw().length);
    expect(new Set(counts)).toEqual(new Set([0, 3]));
    expect(counts.filter((count) => count === 3).length / 4000).toBeCloseTo(0.3, 1);
  });
});

describe("expected area", () => {
  test("lengths of the paper", () => {
    const area = (length: number) => expectedArea({ ...paper, length }, { height: 32, width: 32 });
    expect(area(16)).toBe((14 / 32) ** 2); // mean side 14 of 32
    expect(area(16)).toBeCloseTo(0.191, 3);
    expect(area(8)).toBeCloseTo(0.055, 3);
    expect(area(20)).toBeCloseTo(0.278, 3);
    expect(
      expectedArea({ ...paper, length: 16, placement: "inside" }, { height: 32, width: 32 }),
    ).toBeCloseTo(0.25, 12);
  });

  test("one or two holes: equal to going through every position", () => {
    fc.assert(
      fc.property(cases, ({ shape: { height, width }, options }) => {
        const small = { height: Math.min(height, 6), width: Math.min(width, 6) };
        const length = Math.min(options.length, 2 * Math.floor(Math.min(small.height, small.width) / 2));
        const [rows, columns] =
          options.placement === "anywhere"
            ? [small.height, small.width]
            : [small.height - length + 1, small.width - length + 1];
        const shift = options.placement === "anywhere" ? length / 2 : 0;
        const positions = Array.from({ length: rows * columns }, (_, i) => [
          Math.floor(i / columns) - shift,
          (i % columns) - shift,
        ]) as [number, number][];
        const covers = ([top, left]: [number, number], y: number, x: number) =>
          top <= y && y < top + length && left <= x && x < left + length;
        for (const nHoles of [1, 2]) {
          const sets =
            nHoles === 1 ? positions.map((p) => [p]) : positions.flatMap((p) => positions.map((q) => [p, q]));
          let masked = 0;
          for (const set of sets) {
            for (let y = 0; y < small.height; y++) {
              for (let x = 0; x < small.width; x++) if (set.some((p) => covers(p, y, x))) masked++;
            }
          }
          const expected = (options.probability * masked) / (sets.length * small.height * small.width);
          expect(expectedArea({ ...options, length, nHoles }, small)).toBeCloseTo(expected, 12);
        }
      }),
      { numRuns: 40 },
    );
  });

  test.each<[Partial<SizedCutoutOptions>, number, number]>([
    [{ length: 16 }, 32, 32],
    [{ length: 8, nHoles: 4 }, 32, 32],
    [{ length: 10, nHoles: 3, placement: "inside", probability: 0.4 }, 12, 28],
    [{ length: 28, probability: 0.7 }, 12, 28],
  ])("simulation: %o on %i x %i", (given, height, width) => {
    const options = { ...paper, ...given };
    const rng = stream(11, "holes");
    const ones = new Uint8Array(height * width).fill(1);
    const shape: ImageLayout = { height, width, channels: 1, layout: "HWC" };
    const draws = 4000;
    let masked = 0;
    for (let draw = 0; draw < draws; draw++) {
      const result = applyHoles(ones, shape, sampleHoles(rng, shape, options), "zero");
      for (const value of result) masked += 1 - value;
    }
    // Standard error of the mean of 4000 shares in [0, 1] is below 0.008.
    expect(Math.abs(masked / (draws * height * width) - expectedArea(options, shape))).toBeLessThan(0.02);
  });
});

describe("bad input", () => {
  const image = { height: 32, width: 24 };
  test.each<[Partial<SizedCutoutOptions>, string]>([
    [{ length: 7 }, "cutout: length must be an even integer >= 2, got 7"],
    [{ length: 17 }, "got 17; an odd side is told as { pixels: [17, 17] }, or as the text 17-17"],
    [{ length: 0 }, "cutout: length must be an even integer >= 2, got 0"],
    [{ length: -4 }, "cutout: length must be an even integer >= 2, got -4"],
    [{ length: 2.5 }, "cutout: length must be an even integer >= 2, got 2.5"],
    [{ length: Number.NaN }, "cutout: length must be an even integer >= 2, got NaN"],
    [{ length: 34 }, "cutout: length must be at most the image's longer side, 32, got 34"],
    [
      { length: 26, placement: "inside" },
      `cutout: length must be at most the image's shorter side, 24, for placement "inside", got 26`,
    ],
    [
      { nHoles: 0 },
      "cutout: nHoles must be an integer >= 1 or [min, max] with min <= max, both integers >= 1, got 0",
    ],
    [
      { nHoles: 1.5 },
      "cutout: nHoles must be an integer >= 1 or [min, max] with min <= max, both integers >= 1, got 1.5",
    ],
    [{ probability: -0.1 }, "cutout: probability must be a number from 0 to 1, got -0.1"],
    [{ probability: 1.1 }, "cutout: probability must be a number from 0 to 1, got 1.1"],
    [{ probability: Number.NaN }, "cutout: probability must be a number from 0 to 1, got NaN"],
    [
      { placement: "middle" as never },
      `cutout: placement must be "anywhere", "inside", "anywhereContinuous" or "insideContinuous", got "middle"`,
    ],
    [
      { fill: "toString" as never },
      `cutout: fill must be "zero", "imageMean", "channelMean", "random", "randomColour", "otherImage", a number or a list with one number a channel, { colour }, { uniform, per } or { normal, per }, got "toString"`,
    ],
  ])("%o", (given, message) => {
    const options = { ...paper, ...given };
    expect(() => checkFits(cutoutOptions(options), image)).toThrow(message);
    expect(() => expectedArea(options, image)).toThrow(message);
    expect(() => sampleHoles(stream(0, "holes"), image, options)).toThrow(message);
    expect(() => cutout(options)(new Uint8Array(768), { ...image, channels: 1, layout: "HWC" }, 0)).toThrow(
      message,
    );
  });

  test("as long as the longer side fits", () => {
    expect(() => checkFits({ ...paper, length: 32 }, image)).not.toThrow();
    expect(() => checkFits({ ...paper, length: 24, placement: "inside" }, image)).not.toThrow();
  });

  test("arrays, shapes and seeds that do not fit", () => {
    const augment = cutout({ length: 2 });
    const shape: ImageLayout = { height: 4, width: 4, channels: 3, layout: "HWC" };
    expect(() => augment(new Uint8Array(47), shape, 0)).toThrow(
      "cutout: 1 x 4 x 4 x 3 pixels hold 48 numbers, got 47",
    );
    expect(() => augment(new Uint8Array(48), { ...shape, count: 0 }, 0)).toThrow(
      "cutout: count must be an integer >= 1, got 0",
    );
    expect(() => augment(new Uint8Array(48), { ...shape, width: -4 }, 0)).toThrow(
      "cutout: width must be an integer >= 1, got -4",
    );
    expect(() => augment(new Uint8Array(48), { ...shape, layout: "WHC" as never }, 0)).toThrow(
      `cutout: layout must be "HWC" or "CHW", got "WHC"`,
    );
    expect(() => augment([1, 2] as never, shape, 0)).toThrow(
      "cutout: pixels must be a Float32Array or a Uint8Array, got Array",
    );
    expect(() => augment(new Uint8Array(48), shape, undefined as never)).toThrow(
      "cutout: random must be an integer seed or an Rng, got undefined",
    );
    expect(() => augment(new Uint8Array(48), shape, 0.5)).toThrow("cutout: random must be an integer seed");
    expect(() => cutout({ length: 2, size: 3 } as never)).toThrow(
      `cutout: options must be among length, shape, nHoles, placement, fill, probability, per, got "size"`,
    );
  });

  test("a hole outside the image", () => {
    const shape: ImageLayout = { height: 4, width: 4, channels: 1, layout: "HWC" };
    const hole = { top: 0, bottom: 5, left: 0, right: 2 };
    expect(() => applyHoles(new Uint8Array(16), shape, [hole], "zero")).toThrow(
      "cutout: hole must lie in the image of 4 x 4, got rows [0, 5), columns [0, 2)",
    );
  });
});
