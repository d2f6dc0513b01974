// Layers that draw random numbers: what they drop and how often, what stays of the mean, their gradients by finite
// differences, and what they are at test time.
import { describe, expect, it, test } from "vitest";
import { gradients } from "../../graph/grad.ts";
import { Graph } from "../../graph/graph.ts";
import { weightedPool } from "../../graph/ops/weighted-pool.ts";
import type { Value } from "../../graph/types.ts";
import { stream } from "../../rng.ts";
import { evaluateReference } from "../../runtime/reference.ts";
import { sizeOf } from "../../tensor.ts";
import { forwardLayer } from "../tree.ts";
import {
  dropBlock,
  dropout,
  type Layer,
  maxDrop,
  maxPool,
  maxPoolDropout,
  spatialDropout,
  stochasticDepth,
} from "./index.ts";

type Shape = readonly [channels: number, height: number, width: number, count: number];

/** A layer's computation in double precision, with the gradient of sum(y * weights) by x. */
function layerGraph(layer: Layer, shape: Shape, training = true) {
  const g = new Graph();
  const [x, seed] = [g.input("x", "float32", shape), g.input("seed", "int32", [1])];
  let salts = 0;
  const context = {
    g,
    training,
    parameter: (): Value => expect.fail("no parameters"),
    buffer: (): Value => expect.fail("no buffers"),
    updateBuffer: () => {},
    seed: training ? seed : null,
    nextSalt: () => 77 + salts++,
  };
  const y = forwardLayer(context, layer, x);
  const rng = stream(3, "weights");
  const weights = Float32Array.from({ length: sizeOf(y.shape) }, () => 0.5 + rng.uniform());
  const product = g.apply("mul", [y, g.constant("float32", y.shape, weights)]);
  const loss = g.apply("reshape", [g.apply("reduceSum", [product], { axes: [0, 1, 2, 3] })], { shape: [1] });
  g.output("y", y);
  g.output("loss", loss);
  g.output("dx", gradients(g, loss, [x])[0]!);
  return (data: Float64Array, step = 5) =>
    evaluateReference(
      g,
      new Map([
        ["x", { shape, data }],
        ["seed", { shape: [1], data: Float64Array.of(step) }],
      ]),
    );
}

/** Values that differ from each other by much more than the step of a difference. */
function values(shape: Shape, key = 1, low = 0.1): Float64Array {
  const rng = stream(key, "values");
  const order = Float64Array.from({ length: sizeOf(shape) }, (_, at) => low + at / 500);
  for (let last = order.length - 1; last > 0; last--) {
    const other = rng.integer(last + 1);
    [order[last], order[other]] = [order[other]!, order[last]!];
  }
  return order;
}

const run = (layer: Layer, shape: Shape, data: Float64Array, step?: number) =>
  layerGraph(layer, shape)(data, step).get("y")!.data;

const ones = (shape: Shape) => new Float64Array(sizeOf(shape)).fill(1);
const mean = (data: Float64Array) => data.reduce((sum, x) => sum + x, 0) / data.length;

const layers = {
  dropout: dropout(0.3),
  "spatial dropout": spatialDropout(0.3),
  "drop block of 1": dropBlock(0.2, 1),
  "drop block of 3": dropBlock(0.2, 3),
  "drop block of the usual side": dropBlock(0.2),
  "max drop over maps": maxDrop(0.5, "map"),
  "max drop over channels": maxDrop(0.5, "channels"),
  "max-pooling dropout": maxPoolDropout(0.4, 2),
  "max-pooling dropout, windows that overlap": maxPoolDropout(0.4, 3, 2),
  "stochastic depth per image": stochasticDepth(0.4, "image"),
  "stochastic depth per batch": stochasticDepth(0.4, "batch"),
} as const satisfies Readonly<Record<string, Layer>>;
const cases = Object.entries(layers);

describe("gradients equal finite differences in double precision", () => {
  const shape = [3, 5, 6, 4] as const;
  const step = 1e-5;

  it.each(cases)("%s", (_, layer) => {
    const x = values(shape);
    for (const training of [true, false]) {
      const evaluate = layerGraph(layer, shape, training);
      const { data: exact } = evaluate(x).get("dx")!;
      for (let at = 0; at < x.length; at += 7) {
        const moved = (by: number) => {
          const other = x.slice();
          other[at]! += by;
          return evaluate(other).get("loss")!.data[0]!;
        };
        const difference = (moved(step) - moved(-step)) / (2 * step);
        expect(Math.abs(difference - exact[at]!), `element ${at}`).toBeLessThan(
          1e-6 * Math.max(1, Math.abs(difference)),
        );
      }
    }
  });
});

describe("a step's seed says everything", () => {
  const shape = [4, 7, 7, 8] as const;
  it.each(cases)("%s", (_, layer) => {
    const x = values(shape);
    expect(run(layer, shape, x, 1)).toEqual(run(layer, shape, x, 1));
    const draws = Array.from({ length: 40 }, (__, step) => run(layer, shape, x, step).join());
    expect(new Set(draws).size).toBeGreaterThan(1);
  });
});

describe("the share that is dropped, and the mean", () => {
  // Deviations of a share p of n independent draws; five of them are left.
  const within = (share: number, p: number, draws: number) =>
    expect(Math.abs(share - p)).toBeLessThan(5 * Math.sqrt((p * (1 - p)) / draws));

  it("spatial dropout: whole maps, the others by 1 / (1 - p)", () => {
    const shape = [64, 2, 3, 64] as const;
    const y = run(spatialDropout(0.3), shape, ones(shape));
    const maps = mapsOf(y, shape);
    const kept = maps.filter((map) => map[0] !== 0);
    for (const map of maps) expect(new Set(map).size).toBe(1);
    for (const [value] of kept) expect(value).toBeCloseTo(1 / 0.7, 6);
    within(1 - kept.length / maps.length, 0.3, maps.length);
    // Neither an image nor a channel is dropped as a whole: pairs of neighbours are both kept with (1 - p)^2.
    const is = (c: number, n: number) => Number(maps[c * 64 + n]![0] !== 0);
    const pairs = [0, 1].map((axis) => {
      const both = Array.from({ length: 63 * 64 }, (_, at) => {
        const [i, j] = [Math.floor(at / 64), at % 64];
        return axis === 0 ? is(i, j) * is(i + 1, j) : is(j, i) * is(j, i + 1);
      });
      return both.reduce((sum, one) => sum + one, 0) / both.length;
    });
    for (const share of pairs) within(share, 0.49, 63 * 64);
  });

  it("stochastic depth: whole images, or the whole batch", () => {
    const shape = [2, 3, 2, 1000] as const;
    const y = run(stochasticDepth(0.4, "image"), shape, ones(shape));
    const dropped = Array.from({ length: 1000 }, (_, n) => {
      const image = y.filter((__, at) => at % 1000 === n);
      expect(new Set(image).size).toBe(1);
      return Number(image[0] === 0);
    });
    within(dropped.reduce((sum, one) => sum + one, 0) / 1000, 0.4, 1000);
    expect(mean(y)).toBeCloseTo(1, 0);
    const batch = [1, 1, 1, 3] as const;
    const evaluate = layerGraph(stochasticDepth(0.4, "batch"), batch);
    const steps = Array.from({ length: 1000 }, (_, step) => evaluate(ones(batch), step).get("y")!.data);
    for (const each of steps) expect(new Set(each).size).toBe(1);
    within(steps.filter(([value]) => value === 0).length / 1000, 0.4, 1000);
  });

  it("drop block: blocks lie whole in the map, and the mean over the batch stays 1", () => {
    const [side, k, p] = [9, 3, 0.2];
    const shape = [8, side, side, 64] as const;
    const y = run(dropBlock(p, k), shape, ones(shape));
    expect(mean(y)).toBeCloseTo(1, 6);
    expect(new Set(y.map((value) => Math.fround(value))).size).toBe(2);
    for (const map of mapsOf(y, shape)) {
      const isZero = (row: number, column: number) => map[row * side + column] === 0;
      map.forEach((value, at) => {
        if (value !== 0) return;
        // Some block of zeros covers it.
        const covers = blocks(Math.floor(at / side), at % side, k, side).some(([top, left]) =>
          Array.from({ length: k * k }, (_, i) => isZero(top + Math.floor(i / k), left + (i % k))).every(
            Boolean,
          ),
        );
        expect(covers).toBe(true);
      });
    }
    // A position is kept when none of the blocks over it begins: (1 - gamma)^(their number).
    const gamma = (p * side ** 2) / (k ** 2 * (side - k + 1) ** 2);
    const expected =
      Array.from(
        { length: side * side },
        (_, at) => (1 - gamma) ** blocks(Math.floor(at / side), at % side, k, side).length,
      ).reduce((sum, chance) => sum + chance, 0) /
      side ** 2;
    // Values of a block go together: as many draws as blocks fit side by side.
    within(y.filter((value) => value !== 0).length / y.length, expected, (8 * 64 * side ** 2) / k ** 2);
  });

  it("max drop: nothing but the largest, half of the time, and nothing is scaled", () => {
    const shape = [16, 4, 4, 50] as const;
    const x = values(shape);
    for (const over of ["map", "channels"] as const) {
      const y = run(maxDrop(0.5, over), shape, x);
      const groupOf = (at: number) => {
        const [n, pixel, c] = [at % 50, Math.floor(at / 50) % 16, Math.floor(at / 800)];
        return over === "map" ? c * 50 + n : pixel * 50 + n;
      };
      const largest = new Map<number, number>();
      x.forEach((value, at) => {
        largest.set(groupOf(at), Math.max(value, largest.get(groupOf(at)) ?? 0));
      });
      let dropped = 0;
      y.forEach((value, at) => {
        if (value === 0 && x[at] === largest.get(groupOf(at))) dropped++;
        else expect(value).toBe(x[at]);
      });
      within(dropped / largest.size, 0.5, largest.size);
    }
  });
});

describe("max-pooling dropout", () => {
  const pool = (data: readonly number[], kernel: readonly [number, number], probability: number) => {
    const g = new Graph();
    const x = g.input("x", "float32", [1, ...kernel, 1]);
    g.output("y", weightedPool(g, x, { kernel, stride: [1, 1], padding: [0, 0, 0, 0] }, probability));
    const given = { shape: x.shape, data: Float64Array.from(data) };
    return evaluateReference(g, new Map([["x", given]])).get("y")!.data[0]!;
  };

  test("a window 1, 2, 3, 4 at p = 0.5 gives 3.0625", () => {
    expect(pool([1, 2, 3, 4], [2, 2], 0.5)).toBe(3.0625);
    expect(pool([4, 1, 3, 2], [1, 4], 0.5)).toBe(3.0625);
  });

  test("is the mean over all ways to drop, values below 0 too", () => {
    const rng = stream(4, "windows");
    for (const kernel of [
      [1, 1],
      [2, 2],
      [1, 5],
      [3, 3],
    ] as const) {
      for (const shift of [0, 0.5, 1]) {
        const data = Array.from({ length: kernel[0] * kernel[1] }, () => rng.uniform() - shift);
        const p = 0.1 + 0.8 * rng.uniform();
        let expected = 0;
        for (let ways = 0; ways < 2 ** data.length; ways++) {
          const kept = data.map((value, at) => ((ways >> at) & 1 ? value : 0));
          const count = kept.filter((_, at) => (ways >> at) & 1).length;
          expected += (1 - p) ** count * p ** (data.length - count) * Math.max(...kept);
        }
        expect(pool(data, kernel, p)).toBeCloseTo(expected, 6);
      }
    }
  });

  test("the test form is the mean of training, and without dropping it is max pooling", () => {
    const shape = [2, 5, 5, 2] as const;
    const padded = { ...maxPoolDropout(0.4, 3, 2), padding: [1, 1, 1, 1] } as Layer;
    const x = values(shape, 9, -0.1);
    const evaluate = layerGraph(padded, shape);
    const draws = 4000;
    const sums = Array.from({ length: draws }, (_, step) => evaluate(x, step).get("y")!.data);
    const atTest = layerGraph(padded, shape, false)(x).get("y")!.data;
    atTest.forEach((expected, at) => {
      const drawn = sums.map((y) => y[at]!);
      const average = drawn.reduce((sum, y) => sum + y, 0) / draws;
      const variance = drawn.reduce((sum, y) => sum + (y - average) ** 2, 0) / draws;
      expect(Math.abs(average - expected)).toBeLessThan(5 * Math.sqrt(variance / draws) + 1e-6);
    });
    const none = layerGraph(maxPoolDropout(0, 3, 2), shape)(x).get("y")!.data;
    expect(none).toEqual(layerGraph(maxPool(3, 2), shape)(x).get("y")!.data);
  });
});

describe("at test time every layer but max-pooling dropout is its input itself", () => {
  const shape = [3, 8, 8, 2] as const;
  it.each(cases.filter(([, { kind }]) => kind !== "maxPoolDropout"))("%s", (_, layer) => {
    const x = values(shape);
    expect(layerGraph(layer, shape, false)(x).get("y")!.data).toEqual(x);
  });
});

/** Each map [height * width] of [C, H, W, N], images of a channel one after the other. */
function mapsOf(data: Float64Array, [channels, height, width, count]: Shape): readonly Float64Array[] {
  const area = height * width;
  return Array.from({ length: channels * count }, (_, map) => {
    const [channel, image] = [Math.floor(map / count), map % count];
    return Float64Array.from(
      { length: area },
      (__, pixel) => data[(channel * area + pixel) * count + image]!,
    );
  });
}

/** Where blocks begin that lie whole in the map and cover a position. */
function blocks(
  row: number,
  column: number,
  k: number,
  side: number,
): readonly (readonly [number, number])[] {
  const starts = (at: number) =>
    Array.from({ length: k }, (_, back) => at - back).filter((start) => start >= 0 && start + k <= side);
  return starts(row).flatMap((top) => starts(column).map((left) => [top, left] as const));
}
