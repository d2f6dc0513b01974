// What the rule of a layer says: its settings, shapes, parameters, computation and export.
import type { Graph } from "../graph/graph.ts";
import { show } from "../graph/shape.ts";
import type { Value } from "../graph/types.ts";
import type { Shape } from "../tensor.ts";
import type { ChannelMap, Exporter } from "./exporter.ts";
import type { Initializer } from "./init.ts";
import type { Layer } from "./layers/index.ts";
import { type Kind, refusal } from "./options.ts";

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
  /** One number for all, or each. */
  readonly start: number | Float32Array;
}

/** Images as the network gets them. */
export interface Sample {
  /** [count, channels, height, width] */
  readonly images: Float32Array;
  readonly count: number;
}

/** What a layer's computation may use. */
export interface ForwardContext {
  readonly g: Graph;
  readonly training: boolean;
  parameter(name: string): Value;
  buffer(name: string): Value;
  /** The value that a buffer has after this step. */
  updateBuffer(name: string, value: Value): void;
  /** Share of the batch in running statistics, [1], in place of each layer's own. */
  readonly statisticsShare?: Value | undefined;
  /** An int32 that differs from step to step. */
  readonly seed: Value | null;
  /** A constant that differs from one random layer to the next. */
  nextSalt(): number;
  /** The computation of a layer inside this one. */
  forward(layer: Layer, x: Value): Value;
}

/** Shape of a layer's result; throws CutoutError when the input does not fit it. */
export type Infer = (layer: Layer, input: FeatureShape) => FeatureShape;

/** A layer and the shape that it gets. */
export interface Placed {
  readonly layer: Layer;
  readonly input: FeatureShape;
}

/** Settings that are layers themselves. */
export type Inner = "layer" | "layers";

/** What each setting may be. All must be there: a tree of layers is complete. */
export type LayerFields<L> = {
  readonly [K in keyof L]-?: L[K] extends Layer
    ? "layer"
    : L[K] extends readonly Layer[]
      ? "layers"
      : Kind<L[K]>;
};

/** Everything about one kind of layer; `L` are its settings. */
export interface LayerRule<L> {
  readonly fields: LayerFields<L>;
  infer(layer: L, input: FeatureShape, infer: Infer): FeatureShape;
  /** The layers inside, in the order of their parameters. */
  inner?(layer: L, input: FeatureShape, infer: Infer): readonly Placed[];
  parameters?(layer: L, input: FeatureShape): readonly ParameterSpec[];
  buffers?(layer: L, input: FeatureShape): readonly BufferSpec[];
  /**
   * Buffers that are made from training images before the first step; only where the layer gets the images themselves.
   * @returns numbers by the name of the buffer
   */
  fit?(layer: L, input: FeatureShape, sample: Sample): ReadonlyMap<string, Float32Array>;
  /** x is [C, H, W, N] or [F, N]. */
  forward(context: ForwardContext, layer: L, x: Value): Value;
  /**
   * Nodes of an exported model over x [N, C, H, W] or [N, F].
   * @param after what `folds` has allowed; null for nothing
   * @returns name of the result
   */
  export(exporter: Exporter, layer: L, x: string, input: FeatureShape, after: ChannelMap | null): string;
  /** Whether the exported weights can do a following y = x scale + shift as well. */
  readonly folds?: true;
  /** What this layer is to the one before it, if once trained it is y = x scale + shift for each channel. */
  channelMap?(weights: Exporter["weights"], layer: L): ChannelMap;
  /** The layer inside that alone gets this one's input. */
  first?(layer: L): Layer | undefined;
  /** How much of a preceding (x - mean) / std of each channel the exported weights can do as well. */
  absorbs?(layer: L): "scale" | "scale and shift";
}

/** A window that does not fit: the images are too small. */
export class WindowTooLarge extends Error {
  override readonly name = "WindowTooLarge";
}

export function image(where: string, input: FeatureShape): readonly [number, number, number] {
  if (input.length === 3) return input;
  throw refusal({ where, what: "needs [channels, height, width]", got: show(input) });
}

/** For layers that keep the shape. */
export const same = <S>(_: unknown, input: S): S => input;
