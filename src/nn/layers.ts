// Layers as plain data, and the table that says what each one is: shape, parameters, computation.
import type { Graph } from "../graph/graph.ts";
import { batchStatistics } from "../graph/ops/normalization.ts";
import { reshape, show } from "../graph/shape.ts";
import type { Sides, Value } from "../graph/types.ts";
import { outputSize } from "../graph/window.ts";
import { type Shape, sizeOf } from "../tensor.ts";
import type { Initializer } from "./init.ts";

type Pair = readonly [number, number];

/** Every kind of layer with its settings. Named layers own parameters: `conv1` has `conv1.weight`. */
export interface LayerKinds {
  conv: {
    readonly name: string;
    readonly outChannels: number;
    readonly kernel: Pair;
    readonly stride: Pair;
    readonly padding: Sides;
    readonly weightInit: Initializer;
    /** Starting value of the bias; null for none. */
    readonly bias: number | null;
  };
  batchNorm: {
    readonly name: string;
    readonly epsilon: number;
    /** Share of the new batch in the running statistics. */
    readonly momentum: number;
  };
  relu: object;
  maxPool: { readonly kernel: Pair; readonly stride: Pair; readonly padding: Sides };
  avgPool: { readonly kernel: Pair; readonly stride: Pair; readonly padding: Sides };
  globalMaxPool: object;
  globalAvgPool: object;
  flatten: object;
  linear: {
    readonly name: string;
    readonly outFeatures: number;
    readonly weightInit: Initializer;
    readonly bias: number | null;
  };
  dropout: { readonly probability: number };
  /** Multiplies by a constant. */
  scale: { readonly factor: number };
  sequential: { readonly layers: readonly Layer[] };
  /** body(x) + shortcut(x); the shortcut is x itself when it has no layers. */
  residual: { readonly body: Layer; readonly shortcut: Layer };
}

export type LayerKind = keyof LayerKinds;
export type Layer = { [K in LayerKind]: { readonly kind: K } & LayerKinds[K] }[LayerKind];

/** [channels, height, width] of one image's features, or [features]. */
export type FeatureShape = readonly [number, number, number] | readonly [number];

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly init: Initializer;
  /** What weight decay asks: weights are always decayed, biases and norms only on request. */
  readonly role: "weight" | "bias" | "norm";
}

export interface BufferSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly start: number;
}

/** What a layer's computation may use. */
export interface ForwardContext {
  readonly g: Graph;
  readonly training: boolean;
  parameter(name: string): Value;
  buffer(name: string): Value;
  /** The value that a buffer has after this step. */
  updateBuffer(name: string, value: Value): void;
  /** An int32 that differs from step to step. */
  readonly seed: Value | null;
  /** A constant that differs from one random layer to the next. */
  nextSalt(): number;
}

interface LayerRule<L> {
  infer(layer: L, input: FeatureShape): FeatureShape;
  parameters(layer: L, input: FeatureShape): readonly ParameterSpec[];
  buffers(layer: L, input: FeatureShape): readonly BufferSpec[];
  /** x is [C, H, W, N] or [F, N]. */
  forward(context: ForwardContext, layer: L, x: Value): Value;
}

type LayerRules = { readonly [K in LayerKind]: LayerRule<LayerKinds[K]> };

const none = () => [];
const same = <S>(_: unknown, input: S): S => input;

const plain = (forward: (g: Graph, x: Value) => Value): LayerRule<object> => ({
  infer: same,
  parameters: none,
  buffers: none,
  forward: ({ g }, _, x) => forward(g, x),
});

function image(where: string, input: FeatureShape): readonly [number, number, number] {
  if (input.length !== 3) throw new Error(`${where}: needs [channels, height, width], got ${show(input)}`);
  return input;
}

function windowed(
  where: string,
  input: FeatureShape,
  layer: { kernel: Pair; stride: Pair; padding: Sides },
  channels: number,
): FeatureShape {
  const [, height, width] = image(where, input);
  const output = outputSize({ ...layer, dilation: [1, 1] }, [height, width]);
  if (output.some((extent) => extent < 1)) {
    throw new Error(`${where}: a window of ${show(layer.kernel)} must fit its input, got ${height}x${width}`);
  }
  return [channels, ...output];
}

const pool = (op: "maxPool2d" | "avgPool2d", where: string): LayerRule<LayerKinds["maxPool"]> => ({
  infer: (layer, input) => windowed(where, input, layer, image(where, input)[0]),
  parameters: none,
  buffers: none,
  forward: ({ g }, { kernel, stride, padding }, x) => g.apply(op, [x], { kernel, stride, padding }),
});

const globalPool = (op: "reduceMax" | "reduceMean", where: string): LayerRule<object> => ({
  infer: (_, input) => [image(where, input)[0], 1, 1],
  parameters: none,
  buffers: none,
  forward: ({ g }, _, x) => g.apply(op, [x], { axes: [1, 2] }),
});

function weightAndBias(
  layer: { name: string; weightInit: Initializer; bias: number | null },
  shape: Shape,
): readonly ParameterSpec[] {
  const weight: ParameterSpec = {
    name: `${layer.name}.weight`,
    shape,
    init: layer.weightInit,
    role: "weight",
  };
  if (layer.bias === null) return [weight];
  const init: Initializer = { kind: "constant", value: layer.bias };
  return [weight, { name: `${layer.name}.bias`, shape: [shape[0]!], init, role: "bias" }];
}

/** [C] shaped to broadcast along the first axis of x. */
const alongFirst = (g: Graph, vector: Value, x: Value) =>
  reshape(
    g,
    vector,
    x.shape.map((extent, axis) => (axis === 0 ? extent : 1)),
  );

const addBias = ({ g, parameter }: ForwardContext, layer: { name: string; bias: number | null }, y: Value) =>
  layer.bias === null ? y : g.apply("add", [y, alongFirst(g, parameter(`${layer.name}.bias`), y)]);

const layerRules: LayerRules = {
  conv: {
    infer: (layer, input) => windowed(layer.name, input, layer, layer.outChannels),
    parameters: (layer, input) =>
      weightAndBias(layer, [layer.outChannels, image(layer.name, input)[0], ...layer.kernel]),
    buffers: none,
    forward(context, layer, x) {
      const { stride, padding } = layer;
      const attrs = { stride, padding, dilation: [1, 1] as const, groups: 1 };
      return addBias(
        context,
        layer,
        context.g.apply("conv2d", [x, context.parameter(`${layer.name}.weight`)], attrs),
      );
    },
  },

  batchNorm: {
    infer: same,
    parameters: ({ name }, input) => [
      { name: `${name}.weight`, shape: [input[0]], init: { kind: "constant", value: 1 }, role: "norm" },
      { name: `${name}.bias`, shape: [input[0]], init: { kind: "constant", value: 0 }, role: "norm" },
    ],
    buffers: ({ name }, input) => [
      { name: `${name}.running_mean`, shape: [input[0]], start: 0 },
      { name: `${name}.running_var`, shape: [input[0]], start: 1 },
    ],
    forward({ g, training, parameter, buffer, updateBuffer }, { name, epsilon, momentum }, x) {
      const affine = [parameter(`${name}.weight`), parameter(`${name}.bias`)] as const;
      const running = [buffer(`${name}.running_mean`), buffer(`${name}.running_var`)] as const;
      if (!training) return g.apply("batchNormInference", [x, ...affine, ...running], { epsilon });
      const { mean, variance } = batchStatistics(g, x, epsilon);
      const follow = (old: Value, fresh: Value) =>
        g.apply("add", [
          g.apply("mul", [old, g.scalar(1 - momentum)]),
          g.apply("mul", [fresh, g.scalar(momentum)]),
        ]);
      updateBuffer(`${name}.running_mean`, follow(running[0], mean));
      updateBuffer(`${name}.running_var`, follow(running[1], variance));
      return g.apply("batchNorm", [x, ...affine], { epsilon });
    },
  },

  relu: plain((g, x) => g.apply("relu", [x])),
  maxPool: pool("maxPool2d", "max pooling"),
  avgPool: pool("avgPool2d", "average pooling"),
  globalMaxPool: globalPool("reduceMax", "global max pooling"),
  globalAvgPool: globalPool("reduceMean", "global average pooling"),

  flatten: {
    infer: (_, input) => [sizeOf(input)],
    parameters: none,
    buffers: none,
    forward: ({ g }, _, x) => reshape(g, x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]),
  },

  linear: {
    infer(layer, input) {
      if (input.length !== 1) throw new Error(`${layer.name}: needs [features], got ${show(input)}`);
      return [layer.outFeatures];
    },
    parameters: (layer, input) => weightAndBias(layer, [layer.outFeatures, input[0]]),
    buffers: none,
    forward(context, layer, x) {
      const weight = context.parameter(`${layer.name}.weight`);
      const y = context.g.apply("matmul", [weight, x], { transposeA: false, transposeB: false });
      return addBias(context, layer, y);
    },
  },

  dropout: {
    infer: same,
    parameters: none,
    buffers: none,
    forward({ g, training, seed, nextSalt }, { probability }, x) {
      if (!training || probability === 0) return x;
      if (!seed) throw new Error("internal: dropout must have a seed while training");
      return g.apply("dropout", [x, seed], { probability, salt: nextSalt() });
    },
  },

  scale: {
    infer: same,
    parameters: none,
    buffers: none,
    forward: ({ g }, { factor }, x) => g.apply("mul", [x, g.scalar(factor)]),
  },

  sequential: {
    infer: ({ layers }, input) => layers.reduce((shape, layer) => inferLayer(layer, shape), input),
    parameters: ({ layers }, input) => collect(layers, input, parametersOf),
    buffers: ({ layers }, input) => collect(layers, input, buffersOf),
    forward: (context, { layers }, x) => layers.reduce((y, layer) => forwardLayer(context, layer, y), x),
  },

  residual: {
    infer({ body, shortcut }, input) {
      const [a, b] = [inferLayer(body, input), inferLayer(shortcut, input)];
      if (show(a) !== show(b))
        throw new Error(`residual: both branches must agree, got ${show(a)} and ${show(b)}`);
      return a;
    },
    parameters: ({ body, shortcut }, input) => [
      ...parametersOf(body, input),
      ...parametersOf(shortcut, input),
    ],
    buffers: ({ body, shortcut }, input) => [...buffersOf(body, input), ...buffersOf(shortcut, input)],
    forward: (context, { body, shortcut }, x) =>
      context.g.apply("add", [forwardLayer(context, body, x), forwardLayer(context, shortcut, x)]),
  },
};

const ruleOf = (layer: Layer) => layerRules[layer.kind] as LayerRule<Layer>;

function collect<T>(
  layers: readonly Layer[],
  input: FeatureShape,
  of: (layer: Layer, input: FeatureShape) => readonly T[],
): readonly T[] {
  let shape = input;
  return layers.flatMap((layer) => {
    const found = of(layer, shape);
    shape = inferLayer(layer, shape);
    return found;
  });
}

export const inferLayer = (layer: Layer, input: FeatureShape): FeatureShape =>
  ruleOf(layer).infer(layer, input);
export const parametersOf = (layer: Layer, input: FeatureShape) => ruleOf(layer).parameters(layer, input);
export const buffersOf = (layer: Layer, input: FeatureShape) => ruleOf(layer).buffers(layer, input);
export const forwardLayer = (context: ForwardContext, layer: Layer, x: Value): Value =>
  ruleOf(layer).forward(context, layer, x);
