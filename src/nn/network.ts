// A network: a tree of layers for inputs of one size, and its computation as part of a graph.
import { CutoutError } from "../error.ts";
import type { Graph } from "../graph/graph.ts";
import { show } from "../graph/shape.ts";
import type { Value } from "../graph/types.ts";
import { sizeOf, type Tensor, tensor } from "../tensor.ts";
import { initialize } from "./init.ts";
import {
  type BufferSpec,
  type FeatureShape,
  type ParameterSpec,
  type Sample,
  WindowTooLarge,
} from "./layer.ts";
import type { Layer } from "./layers/index.ts";
import { refusal } from "./options.ts";
import { buffersOf, firstLayer, forwardLayer, inferLayer, layersOf, parametersOf, ruleOf } from "./tree.ts";
import { unitsOf } from "./units.ts";

export interface Network {
  /** `resnet9`, for messages and files. */
  readonly name: string;
  readonly input: { readonly height: number; readonly width: number; readonly channels: number };
  /** What comes out for an image: [numClasses] logits of a classifier, [channels, height, width] of an encoder. */
  readonly output: FeatureShape;
  /** The first extent of the output: logits of a classifier. */
  readonly numClasses: number;
  readonly layer: Layer;
  readonly parameters: readonly ParameterSpec[];
  readonly buffers: readonly BufferSpec[];
}

/** A tensor of more numbers has no place in a file of weights, nor in an exported model. */
const mostNumbers = 2 ** 29;

/**
 * @param output what must come out for an image: a number of logits, or a shape; null for whatever does
 * @param where how errors name the network; its name when left out
 * @throws CutoutError when the layers do not fit an input of this size or each other, give something else, or share a name
 */
export function network(
  name: string,
  input: Network["input"],
  output: number | FeatureShape | null,
  layer: Layer,
  where = name,
): Network {
  const shape: FeatureShape = [input.channels, input.height, input.width];
  const found = outputOf(layer, input, where);
  const wanted = typeof output === "number" ? [output] : output;
  if (wanted !== null && show(found) !== show(wanted)) {
    const what =
      typeof output === "number"
        ? `must end in ${output} logits, one a class`
        : `must end in ${show(wanted)}`;
    throw refusal({ where, what, got: show(found) });
  }
  const [parameters, buffers] = [parametersOf(layer, shape), buffersOf(layer, shape)];
  checkTensors(where, [...parameters, ...buffers]);
  checkFitted(where, layer, shape);
  return { name, input, output: found, numClasses: found[0], layer, parameters, buffers };
}

/** What is made from images stands where the images come in. */
function checkFitted(where: string, layer: Layer, input: FeatureShape): void {
  const first = firstLayer(layer);
  const inner = layersOf(layer, input).find((placed) => ruleOf(placed.layer).fit && placed.layer !== first);
  if (inner === undefined) return;
  throw refusal({
    where,
    what: `a layer of kind ${inner.layer.kind} must be the first: it is made from the images`,
  });
}

/**
 * What comes out for an image of this size.
 * @throws CutoutError; of kind `world` when nothing but the size of the image is the matter
 */
export function outputOf(
  layer: Layer,
  { channels, height, width }: Network["input"],
  where: string,
): FeatureShape {
  try {
    return inferLayer(layer, [channels, height, width]);
  } catch (error) {
    if (error instanceof WindowTooLarge) {
      throw new CutoutError({
        where,
        what: `images of ${height}x${width} are too small for it (${error.message})`,
        remedy: "use a larger size",
      });
    }
    if (error instanceof CutoutError)
      throw refusal({ where, what: `its layers must fit each other (${error.message})` });
    throw error;
  }
}

function checkTensors(where: string, specs: readonly (ParameterSpec | BufferSpec)[]): void {
  const names = new Set<string>();
  for (const { name, shape } of specs) {
    if (names.has(name)) {
      const what = "each layer with weights must have a name of its own";
      throw refusal({ where, what, got: `${name} twice` });
    }
    names.add(name);
    if (sizeOf(shape) > mostNumbers) {
      throw refusal({ where, what: `${name} must have at most ${mostNumbers} numbers`, got: show(shape) });
    }
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
      tensor(
        "float32",
        shape,
        typeof start === "number" ? new Float32Array(sizeOf(shape)).fill(start) : start.slice(),
      ),
    ]),
  );
}

/** Whether the first layer makes its buffers from training images. */
export const wantsSample = ({ layer }: Network): boolean => {
  const first = firstLayer(layer);
  return ruleOf(first).fit !== undefined;
};

/** Buffers that the first layer makes from training images; none where it makes none. */
export function fittedBuffers({ layer, input, buffers }: Network, sample: Sample): Map<string, Tensor> {
  const first = firstLayer(layer);
  const fitted = ruleOf(first).fit?.(first, [input.channels, input.height, input.width], sample) ?? new Map();
  return new Map(
    buffers.flatMap(({ name, shape }) => {
      const data = fitted.get(name);
      return data === undefined ? [] : [[name, tensor("float32", shape, data)] as const];
    }),
  );
}

export interface ForwardOptions {
  readonly training: boolean;
  readonly parameters: ReadonlyMap<string, Value>;
  readonly buffers: ReadonlyMap<string, Value>;
  /** int32 [1]; needed while training a network with dropout. */
  readonly seed: Value | null;
  /** Name of a layer whose result is wanted too. */
  readonly watched?: string | null;
  /** Share of the batch in the running statistics, float32 [1], in place of the layers' own. */
  readonly statisticsShare?: Value;
}

/** Images as the layers take them. @param images [N, C, H, W] @returns [C, H, W, N] */
export function batchInnermost(
  g: Graph,
  { channels, height, width }: Network["input"],
  images: Value,
): Value {
  const batch = images.shape[0]!;
  const rows = g.apply("reshape", [images], { shape: [batch, channels * height * width] });
  const columns = g.apply("transpose", [rows], { permutation: [1, 0] });
  return g.apply("reshape", [columns], { shape: [channels, height, width, batch] });
}

/**
 * Adds the network to a graph.
 * @param images [N, C, H, W]
 * @returns logits [numClasses, N], the buffers' values after this step (the same ones when not training), and what the
 * watched layer gives
 */
export function forward(g: Graph, { input, layer }: Network, images: Value, options: ForwardOptions) {
  const x = batchInnermost(g, input, images);
  const nextBuffers = new Map(options.buffers);
  let salts = 0;
  const context = {
    g,
    training: options.training,
    parameter: (name: string) => options.parameters.get(name)!,
    buffer: (name: string) => options.buffers.get(name)!,
    updateBuffer: (name: string, value: Value) => nextBuffers.set(name, value),
    seed: options.seed,
    statisticsShare: options.statisticsShare,
    nextSalt: () => Math.imul(++salts, 0x632be5ab),
  };
  const { watched = null } = options;
  if (watched === null) return { logits: forwardLayer(context, layer, x), nextBuffers, features: null };
  // One after the other the units are the network.
  const { units, rest } = unitsOf({ input, layer });
  let [y, features]: [Value, Value | null] = [x, null];
  for (const unit of units) {
    y = forwardLayer(context, unit.layer, y);
    if (unit.name === watched) features = y;
  }
  return { logits: forwardLayer(context, rest, y), nextBuffers, features };
}
