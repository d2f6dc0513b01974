// The geometry of one convolution, resolved, as the algorithms want it.
import type { Shape } from "../../tensor.ts";
import type { Graph } from "../graph.ts";
import type { Attrs, Conv2dAttrs, Value, ValueType } from "../types.ts";
import { outputSize } from "../window.ts";

export interface ConvSpec extends Conv2dAttrs {
  readonly kernel: readonly [number, number];
  readonly inChannels: number;
  readonly outChannels: number;
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly batch: number;
}

/** One way to compute a convolution and its two gradients. All three are exact up to rounding. */
export interface ConvAlgorithm {
  applies(spec: ConvSpec): boolean;
  /** (x [C,H,W,N], w [K,C/groups,kh,kw]) -> [K,Ho,Wo,N] */
  forward(g: Graph, x: Value, w: Value, spec: ConvSpec): Value;
  /** (dy [K,Ho,Wo,N], w) -> [C,H,W,N] */
  inputGrad(g: Graph, dy: Value, w: Value, spec: ConvSpec): Value;
  /** (x, dy) -> [K,C/groups,kh,kw] */
  weightGrad(g: Graph, x: Value, dy: Value, spec: ConvSpec): Value;
}

export function convSpec(attrs: Conv2dAttrs, x: Shape, w: Shape): ConvSpec {
  const { stride, padding, dilation, groups } = attrs;
  const kernel = [w[2]!, w[3]!] as const;
  const input = [x[1]!, x[2]!] as const;
  const output = outputSize({ kernel, stride, padding, dilation }, input);
  return {
    stride,
    padding,
    dilation,
    groups,
    kernel,
    inChannels: x[0]!,
    outChannels: w[0]!,
    input,
    output,
    batch: x[3]!,
  };
}

type Convolution = "conv2d" | "conv2dInputGrad" | "conv2dWeightGrad";

/** The convolution behind each of the three operators, from its operands and attributes. */
export const specOf: {
  readonly [Op in Convolution]: (operands: readonly ValueType[], attrs: Attrs[Op]) => ConvSpec;
} = {
  conv2d: ([x, w], attrs) => convSpec(attrs, x!.shape, w!.shape),
  conv2dInputGrad([dy, w], attrs) {
    return convSpec(attrs, [w!.shape[1]! * attrs.groups, ...attrs.inputSize, dy!.shape[3]!], w!.shape);
  },
  conv2dWeightGrad([x, dy], attrs) {
    return convSpec(attrs, x!.shape, [dy!.shape[0]!, x!.shape[0]! / attrs.groups, ...attrs.kernel]);
  },
};

/**
 * The weights of the convolution that turns dy into dx when the stride is 1: input and output channels change
 * places within each group, and the kernel is turned by half a turn. [K,C/groups,kh,kw] -> [C,K/groups,kh,kw]
 */
export function turnedWeights(g: Graph, w: Value, spec: ConvSpec): Value {
  const [kh, kw] = spec.kernel;
  const [inner, outer] = [spec.inChannels / spec.groups, spec.outChannels / spec.groups];
  const positions = kh * kw;
  const flat = g.apply("reshape", [w], { shape: [spec.groups, outer, inner, positions] });
  const reversed = Int32Array.from({ length: positions }, (_, index) => positions - 1 - index);
  const turned =
    positions === 1
      ? flat
      : g.apply("gather", [flat, g.constant("int32", [positions], reversed)], { axis: 3 });
  const swapped = g.apply("transpose", [turned], { permutation: [0, 2, 1, 3] });
  return g.apply("reshape", [swapped], { shape: [spec.inChannels, outer, kh, kw] });
}

/** Geometry of the convolution that turns dy into dx for stride 1, or null where its padding would be negative. */
export function turnedSpec(spec: ConvSpec): ConvSpec | null {
  const reach = [spec.dilation[0] * (spec.kernel[0] - 1), spec.dilation[1] * (spec.kernel[1] - 1)] as const;
  const [top, left, bottom, right] = spec.padding;
  const padding = [reach[0] - top, reach[1] - left, reach[0] - bottom, reach[1] - right] as const;
  if (spec.stride[0] !== 1 || spec.stride[1] !== 1 || padding.some((side) => side < 0)) return null;
  return {
    ...spec,
    padding,
    inChannels: spec.outChannels,
    outChannels: spec.inChannels,
    input: spec.output,
    output: spec.input,
  };
}
