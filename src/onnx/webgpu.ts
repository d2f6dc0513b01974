// Operators in the form that the WebGPU provider of ONNX Runtime computes itself, where the usual one it does not.
import { operandsOf } from "../graph/graph.ts";
import type { Activation, Pool2dAttrs, Value } from "../graph/types.ts";
import type { Lowerings } from "./lower.ts";
import type { NodeList } from "./nodes.ts";

const float32 = 1;

/** 1 where `a` is greater than `b`, else 0. */
const isGreater = (nodes: NodeList, a: string, b: string): string =>
  nodes.add("Cast", [nodes.add("Greater", [a, b])], { to: float32 });

const activations: { readonly [A in Activation]: (nodes: NodeList, x: string) => string } = {
  identity: (_, x) => x,
  relu: (nodes, x) => nodes.add("Relu", [x]),
  step: (nodes, x) => isGreater(nodes, x, nodes.number(0)),
  reached: (nodes, x) => nodes.add("Sub", [nodes.number(1), isGreater(nodes, nodes.number(0), x)]),
};

export const webgpuLowerings: Partial<Lowerings> = {
  // The provider pools over two axes at most, and the batch is the third here.
  maxPool2d: slicedMaxPool,
  // The provider gives no mean beside LayerNormalization for certain, and has no FusedConv.
  channelMean: (nodes, [x], _, value) =>
    nodes.add("ReduceMean", [x!, nodes.integers([...value.shape.keys()].slice(1))], { keepdims: 1 }),
  channelDot: (nodes, [a, b], _, value) =>
    nodes.add("ReduceSum", [nodes.add("Mul", [a!, b!]), nodes.integers([...value.shape.keys()].slice(1))], {
      keepdims: 1,
    }),
  affine(nodes, [x, scale, shift, addend], { activation }, { shape }) {
    const perChannel = nodes.integers(shape.map((_, axis) => (axis === 0 ? -1 : 1)));
    const [factor, term] = [scale!, shift!].map((vector) => nodes.add("Reshape", [vector, perChannel])) as [
      string,
      string,
    ];
    const mapped = nodes.add("Add", [nodes.add("Mul", [x!, factor]), term]);
    const sum = addend ? nodes.add("Add", [mapped, addend]) : mapped;
    return activations[activation](nodes, sum);
  },
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

/** The maximum of one slice for each position of the window. */
function slicedMaxPool(
  nodes: NodeList,
  [x]: readonly string[],
  { kernel, stride, padding: [top, left, bottom, right] }: Pool2dAttrs,
  { shape }: Value,
): string {
  const lowest = nodes.number(-3.4e38);
  const padded =
    top + left + bottom + right > 0
      ? nodes.add("Pad", [x!, nodes.integers([0, top, left, 0, 0, bottom, right, 0]), lowest])
      : x!;
  const parts = Array.from({ length: kernel[0] * kernel[1] }, (_, position) => {
    const start = [Math.floor(position / kernel[1]), position % kernel[1]] as const;
    const end = start.map((first, axis) => first + (shape[axis + 1]! - 1) * stride[axis]! + 1);
    return nodes.add("Slice", [
      padded,
      nodes.integers(start),
      nodes.integers(end),
      nodes.integers([1, 2]),
      nodes.integers(stride),
    ]);
  });
  return parts.reduce((max, part) => nodes.add("Max", [max, part]));
}

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
