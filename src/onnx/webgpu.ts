// Operators in the form that the WebGPU provider of ONNX Runtime computes itself, where the usual one it does not.
import { operandsOf } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import type { Lowerings } from "./lower.ts";
import type { NodeList } from "./nodes.ts";

const float32 = 1;

/** 1 where `a` is greater than `b`, else 0. */
const isGreater = (nodes: NodeList, a: string, b: string): string =>
  nodes.add("Cast", [nodes.add("Greater", [a, b])], { to: float32 });

export const webgpuLowerings: Partial<Lowerings> = {
  // The provider has no Sign.
  sign(nodes, [x]) {
    const zero = nodes.number(0);
    return nodes.add("Sub", [isGreater(nodes, x!, zero), isGreater(nodes, zero, x!)]);
  },
  // The huge slope of the usual form overflows, and WGSL leaves open what an infinity becomes.
  step: (nodes, [x]) => isGreater(nodes, x!, nodes.number(0)),
  // The provider has no LogSoftmax.
  logSoftmax(nodes, [x], { axis }) {
    const axes = nodes.integers([axis]);
    const shifted = nodes.add("Sub", [x!, nodes.add("ReduceMax", [x!, axes], { keepdims: 1 })]);
    const sum = nodes.add("ReduceSum", [nodes.add("Exp", [shifted]), axes], { keepdims: 1 });
    return nodes.add("Sub", [shifted, nodes.add("Log", [sum])]);
  },
  // The provider has no FusedMatMul: two matrices are a Gemm, in batches the operands are transposed.
  matmul(nodes, [a, b], { transposeA, transposeB, swapA = false, swapB = false }, value) {
    const [left, right] = operandsOf(value) as [Value, Value];
    if (left.shape.length === 2 && right.shape.length === 2) {
      if (!transposeA && !transposeB) return nodes.add("MatMul", [a!, b!]);
      return nodes.add("Gemm", [a!, b!], { transA: Number(transposeA), transB: Number(transposeB) });
    }
    return nodes.add("MatMul", [
      ordered(nodes, a!, left, transposeA, swapA),
      ordered(nodes, b!, right, transposeB, swapB),
    ]);
  },
};

/** An operand of a product as [rows, columns] or [batch, rows, columns]. */
function ordered(
  nodes: NodeList,
  name: string,
  { shape }: Value,
  transposed: boolean,
  swapped: boolean,
): string {
  const batch = shape.length === 2 ? [] : swapped ? [1] : [0];
  const [rows, columns] = [...shape.keys()].filter((axis) => !batch.includes(axis)) as [number, number];
  const permutation = transposed ? [...batch, columns, rows] : [...batch, rows, columns];
  if (permutation.every((axis, index) => axis === index)) return name;
  return nodes.once(`transpose ${name} ${permutation}`, () => [
    nodes.add("Transpose", [name], { perm: permutation }),
  ])[0]!;
}
