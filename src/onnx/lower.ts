// From the training graph to ONNX: one entry for each primitive operator.

import { type Graph, operandsOf, reachable } from "../graph/graph.ts";
import { uniformHash } from "../graph/ops/dropout.ts";
import type { Activation, PrimitiveAttrs, PrimitiveName, Value } from "../graph/types.ts";
import { type Shape, sizeOf } from "../tensor.ts";
import { NodeList } from "./nodes.ts";
import { encodeModel, type OnnxAttribute, type OnnxTensor } from "./proto.ts";

type Lowering<A> = (nodes: NodeList, inputs: readonly string[], attrs: A, value: Value) => string;

export type Lowerings = { readonly [Op in PrimitiveName]: Lowering<PrimitiveAttrs[Op]> };

const simple =
  (op: string): Lowering<unknown> =>
  (nodes, inputs) =>
    nodes.add(op, inputs);

const reduce =
  (op: string): Lowering<{ readonly axes: readonly number[] }> =>
  (nodes, [x], { axes }) =>
    nodes.add(op, [x!, nodes.integers(axes)], { keepdims: 1 });

/** min(1, max(0, x * huge)): one vectorized pass, and exact for all but denormal numbers. */
const hugeSlope = 3e38;

const fusedActivations: { readonly [A in Activation]: Readonly<Record<string, OnnxAttribute>> } = {
  identity: {},
  relu: { activation: "Relu" },
  step: { activation: "HardSigmoid", activation_params: { floats: [hugeSlope, 0] } },
  reached: { activation: "HardSigmoid", activation_params: { floats: [hugeSlope, 1] } },
};

/** In how many equal rows to cut a channel of so many numbers: rows of some 4096, where it divides so. */
function rowsOf(count: number): number {
  let rows = Math.max(1, Math.round(count / 4096));
  while (count % rows !== 0) rows--;
  return rows;
}

const onnxTypes = { float32: 1, uint8: 2, int32: 6, bool: 9 } as const;

const lowerings: Lowerings = {
  neg: simple("Neg"),
  abs: simple("Abs"),
  sign: simple("Sign"),
  step: (nodes, inputs) =>
    nodes.add("HardSigmoid", inputs, { alpha: { float: hugeSlope }, beta: { float: 0 } }),
  exp: simple("Exp"),
  log: simple("Log"),
  sqrt: simple("Sqrt"),
  relu: simple("Relu"),
  sigmoid: simple("Sigmoid"),
  tanh: simple("Tanh"),
  erf: simple("Erf"),
  add: simple("Add"),
  sub: simple("Sub"),
  mul: simple("Mul"),
  div: simple("Div"),
  maximum: simple("Max"),
  minimum: simple("Min"),
  greater: simple("Greater"),
  equal: simple("Equal"),
  where: simple("Where"),
  cast: (nodes, [x], { to }) => nodes.add("Cast", [x!], { to: onnxTypes[to] }),
  reduceSum: reduce("ReduceSum"),
  reduceMean: reduce("ReduceMean"),
  reduceSumSquare: reduce("ReduceSumSquare"),
  reduceMax: reduce("ReduceMax"),
  standardize: (nodes, [x], { epsilon }, { shape }) =>
    layerNormalization(nodes, x!, shape, epsilon).standardized,
  inverseDeviation(nodes, [x], { epsilon }, value) {
    const { shape } = operandsOf(value)[0]!;
    return layerNormalization(nodes, x!, shape, epsilon).inverseDeviation;
  },
  channelMean(nodes, [x], { epsilon }, value) {
    const { shape } = operandsOf(value)[0]!;
    return layerNormalization(nodes, x!, shape, epsilon).mean;
  },
  // Short rows as a batch of products: the long rows of a whole channel would go to one thread, and slowly.
  channelDot(nodes, inputs, _, value) {
    const { shape } = operandsOf(value)[0]!;
    const rows = rowsOf(sizeOf(shape.slice(1)));
    const [a, b] = inputs.map((input) =>
      nodes.add("Reshape", [input, nodes.integers([shape[0]! * rows, 1, sizeOf(shape.slice(1)) / rows])]),
    ) as [string, string];
    const dots = nodes.add("FusedMatMul", [a, b], { transB: 1 }, "com.microsoft");
    const parts = nodes.add("Reshape", [dots, nodes.integers([shape[0]!, rows])]);
    const sums = nodes.add("ReduceSum", [parts, nodes.integers([1])], { keepdims: 1 });
    return nodes.add("Reshape", [sums, nodes.integers(value.shape)]);
  },
  // A 1x1 convolution over [1, C, L] with a group for each channel takes bias, addend and activation in its one pass.
  affine(nodes, [x, scale, shift, addend], { activation }, { shape }) {
    const [channels, pixels] = [shape[0]!, sizeOf(shape.slice(1))];
    const row = (name: string) => nodes.add("Reshape", [name, nodes.integers([1, channels, pixels])]);
    const weights = nodes.add("Reshape", [scale!, nodes.integers([channels, 1, 1])]);
    const operands = [row(x!), weights, shift!, ...(addend ? [row(addend)] : [])];
    const geometry = { group: channels, kernel_shape: [1] };
    const y =
      activation === "identity" && !addend
        ? nodes.add("Conv", operands, geometry)
        : nodes.add("FusedConv", operands, { ...geometry, ...fusedActivations[activation] }, "com.microsoft");
    return nodes.add("Reshape", [y, nodes.integers(shape)]);
  },
  softmax: (nodes, inputs, { axis }) => nodes.add("Softmax", inputs, { axis }),
  logSoftmax: (nodes, inputs, { axis }) => nodes.add("LogSoftmax", inputs, { axis }),
  reshape: (nodes, [x], { shape }) => nodes.add("Reshape", [x!, nodes.integers(shape)]),
  transpose: (nodes, inputs, { permutation }) => nodes.add("Transpose", inputs, { perm: permutation }),
  broadcast: (nodes, [x], { shape }) => nodes.add("Expand", [x!, nodes.integers(shape)]),
  slice: (nodes, [x], { starts, ends, steps }, { shape }) =>
    nodes.add("Slice", [
      x!,
      nodes.integers(starts),
      nodes.integers(ends),
      nodes.integers(shape.map((_, axis) => axis)),
      nodes.integers(steps),
    ]),
  pad: (nodes, [x], { before, after, value }) =>
    nodes.add("Pad", [x!, nodes.integers([...before, ...after]), nodes.number(value)], { mode: "constant" }),
  concat: (nodes, inputs, { axis }) => nodes.add("Concat", inputs, { axis }),
  gather: (nodes, inputs, { axis }) => nodes.add("Gather", inputs, { axis }),
  matmul(nodes, inputs, { transposeA, transposeB, swapA = false, swapB = false }, value) {
    if (![transposeA, transposeB, swapA, swapB].includes(true)) return nodes.add("MatMul", inputs);
    const attributes = {
      transA: Number(transposeA),
      transB: Number(transposeB),
      transBatchA: Number(swapA),
      transBatchB: Number(swapB),
    };
    // With a swapped operand FusedMatMul wants the same rank on both sides.
    const operands =
      swapA || swapB
        ? operandsOf(value).map(({ shape }, index) =>
            shape.length === 3
              ? inputs[index]!
              : nodes.add("Reshape", [inputs[index]!, nodes.integers([1, ...shape])]),
          )
        : inputs;
    return nodes.add("FusedMatMul", operands, attributes, "com.microsoft");
  },
  // A convolution over [C, 1, H, W, N] with filters [F, 1, kh, kw, 1]: channels are its batch, N its third dimension.
  filterBank(nodes, [x, filters], { stride, padding: [top, left, bottom, right] }, value) {
    const [image, bank] = operandsOf(value).map(({ shape }) => shape) as [Shape, Shape];
    const [channels, ...extents] = image as [number, ...number[]];
    const [count, ...kernel] = bank as [number, ...number[]];
    return nodes.add(
      "Conv",
      [
        nodes.add("Reshape", [x!, nodes.integers([channels, 1, ...extents])]),
        nodes.add("Reshape", [filters!, nodes.integers([count, 1, ...kernel, 1])]),
      ],
      { kernel_shape: [...kernel, 1], strides: [...stride, 1], pads: [top, left, 0, bottom, right, 0] },
    );
  },
  // Pooling over [1, C, H, W, N], where the window has extent 1 along N.
  maxPool2d(nodes, [x], { kernel, stride, padding: [top, left, bottom, right] }, value) {
    const image = nodes.add("Reshape", [x!, nodes.integers([1, ...operandsOf(value)[0]!.shape])]);
    const pooled = nodes.add("MaxPool", [image], {
      kernel_shape: [...kernel, 1],
      strides: [...stride, 1],
      pads: [top, left, 0, bottom, right, 0],
    });
    return nodes.add("Reshape", [pooled, nodes.integers(value.shape)]);
  },
  uniform: lowerUniform,
};

/**
 * Each channel of x [C, ...] as a layer to normalize: one node gives the standardized values, the mean and
 * 1 / deviation.
 * (ONNX Runtime sums the moments in double precision there, unlike in its reductions.)
 */
function layerNormalization(nodes: NodeList, x: string, shape: Shape, epsilon: number) {
  const [standardized, mean, inverseDeviation] = nodes.once(`standardize ${x} ${epsilon}`, () => {
    const ones = nodes.once(`ones ${shape.slice(1)}`, () => [
      nodes.add("Expand", [nodes.number(1), nodes.integers(shape.slice(1))]),
    ]);
    const [y, mean, inverse] = nodes.addMany("LayerNormalization", [x, ones[0]!], 3, {
      axis: 1,
      epsilon: { float: epsilon },
    });
    return [y!, mean!, inverse!];
  });
  return { standardized: standardized!, mean: mean!, inverseDeviation: inverseDeviation! };
}

/** See graph/ops/dropout.ts: the same wrapping int32 arithmetic. */
function lowerUniform(
  nodes: NodeList,
  [seed]: readonly string[],
  { shape, salt }: PrimitiveAttrs["uniform"],
): string {
  const int = (x: number) => nodes.constant("int32", [1], Int32Array.of(x));
  const limit = nodes.constant("int32", [], Int32Array.of(sizeOf(shape)));
  const zero = nodes.constant("int32", [], Int32Array.of(0));
  const one = nodes.constant("int32", [], Int32Array.of(1));
  const positions = nodes.add("Range", [zero, limit, one]);
  const start = nodes.add("Add", [int(salt), nodes.add("Mul", [seed!, int(uniformHash.spread)])]);
  let hash = nodes.add("Add", [nodes.add("Mul", [positions, int(uniformHash.stride)]), start]);
  for (const addend of uniformHash.addends) {
    const factor = nodes.add("Add", [nodes.add("Add", [hash, hash]), int(1)]);
    const square = nodes.add("Mul", [hash, factor]);
    const low = nodes.add("Mul", [square, int(uniformHash.half)]);
    const high = nodes.add("Div", [square, int(uniformHash.half)]);
    hash = nodes.add("Add", [nodes.add("Add", [low, high]), int(addend)]);
  }
  const bits = nodes.add("Cast", [nodes.add("Div", [hash, int(256)])], { to: onnxTypes.float32 });
  const scaled = nodes.add("Mul", [bits, nodes.number(2 ** -24)]);
  const uniform = nodes.add("Add", [scaled, nodes.number(0.5)]);
  return nodes.add("Reshape", [uniform, nodes.integers(shape)]);
}

/** An output's name in the ONNX file: there, unlike in a graph, it must differ from every input's. */
export const outputName = (name: string): string => `${name} out`;

/** Name of the output that `fenced` adds. */
export const fence = "fence";

export interface LowerOptions {
  /** Operators that the provider wants in another form. */
  readonly others?: Partial<Lowerings>;
  /** Whether to put an output that is no tensor before all others: see runtime/in-place.ts. */
  readonly fenced?: boolean;
}

/** The graph as an ONNX file. All of its operators must be primitive (see graph/expand.ts). */
export function lower(
  graph: Graph,
  name: string,
  { others = {}, fenced = false }: LowerOptions = {},
): Uint8Array {
  const table = { ...lowerings, ...others };
  const nodes = new NodeList();
  const names = new Map<number, string>();
  const constants: OnnxTensor[] = [];
  for (const [inputName, value] of graph.inputs) names.set(value.id, inputName);
  for (const value of reachable(graph.outputs.values())) {
    const { source, dtype, shape } = value;
    if (source.kind === "constant") {
      const constantName = `c${value.id}`;
      constants.push({ name: constantName, dtype, shape, data: source.data });
      names.set(value.id, constantName);
    }
    if (source.kind === "operation") {
      const lowering = table[source.op as PrimitiveName] as Lowering<unknown> | undefined;
      if (!lowering) throw new Error(`internal: ${source.op} must be expanded before it is lowered`);
      const inputs = source.inputs.map((input) => names.get(input.id)!);
      names.set(value.id, lowering(nodes, inputs, source.attrs, value));
    }
  }
  if (fenced) nodes.addNamed(fence, "SequenceConstruct", [nodes.number(0)]);
  const outputs = nameOutputs(graph, nodes, names);
  return encodeModel({
    name,
    nodes: outputs.nodes,
    constants: [...constants, ...nodes.constants],
    inputs: [...graph.inputs].map(([inputName, { dtype, shape }]) => ({ name: inputName, dtype, shape })),
    outputs: outputs.infos,
    ...(fenced ? { sequence: fence } : {}),
    metadata: {},
  });
}

/** Gives results their output names; where a value is an input, a constant or two outputs, it is copied. */
function nameOutputs(graph: Graph, nodes: NodeList, names: ReadonlyMap<number, string>) {
  const renamed = new Map<string, string>();
  const results = new Set(nodes.nodes.flatMap((node) => node.outputs));
  for (const [name, value] of graph.outputs) {
    const result = names.get(value.id)!;
    if (results.has(result) && !renamed.has(result)) renamed.set(result, outputName(name));
    else nodes.addNamed(outputName(name), "Identity", [result]);
  }
  const rename = (name: string) => renamed.get(name) ?? name;
  return {
    nodes: nodes.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
    infos: [...graph.outputs].map(([name, { dtype, shape }]) => ({ name: outputName(name), dtype, shape })),
  };
}
