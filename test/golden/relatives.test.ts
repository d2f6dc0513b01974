// Cutout's relatives against Python libraries given the same draws (relatives_python.py writes relatives.json).
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { betaVariate } from "../../src/augment/batch/beta.ts";
import { cutmix } from "../../src/augment/batch/cutmix.ts";
import { mixup } from "../../src/augment/batch/mixup.ts";
import { gridMask } from "../../src/augment/masking/grid-mask.ts";
import { randomErasing } from "../../src/augment/masking/random-erasing.ts";
import { gradients } from "../../src/graph/grad.ts";
import { Graph } from "../../src/graph/graph.ts";
import { type Rng, stream } from "../../src/rng.ts";
import { referenceRuntime } from "../../src/runtime/reference.ts";
import { tensor } from "../../src/tensor.ts";

type Draw =
  | { readonly kind: "uniform"; readonly at: number }
  | { readonly kind: "integer"; readonly bound: number; readonly value: number };

interface Erasing {
  readonly height: number;
  readonly width: number;
  readonly area: readonly [number, number];
  readonly aspect: readonly [number, number];
  readonly tries: number;
  readonly draws: readonly Draw[];
  /** Row, column, height, width. */
  readonly box: readonly [number, number, number, number] | null;
}

interface Mixed {
  readonly count: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly images: readonly number[];
  readonly labels: readonly number[];
  readonly mixedImages: readonly number[];
  readonly mixedLabels: readonly number[];
  readonly box: { top: number; bottom: number; left: number; right: number };
  readonly lambda: number;
}

interface Golden {
  readonly erasing: { readonly torchvision: readonly Erasing[]; readonly timm: readonly Erasing[] };
  readonly cutmix: readonly Mixed[];
  readonly mixup: readonly Mixed[];
  readonly gridDropout: readonly {
    height: number;
    width: number;
    period: number;
    hole: number;
    shiftX: number;
    shiftY: number;
    dropped: number[];
  }[];
  readonly gridMask: readonly {
    height: number;
    width: number;
    period: number;
    kept: number;
    top: number;
    left: number;
    rotation: number;
    dropped: string;
  }[];
  readonly beta: readonly {
    alpha: number;
    mean: number;
    variance: number;
    fourth: number;
    points: [number, number][];
  }[];
  readonly crossEntropy: readonly {
    count: number;
    classes: number;
    labelSmoothing: number;
    logits: number[];
    targets: number[];
    loss: number;
    gradient: number[];
  }[];
}

const golden: Golden = JSON.parse(readFileSync(new URL("relatives.json", import.meta.url), "utf8"));

/** A stream that gives what the library drew, and checks that the same is asked for. */
function scripted(draws: readonly Draw[]): Rng & { readonly left: () => number } {
  const left = [...draws];
  return {
    uniform() {
      const draw = left.shift();
      if (draw?.kind !== "uniform") throw new Error(`the library did not draw a uniform number here`);
      return draw.at;
    },
    integer(bound) {
      const draw = left.shift();
      if (draw?.kind !== "integer") throw new Error(`the library did not draw an integer here`);
      expect(draw.bound).toBe(bound);
      return draw.value;
    },
    normal: () => {
      throw new Error("not drawn");
    },
    seed: () => 0,
    left: () => left.length,
  };
}

describe.each(["torchvision", "timm"] as const)("Random Erasing of %s", (library) => {
  test("makes the same rectangles of the same draws", () => {
    let erased = 0;
    for (const { height, width, area, aspect, tries, draws, box } of golden.erasing[library]) {
      const erase = randomErasing({
        area,
        aspect,
        tries,
        probability: 1,
        corner: "inside",
        aspectScale: "logUniform",
      });
      const rng = scripted([{ kind: "uniform", at: 0 }, ...draws]);
      const drawn = erase.sample(rng, { height, width, channels: 3 }, 0);
      const [top, left, h, w] = box ?? [];
      const expected = box && { top, bottom: top! + h!, left, right: left! + w! };
      expect(drawn.box).toEqual(expected);
      expect(rng.left()).toBe(0);
      if (box !== null) erased++;
    }
    expect(erased).toBeGreaterThan(150);
    expect(golden.erasing.torchvision.some(({ box }) => box === null)).toBe(true);
  });
});

/** torchvision pairs each image with the one before it. */
function batchOf({ count, channels, height, width, images, labels }: Mixed) {
  const shares = new Float32Array(count * 4);
  labels.forEach((label, image) => {
    shares[image * 4 + label] = 1;
  });
  return {
    count,
    channels,
    height,
    width,
    layout: "CHW" as const,
    pixels: Float32Array.from(images),
    labels: shares,
    partners: Array.from({ length: count }, (_, image) => (image + count - 1) % count),
  };
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expect(expected.reduce((most, value, at) => Math.max(most, Math.abs(value - actual[at]!)), 0)).toBeLessThan(
    1e-6,
  );
}

test("CutMix of torchvision: images and soft labels", () => {
  for (const each of golden.cutmix) {
    const { partners, ...batch } = batchOf(each);
    const result = cutmix().apply(batch, { mix: { box: each.box, partners } });
    expectClose(result.pixels, each.mixedImages);
    expectClose(result.labels!, each.mixedLabels);
  }
  expect(golden.cutmix.some(({ box }) => box.bottom > box.top && box.right > box.left)).toBe(true);
});

test("MixUp of torchvision: images and soft labels", () => {
  for (const each of golden.mixup) {
    const { partners, ...batch } = batchOf(each);
    const result = mixup().apply(batch, { mix: { lambda: each.lambda, partners } });
    expectClose(result.pixels, each.mixedImages);
    expectClose(result.labels!, each.mixedLabels);
  }
});

test("GridDropout of Albumentations is GridMask without rotation, where the image is a whole number of units", () => {
  for (const { height, width, period, hole, shiftX, shiftY, dropped } of golden.gridDropout) {
    // Its holes begin at the shift, our kept stripes where its holes end; ours count from the square around the image.
    const side = Math.ceil(Math.hypot(height, width));
    const around = (extent: number) => Math.floor((side - extent) / 2);
    const grid = {
      period,
      kept: period - hole,
      top: (shiftY + hole + around(height)) % period,
      left: (shiftX + hole + around(width)) % period,
      rotation: 0,
    };
    const mask = gridMask({ period: [2, 4] }).mask({ height, width }, { grid, fillSeed: 0 });
    // It has no holes before the shift.
    let compared = 0;
    for (let y = shiftY; y < height; y++) {
      for (let x = shiftX; x < width; x++) {
        expect(mask[y * width + x]).toBe(dropped[y * width + x]);
        compared += dropped[y * width + x]!;
      }
    }
    expect(compared).toBeGreaterThan(0);
  }
});

test("GridMask of the authors: stripes on a square that is turned", () => {
  for (const { height, width, dropped, ...grid } of golden.gridMask) {
    const mask = gridMask({ period: [2, 4] }).mask({ height, width }, { grid, fillSeed: 0 });
    const different = [...dropped].filter((pixel, at) => Number(pixel) !== mask[at]).length;
    // Pillow turns in steps of 2^-16 pixels: a pixel whose centre falls on an edge may fall on its other side.
    expect(different).toBeLessThanOrEqual(grid.rotation % 90 === 0 ? 0 : 0.01 * height * width);
    expect(mask.includes(1)).toBe(dropped.includes("1"));
  }
});

describe("Beta(alpha, alpha) of SciPy", () => {
  test.each(golden.beta)("alpha $alpha", ({ alpha, mean, variance, fourth, points }) => {
    const count = 20_000;
    const rng = stream(12, "beta");
    const draws = Float64Array.from({ length: count }, () => betaVariate(rng, alpha, alpha)).sort();
    expect(draws[0]).toBeGreaterThanOrEqual(0);
    expect(draws[count - 1]).toBeLessThanOrEqual(1);
    const moment = (power: number) => draws.reduce((sum, value) => sum + value ** power, 0) / count;
    expect(Math.abs(moment(1) - mean)).toBeLessThan(4 * Math.sqrt(variance / count));
    expect(Math.abs(moment(2) - moment(1) ** 2 - variance)).toBeLessThan(0.005);
    expect(Math.abs(moment(4) - fourth)).toBeLessThan(4 * Math.sqrt(fourth / count));
    // Kolmogorov and Smirnov's distance at the points; 1.95 / sqrt(n) is exceeded once in 1000.
    let below = 0;
    for (const [x, share] of points) {
      while (below < count && draws[below]! <= x) below++;
      expect(Math.abs(below / count - share)).toBeLessThan(1.95 / Math.sqrt(count));
    }
  });
});

test.each(golden.crossEntropy)(
  "cross-entropy with soft labels, $count x $classes, smoothing $labelSmoothing",
  async (c) => {
    const g = new Graph();
    const logits = g.input("logits", "float32", [c.classes, c.count]);
    const targets = g.input("targets", "float32", [c.classes, c.count]);
    const loss = g.apply("crossEntropy", [logits, targets], { labelSmoothing: c.labelSmoothing });
    g.output("loss", loss);
    g.output("gradient", gradients(g, loss, [logits])[0]!);
    /** [rows, columns] to [columns, rows] */
    const turned = (values: ArrayLike<number>, rows: number, columns: number) =>
      Float32Array.from(
        { length: rows * columns },
        (_, at) => values[(at % rows) * columns + Math.floor(at / rows)]!,
      );
    const step = await referenceRuntime.compile(g);
    const shape = [c.classes, c.count];
    const results = await step.run({
      logits: tensor("float32", shape, turned(c.logits, c.count, c.classes)),
      targets: tensor("float32", shape, turned(c.targets, c.count, c.classes)),
    });
    expect(Math.abs(results.loss!.data[0]! - c.loss)).toBeLessThan(1e-5);
    expectClose(turned(results.gradient!.data, c.classes, c.count), c.gradient);
  },
);
