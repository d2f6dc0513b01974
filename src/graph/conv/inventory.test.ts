// The convolutions of a graph, and their descriptions.
import { describe, expect, it } from "vitest";
import { Graph } from "../graph.ts";
import { convolutionsOf, describeConvolution, describeGeometry, directOperations } from "./inventory.ts";
import { type ConvSpec, convSpec } from "./spec.ts";

const attrs = { stride: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1], groups: 1 } as const;
const spec = convSpec(attrs, [3, 8, 8, 4], [5, 3, 3, 3]);

describe("the convolutions of a graph", () => {
  it("come once for each geometry, with the passes and weights of all that have it", () => {
    const g = new Graph();
    const x = g.input("x", "float32", [6, 8, 8, 2]);
    const weights = ["a", "b"].map((name) => g.input(`${name}.weight`, "float32", [6, 6, 3, 3]));
    const [a, b] = weights as [(typeof weights)[0], (typeof weights)[0]];
    const y = g.apply("conv2d", [g.apply("conv2d", [x, a], attrs), b], attrs);
    const strided = { ...attrs, stride: [2, 2] as const };
    const w = g.input("c.weight", "float32", [4, 6, 1, 1]);
    g.output("z", g.apply("conv2d", [y, w], strided));
    g.output("dx", g.apply("conv2dInputGrad", [y, b], { ...attrs, inputSize: [8, 8] }));
    g.output("dw", g.apply("conv2dWeightGrad", [x, y], { ...attrs, kernel: [3, 3] }));
    // Made, but no output needs it.
    g.apply("conv2d", [y, g.input("d.weight", "float32", [7, 6, 3, 3])], attrs);
    expect(convolutionsOf(g).map(({ passes, weights: names }) => ({ passes, names }))).toEqual([
      { passes: ["forward", "inputGrad", "weightGrad"], names: ["a.weight", "b.weight"] },
      { passes: ["forward"], names: ["c.weight"] },
    ]);
  });

  it("are told in words", () => {
    expect(describeConvolution({ spec, passes: ["forward", "weightGrad"] })).toBe(
      "3x8x8 to 5x8x8, 3x3, padding 1, batch 4: forward, weightGrad",
    );
    const odd = { stride: [2, 1], padding: [0, 1, 1, 0], dilation: [1, 2], groups: 3 } as const;
    expect(describeGeometry(convSpec(odd, [6, 9, 8, 4], [9, 2, 3, 2]))).toBe(
      "6x9x8 to 9x4x7, 3x2, stride 2x1, padding 0-1-1-0, dilation 1x2, groups 3, batch 4",
    );
  });

  it("are told in other words when anything differs", () => {
    const others: Partial<ConvSpec>[] = [
      { stride: [1, 2] },
      { padding: [1, 1, 1, 0] },
      { dilation: [2, 1] },
      { groups: 3 },
      { kernel: [3, 1] },
      { inChannels: 6 },
      { outChannels: 6 },
      { input: [8, 9] },
      { output: [9, 8] },
      { batch: 5 },
    ];
    const texts = [spec, ...others.map((other) => ({ ...spec, ...other }))].map(describeGeometry);
    expect(new Set(texts).size).toBe(texts.length);
    expect(Object.keys(spec).sort()).toEqual(others.flatMap(Object.keys).sort());
  });

  it("take two operations for each weight that meets a pixel", () => {
    expect(directOperations(spec)).toBe(2 * 5 * 3 * 3 * 3 * 8 * 8 * 4);
  });
});
