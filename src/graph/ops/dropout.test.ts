// The random numbers inside the graph: uniform, and independent of neighbours, seeds and salts.
import { describe, expect, it } from "vitest";
import { evaluateReference } from "../../runtime/reference.ts";
import { Graph } from "../graph.ts";
import { hashPosition } from "./dropout.ts";

function draws(seed: number, salt: number, count: number): Float64Array {
  const g = new Graph();
  const input = g.input("seed", "int32", [1]);
  g.output("u", g.apply("uniform", [input], { shape: [count], salt }));
  return evaluateReference(g, new Map([["seed", { shape: [1], data: Float64Array.of(seed) }]])).get("u")!
    .data;
}

const correlation = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, x, index) => sum + (x - 0.5) * (b[index]! - 0.5), 0) / a.length / (1 / 12);

describe("uniform", () => {
  const count = 40_000;
  // For independent draws a correlation has the deviation 1 / sqrt(count) = 0.005.
  const limit = 4 / Math.sqrt(count);

  it("fills [0, 1) evenly (chi-squared over 100 cells)", () => {
    for (const [seed, salt] of [
      [0, 0],
      [1, 0],
      [0, 1],
      [-123456789, 987654321],
      [2 ** 31 - 1, -1],
    ] as const) {
      const cells = new Array<number>(100).fill(0);
      for (const draw of draws(seed, salt, count)) {
        cells[Math.floor(draw * 100)]!++;
      }
      // A draw outside [0, 1) would be missing from the cells.
      expect(cells.reduce((sum, cell) => sum + cell, 0)).toBe(count);
      const chiSquared = cells.reduce((sum, cell) => sum + (cell - count / 100) ** 2 / (count / 100), 0);
      // 99 degrees of freedom: 99.9 % lie below 148.2.
      expect(chiSquared, `seed ${seed}, salt ${salt}`).toBeLessThan(148.2);
    }
  });

  it("is independent of the next position, the next seed and the next salt", () => {
    const base = draws(7, 11, count);
    for (const lag of [1, 2, 3, 16, 64, 128, 1024]) {
      expect(Math.abs(correlation(base.slice(0, -lag), base.slice(lag))), `lag ${lag}`).toBeLessThan(limit);
    }
    for (const other of [draws(8, 11, count), draws(-7, 11, count), draws(7, 12, count)]) {
      expect(Math.abs(correlation(base, other))).toBeLessThan(limit);
    }
  });

  it("changes half of the bits when the seed changes by one", () => {
    let changed = 0;
    for (let position = 0; position < 2000; position++) {
      let difference = hashPosition(5, 0, position) ^ hashPosition(6, 0, position);
      for (; difference !== 0; difference &= difference - 1) changed++;
    }
    expect(changed / (2000 * 32)).toBeCloseTo(0.5, 1);
  });
});

describe("dropout", () => {
  it("drops the stated share and keeps the mean", () => {
    const g = new Graph();
    const count = 50_000;
    const seed = g.input("seed", "int32", [1]);
    const ones = g.constant("float32", [count], new Float32Array(count).fill(1));
    g.output("y", g.apply("dropout", [ones, seed], { probability: 0.3, salt: 5, shared: [] }));
    const y = evaluateReference(g, new Map([["seed", { shape: [1], data: Float64Array.of(3) }]])).get(
      "y",
    )!.data;
    const dropped = y.filter((x) => x === 0).length / count;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / count));
    expect(y.reduce((sum, x) => sum + x, 0) / count).toBeCloseTo(1, 1);
  });
});
