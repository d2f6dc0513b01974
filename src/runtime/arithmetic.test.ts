// bfloat16 is for Arm alone: refused elsewhere by a clear line, and there an option of the session.
import { expect, test } from "vitest";
import { Graph } from "../graph/graph.ts";
import { tensor } from "../tensor.ts";
import { checkArithmetic, hasBfloat16 } from "./arithmetic.ts";
import { nodeRuntime } from "./node.ts";

test("other processors are told that they cannot", () => {
  expect(() => checkArithmetic("bfloat16", "cpu", "x64")).toThrow(
    "arithmetic: bfloat16 needs an Arm processor: ONNX Runtime has such products on no other, got x64; leave it out",
  );
  expect(() => checkArithmetic("bfloat16", "cpu", "arm64")).not.toThrow();
  expect(() => checkArithmetic("bfloat16", "webgpu", "arm64")).toThrow(
    "arithmetic: bfloat16 is of the processor, and not of a graphics card, got webgpu",
  );
  expect(() => checkArithmetic("float32", "webgpu", "x64")).not.toThrow();
});

test("a session takes the option; its products are as near as the processor's arithmetic", async () => {
  const g = new Graph();
  const [a, b] = [g.input("a", "float32", [32, 32]), g.input("b", "float32", [32, 32])];
  g.output("y", g.apply("matmul", [a, b], { transposeA: false, transposeB: false }));
  const numbers = (from: number) => Float32Array.from({ length: 1024 }, (_, at) => Math.sin(from + at));
  const feeds = { a: tensor("float32", [32, 32], numbers(1)), b: tensor("float32", [32, 32], numbers(2)) };
  const [exact, rough] = await Promise.all(
    (["float32", "bfloat16"] as const).map(async (arithmetic) => {
      const step = await nodeRuntime({ threads: 1, arithmetic }).compile(g);
      const { y } = await step.run(feeds);
      await step.close();
      return y!.data as Float32Array;
    }),
  );
  const off = Math.max(...exact!.map((value, at) => Math.abs(value - rough![at]!)));
  // Elsewhere the option says nothing to ONNX Runtime, and the numbers are the same.
  expect(off).toBeLessThanOrEqual(hasBfloat16() ? 0.3 : 0);
});
