// Every operator on every runtime against the plain reference, over random shapes.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ConvAlgorithmName, convAlgorithms } from "../../src/graph/conv/algorithms.ts";
import type { OpName } from "../../src/graph/types.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { referenceRuntime } from "../../src/runtime/reference.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { type OperatorCase, operatorCases } from "../helpers/operator-cases.ts";
import { operatorGraph, toTensor } from "../helpers/operator-graph.ts";

const runtimes: Runtime[] = (Object.keys(convAlgorithms) as ConvAlgorithmName[]).map((convolution) => ({
  ...nodeRuntime({ threads: 1, convolution }),
  name: `cpu, ${convolution}`,
}));

const isConvolution = (op: OpName) => op.startsWith("conv2d");

async function outputOf(runtime: Runtime, op: OpName, example: OperatorCase) {
  const { g, output } = operatorGraph(op, example);
  g.output("y", output);
  const executable = await runtime.compile(g);
  const feeds = Object.fromEntries(
    example.operands.flatMap((operand, index) =>
      operand.constant ? [] : [[`x${index}`, toTensor(operand)]],
    ),
  );
  const { y } = await executable.run(feeds);
  await executable.close();
  return y!;
}

for (const runtime of runtimes) {
  describe(`operators on ${runtime.name}`, () => {
    for (const op of Object.keys(operatorCases) as OpName[]) {
      // Only convolutions differ between the algorithms.
      if (runtime !== runtimes[0] && !isConvolution(op)) continue;
      it(op, async () => {
        const property = fc.asyncProperty(
          operatorCases[op] as fc.Arbitrary<OperatorCase>,
          async (example) => {
            // Both see the operands as float32, so only the computation differs.
            const rounded = {
              ...example,
              operands: example.operands.map((x) => ({ ...x, data: Float64Array.from(toTensor(x).data) })),
            };
            const expected = await outputOf(referenceRuntime, op, rounded);
            const actual = await outputOf(runtime, op, rounded);
            expect(actual.shape).toEqual(expected.shape);
            const scale = Float64Array.from(expected.data).reduce(
              (max, x) => Math.max(max, Math.abs(x)),
              1e-3,
            );
            expected.data.forEach((want, index) => {
              const error = Math.abs(actual.data[index]! - want);
              expect(error / scale, `${op}[${index}]: ${actual.data[index]} for ${want}`).toBeLessThan(2e-5);
            });
          },
        );
        await fc.assert(property, { numRuns: 20, seed: 7 });
      });
    }
  });
}
