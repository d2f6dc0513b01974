// A graph of one operator, made from a case.
import { Graph } from "../../src/graph/graph.ts";
import type { OpName, ReferenceArray, Value } from "../../src/graph/types.ts";
import { type DType, type Tensor, zeros } from "../../src/tensor.ts";
import type { OperandCase, OperatorCase } from "./operator-cases.ts";

export interface OperatorGraph {
  readonly g: Graph;
  readonly operands: readonly Value[];
  readonly output: Value;
}

export function operatorGraph<Op extends OpName>(
  op: Op,
  { operands: cases, attrs }: OperatorCase<Op>,
): OperatorGraph {
  const g = new Graph();
  const operands = cases.map((operand, index) =>
    operand.constant ? g.tensor(toTensor(operand)) : g.input(`x${index}`, operand.dtype, operand.shape),
  );
  return { g, operands, output: g.applyWith(op, operands, attrs) };
}

export function toTensor({
  dtype,
  shape,
  data,
}: {
  dtype: DType;
  shape: readonly number[];
  data: Float64Array;
}): Tensor {
  const result = zeros(dtype, shape);
  result.data.set(data);
  return result;
}

export function namedOperands(cases: readonly OperandCase[]): Map<string, ReferenceArray> {
  return new Map(
    cases.flatMap((operand, index) => (operand.constant ? [] : [[`x${index}`, operand] as const])),
  );
}
