// The graphs of a session: the training step, whole or in parts, the running statistics alone, and prediction.
import { gradients } from "../graph/grad.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import { mostActivated } from "../nn/most-activated.ts";
import { forward, type Network } from "../nn/network.ts";
import type { ImageSize } from "../optim/image-size.ts";
import type { Tensor } from "../tensor.ts";
import { areaMean } from "./area-mean.ts";
import type { TrainingState } from "./network-session.ts";
import type { Loss } from "./objective.ts";
import type { UpdateInputs, UpdateRule } from "./update.ts";

type Weights = Pick<TrainingState, "parameters" | "buffers">;

/** What the graphs of a session read and write: types and shapes are looked at. */
export interface SessionState extends TrainingState {
  /** Of parameters and buffers; empty where none are kept. */
  readonly averages: ReadonlyMap<string, Tensor>;
}

interface Learning {
  readonly network: Network;
  /** Size of the images that a step is given, where the network takes smaller ones: they are averaged down to those. */
  readonly given?: ImageSize;
  readonly objective: Loss;
  /** Name of the layer whose most activated map of each image is told; none when null or left out. */
  readonly watched?: string | null;
}

/** Kinds of state in the step's inputs and outputs; the prefix keeps their names apart. */
export const prefixes = {
  parameters: "parameter ",
  buffers: "buffer ",
  optimizer: "optimizer ",
  averages: "average ",
  gradients: "gradient ",
} as const;
export type Part = keyof typeof prefixes;

function declare(g: Graph, part: Part, tensors: ReadonlyMap<string, Tensor>): Map<string, Value> {
  return new Map(
    [...tensors].map(([name, { dtype, shape }]) => [name, g.input(prefixes[part] + name, dtype, shape)]),
  );
}

function output(g: Graph, part: Part, values: ReadonlyMap<string, Value>): void {
  for (const [name, value] of values) g.output(prefixes[part] + name, value);
}

/** Batch-innermost to batch-first. */
function batchFirst(g: Graph, output: Value): Value {
  const last = output.shape.length - 1;
  return g.apply("transpose", [output], { permutation: [last, ...Array(last).keys()] });
}

/** Declares the inputs of a batch of this size and adds forward pass, loss and gradients. */
function lesson(
  g: Graph,
  { network, given = network.input, objective, watched = null }: Learning,
  batchSize: number,
  state: Weights,
) {
  const { channels } = network.input;
  const images = g.input("images", "float32", [batchSize, channels, given.height, given.width]);
  const targets = g.input("targets", "float32", [batchSize, ...objective.targetShape(network)]);
  const seed = g.input("seed", "int32", [1]);
  const parameters = declare(g, "parameters", state.parameters);
  const buffers = declare(g, "buffers", state.buffers);
  const mode = { training: true, parameters, buffers, seed, watched };
  const { logits, nextBuffers, features } = forward(g, network, areaMean(g, images, network.input), mode);
  const loss = objective.loss(g, logits, targets);
  g.output("loss", loss);
  g.output("output", batchFirst(g, logits));
  if (features !== null) g.output("maps", mostActivated(g, features));
  output(g, "buffers", nextBuffers);
  return { parameters, buffers: nextBuffers, gradients: gradients(g, loss, [...parameters.values()]) };
}

function updated(
  g: Graph,
  rule: UpdateRule,
  given: Omit<UpdateInputs, "learningRate" | "slots" | "averages">,
  state: SessionState,
) {
  const next = rule.apply(g, {
    ...given,
    learningRate: g.input("learningRate", "float32", [1]),
    slots: declare(g, "optimizer", state.optimizer),
    averages: declare(g, "averages", state.averages),
  });
  output(g, "parameters", next.parameters);
  output(g, "optimizer", next.slots);
  output(g, "averages", next.averages);
}

/** Images and targets in; loss, output and the next state out. */
export function trainingGraph(
  learning: Learning,
  batchSize: number,
  rule: UpdateRule,
  state: SessionState,
): Graph {
  const g = new Graph();
  updated(g, rule, lesson(g, learning, batchSize, state), state);
  return g;
}

/** A part of a batch: its share of the gradients is added to what the parts before it gave. */
export function gradientGraph(
  learning: Learning,
  batchSize: number,
  parts: number,
  state: SessionState,
): Graph {
  const g = new Graph();
  const { gradients: own } = lesson(g, learning, batchSize, state);
  const sums = declare(g, "gradients", state.parameters);
  [...sums].forEach(([name, sum], index) => {
    const share = g.apply("mul", [own[index]!, g.scalar(1 / parts)]);
    g.output(prefixes.gradients + name, g.apply("add", [sum, share]));
  });
  return g;
}

/** The gradients of all parts in; the next state out. */
export function updateGraph(rule: UpdateRule, state: SessionState): Graph {
  const g = new Graph();
  const parameters = declare(g, "parameters", state.parameters);
  const buffers = rule.averages ? declare(g, "buffers", state.buffers) : new Map();
  const gradients = [...declare(g, "gradients", state.parameters).values()];
  updated(g, rule, { parameters, buffers, gradients }, state);
  return g;
}

/** Images in, the running statistics after them out: `share` of them are those of the images. */
export function statisticsGraph(network: Network, batchSize: number, state: Weights): Graph {
  const { channels, height, width } = network.input;
  const g = new Graph();
  const images = g.input("images", "float32", [batchSize, channels, height, width]);
  const seed = g.input("seed", "int32", [1]);
  const statisticsShare = g.input("share", "float32", [1]);
  const parameters = declare(g, "parameters", state.parameters);
  const buffers = declare(g, "buffers", state.buffers);
  const mode = { training: true, parameters, buffers, seed, statisticsShare };
  output(g, "buffers", forward(g, network, images, mode).nextBuffers);
  return g;
}

export function predictionGraph(
  network: Network,
  batchSize: number,
  state: Pick<TrainingState, "parameters" | "buffers">,
) {
  const { channels, height, width } = network.input;
  const g = new Graph();
  const images = g.input("images", "float32", [batchSize, channels, height, width]);
  const parameters = declare(g, "parameters", state.parameters);
  const buffers = declare(g, "buffers", state.buffers);
  const { logits } = forward(g, network, images, { training: false, parameters, buffers, seed: null });
  g.output("output", batchFirst(g, logits));
  return g;
}
