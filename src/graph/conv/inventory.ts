// The convolutions that a graph has: each geometry once, with the passes and the layers that use it.
import { type Graph, reachable } from "../graph.ts";
import type { Value } from "../types.ts";
import { type ConvSpec, specOf } from "./spec.ts";

const passOf = { conv2d: "forward", conv2dInputGrad: "inputGrad", conv2dWeightGrad: "weightGrad" } as const;

/** What is computed of a convolution: the result, the gradient by its input, the gradient by its weights. */
export type Pass = (typeof passOf)[keyof typeof passOf];
const passOrder: readonly Pass[] = Object.values(passOf);

export interface Convolution {
  readonly spec: ConvSpec;
  /** In the order forward, inputGrad, weightGrad. */
  readonly passes: readonly Pass[];
  /** Inputs of the graph that are the weights of such a convolution, in the order of the graph. */
  readonly weights: readonly string[];
}

interface Found {
  readonly spec: ConvSpec;
  readonly passes: Set<Pass>;
  readonly weights: Set<string>;
}

/** Every geometry of a graph that is not expanded yet, in the order of the graph. */
export function convolutionsOf(graph: Graph): Convolution[] {
  const found = new Map<string, Found>();
  for (const { source } of reachable(graph.outputs.values())) {
    if (source.kind !== "operation" || !Object.hasOwn(passOf, source.op)) continue;
    const op = source.op as keyof typeof passOf;
    const spec = specOf[op](source.inputs, source.attrs as never);
    const key = describeGeometry(spec);
    const one = found.get(key) ?? { spec, passes: new Set(), weights: new Set() };
    found.set(key, one);
    one.passes.add(passOf[op]);
    if (op === "conv2d") nameOf(source.inputs[1]!, one.weights);
  }
  return [...found.values()].map(({ spec, passes, weights }) => ({
    spec,
    passes: passOrder.filter((pass) => passes.has(pass)),
    weights: [...weights],
  }));
}

function nameOf({ source }: Value, into: Set<string>): void {
  if (source.kind === "input") into.add(source.name);
}

/** One number where all are the same. */
const short = (numbers: readonly number[], between: string) =>
  new Set(numbers).size === 1 ? `${numbers[0]}` : numbers.join(between);

/**
 * A geometry in words, different for different ones: `64x32x32 to 128x16x16, 3x3, stride 2, padding 1, batch 128`.
 * Stride 1, padding 0, dilation 1 and one group are not told.
 */
export function describeGeometry(spec: ConvSpec): string {
  const { inChannels, outChannels, input, output, kernel, stride, padding, dilation, groups, batch } = spec;
  const told = (name: string, value: string, usual: string) => (value === usual ? [] : [`${name} ${value}`]);
  return [
    `${[inChannels, ...input].join("x")} to ${[outChannels, ...output].join("x")}`,
    kernel.join("x"),
    ...told("stride", short(stride, "x"), "1"),
    ...told("padding", short(padding, "-"), "0"),
    ...told("dilation", short(dilation, "x"), "1"),
    ...told("groups", `${groups}`, "1"),
    `batch ${batch}`,
  ].join(", ");
}

/** A geometry with its passes in words: what a choice of algorithm is remembered by. */
export function describeConvolution({ spec, passes }: Pick<Convolution, "spec" | "passes">): string {
  return `${describeGeometry(spec)}: ${passes.join(", ")}`;
}

/** Multiplications and additions that each pass takes when it is computed as it is defined. */
export function directOperations({
  inChannels,
  outChannels,
  groups,
  kernel,
  output,
  batch,
}: ConvSpec): number {
  return 2 * outChannels * (inChannels / groups) * kernel[0] * kernel[1] * output[0] * output[1] * batch;
}
