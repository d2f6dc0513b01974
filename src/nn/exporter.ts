// What the export of a layer needs of the model that is written.
import type { FeatureShape, Infer } from "./layer.ts";
import type { Layer } from "./layers/index.ts";
import type { Convolution } from "./window.ts";

/** y = x scale + shift, for each channel. */
export interface ChannelMap {
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** Attributes of a node: numbers are integers, floats stand as `{ float }`. */
type Attributes = Readonly<Record<string, number | readonly number[] | { readonly float: number }>>;

export interface Exporter {
  /** Adds a standard operator with one result and returns its name. */
  add(operator: string, inputs: readonly string[], attributes?: Attributes): string;
  /** Name of a float32 constant. */
  constant(shape: readonly number[], data: Float32Array): string;
  /** Name of a vector of whole numbers, as shapes and places are given. */
  integers(values: readonly number[]): string;
  /** Name of a float32 scalar. */
  number(value: number): string;
  /** Picks along one axis. */
  gather(x: string, indices: ArrayLike<number>, axis: number): string;
  /** A parameter or buffer as it was trained. */
  weights(name: string): Float32Array;
  /** Adds a convolution, as the nodes that compute it fastest. */
  convolution(x: string, convolution: Convolution): string;
  /** What the images need before this layer, if it is theirs; null for nothing. */
  before(layer: object): ChannelMap | null;
  /** What the second layer is, if the first can do it as well. */
  folded(layer: Layer, next: Layer | undefined): ChannelMap | null;
  /** Adds the nodes of a layer inside this one. */
  layer(layer: Layer, x: string, input: FeatureShape, after?: ChannelMap | null): string;
  readonly infer: Infer;
}
