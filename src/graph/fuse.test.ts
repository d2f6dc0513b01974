// What one pass computes together becomes one operator when a graph is expanded.
import { describe, expect, it } from "vitest";
import { evaluateReference } from "../runtime/reference.ts";
import { chooseByRule } from "./conv/algorithms.ts";
import { expand } from "./expand.ts";
import { gradients } from "./grad.ts";
import { Graph } from "./graph.ts";
import type { Value } from "./types.ts";

const operators = (graph: Graph) =>
  graph.values.flatMap(({ source }) => (source.kind === "operation" ? [source] : []));

function expanded(build: (g: Graph, x: Value, gamma: Value, beta: Value) => Value) {
  const g = new Graph();
  const x = g.input("x", "float32", [4, 2, 2, 3]);
  const [gamma, beta] = ["gamma", "beta"].map((name) => g.input(name, "float32", [4])) as [Value, Value];
  g.output("y", build(g, x, gamma, beta));
  return expand(g, { convolution: chooseByRule });
}

describe("fused operators", () => {
  it("batch normalization and ReLU: the activation is part of the affine map", () => {
    const graph = expanded((g, x, gamma, beta) =>
      g.apply("relu", [g.apply("batchNorm", [x, gamma, beta], { epsilon: 1e-5 })]),
    );
    const { source } = graph.outputs.get("y")!;
    expect(source).toMatchObject({ op: "affine", attrs: { activation: "relu" } });
  });

  it("two normalized branches, added, and ReLU are one affine map with an addend", () => {
    const graph = expanded((g, x, gamma, beta) => {
      const normalized = (value: Value) => g.apply("batchNorm", [value, gamma, beta], { epsilon: 1e-5 });
      return g.apply("relu", [g.apply("add", [normalized(x), normalized(g.apply("exp", [x]))])]);
    });
    const { source } = graph.outputs.get("y")!;
    expect(source).toMatchObject({ op: "affine", attrs: { activation: "relu" } });
    expect(source.kind === "operation" && source.inputs.length).toBe(4);
  });

  it("the gradient takes the slope of that ReLU from its operands, so that its result need not be kept", () => {
    const graph = expanded((g, x, gamma, beta) => {
      const y = g.apply("relu", [g.apply("batchNorm", [x, gamma, beta], { epsilon: 1e-5 })]);
      const loss = g.apply("reshape", [g.apply("reduceSum", [y], { axes: [0, 1, 2, 3] })], { shape: [1] });
      return gradients(g, loss, [x])[0]!;
    });
    const steps = operators(graph).filter(
      ({ op, attrs }) => op === "step" || JSON.stringify(attrs).includes("step"),
    );
    expect(steps.map(({ op }) => op)).toEqual(["affine"]);
  });

  it("a ReLU under max pooling has its slope taken where the maxima are", () => {
    const g = new Graph();
    const x = g.input("x", "float32", [2, 6, 6, 3]);
    const attrs = { kernel: [3, 3], stride: [2, 2], padding: [0, 0, 0, 0] } as const;
    const y = g.apply("maxPool2d", [g.apply("relu", [x])], attrs);
    const loss = g.apply("reshape", [g.apply("reduceSum", [y], { axes: [0, 1, 2, 3] })], { shape: [1] });
    const dx = gradients(g, loss, [x])[0]!;
    const steps = operators(g).filter(({ op }) => op === "step");
    expect(steps.map(({ inputs }) => inputs[0])).toEqual([y]);

    // As with the slope of every pixel, on numbers that are mostly cut off and have many ties.
    const data = Float32Array.from({ length: 2 * 6 * 6 * 3 }, (_, index) => ((index * 7) % 11) - 7);
    g.output("dx", dx);
    const relu = data.map((value) => Math.max(value, 0));
    const expected = new Float32Array(data.length);
    for (let c = 0; c < 2; c++) {
      for (let row = 0; row + 3 <= 6; row += 2) {
        for (let column = 0; column + 3 <= 6; column += 2) {
          for (let n = 0; n < 3; n++) {
            const at = (i: number, j: number) => ((c * 6 + row + i) * 6 + column + j) * 3 + n;
            const places = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => at(i, j)));
            const first = places.reduce((best, place) => (relu[place]! > relu[best]! ? place : best));
            if (relu[first]! > 0) expected[first]! += 1;
          }
        }
      }
    }
    const inputs = new Map([["x", { shape: x.shape, data: Float64Array.from(data) }]]);
    for (const graph of [g, expand(g, { convolution: chooseByRule })]) {
      expect(Array.from(evaluateReference(graph, inputs).get("dx")!.data)).toEqual(Array.from(expected));
    }
  });
});
