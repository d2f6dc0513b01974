// Random, valid applications of every operator: shared by the gradient check and the conformance suite.
import fc from "fast-check";
import type { Attrs, OpName } from "../../src/graph/types.ts";
import { stream } from "../../src/rng.ts";
import { type DType, type Shape, sizeOf } from "../../src/tensor.ts";

export interface OperandCase {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Double precision; integers and booleans hold whole numbers. */
  readonly data: Float64Array;
  /** Must be a constant of the graph (an index list). */
  readonly constant?: boolean;
}

export interface OperatorCase<Op extends OpName = OpName> {
  readonly operands: readonly OperandCase[];
  readonly attrs: Attrs[Op];
}

type Cases = { readonly [Op in OpName]: fc.Arbitrary<OperatorCase<Op>> };

const seed = fc.integer();
const extent = fc.integer({ min: 1, max: 4 });
const anyShape = fc.array(extent, { minLength: 1, maxLength: 4 });

/** Operands lie on grids of this width, a second one halfway between the places of the first. */
const grid = 1 / 1024;

/**
 * Distinct numbers, apart from each other by `grid` or more and from zero by 0.02, so that maxima and kinks are not met
 * by chance.
 * @param offset added to each: half of `grid` keeps an operand apart from one without
 */
function spread(shape: Shape, key: number, low = -2, high = 2, offset = 0): OperandCase {
  const rng = stream(key, "operator case", sizeOf(shape));
  const count = sizeOf(shape);
  const step = (high - low) / (count + 1);
  const values = Float64Array.from(
    { length: count },
    (_, index) => low + (index + 0.75 + 0.3 * rng.uniform()) * step,
  );
  for (let last = count - 1; last > 0; last--) {
    const other = rng.integer(last + 1);
    [values[last], values[other]] = [values[other]!, values[last]!];
  }
  const apart = (x: number) => grid * Math.round((x + (x < 0 ? -0.021 : 0.021)) / grid) + offset;
  return { dtype: "float32", shape, data: values.map(apart) };
}

const integers = (dtype: DType, shape: Shape, data: readonly number[], constant = false): OperandCase => ({
  dtype,
  shape,
  data: Float64Array.from(data),
  constant,
});

const unary = (low = -2, high = 2) =>
  fc
    .record({ shape: anyShape, key: seed })
    .map(({ shape, key }) => ({ operands: [spread(shape, key, low, high)], attrs: {} }));

/** Two shapes that broadcast: some extents of either are 1, leading axes of the second are missing. */
const broadcastPair = fc
  .record({ shape: anyShape, ones: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }), cut: fc.nat(3) })
  .map(({ shape, ones, cut }) => ({
    a: shape.map((size, axis) => (ones[axis] ? 1 : size)),
    b: shape.map((size, axis) => (ones[axis + 4] ? 1 : size)).slice(Math.min(cut, shape.length - 1)),
  }));

const binary = (low = -2, high = 2) =>
  fc.record({ shapes: broadcastPair, key: seed }).map(({ shapes, key }) => ({
    operands: [spread(shapes.a, key, low, high), spread(shapes.b, key + 1, low, high, grid / 2)],
    attrs: {},
  }));

const withAxes = anyShape.chain((shape) =>
  fc.record({
    shape: fc.constant(shape),
    axes: fc.subarray([...shape.keys()], { minLength: 1 }),
    key: seed,
  }),
);
const reduction = withAxes.map(({ shape, axes, key }) => ({
  operands: [spread(shape, key)],
  attrs: { axes },
}));
const axisOnly = withAxes.map(({ shape, axes, key }) => ({
  operands: [spread(shape, key)],
  attrs: { axis: axes[0]! },
}));

const window = fc.record({
  channels: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 4, max: 9 }),
  width: fc.integer({ min: 4, max: 9 }),
  batch: fc.integer({ min: 1, max: 3 }),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  stride: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  sides: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
  key: seed,
});

/** Features and larger ones, by a whole factor or not. */
const upsampled = fc
  .record({ channels: extent, height: extent, width: extent, batch: extent, key: seed })
  .chain(({ channels, height, width, batch, key }) =>
    fc.record({ more: fc.nat(5), wider: fc.nat(5) }).map(({ more, wider }) => ({
      small: [channels, height, width, batch],
      large: [channels, height + more, width + wider, batch],
      key,
    })),
  );

const pool = window.map(({ channels, height, width, batch, kernel, stride, sides, key }) => {
  const padding = sides.map((side, index) => Math.min(side, kernel[index % 2]! - 1)) as [
    number,
    number,
    number,
    number,
  ];
  const output = [0, 1].map(
    (axis) =>
      Math.floor(
        ([height, width][axis]! + padding[axis]! + padding[axis + 2]! - kernel[axis]!) / stride[axis]!,
      ) + 1,
  ) as [number, number];
  return {
    attrs: { kernel, stride, padding },
    x: [channels, height, width, batch],
    y: [channels, ...output, batch],
    key,
  };
});

/** Every fourth case is a 3x3 convolution that Winograd's algorithm takes. */
const convolution = fc
  .record({
    window,
    dilation: fc.tuple(fc.integer({ min: 1, max: 2 }), fc.integer({ min: 1, max: 2 })),
    groups: fc.integer({ min: 1, max: 2 }),
    outer: fc.integer({ min: 1, max: 2 }),
    plain: fc.nat(3),
    large: fc.tuple(fc.constantFrom(1, 2, 3, 4, 5, 7), fc.constantFrom(1, 2, 3, 4, 5, 11)),
  })
  .map(({ window: w, dilation, groups, outer, plain, large }) => {
    const simple = plain === 0;
    const kernel: [number, number] = simple ? [3, 3] : large;
    const stride: [number, number] = simple ? [1, 1] : w.stride;
    const spread: [number, number] = simple
      ? [1, 1]
      : [Math.min(dilation[0], 1 + (w.height > 4 ? 1 : 0)), dilation[1]];
    const size: [number, number] = [
      Math.max(w.height, spread[0] * (kernel[0] - 1) + 1),
      Math.max(w.width, spread[1] * (kernel[1] - 1) + 1),
    ];
    const padding = w.sides;
    const output = [0, 1].map(
      (axis) =>
        Math.floor(
          (size[axis]! + padding[axis]! + padding[axis + 2]! - spread[axis]! * (kernel[axis]! - 1) - 1) /
            stride[axis]!,
        ) + 1,
    ) as [number, number];
    return {
      attrs: { stride, padding, dilation: spread, groups },
      kernel,
      size,
      x: [w.channels * groups, ...size, w.batch],
      w: [outer * groups, w.channels, ...kernel],
      y: [outer * groups, ...output, w.batch],
      key: w.key,
    };
  });

const channelVectors = (count: number) =>
  fc
    .record({ shape: fc.array(fc.integer({ min: 2, max: 4 }), { minLength: 2, maxLength: 4 }), key: seed })
    .map(({ shape, key }) => ({
      operands: [
        spread(shape, key),
        ...Array.from({ length: count }, (_, index) => spread([shape[0]!], key + 1 + index, 0.5, 1.5)),
      ],
      attrs: { epsilon: 1e-5 },
    }));

const salt = fc.integer();

export const operatorCases: Cases = {
  neg: unary(),
  abs: unary(),
  sign: unary(),
  step: unary(),
  exp: unary(),
  log: unary(0.2, 3),
  sqrt: unary(0.2, 3),
  relu: unary(),
  sigmoid: unary(),
  tanh: unary(),
  erf: unary(),
  gelu: unary(),
  add: binary(),
  sub: binary(),
  mul: binary(),
  div: binary(0.5, 3),
  maximum: binary(),
  minimum: binary(),
  greater: binary(),
  equal: fc.record({ shape: anyShape, key: seed }).map(({ shape, key }) => {
    const a = spread(shape, key);
    return { operands: [a, { ...a, data: a.data.map((x, index) => (index % 2 ? x : x + 1)) }], attrs: {} };
  }),
  where: fc.record({ shape: anyShape, key: seed }).map(({ shape, key }) => ({
    operands: [
      integers(
        "bool",
        shape,
        Array.from({ length: sizeOf(shape) }, (_, index) => (index * 7 + key) & 1),
      ),
      spread(shape, key),
      spread([1], key + 1),
    ],
    attrs: {},
  })),
  cast: fc
    .record({ shape: anyShape, key: seed, to: fc.constantFrom("float32", "int32" as const, "bool" as const) })
    .map(({ shape, key, to }) => ({ operands: [spread(shape, key, -9, 9)], attrs: { to: to as DType } })),
  reduceSum: reduction,
  reduceMean: reduction,
  reduceSumSquare: reduction,
  reduceMax: reduction,
  softmax: axisOnly,
  logSoftmax: axisOnly,
  reshape: fc.record({ shape: anyShape, key: seed }).map(({ shape, key }) => ({
    operands: [spread(shape, key)],
    attrs: { shape: [...shape].reverse() },
  })),
  transpose: anyShape.chain((shape) =>
    fc
      .record({ permutation: fc.shuffledSubarray([...shape.keys()], { minLength: shape.length }), key: seed })
      .map(({ permutation, key }) => ({ operands: [spread(shape, key)], attrs: { permutation } })),
  ),
  broadcast: fc
    .record({ shape: anyShape, ones: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), key: seed })
    .map(({ shape, ones, key }) => ({
      operands: [
        spread(
          shape.map((size, axis) => (ones[axis] ? 1 : size)),
          key,
        ),
      ],
      attrs: { shape },
    })),
  slice: fc
    .record({
      axes: fc.array(fc.tuple(fc.nat(2), extent, fc.nat(2), fc.integer({ min: 1, max: 3 })), {
        minLength: 1,
        maxLength: 4,
      }),
      key: seed,
    })
    .map(({ axes, key }) => ({
      operands: [
        spread(
          axes.map(([before, size, after]) => before + size + after),
          key,
        ),
      ],
      attrs: {
        starts: axes.map(([before]) => before),
        ends: axes.map(([before, size]) => before + size),
        steps: axes.map(([, , , step]) => step),
      },
    })),
  pad: fc
    .record({
      axes: fc.array(fc.tuple(fc.nat(2), extent, fc.nat(2)), { minLength: 1, maxLength: 4 }),
      key: seed,
    })
    .map(({ axes, key }) => ({
      operands: [
        spread(
          axes.map(([, size]) => size),
          key,
        ),
      ],
      attrs: { before: axes.map(([before]) => before), after: axes.map(([, , after]) => after), value: 0.5 },
    })),
  concat: withAxes.chain(({ shape, axes, key }) =>
    fc.array(extent, { minLength: 1, maxLength: 3 }).map((sizes) => ({
      operands: sizes.map((size, index) =>
        spread(
          shape.map((own, axis) => (axis === axes[0] ? size : own)),
          key + index,
        ),
      ),
      attrs: { axis: axes[0]! },
    })),
  ),
  gather: withAxes.chain(({ shape, axes, key }) =>
    fc.array(fc.nat(shape[axes[0]!]! - 1), { minLength: 1, maxLength: 6 }).map((indices) => ({
      operands: [spread(shape, key), integers("int32", [indices.length], indices, true)],
      attrs: { axis: axes[0]! },
    })),
  ),
  matmul: fc
    .record({
      rows: extent,
      inner: extent,
      columns: extent,
      batches: fc.constantFrom([null, null], [3, 3], [2, null], [null, 2]),
      transposeA: fc.boolean(),
      transposeB: fc.boolean(),
      swaps: fc.tuple(fc.boolean(), fc.boolean()),
      key: seed,
    })
    .map(({ rows, inner, columns, batches, transposeA, transposeB, swaps, key }) => {
      const operand = (batch: number | null, matrix: readonly number[], swapped: boolean) => {
        if (batch === null) return matrix;
        return swapped ? [matrix[0]!, batch, matrix[1]!] : [batch, ...matrix];
      };
      const [swapA, swapB] = [swaps[0] && batches[0] !== null, swaps[1] && batches[1] !== null];
      const a = transposeA ? [inner, rows] : [rows, inner];
      const b = transposeB ? [columns, inner] : [inner, columns];
      return {
        operands: [
          spread(operand(batches[0]!, a, swapA), key),
          spread(operand(batches[1]!, b, swapB), key + 1),
        ],
        attrs: { transposeA, transposeB, swapA, swapB },
      };
    }),
  filterBank: pool.chain(({ attrs: { stride, padding, kernel }, x, key }) =>
    fc.integer({ min: 1, max: 3 }).map((count) => ({
      operands: [spread(x, key), { ...spread([count, ...kernel], key + 1), constant: true }],
      attrs: { stride, padding },
    })),
  ),
  uniform: fc.record({ shape: anyShape, value: fc.integer(), salt }).map(({ shape, value, salt: own }) => ({
    operands: [integers("int32", [1], [value])],
    attrs: { shape, salt: own },
  })),
  conv2d: convolution.map(({ attrs, x, w, key }) => ({
    operands: [spread(x, key), spread(w, key + 1)],
    attrs,
  })),
  conv2dInputGrad: convolution.map(({ attrs, size, w, y, key }) => ({
    operands: [spread(y, key), spread(w, key + 1)],
    attrs: { ...attrs, inputSize: size },
  })),
  conv2dWeightGrad: convolution.map(({ attrs, kernel, x, y, key }) => ({
    operands: [spread(x, key), spread(y, key + 1)],
    attrs: { ...attrs, kernel },
  })),
  maxPool2d: pool.map(({ attrs, x, key }) => ({ operands: [spread(x, key)], attrs })),
  maxPool2dGrad: pool.map(({ attrs, x, y, key }) => ({
    operands: [spread(x, key), pooled(x, y, attrs, key), spread(y, key + 1)],
    attrs,
  })),
  avgPool2d: pool.map(({ attrs, x, key }) => ({ operands: [spread(x, key)], attrs })),
  avgPool2dGrad: pool.map(({ attrs, x, y, key }) => ({
    operands: [spread(y, key)],
    attrs: { ...attrs, inputSize: [x[1]!, x[2]!] },
  })),
  upsample2d: upsampled.map(({ small, large, key }) => ({
    operands: [spread(small, key)],
    attrs: { size: [large[1]!, large[2]!] },
  })),
  upsample2dGrad: upsampled.map(({ small, large, key }) => ({
    operands: [spread(large, key)],
    attrs: { size: [small[1]!, small[2]!] },
  })),
  standardize: channelVectors(0),
  inverseDeviation: channelVectors(0),
  channelMean: channelVectors(0),
  channelDot: channelVectors(0).chain(({ operands }) =>
    fc.integer().map((key) => ({ operands: [operands[0]!, spread(operands[0]!.shape, key)], attrs: {} })),
  ),
  affine: fc
    .record({
      vectors: channelVectors(2),
      key: fc.option(seed, { nil: null }),
      activation: fc.constantFrom("identity", "relu", "step", "reached"),
    })
    .map(({ vectors: { operands }, key, activation }) => ({
      operands: [...operands, ...(key === null ? [] : [spread(operands[0]!.shape, key)])],
      attrs: { activation },
    })),
  batchNorm: channelVectors(2),
  batchNormInference: channelVectors(4),
  dropout: withAxes.chain(({ shape, axes, key }) =>
    fc.record({
      operands: fc.integer().map((value) => [spread(shape, key), integers("int32", [1], [value])]),
      attrs: fc.record({
        probability: fc.double({ min: 0, max: 0.9, noNaN: true }),
        salt,
        shared: fc.constantFrom([], axes, [...shape.keys()]),
      }),
    }),
  ),
  dropBlockMask: fc
    .record({
      shape: fc.tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        extent,
      ),
      block: fc.nat(4),
      probability: fc.double({ min: 0, max: 0.9, noNaN: true }),
      value: fc.integer(),
      salt,
    })
    .map(({ shape, block, probability, value, salt: own }) => ({
      operands: [integers("int32", [1], [value])],
      attrs: { shape, probability, blockSize: Math.min(2 * block + 1, shape[1], shape[2]), salt: own },
    })),
  localResponseNorm: fc
    .record({
      shape: fc.array(extent, { minLength: 2, maxLength: 4 }),
      channels: fc.integer({ min: 1, max: 8 }),
      size: fc.constantFrom(1, 3, 5),
      alpha: fc.constantFrom(0.5, 1e-4),
      beta: fc.constantFrom(0.75, 0.5),
      k: fc.constantFrom(1, 2),
      key: seed,
    })
    .map(({ shape, channels, key, ...attrs }) => ({
      operands: [spread([channels, ...shape.slice(1)], key)],
      attrs,
    })),
  // With one share for both ways, so that the gradient is the derivative.
  shake: fc
    .record({ shape: anyShape, ones: fc.array(fc.boolean(), { minLength: 4, maxLength: 4 }), key: seed })
    .map(({ shape, ones, key }) => {
      const share = spread(
        shape.map((size, axis) => (ones[axis] ? 1 : size)),
        key + 2,
        0,
        1,
      );
      return { operands: [spread(shape, key), spread(shape, key + 1), share, share], attrs: {} };
    }),
  maxDropMask: withAxes.chain(({ shape, axes, key }) =>
    fc.record({
      operands: fc.integer().map((value) => [spread(shape, key), integers("int32", [1], [value])]),
      attrs: fc.record({
        axes: fc.constant(axes),
        probability: fc.double({ min: 0, max: 1, noNaN: true }),
        salt,
      }),
    }),
  ),
  crossEntropy: fc
    .record({
      classes: fc.integer({ min: 2, max: 5 }),
      count: extent,
      labelSmoothing: fc.constantFrom(0, 0.1, 0.5),
      key: seed,
    })
    .map(({ classes, count, labelSmoothing, key }) => ({
      operands: [spread([classes, count], key), spread([classes, count], key + 1, 0, 1)],
      attrs: { labelSmoothing },
    })),
};

/** Maximum of each window of `spread(x, key)`, by plain loops. */
function pooled(
  x: readonly number[],
  y: readonly number[],
  attrs: Attrs["maxPool2d"],
  key: number,
): OperandCase {
  const source = spread(x, key).data;
  const data = new Float64Array(sizeOf(y)).fill(Number.NEGATIVE_INFINITY);
  const [channels, outHeight, outWidth, count] = y as [number, number, number, number];
  for (let out = 0; out < data.length; out++) {
    const n = out % count;
    const ox = Math.floor(out / count) % outWidth;
    const oy = Math.floor(out / (count * outWidth)) % outHeight;
    const c = Math.floor(out / (count * outWidth * outHeight)) % channels;
    for (let i = 0; i < attrs.kernel[0]; i++) {
      for (let j = 0; j < attrs.kernel[1]; j++) {
        const row = oy * attrs.stride[0] + i - attrs.padding[0];
        const column = ox * attrs.stride[1] + j - attrs.padding[1];
        if (row < 0 || row >= x[1]! || column < 0 || column >= x[2]!) continue;
        data[out] = Math.max(data[out]!, source[((c * x[1]! + row) * x[2]! + column) * count + n]!);
      }
    }
  }
  return { dtype: "float32", shape: y, data };
}
