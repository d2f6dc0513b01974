// Graphs that give what is inside a trained network: the magnitude of each feature, and Grad-CAM.
import { gradients } from "../../graph/grad.ts";
import { Graph } from "../../graph/graph.ts";
import type { Value } from "../../graph/types.ts";
import { batchInnermost, type Network } from "../../nn/network.ts";
import { forwardEvaluation, unitsOf } from "../../nn/units.ts";
import type { Tensor } from "../../tensor.ts";

/** Names of the graphs' inputs for weights and running statistics. */
const prefixes = { parameters: "parameter ", buffers: "buffer " } as const;

export interface NetworkWeights {
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly buffers: ReadonlyMap<string, Tensor>;
}

/** Weights and running statistics as feeds of these graphs. */
export function weightFeeds(weights: NetworkWeights): Record<string, Tensor> {
  return Object.fromEntries(
    (["parameters", "buffers"] as const).flatMap((part) =>
      [...weights[part]].map(([name, value]) => [prefixes[part] + name, value]),
    ),
  );
}

/** The network as in evaluation, over the input `images` [N, C, H, W]; `named` are the results of its units. */
function evaluationGraph(network: Network, batchSize: number) {
  const { channels, height, width } = network.input;
  const g = new Graph();
  const declare = (prefix: string, specs: Network["parameters"] | Network["buffers"]) =>
    new Map(specs.map(({ name, shape }) => [name, g.input(prefix + name, "float32", shape)]));
  const weights = {
    parameters: declare(prefixes.parameters, network.parameters),
    buffers: declare(prefixes.buffers, network.buffers),
  };
  const images = g.input("images", "float32", [batchSize, channels, height, width]);
  let x = batchInnermost(g, network.input, images);
  const { units, rest } = unitsOf(network);
  const named = new Map<string, Value>();
  for (const { name, layer } of units) {
    x = forwardEvaluation(g, layer, x, weights);
    named.set(name, x);
  }
  return { g, named, logits: forwardEvaluation(g, rest, x, weights) };
}

const batchFirst = (g: Graph, x: Value) => g.apply("transpose", [x], { permutation: [1, 0] });

/** Output of the layer at this place among those asked for: [N, features]. */
export const magnitudeOutput = (index: number): string => `magnitude ${index}`;

/**
 * Outputs `logits` [N, classes], and for each layer the magnitude of each feature: |a|, of a feature map its mean over
 * the positions. The paper does not say how a map becomes one number; its Figure 4 has one number a map.
 */
export function magnitudeGraph(network: Network, layers: readonly string[], batchSize: number): Graph {
  const { g, named, logits } = evaluationGraph(network, batchSize);
  g.output("logits", batchFirst(g, logits));
  for (const [index, name] of layers.entries()) {
    const size = g.apply("abs", [named.get(name)!]);
    const { shape } = size;
    const mean = shape.length === 4 ? g.apply("reduceMean", [size], { axes: [1, 2] }) : size;
    const rows = g.apply("reshape", [mean], { shape: [shape[0]!, batchSize] });
    g.output(magnitudeOutput(index), batchFirst(g, rows));
  }
  return g;
}

/**
 * Output `cam` [N, height, width] for the classes of the input `targets` [N, classes], one-hot: Grad-CAM of a layer with
 * positions, ReLU(sum over k of alpha_k A^k), alpha_k being the mean over the positions of the gradient of the class's
 * logit by A^k. Images of a batch do not see each other in evaluation, so one gradient of the sum has those of all.
 * @see Selvaraju et al. 2017, "Grad-CAM", equations 1 and 2
 */
export function gradCamGraph(network: Network, layer: string, batchSize: number): Graph {
  const { g, named, logits } = evaluationGraph(network, batchSize);
  const targets = g.input("targets", "float32", [batchSize, network.numClasses]);
  const features = named.get(layer)!;
  const score = g.apply("reduceSum", [g.apply("mul", [logits, batchFirst(g, targets)])], { axes: [0, 1] });
  const [gradient] = gradients(g, score, [features]) as [Value];
  const alpha = g.apply("reduceMean", [gradient], { axes: [1, 2] });
  const sum = g.apply("reduceSum", [g.apply("mul", [features, alpha])], { axes: [0] });
  const [, height, width] = features.shape as readonly [number, number, number, number];
  const map = g.apply("reshape", [g.apply("relu", [sum])], { shape: [height * width, batchSize] });
  g.output("cam", g.apply("reshape", [batchFirst(g, map)], { shape: [batchSize, height, width] }));
  return g;
}
