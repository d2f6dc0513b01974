// The table of a network's convolutions: what each algorithm takes for a training step, and which is chosen.
import { CutoutError } from "../error.ts";
import { type ConvAlgorithmName, candidates, chooseByRule } from "../graph/conv/algorithms.ts";
import {
  type Convolution,
  convolutionsOf,
  describeGeometry,
  directOperations,
  type Pass,
} from "../graph/conv/inventory.ts";
import { gradients } from "../graph/grad.ts";
import { Graph } from "../graph/graph.ts";
import { forward, type Network } from "../nn/network.ts";
import { judge, type OnTiming } from "../runtime/choice.ts";
import { type AlgorithmTime, contenders, type TimingRuntime, timeConvolution } from "../runtime/timing.ts";

/** Layers with convolutions of one geometry. */
export interface LayerTiming {
  /** Names of the layers: `layer1.0.conv1`. */
  readonly layers: readonly string[];
  readonly geometry: string;
  readonly passes: readonly Pass[];
  /** The fastest first. */
  readonly times: readonly TimedAlgorithm[];
  /** Algorithms that would take many times the operations of another, or more memory than there is. */
  readonly passedOver: readonly ConvAlgorithmName[];
  readonly byRule: ConvAlgorithmName;
  /** What `timed` takes. */
  readonly byTiming: ConvAlgorithmName;
}

export interface TimedAlgorithm {
  readonly algorithm: ConvAlgorithmName;
  /** Milliseconds of the forward pass alone, of all passes in one, and of what the gradients add. */
  readonly forward: number;
  readonly gradients: number;
  readonly together: number;
  /** Billions of operations of the direct computation, over the time of all passes. */
  readonly gigaflops: number;
}

export interface LayerTimingOptions {
  readonly network: Network;
  readonly batchSize: number;
  readonly runtime: TimingRuntime;
  /** Told what each convolution's timing has found, for runs with timed convolutions. */
  readonly remember: (judged: ReturnType<typeof judge>) => void;
}

/**
 * Times every convolution of a training step anew.
 * @throws Error when a convolution does not fit in memory
 */
export async function timeLayers(
  { network, batchSize, runtime, remember }: LayerTimingOptions,
  onTiming: OnTiming,
): Promise<LayerTiming[]> {
  const convolutions = convolutionsOf(stepGraph(network, batchSize));
  const found: LayerTiming[] = [];
  for (const [done, convolution] of convolutions.entries()) {
    onTiming(done, convolutions.length);
    const algorithms = contenders(convolution, runtime);
    const geometry = describeGeometry(convolution.spec);
    if (algorithms.length === 0)
      throw new CutoutError({
        where: geometry,
        what: "needs more memory than is free",
        remedy: "take smaller images or batches",
      });
    const times = await timeConvolution(convolution, algorithms, runtime);
    const judged = judge(convolution, times);
    remember(judged);
    const { algorithm } = [...judged.values()].at(-1)!;
    found.push({
      layers: convolution.weights.map((name) => name.replace(/\.weight$/, "")),
      geometry,
      passes: convolution.passes,
      times: times
        .map((time) => timed(convolution, time))
        .sort((one, other) => one.together - other.together),
      passedOver: candidates(convolution.spec).filter((name) => !algorithms.includes(name)),
      byRule: chooseByRule(convolution.spec),
      byTiming: algorithm,
    });
  }
  onTiming(convolutions.length, convolutions.length);
  return found;
}

function timed(
  { spec, passes }: Convolution,
  { algorithm, forward, together }: AlgorithmTime,
): TimedAlgorithm {
  return {
    algorithm,
    forward: 1000 * forward,
    gradients: 1000 * Math.max(0, together - forward),
    together: 1000 * together,
    gigaflops: (passes.length * directOperations(spec)) / together / 1e9,
  };
}

/** What a training step computes of a network, up to the gradients. */
export function stepGraph(network: Network, batchSize: number): Graph {
  const { channels, height, width } = network.input;
  const g = new Graph();
  const declare = (name: string, shape: readonly number[]) =>
    [name, g.input(name, "float32", shape)] as const;
  const images = g.input("images", "float32", [batchSize, channels, height, width]);
  const parameters = new Map(network.parameters.map(({ name, shape }) => declare(name, shape)));
  const buffers = new Map(network.buffers.map(({ name, shape }) => declare(name, shape)));
  const seed = g.input("seed", "int32", [1]);
  const { logits } = forward(g, network, images, { training: true, parameters, buffers, seed });
  const loss = g.apply("reduceSum", [logits], { axes: [...logits.shape.keys()] });
  for (const [index, gradient] of gradients(g, loss, [...parameters.values()]).entries()) {
    g.output(`gradient ${index}`, gradient);
  }
  return g;
}
