// Our training step of a network of the benchmark, on random images.
import { stream } from "../src/rng.ts";
import { type NodeRuntimeOptions, nodeRuntime } from "../src/runtime/node.ts";
import { classify } from "../src/train/objectives/classify.ts";
import { createTrainingSession } from "../src/train/step.ts";
import { type BenchModel, benchNetworks } from "./networks.ts";

export interface StepOptions extends Pick<NodeRuntimeOptions, "threads" | "profile"> {
  readonly batch: number;
}

export interface OpenStep {
  take(): Promise<unknown>;
  close(): Promise<void>;
}

/** [count, 3, side, side], normal numbers. */
export function randomImages(count: number, side: number): Float32Array {
  const rng = stream(0, "bench");
  return Float32Array.from({ length: count * 3 * side * side }, () => rng.normal());
}

export async function openStep(
  model: BenchModel,
  { batch, threads, profile }: StepOptions,
): Promise<OpenStep> {
  const { side, numClasses, build } = benchNetworks[model];
  const session = await createTrainingSession({
    network: build(),
    batchSize: batch,
    optimizer: { momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayBiasAndNorm: true },
    objective: classify({ labelSmoothing: 0, classWeights: null }),
    seed: 0,
    runtime: nodeRuntime({ threads, ...(profile !== undefined && { profile }) }),
  });
  const images = randomImages(batch, side);
  const rng = stream(0, "bench labels");
  const targets = new Float32Array(batch * numClasses);
  for (let image = 0; image < batch; image++) targets[image * numClasses + rng.integer(numClasses)] = 1;
  let seed = 0;
  return {
    take: () => session.step(images, targets, { learningRate: 0.01, seed: seed++ }),
    close: () => session.close(),
  };
}
