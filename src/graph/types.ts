// The vocabulary of the training graph: values, the operators' attributes, and what a rule must say.
import type { DataOf, DType, Shape } from "../tensor.ts";
import type { Graph } from "./graph.ts";

/** Attributes of an operator that has none. */
export type None = Readonly<Record<string, never>>;

/** Four sides in pixels: top, left, bottom, right. */
export type Sides = readonly [top: number, left: number, bottom: number, right: number];

/** Geometry of a convolution over [C, H, W, N] with weights [K, C / groups, kernel height, kernel width]. */
export interface Conv2dAttrs {
  readonly stride: readonly [number, number];
  readonly padding: Sides;
  readonly dilation: readonly [number, number];
  readonly groups: number;
}

/** Geometry of a pooling window over [C, H, W, N]. Windows may overlap; all must lie in the padded image. */
export interface Pool2dAttrs {
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly padding: Sides;
}

/** Geometry of a bank of filters that goes over each channel by itself. */
export interface FilterBankAttrs {
  readonly stride: readonly [number, number];
  readonly padding: Sides;
}

export interface MatmulAttrs {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly swapA?: boolean;
  readonly swapB?: boolean;
}

/**
 * What may follow an affine map in the same pass. `step`: 1 where the result is positive, else 0; `reached`: 1 where
 * it is 0 or more, else 0.
 */
export type Activation = "identity" | "relu" | "step" | "reached";

/** Operators that every runtime computes. */
export interface PrimitiveAttrs {
  // elementwise, one operand
  neg: None;
  abs: None;
  sign: None;
  /** 1 where x > 0, else 0: the slope of a ReLU. */
  step: None;
  exp: None;
  log: None;
  sqrt: None;
  relu: None;
  sigmoid: None;
  tanh: None;
  /** 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
  erf: None;
  // elementwise, two operands that broadcast
  add: None;
  sub: None;
  mul: None;
  div: None;
  maximum: None;
  minimum: None;
  greater: None;
  equal: None;
  /** (condition, a, b): a where the condition holds, else b; all three broadcast. */
  where: None;
  cast: { readonly to: DType };
  // reductions; reduced axes stay with extent 1
  reduceSum: { readonly axes: readonly number[] };
  reduceMean: { readonly axes: readonly number[] };
  reduceSumSquare: { readonly axes: readonly number[] };
  reduceMax: { readonly axes: readonly number[] };
  /** x [C, ...] with mean 0 and variance 1 in each channel: (x - mean) / sqrt(variance + epsilon). */
  standardize: { readonly epsilon: number };
  /** 1 / sqrt(variance + epsilon) of each channel of x [C, ...], as [C, 1, ...]. */
  inverseDeviation: { readonly epsilon: number };
  /** Mean of each channel of x [C, ...], as [C, 1, ...]. `epsilon` is that of the standardization it comes with. */
  channelMean: { readonly epsilon: number };
  /** (a [C, ...], b [C, ...]): the sum of a * b over each channel, as [C, 1, ...]. */
  channelDot: None;
  /**
   * (x [C, ...], scale [C], shift [C], addend? [C, ...]): activation(x * scale + shift + addend), scale and shift
   * being those of the channel.
   */
  affine: { readonly activation: Activation };
  softmax: { readonly axis: number };
  logSoftmax: { readonly axis: number };
  // shape
  reshape: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  broadcast: { readonly shape: Shape };
  slice: {
    readonly starts: readonly number[];
    readonly ends: readonly number[];
    readonly steps: readonly number[];
  };
  pad: { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number };
  concat: { readonly axis: number };
  /** (x, indices): picks along one axis. `indices` is a constant int32 vector. */
  gather: { readonly axis: number };
  /**
   * (a, b): product of the last two axes; a leading batch axis may stand on either or both. A swapped operand has
   * its batch second: [rows, batch, columns] is read as [batch, rows, columns], without being moved.
   */
  matmul: MatmulAttrs;
  /** (x [C,H,W,N], constant filters [F,kh,kw]) -> [C,F,Ho,Wo,N]: every filter on every channel by itself. */
  filterBank: FilterBankAttrs;
  /** Maximum over the window; padding never wins. */
  maxPool2d: Pool2dAttrs;
  /** (seed): numbers in [0, 1), a function of (seed, salt, position) alone. */
  uniform: { readonly shape: Shape; readonly salt: number };
}

/** Operators that are written in terms of others before a runtime sees them. */
export interface CompositeAttrs {
  /** (x [C,H,W,N], w [K,C/groups,kh,kw]) -> [K,Ho,Wo,N] */
  conv2d: Conv2dAttrs;
  /** (dy [K,Ho,Wo,N], w) -> [C,H,W,N] */
  conv2dInputGrad: Conv2dAttrs & { readonly inputSize: readonly [number, number] };
  /** (x, dy) -> [K,C/groups,kh,kw] */
  conv2dWeightGrad: Conv2dAttrs & { readonly kernel: readonly [number, number] };
  /** (x, y, dy): the gradient goes to the first maximum of each window, in row order, as in PyTorch. */
  maxPool2dGrad: Pool2dAttrs;
  /** Mean over the window, padding counted in. */
  avgPool2d: Pool2dAttrs;
  avgPool2dGrad: Pool2dAttrs & { readonly inputSize: readonly [number, number] };
  /** (x [C,H,W,N]) -> [C,...size,N], at least as large: nearest neighbours, each place the one at floor(i from / to). */
  upsample2d: { readonly size: readonly [number, number] };
  /** (dy [C,H,W,N]) -> [C,...size,N]: the sum over the places that show it. */
  upsample2dGrad: { readonly size: readonly [number, number] };
  /** (x [C,...], gamma [C], beta [C]) with the statistics of this batch. */
  batchNorm: { readonly epsilon: number };
  /** (x [C,...], gamma, beta, mean, variance [C]) with running statistics. */
  batchNormInference: { readonly epsilon: number };
  /**
   * (x, seed): each element is zero with probability p, else multiplied by 1 / (1 - p). Along the axes of `shared` one
   * draw is made for all.
   */
  dropout: { readonly probability: number; readonly salt: number; readonly shared: readonly number[] };
  /**
   * (seed): DropBlock's factors of x [C, H, W, N]: 0 in square blocks of `blockSize` that lie whole in the map, and
   * elsewhere what keeps the mean at 1.
   */
  dropBlockMask: {
    readonly shape: Shape;
    readonly probability: number;
    readonly blockSize: number;
    readonly salt: number;
  };
  /** (x, seed): 0 with probability p where x is the largest along the axes, one draw for each maximum; else 1. */
  maxDropMask: { readonly axes: readonly number[]; readonly probability: number; readonly salt: number };
  /** x times the share of a standard normal distribution below x. */
  gelu: None;
  /**
   * x [C, ...] / (k + alpha m)^beta, m being the mean of the squares of so many neighbouring channels, an odd number;
   * channels outside count as 0.
   */
  localResponseNorm: {
    readonly size: number;
    readonly alpha: number;
    readonly beta: number;
    readonly k: number;
  };
  /**
   * (x, y, forward, backward), the last two broadcasting: forward x + (1 - forward) y, with the gradients of
   * backward x + (1 - backward) y.
   */
  shake: None;
  /** (logits [K,N], targets [K,N]) -> [1]: mean over the batch; labels smoothed towards uniform. */
  crossEntropy: { readonly labelSmoothing: number };
}

export type Attrs = PrimitiveAttrs & CompositeAttrs;
export type PrimitiveName = keyof PrimitiveAttrs;
export type CompositeName = keyof CompositeAttrs;
export type OpName = keyof Attrs;

export interface ValueType {
  readonly dtype: DType;
  readonly shape: Shape;
}

export type Operation = { readonly [Op in OpName]: { readonly op: Op; readonly attrs: Attrs[Op] } }[OpName];

export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "constant"; readonly data: DataOf[DType] }
  | ({ readonly kind: "operation"; readonly inputs: readonly Value[] } & Operation);

/** A value of the graph. Values are numbered in the order they were made: operands before results. */
export interface Value extends ValueType {
  readonly id: number;
  readonly source: Source;
}

/** Numbers of a value in the reference computation: always doubles, whatever the dtype. */
export interface ReferenceArray {
  readonly shape: Shape;
  readonly data: Float64Array;
}

export interface GradientContext<A> {
  readonly g: Graph;
  readonly inputs: readonly Value[];
  readonly attrs: A;
  readonly output: Value;
  /** Gradient of the loss by the output; same shape as the output. */
  readonly dy: Value;
}

/** null: no gradient flows to that operand (an integer, a condition, an index list, a seed). */
export type Gradients = readonly (Value | null)[];

/** What must be known of an operator. */
export interface Rule<A> {
  /** Type of the result. Throws when the operands do not fit. */
  infer(inputs: readonly ValueType[], attrs: A): ValueType;
  /** Gradient by each operand, or "zero" for operators that are constant almost everywhere. */
  gradient: ((context: GradientContext<A>) => Gradients) | "zero";
  /** The plain computation: slow, obviously right. */
  reference(inputs: readonly ReferenceArray[], attrs: A, output: ValueType): Float64Array;
}

export interface CompositeRule<A> extends Rule<A> {
  /** The same in terms of other operators. */
  expand(g: Graph, inputs: readonly Value[], attrs: A): Value;
}

export type PrimitiveRules = { readonly [Op in PrimitiveName]: Rule<PrimitiveAttrs[Op]> };
export type CompositeRules = { readonly [Op in CompositeName]: CompositeRule<CompositeAttrs[Op]> };
