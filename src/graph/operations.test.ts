// The arithmetic that a graph takes, counted.
import { expect, it } from "vitest";
import { Graph } from "./graph.ts";
import { countOperations } from "./operations.ts";

it("a product takes two operations for each of its terms, however its factors lie", () => {
  const [m, k, n, batch] = [3, 5, 7, 2];
  const count = (a: readonly number[], b: readonly number[], how: object) => {
    const g = new Graph();
    const [x, y] = [g.input("a", "float32", a), g.input("b", "float32", b)];
    g.output("y", g.apply("matmul", [x, y], { transposeA: false, transposeB: false, ...how }));
    return countOperations(g);
  };
  expect(count([m, k], [k, n], {})).toBe(2 * m * k * n);
  expect(count([k, m], [n, k], { transposeA: true, transposeB: true })).toBe(2 * m * k * n);
  expect(count([batch, m, k], [k, n], {})).toBe(2 * batch * m * k * n);
  expect(count([m, batch, k], [k, batch, n], { swapA: true, swapB: true })).toBe(2 * batch * m * k * n);
  expect(count([k, batch, m], [batch, k, n], { transposeA: true, swapA: true })).toBe(2 * batch * m * k * n);
});

it("filters take two for each of their elements, everything else one for each element, views none", () => {
  const g = new Graph();
  const x = g.input("x", "float32", [2, 4, 4, 3]);
  const filters = g.constant("float32", [5, 2, 2], new Float32Array(20).fill(1));
  const filtered = g.apply("filterBank", [x, filters], { stride: [2, 2], padding: [0, 0, 0, 0] });
  const flat = g.apply("reshape", [filtered], { shape: [2 * 5 * 2 * 2 * 3] });
  g.output("y", g.apply("relu", [flat]));
  g.apply("neg", [x]);
  expect(countOperations(g)).toBe(2 * 120 * 4 + 120);
});
