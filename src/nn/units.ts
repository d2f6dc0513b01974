// A network cut into convolutions, blocks and linear layers, so that what each of them gives can be looked at.
import type { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import type { FeatureShape } from "./layer.ts";
import { type Layer, sequential } from "./layers/index.ts";
import type { Network } from "./network.ts";
import { forwardLayer, inferLayer, parametersOf } from "./tree.ts";

/**
 * A layer with weights (a convolution, a linear layer, a residual block as a whole), the layers after it that keep its
 * shape (normalization, ReLU, dropout, a factor), and before it those that only lead to it (pooling, flattening, the
 * normalization that a pre-activation block begins with).
 */
export interface Unit {
  /** What the names of its weights have in common: `layer1.0` of `layer1.0.conv1.weight` and `layer1.0.bn1.weight`. */
  readonly name: string;
  readonly layer: Layer;
  /** Shape of its result for one image. */
  readonly output: FeatureShape;
}

export interface Units {
  /** In the order of the computation. */
  readonly units: readonly Unit[];
  /** What follows the last of them, such as pooling; no layers at all in most networks. */
  readonly rest: Layer;
}

/** One after the other, and then the rest, they are the network. */
export function unitsOf({ layer, input }: Pick<Network, "layer" | "input">): Units {
  let shape: FeatureShape = [input.channels, input.height, input.width];
  const parts = partsOf(layer, shape);
  const weighted = parts.filter((part) => part.weighted);
  const prefixes = weighted.map(({ names, own }) => commonPrefix(names) || commonPrefix(own));
  const units = weighted.map(({ layers, own }, index): Unit => {
    const prefix = prefixes[index]!;
    const alone = prefix !== "" && prefixes.indexOf(prefix) === prefixes.lastIndexOf(prefix);
    const unit = sequential(...layers);
    shape = inferLayer(unit, shape);
    return { name: alone ? prefix : own[0]!, layer: unit, output: shape };
  });
  // Only the last part can be without weights: one before others would lead to them.
  return { units, rest: sequential(...parts.slice(weighted.length).flatMap(({ layers }) => layers)) };
}

export interface UnitWeights {
  readonly parameters: ReadonlyMap<string, Value>;
  readonly buffers: ReadonlyMap<string, Value>;
}

/**
 * Adds layers to a graph as evaluation computes them: running statistics, no dropout.
 * @param x [C, H, W, N] or [F, N]
 */
export function forwardEvaluation(
  g: Graph,
  layer: Layer,
  x: Value,
  { parameters, buffers }: UnitWeights,
): Value {
  const context = {
    g,
    training: false,
    parameter: (name: string) => parameters.get(name)!,
    buffer: (name: string) => buffers.get(name)!,
    updateBuffer: () => {},
    seed: null,
    nextSalt: () => 0,
  };
  return forwardLayer(context, layer, x);
}

interface Part {
  readonly layers: readonly Layer[];
  /** Of the layers in it that have any. */
  readonly names: readonly string[];
  /** Those of the layer with weights. */
  readonly own: readonly string[];
  readonly weighted: boolean;
  /** Whether what comes out has the shape of what goes in. */
  readonly keepsShape: boolean;
}

function partsOf(layer: Layer, input: FeatureShape): readonly Part[] {
  if (layer.kind !== "sequential") return [partOf(layer, input)];
  const parts: Part[] = [];
  let shape = input;
  for (const each of layer.layers) {
    for (const part of partsOf(each, shape)) {
      const last = parts.at(-1);
      const leads = last !== undefined && !last.weighted;
      const follows = last?.weighted && !part.weighted && part.keepsShape;
      if (leads || follows) parts[parts.length - 1] = together(last!, part);
      else parts.push(part);
    }
    shape = inferLayer(each, shape);
  }
  return parts;
}

function partOf(layer: Layer, input: FeatureShape): Part {
  const parameters = parametersOf(layer, input);
  const names = [...new Set(parameters.map(({ name }) => name.slice(0, name.lastIndexOf("."))))];
  const weighted = parameters.some(({ role }) => role === "weight");
  return {
    layers: [layer],
    names,
    own: weighted ? names : [],
    weighted,
    keepsShape: inferLayer(layer, input).join() === input.join(),
  };
}

const together = (one: Part, other: Part): Part => ({
  layers: [...one.layers, ...other.layers],
  names: [...one.names, ...other.names],
  own: [...one.own, ...other.own],
  weighted: one.weighted || other.weighted,
  keepsShape: one.keepsShape && other.keepsShape,
});

/** The whole words between dots with which all names begin: `layer1` of `layer1.conv` and `layer1.bn`. */
function commonPrefix(names: readonly string[]): string {
  const [first = [], ...others] = names.map((name) => name.split("."));
  let length = first.length;
  for (const words of others) {
    while (length > 0 && words.slice(0, length).join(".") !== first.slice(0, length).join(".")) length--;
  }
  return first.slice(0, length).join(".");
}
