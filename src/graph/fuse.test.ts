// What one pass computes together becomes one operator when a graph is expanded.
import { describe, expect, it } from "vitest";
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
});
