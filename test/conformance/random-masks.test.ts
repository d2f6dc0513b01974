// The same random numbers on every device, bit for bit: a seed gives one run wherever it runs.
import { afterAll, describe, expect, it } from "vitest";
import { Graph } from "../../src/graph/graph.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { referenceRuntime } from "../../src/runtime/reference.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { tensor } from "../../src/tensor.ts";
import { holdDevice, webgpu, webgpuTitle } from "../helpers/webgpu.ts";

const held = await holdDevice();
afterAll(() => held?.close());

const shape = [37, 1501];
const salts = [0, 1, 0x7fffffff, -0x80000000];
const seeds = [0, 1, -1, 123_456_789, 0x7fffffff, -0x80000000];

/** Random numbers, and a dropout mask made of them, for each salt. */
function graph(): Graph {
  const g = new Graph();
  const seed = g.input("seed", "int32", [1]);
  const x = g.input("x", "float32", shape);
  for (const salt of salts) {
    g.output(`uniform ${salt}`, g.apply("uniform", [seed], { shape, salt }));
    g.output(`dropout ${salt}`, g.apply("dropout", [x, seed], { probability: 0.5, salt, shared: [] }));
  }
  return g;
}

async function draw(runtime: Runtime, seed: number) {
  const executable = await runtime.compile(graph());
  const results = await executable.run({
    seed: tensor("int32", [1], Int32Array.of(seed)),
    x: tensor("float32", shape, new Float32Array(shape[0]! * shape[1]!).fill(1)),
  });
  await executable.close();
  return results;
}

for (const { device, title, here } of [
  { device: "cpu", title: "cpu", here: true },
  { device: "webgpu", title: webgpuTitle, here: webgpu.found },
] as const) {
  describe.skipIf(!here)(`random numbers on ${title}`, () => {
    it.each(seeds)("are the reference's with seed %i", async (seed) => {
      const expected = await draw(referenceRuntime, seed);
      const actual = await draw(nodeRuntime({ threads: 2, device }), seed);
      for (const [name, { data }] of Object.entries(expected)) {
        // Compared as bytes: as numbers, 0 and -0 would be equal.
        const differing = Buffer.compare(
          Buffer.from(data.buffer),
          Buffer.from(actual[name]!.data.buffer as ArrayBuffer),
        );
        expect(differing, name).toBe(0);
      }
    });
  });
}
