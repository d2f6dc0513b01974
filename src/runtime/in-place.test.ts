// Outputs are written into the arrays that are given, and into nothing else.
import { describe, expect, it } from "vitest";
import { Graph } from "../graph/graph.ts";
import { tensor, zeros } from "../tensor.ts";
import { nodeRuntime } from "./node.ts";

const count = 2_000_000;

function doubled(): Graph {
  const g = new Graph();
  const x = g.input("x", "float32", [count]);
  g.output("y", g.apply("mul", [x, g.scalar(2)]));
  return g;
}

describe("outputs on the cpu", () => {
  it("are written into the given tensor, without another array of their size", async () => {
    const executable = await nodeRuntime({ threads: 1 }).compile(doubled());
    const feeds = { x: tensor("float32", [count], new Float32Array(count).fill(3)) };
    const into = { y: zeros("float32", [count]) };
    const before = process.memoryUsage().arrayBuffers;
    const results = await executable.run(feeds, into);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(count);
    expect(results.y).toBe(into.y);
    expect(into.y.data.every((value) => value === 6)).toBe(true);
    await executable.close();
  });

  it("are new tensors where none is given", async () => {
    const executable = await nodeRuntime({ threads: 1 }).compile(doubled());
    const { y } = await executable.run({ x: tensor("float32", [count], new Float32Array(count).fill(1)) });
    expect(y!.data[count - 1]).toBe(2);
    await executable.close();
  });
});
