// What networks are and take: parameters, arithmetic, memory, and the time of a training step on this machine.
import { chooseByRule } from "../graph/conv/algorithms.ts";
import { expand } from "../graph/expand.ts";
import { Graph } from "../graph/graph.ts";
import { peakBytes } from "../graph/memory.ts";
import { countMultiplyAdds } from "../graph/operations.ts";
import { buildNetwork } from "../nn/build.ts";
import type { NetworkDefinition } from "../nn/definition.ts";
import { countParameters, forward, type Network } from "../nn/network.ts";
import { availableMemory } from "../runtime/available-memory.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { sizeOf } from "../tensor.ts";
import { classify } from "../train/objectives/classify.ts";
import { createTrainingSession } from "../train/step.ts";
import { stepGraph } from "./layer-times.ts";

export interface ModelQuestion {
  readonly definition: NetworkDefinition;
  readonly options: Readonly<Record<string, unknown>>;
  /** Side of the images, pixels; null for what the network wants. */
  readonly size: number | null;
  readonly channels: number;
  readonly numClasses: number;
}

export interface ModelFacts {
  readonly name: string;
  readonly summary: string;
  /** Names of its own options. */
  readonly options: readonly string[];
  readonly input: Network["input"];
  readonly numClasses: number;
  readonly parameters: number;
  /** Of one image, forward, as convolutions and linear layers are defined. */
  readonly multiplyAdds: number;
  /** Bytes that each image of a batch adds to the memory of a training step. */
  readonly bytesPerImage: number;
}

export interface StepTime {
  readonly batchSize: number;
  readonly threads: number;
  /** Median of the timed steps, with the update. */
  readonly milliseconds: number;
  readonly imagesPerSecond: number;
}

/** Side of the images where none is told: of CIFAR-10's, or of the photos that a network wants. */
export const usualSize = ({ sizes: { keepSmall, imageSize } }: NetworkDefinition): number =>
  keepSmall ? 32 : imageSize;

/** @throws CutoutError, one line, when the images are too small or an option is not the network's */
export function networkFor({ definition, options, size, channels, numClasses }: ModelQuestion): Network {
  const side = size ?? usualSize(definition);
  return buildNetwork(definition, { input: { height: side, width: side, channels }, numClasses, options });
}

export function modelFacts(question: ModelQuestion, network = networkFor(question)): ModelFacts {
  const { name, summary, options } = question.definition;
  return {
    name,
    summary,
    options: Object.keys(options),
    input: network.input,
    numClasses: network.numClasses,
    parameters: countParameters(network),
    multiplyAdds: countMultiplyAdds(forwardGraph(network)),
    bytesPerImage: bytesPerImage(network),
  };
}

/** One image, as in evaluation. */
function forwardGraph(network: Network): Graph {
  const { channels, height, width } = network.input;
  const g = new Graph();
  const declare = (specs: Network["parameters"] | Network["buffers"]) =>
    new Map(specs.map(({ name, shape }) => [name, g.input(name, "float32", shape)] as const));
  const [parameters, buffers] = [declare(network.parameters), declare(network.buffers)];
  const images = g.input("images", "float32", [1, channels, height, width]);
  g.output(
    "output",
    forward(g, network, images, { training: false, parameters, buffers, seed: null }).logits,
  );
  return g;
}

const stepBytes = (network: Network, batchSize: number): number =>
  peakBytes(expand(stepGraph(network, batchSize), { convolution: chooseByRule }));

/** What is kept whatever the batch, weights above all, falls out of the difference of two batches. */
function bytesPerImage(network: Network): number {
  const [small, large] = [32, 64];
  return (stepBytes(network, large) - stepBytes(network, small)) / (large - small);
}

const steps = { warm: 1, timed: 3 };

/** @returns null when a step needs more memory than is free */
export async function timeStep(
  { definition: { recipe } }: ModelQuestion,
  network: Network,
  { batchSize, threads }: Pick<StepTime, "batchSize" | "threads">,
): Promise<StepTime | null> {
  // Weights, their gradients and momentum twice over, as they come in and go out.
  const state = 6 * 4 * countParameters(network);
  if (stepBytes(network, batchSize) + state > availableMemory()) return null;
  const session = await createTrainingSession({
    network,
    batchSize,
    objective: classify({ labelSmoothing: 0, classWeights: null }),
    optimizer: {
      momentum: 0.9,
      nesterov: recipe.nesterov,
      weightDecay: 5e-4,
      decayBiasAndNorm: recipe.decayBiasAndNorm,
    },
    seed: 0,
    runtime: nodeRuntime({ threads }),
  });
  try {
    const { channels, height, width } = network.input;
    const size = channels * height * width;
    const images = Float32Array.from({ length: batchSize * size }, (_, at) => Math.sin(at));
    const targets = new Float32Array(batchSize * sizeOf(network.output));
    for (let image = 0; image < batchSize; image++)
      targets[image * network.numClasses + (image % network.numClasses)] = 1;
    const taken: number[] = [];
    for (let step = 0; step < steps.warm + steps.timed; step++) {
      const start = performance.now();
      await session.step(images, targets, { learningRate: 1e-4, seed: step });
      if (step >= steps.warm) taken.push(performance.now() - start);
    }
    const milliseconds = taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)]!;
    return { batchSize, threads, milliseconds, imagesPerSecond: (1000 * batchSize) / milliseconds };
  } finally {
    await session.close();
  }
}
