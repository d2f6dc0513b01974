// The arithmetic that a graph takes, counted.
import { expect, it } from "vitest";
import { Graph } from "./graph.ts";
import { countMultiplyAdds, countOperations } from "./operations.ts";

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

it("multiplications with addition are those of the definition: outputs times the terms of each", () => {
  const g = new Graph();
  const x = g.input("x", "float32", [6, 9, 8, 2]);
  const w = g.input("w", "float32", [4, 3, 3, 2]);
  const attrs = { stride: [2, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 2 } as const;
  const y = g.apply("conv2d", [x, w], attrs);
  const flat = g.apply("reshape", [g.apply("relu", [y])], { shape: [4 * 5 * 9, 2] });
  const weights = g.input("v", "float32", [3, 4 * 5 * 9]);
  g.output("z", g.apply("matmul", [weights, flat], { transposeA: false, transposeB: false }));
  expect(countMultiplyAdds(g)).toBe(4 * 5 * 9 * 2 * (3 * 3 * 2) + 3 * (4 * 5 * 9) * 2);
});
