// Operands that do not fit an operator are refused when the graph is built, by a message that names it.
import { describe, expect, it } from "vitest";
import { gradients } from "../../src/graph/grad.ts";
import { Graph } from "../../src/graph/graph.ts";
import type { Attrs, OpName } from "../../src/graph/types.ts";
import { referenceRuntime } from "../../src/runtime/reference.ts";
import { type DType, type Shape, zeros } from "../../src/tensor.ts";
import { operatorCases } from "../helpers/operator-cases.ts";

type Operand = Shape | { readonly dtype: DType; readonly shape: Shape };

const plain = { stride: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1], groups: 1 } as const;
const pool = { kernel: [2, 2], stride: [1, 1], padding: [0, 0, 0, 0] } as const;
const products = { transposeA: false, transposeB: false };
const integers = { dtype: "int32", shape: [2] } as const;

const wrong: { readonly [Op in OpName]?: readonly (readonly [readonly Operand[], Attrs[Op], RegExp])[] } = {
  add: [
    [
      [
        [2, 3],
        [2, 4],
      ],
      {},
      /^add: shapes must broadcast, got \[2, 3\] and \[2, 4\]$/,
    ],
    [[[2], integers], {}, /^add: dtypes must agree, got float32 and int32$/],
  ],
  where: [[[[2], [2], [2]], {}, /^where: takes \(bool, T, T\), got \(float32, float32, float32\)$/]],
  reduceSum: [
    [[[2, 3]], { axes: [2] }, /^reduceSum: axes must be among those of \[2, 3\], got \[2\]$/],
    [[[2, 3]], { axes: [] }, /^reduceSum: axes must be among/],
  ],
  softmax: [[[[2, 3]], { axis: 2 }, /^softmax: axis 2 is not in \[2, 3\]$/]],
  reshape: [[[[2, 3]], { shape: [5] }, /^reshape: must keep the number of elements, got \[2, 3\] to \[5\]$/]],
  transpose: [[[[2, 3]], { permutation: [0, 0] }, /^transpose: must name each axis of \[2, 3\] once/]],
  broadcast: [[[[2, 3]], { shape: [4, 3] }, /^broadcast: \[2, 3\] must repeat to \[4, 3\]$/]],
  slice: [
    [[[4]], { starts: [0], ends: [5], steps: [1] }, /^slice: must lie in \[4\] with steps >= 1/],
    [[[4]], { starts: [2], ends: [2], steps: [1] }, /^slice: must lie in/],
    [[[4]], { starts: [0], ends: [4], steps: [0] }, /^slice: must lie in/],
  ],
  pad: [[[[4]], { before: [-1], after: [0], value: 0 }, /^pad: needs a width >= 0 for each axis of \[4\]/]],
  concat: [
    [
      [
        [2, 3],
        [2, 4],
      ],
      { axis: 0 },
      /^concat: shapes must agree but for axis 0/,
    ],
    [[[2, 3]], { axis: 2 }, /^concat: /],
  ],
  gather: [
    [[[4], [2]], { axis: 0 }, /^gather: indices must be an int32 vector, got float32 \[2\]$/],
    [[[4], integers], { axis: 1 }, /^gather: axis 1 is not in \[4\]$/],
  ],
  matmul: [
    [
      [
        [2, 3],
        [2, 3],
      ],
      products,
      /^matmul: inner extents and batches must agree/,
    ],
    [
      [
        [2, 2, 3],
        [3, 3, 2],
      ],
      products,
      /^matmul: inner extents and batches must agree/,
    ],
    [[[3], [3, 2]], products, /^matmul: /],
  ],
  uniform: [[[[1]], { shape: [2], salt: 1 }, /^uniform: the seed must be one int32, got float32 \[1\]$/]],
  conv2d: [
    [
      [
        [3, 5, 5, 1],
        [4, 2, 3, 3],
      ],
      plain,
      /^conv2d: weights \[4, 2, 3, 3\] must fit 3 input channels in 1 groups$/,
    ],
    [
      [
        [3, 5, 5, 1],
        [4, 3, 6, 6],
      ],
      plain,
      /^conv2d: a kernel of \[6, 6\] must fit the padded image/,
    ],
    [
      [
        [3, 5, 5],
        [4, 3, 3, 3],
      ],
      plain,
      /^conv2d: must have 4 axes, got \[3, 5, 5\]$/,
    ],
  ],
  conv2dInputGrad: [
    [
      [
        [4, 9, 9, 1],
        [4, 3, 3, 3],
      ],
      { ...plain, inputSize: [5, 5] },
      /^conv2dInputGrad: dy must be \[4, 3, 3, 1\], got \[4, 9, 9, 1\]$/,
    ],
  ],
  maxPool2d: [
    [[[1, 1, 5, 1]], pool, /^maxPool2d: a window of \[2, 2\] must fit the image/],
    [
      [[1, 5, 5, 1]],
      { ...pool, padding: [2, 0, 0, 0] },
      /^maxPool2d: padding must be smaller than the window/,
    ],
  ],
  batchNorm: [[[[3, 4], [3], [4]], { epsilon: 1e-5 }, /^batchNorm: needs \[C, ...\] and vectors \[C\]/]],
  dropout: [
    [
      [[3], integers],
      { probability: 1, salt: 0, shared: [] },
      /^dropout: probability must be in \[0, 1\), got 1$/,
    ],
  ],
  crossEntropy: [
    [
      [
        [3, 4],
        [4, 3],
      ],
      { labelSmoothing: 0 },
      /^crossEntropy: logits and targets must agree/,
    ],
    [
      [
        [3, 4],
        [3, 4],
      ],
      { labelSmoothing: 1 },
      /^crossEntropy: label smoothing must be in \[0, 1\), got 1$/,
    ],
  ],
};

function apply(op: OpName, operands: readonly Operand[], attrs: object): void {
  const g = new Graph();
  const values = operands.map((operand, index) =>
    "dtype" in operand
      ? g.input(`x${index}`, operand.dtype, operand.shape)
      : g.input(`x${index}`, "float32", operand),
  );
  g.applyWith(op, values, attrs as never);
}

describe("operands that do not fit", () => {
  const rows = (Object.keys(wrong) as OpName[]).flatMap((op) =>
    wrong[op]!.map(([operands, attrs, message]) => [op, message, operands, attrs] as const),
  );
  it.each(rows)("%s: %s", (op, message, operands, attrs) => {
    expect(() => apply(op, operands, attrs)).toThrow(message);
  });

  it.each(Object.keys(operatorCases) as OpName[])("%s without operands", (op) => {
    expect(() => apply(op, [], op === "concat" ? { axis: 0 } : {})).toThrow(new RegExp(`^${op}: takes `));
  });
});

describe("graphs that cannot be", () => {
  it("two inputs or outputs of one name", () => {
    const g = new Graph();
    const x = g.input("x", "float32", [1]);
    expect(() => g.input("x", "float32", [1])).toThrow("graph: input names must differ, got x twice");
    g.output("y", x);
    expect(() => g.output("y", x)).toThrow("graph: output names must differ, got y twice");
  });

  it("a gradient of many numbers, or by a value the loss does not depend on", () => {
    const g = new Graph();
    const [x, other] = [g.input("x", "float32", [2]), g.input("other", "float32", [2])];
    expect(() => gradients(g, x, [x])).toThrow("gradients: the loss must have one element, got [2]");
    const loss = g.apply("reduceSum", [x], { axes: [0] });
    expect(() => gradients(g, loss, [other])).toThrow("must depend on every parameter, but not on other");
  });

  it("a run without an input, or with one of another shape", async () => {
    const g = new Graph();
    g.output("y", g.input("x", "float32", [2]));
    const executable = await referenceRuntime.compile(g);
    await expect(executable.run({})).rejects.toThrow("runtime: input x must be given");
    await expect(executable.run({ x: zeros("float32", [3]) })).rejects.toThrow(
      "runtime: input x must be float32 [2], got float32 [3]",
    );
  });
});
