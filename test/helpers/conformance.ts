// Holds a runtime against the plain reference, operator by operator.
import fc from "fast-check";
import { expect } from "vitest";
import { type ConvAlgorithmName, convAlgorithms } from "../../src/graph/conv/algorithms.ts";
import { type ConvSpec, convSpec } from "../../src/graph/conv/spec.ts";
import type { OpName } from "../../src/graph/types.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { referenceRuntime } from "../../src/runtime/reference.ts";
import type { Device, Runtime } from "../../src/runtime/runtime.ts";
import { type OperatorCase, operatorCases } from "./operator-cases.ts";
import { operatorGraph, toTensor } from "./operator-graph.ts";

type Convolution = "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad";

/** The geometry of a case of a convolution. */
const specs: { readonly [Op in Convolution]: (example: OperatorCase<Op>) => ConvSpec } = {
  conv2d: ({ operands: [x, w], attrs }) => convSpec(attrs, x!.shape, w!.shape),
  conv2dInputGrad({ operands: [dy, w], attrs }) {
    const x = [w!.shape[1]! * attrs.groups, ...attrs.inputSize, dy!.shape[3]!];
    return convSpec(attrs, x, w!.shape);
  },
  conv2dWeightGrad({ operands: [x, dy], attrs }) {
    const w = [dy!.shape[0]!, x!.shape[0]! / attrs.groups, ...attrs.kernel];
    return convSpec(attrs, x!.shape, w);
  },
};

/** Operators with one way to compute them, and those whose computation depends on the convolution algorithm. */
export const convolutions = Object.keys(specs) as Convolution[];
export const others = (Object.keys(operatorCases) as OpName[]).filter(
  (op) => !(convolutions as OpName[]).includes(op),
);
export const algorithms = Object.keys(convAlgorithms) as ConvAlgorithmName[];

/** Largest error of an operator's float32 result, as a share of its largest element. */
const tolerance = 2e-5;

async function outputOf(runtime: Runtime, op: OpName, example: OperatorCase) {
  const { g, output } = operatorGraph(op, example);
  g.output("y", output);
  const executable = await runtime.compile(g);
  expect(executable.fallbacks).toEqual([]);
  const feeds = Object.fromEntries(
    example.operands.flatMap((operand, index) =>
      operand.constant ? [] : [[`x${index}`, toTensor(operand)]],
    ),
  );
  const { y } = await executable.run(feeds);
  await executable.close();
  return y!;
}

/** Random applications of an operator: the device computes them itself, and gets what the reference gets. */
export function checkOperator(device: Device, op: OpName, numRuns: number): Promise<void> {
  return check(nodeRuntime({ threads: 1, device }), op, operatorCases[op], numRuns);
}

/** The same for convolutions that an algorithm takes. */
export function checkConvolution(
  device: Device,
  op: Convolution,
  convolution: ConvAlgorithmName,
  numRuns: number,
): Promise<void> {
  const taken = (operatorCases[op] as fc.Arbitrary<OperatorCase>).filter((example) =>
    convAlgorithms[convolution].applies(specs[op](example as never)),
  );
  return check(nodeRuntime({ threads: 1, device, convolution }), op, taken, numRuns);
}

async function check(
  runtime: Runtime,
  op: OpName,
  cases: fc.Arbitrary<OperatorCase>,
  numRuns: number,
): Promise<void> {
  const property = fc.asyncProperty(cases, async (example) => {
    // Both see the operands as float32, so only the computation differs.
    const rounded = {
      ...example,
      operands: example.operands.map((x) => ({ ...x, data: Float64Array.from(toTensor(x).data) })),
    };
    const expected = await outputOf(referenceRuntime, op, rounded);
    const actual = await outputOf(runtime, op, rounded);
    expect(actual.shape).toEqual(expected.shape);
    const scale = Float64Array.from(expected.data).reduce((max, x) => Math.max(max, Math.abs(x)), 1e-3);
    expected.data.forEach((want, index) => {
      const error = Math.abs(actual.data[index]! - want);
      expect(error / scale, `${op}[${index}]: ${actual.data[index]} for ${want}`).toBeLessThan(tolerance);
    });
  });
  await fc.assert(property, { numRuns, seed: 7 });
}
