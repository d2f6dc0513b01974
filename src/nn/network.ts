// A network: a tree of layers for inputs of one size, and its computation as part of a graph.
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import { sizeOf, type Tensor, tensor } from "../tensor.ts";
import { initialize } from "./init.ts";
import {
  type BufferSpec,
  buffersOf,
  type FeatureShape,
  forwardLayer,
  inferLayer,
  type Layer,
  type ParameterSpec,
  parametersOf,
} from "./layers.ts";

export interface Network {
  /** `resnet9`, for messages and files. */
  readonly name: string;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  readonly numClasses: number;
  readonly layer: Layer;
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];
}

/** @throws when the layers do not fit an input of this size, or do not end in one number a class */
export function network(name: string, input: Network["input"], numClasses: number, layer: Layer): Network {
  const shape: FeatureShape = [input.channels, input.height, input.width];
  const output = inferSize(name, layer, shape);
  if (output.length !== 1 || output[0] !== numClasses) {
    throw new Error(`internal: ${name} must end in ${numClasses} logits, got [${output}]`);
  }
  return {
    name,
    input,
    numClasses,
    layer,
    parameters: parametersOf(layer, shape),
    buffers: buffersOf(layer, shape),
  };
}

function inferSize(name: string, layer: Layer, shape: FeatureShape): FeatureShape {
  try {
    return inferLayer(layer, shape);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${name}: images of ${shape[1]}x${shape[2]} are too small for it (${reason}); use a larger size`,
    );
  }
}

export function countParameters({ parameters }: Network): number {
  return parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

export function initialParameters({ parameters }: Network, seed: number): Map<string, Tensor> {
  return new Map(parameters.map(({ name, shape, init }) => [name, initialize(name, shape, init, seed)]));
}

export function initialBuffers({ buffers }: Network): Map<string, Tensor> {
  return new Map(
    buffers.map(({ name, shape, start }) => [
      name,
      tensor("float32", shape, new Float32Array(sizeOf(shape)).fill(start)),
    ]),
  );
}

export interface ForwardOptions {
  readonly training: boolean;
  readonly parameters: ReadonlyMap<string, Value>;
  readonly buffers: ReadonlyMap<string, Value>;
  /** int32 [1]; needed while training a network with dropout. */
  readonly seed: Value | null;
}

/**
 * Adds the network to a graph.
 * @param images [N, C, H, W]
 * @returns logits [numClasses, N], and the buffers' values after this step (the same ones when not training)
 */
export function forward(g: Graph, { input, layer }: Network, images: Value, options: ForwardOptions) {
  const { channels, height, width } = input;
  const batch = images.shape[0]!;
  const rows = g.apply("reshape", [images], { shape: [batch, channels * height * width] });
  const columns = g.apply("transpose", [rows], { permutation: [1, 0] });
  const x = g.apply("reshape", [columns], { shape: [channels, height, width, batch] });
  const nextBuffers = new Map(options.buffers);
  let salts = 0;
  const logits = forwardLayer(
    {
      g,
      training: options.training,
      parameter: (name) => options.parameters.get(name)!,
      buffer: (name) => options.buffers.get(name)!,
      updateBuffer: (name, value) => nextBuffers.set(name, value),
      seed: options.seed,
      nextSalt: () => Math.imul(++salts, 0x632be5ab),
    },
    layer,
    x,
  );
  return { logits, nextBuffers };
}
