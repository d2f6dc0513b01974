// Times the algorithms that can compute one convolution, each with all passes that a graph needs of it.
import {
  always,
  type ConvAlgorithmName,
  type ConvChoice,
  candidates,
  chooseByRule,
} from "../graph/conv/algorithms.ts";
import type { Convolution, Pass } from "../graph/conv/inventory.ts";
import type { ConvSpec } from "../graph/conv/spec.ts";
import { expand } from "../graph/expand.ts";
import { Graph } from "../graph/graph.ts";
import { countOperations } from "../graph/operations.ts";
import type { Value } from "../graph/types.ts";
import { type Shape, tensor } from "../tensor.ts";
import type { Executable } from "./runtime.ts";

/** Seconds that an algorithm takes. */
export interface AlgorithmTime {
  readonly algorithm: ConvAlgorithmName;
  readonly forward: number;
  /** All passes of the graph in one: gradients use what the forward pass has left. */
  readonly together: number;
}

/** What the timing needs of the runtime that it is done for. */
export interface TimingRuntime {
  compile(graph: Graph, convolution: ConvChoice): Promise<Executable>;
  memoryOf(graph: Graph, convolution: ConvChoice): number;
  /** Bytes that programs can still have. */
  availableMemory(): number;
  /** A clock, milliseconds. */
  now(): number;
}

/** An algorithm with more operations than this many times the fewest has no prospect. */
const hopeless = 4;
/** Timed runs of an algorithm go on until both are reached, or the time is up. */
const enough = { runs: 3, seconds: 0.06 };
const longest = 1;
/** An algorithm that is this many times slower than the best so far is not run again. */
const beaten = 1.5;
/** Other than the rule's choice is only what saves this share of its time: smaller differences come and go. */
const worthwhile = 0.05;

/**
 * A convolution by itself, as a graph: its operands are made from single numbers, and its results reduced to single
 * numbers. Handing tensors over to ONNX Runtime and back may take longer than the convolution.
 */
export function convolutionGraph(spec: ConvSpec, passes: readonly Pass[]): Graph {
  const { stride, padding, dilation, groups, kernel, inChannels, outChannels, input, output, batch } = spec;
  const g = new Graph();
  const operand = (name: string, shape: Shape) =>
    g.apply("broadcast", [g.input(name, "float32", [1])], { shape });
  const result = (name: Pass, value: Value) =>
    g.output(name, g.apply("reduceMax", [value], { axes: value.shape.map((_, axis) => axis) }));
  const attrs = { stride, padding, dilation, groups };
  const x = operand("x", [inChannels, ...input, batch]);
  const w = operand("w", [outChannels, inChannels / groups, ...kernel]);
  if (passes.includes("forward")) result("forward", g.apply("conv2d", [x, w], attrs));
  if (passes.every((pass) => pass === "forward")) return g;
  const dy = operand("dy", [outChannels, ...output, batch]);
  if (passes.includes("inputGrad"))
    result("inputGrad", g.apply("conv2dInputGrad", [dy, w], { ...attrs, inputSize: input }));
  if (passes.includes("weightGrad"))
    result("weightGrad", g.apply("conv2dWeightGrad", [x, dy], { ...attrs, kernel }));
  return g;
}

/**
 * The algorithms worth timing: those that fit in memory and do not take many times the operations of another; the
 * rule's choice in any case.
 */
export function contenders({ spec, passes }: Convolution, runtime: TimingRuntime): ConvAlgorithmName[] {
  const possible = candidates(spec);
  const graph = convolutionGraph(spec, passes);
  const costs = possible.map((algorithm) => ({
    algorithm,
    operations: countOperations(expand(graph, { convolution: always(algorithm) })),
    fits: runtime.memoryOf(graph, always(algorithm)) <= runtime.availableMemory(),
  }));
  const fewest = Math.min(...costs.map(({ operations }) => operations));
  const byRule = chooseByRule(spec);
  return costs
    .filter(({ algorithm, operations }) => algorithm === byRule || operations <= hopeless * fewest)
    .filter(({ fits }) => fits)
    .map(({ algorithm }) => algorithm);
}

/** Times algorithms, one after the other. Those that are far behind are timed less. */
export async function timeConvolution(
  convolution: Convolution,
  algorithms: readonly ConvAlgorithmName[],
  runtime: TimingRuntime,
): Promise<AlgorithmTime[]> {
  const times: AlgorithmTime[] = [];
  for (const algorithm of algorithms) {
    const best = (part: "forward" | "together") => Math.min(...times.map((time) => time[part]));
    const timed = (passes: readonly Pass[], limit: number) =>
      timeGraph(convolutionGraph(convolution.spec, passes), always(algorithm), runtime, limit);
    const forward = await timed(["forward"], best("forward"));
    const alone = convolution.passes.every((pass) => pass === "forward");
    const together = alone ? forward : await timed(convolution.passes, best("together"));
    times.push({ algorithm, forward, together });
  }
  return times;
}

/** Least seconds of a run, after one that is not counted. */
async function timeGraph(
  graph: Graph,
  convolution: ConvChoice,
  runtime: TimingRuntime,
  best: number,
): Promise<number> {
  const executable = await runtime.compile(graph, convolution);
  try {
    const one = tensor("float32", [1], Float32Array.of(1));
    const feeds = Object.fromEntries([...graph.inputs.keys()].map((name) => [name, one]));
    const run = async () => {
      const start = runtime.now();
      await executable.run(feeds);
      return (runtime.now() - start) / 1000;
    };
    let total = await run();
    let least = Number.POSITIVE_INFINITY;
    let timed = 0;
    for (let runs = 0; runs < enough.runs || timed < enough.seconds; runs++) {
      if (runs > 0 && (total > longest || least > beaten * best)) break;
      const seconds = await run();
      least = Math.min(least, seconds);
      timed += seconds;
      total += seconds;
    }
    return least;
  } finally {
    await executable.close();
  }
}

/**
 * The fastest, but the rule's own choice where that is hardly slower.
 * @param times one or more
 */
export function fastest(
  spec: ConvSpec,
  times: readonly AlgorithmTime[],
  part: "forward" | "together",
): ConvAlgorithmName {
  const best = times.reduce((least, time) => (time[part] < least[part] ? time : least));
  const usual = times.find(({ algorithm }) => algorithm === chooseByRule(spec));
  const near = usual !== undefined && best[part] > (1 - worthwhile) * usual[part];
  return (near ? usual : best).algorithm;
}
