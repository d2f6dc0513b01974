// Rounding errors of the convolution algorithms on the operands that a training step has, against exact direct sums.
import { always, type ConvAlgorithmName, candidates, chooseByRule } from "../src/graph/conv/algorithms.ts";
import { type ConvSpec, convSpec } from "../src/graph/conv/spec.ts";
import { expand } from "../src/graph/expand.ts";
import { gradients } from "../src/graph/grad.ts";
import { Graph, reachable } from "../src/graph/graph.ts";
import type { Value } from "../src/graph/types.ts";
import { forward, type Network } from "../src/nn/network.ts";
import { permutation, stream } from "../src/rng.ts";
import { nodeRuntime } from "../src/runtime/node.ts";
import { type Shape, sizeOf, type Tensor, tensor } from "../src/tensor.ts";
import type { TrainingState } from "../src/train/network-session.ts";
import { exactRows, type Operands, type Pass, passes } from "./exact-convolution.ts";

/** A convolution of a network with the numbers that it meets in a training step. */
export interface RecordedConvolution extends Operands {
  /** Name of the weights. */
  readonly layer: string;
  /** A step does not need the gradient by the images. */
  readonly passes: readonly Pass[];
}

export interface Step {
  readonly network: Network;
  readonly state: Pick<TrainingState, "parameters" | "buffers">;
  /** [N, channels, height, width] */
  readonly images: Float32Array;
  /** [N, numClasses] */
  readonly targets: Float32Array;
  readonly seed: number;
  readonly threads: number;
}

/** Activations, weights and gradients by the output of every convolution, computed by direct sums in float32. */
export async function recordConvolutions(step: Step): Promise<RecordedConvolution[]> {
  const { network, state, threads } = step;
  const { channels, height, width } = network.input;
  const batch = step.targets.length / network.numClasses;
  const g = new Graph();
  const feeds: Record<string, Tensor> = {};
  const given = (name: string, value: Tensor): Value => {
    feeds[name] = value;
    return g.input(name, value.dtype, value.shape);
  };
  const images = given("images", tensor("float32", [batch, channels, height, width], step.images));
  const targets = given("targets", tensor("float32", [batch, network.numClasses], step.targets));
  const seed = given("seed", tensor("int32", [1], Int32Array.of(step.seed)));
  const [parameters, buffers] = [state.parameters, state.buffers].map(
    (part) => new Map([...part].map(([name, value]) => [name, given(name, value)])),
  ) as [Map<string, Value>, Map<string, Value>];
  const { logits } = forward(g, network, images, { training: true, parameters, buffers, seed });
  const columns = g.apply("transpose", [targets], { permutation: [1, 0] });
  const loss = g.apply("crossEntropy", [logits, columns], { labelSmoothing: 0 });

  const found = reachable([loss]).flatMap((y) =>
    y.source.kind === "operation" && y.source.op === "conv2d" ? [{ y, ...y.source }] : [],
  );
  const slopes = gradients(
    g,
    loss,
    found.map(({ y }) => y),
  );
  found.forEach(({ inputs }, index) => {
    g.output(`x ${index}`, inputs[0]!);
    g.output(`dy ${index}`, slopes[index]!);
  });
  const executable = await nodeRuntime({ threads, convolution: "im2col" }).compile(g);
  const results = await executable.run(feeds);
  await executable.close();

  const learnt = new Set([...parameters.values()]);
  return found.map(({ inputs, attrs }, index) => {
    const [x, w] = inputs as [Value, Value];
    const layer = [...parameters].find(([, value]) => value === w)![0];
    const needsInputGrad = reachable([x]).some((value) => learnt.has(value));
    return {
      layer,
      spec: convSpec(attrs, x.shape, w.shape),
      passes: passes.filter((pass) => pass !== "inputGrad" || needsInputGrad),
      x: results[`x ${index}`]!.data as Float32Array,
      w: state.parameters.get(layer)!.data as Float32Array,
      dy: results[`dy ${index}`]!.data as Float32Array,
    };
  });
}

/** The same convolution on standard normal numbers. */
export function onNormalNumbers(recorded: RecordedConvolution, seed: number): RecordedConvolution {
  const { x, w, dy } = recorded;
  const normal = (name: string, { length }: Float32Array) => {
    const rng = stream(seed, name);
    return Float32Array.from({ length }, () => rng.normal());
  };
  return { ...recorded, x: normal("x", x), w: normal("w", w), dy: normal("dy", dy) };
}

export interface PassError {
  readonly layer: string;
  readonly pass: Pass;
  readonly algorithm: ConvAlgorithmName;
  /** `F(6x6, 3x3)`, or `direct` where every product of the definition is added up. */
  readonly form: string;
  /** Whether the fixed rule takes this algorithm for the layer. */
  readonly chosen: boolean;
  /** Root mean square of the error, as a share of that of the exact result. */
  readonly rms: number;
  /** Largest error, as a share of the root mean square of the exact result. */
  readonly worst: number;
  /** Elements of the result that were compared. */
  readonly compared: number;
}

/**
 * Errors of every algorithm that can compute the convolution, in each pass that the step has.
 * @param places how many places of a result are compared, drawn from the seed: a place of a result [C, H, W, N] is a
 *   row of N images, of weights one number. All where there are no more.
 */
export async function errorsOf(
  recorded: RecordedConvolution,
  { places, seed, threads }: { readonly places: number; readonly seed: number; readonly threads: number },
): Promise<PassError[]> {
  const { layer, spec } = recorded;
  const errors: PassError[] = [];
  for (const pass of recorded.passes) {
    const { graph, shape } = passGraph(spec, pass);
    const rowLength = pass === "weightGrad" ? 1 : spec.batch;
    const drawn = permutation(stream(seed, `${layer} ${pass}`), sizeOf(shape) / rowLength).slice(0, places);
    const exact = exactRows(recorded, pass, drawn);
    for (const algorithm of candidates(spec)) {
      const executable = await nodeRuntime({ threads, convolution: algorithm }).compile(graph);
      const feeds = Object.fromEntries(
        [...graph.inputs].map(([name, input]) => [
          name,
          tensor("float32", input.shape, recorded[name as "x" | "w" | "dy"]),
        ]),
      );
      const { result } = await executable.run(feeds);
      await executable.close();
      errors.push({
        layer,
        pass,
        algorithm,
        form: formOf(graph, algorithm),
        chosen: chooseByRule(spec) === algorithm,
        ...difference(result!.data as Float32Array, exact, drawn, rowLength),
        compared: exact.length,
      });
    }
  }
  return errors;
}

function passGraph(spec: ConvSpec, pass: Pass): { readonly graph: Graph; readonly shape: Shape } {
  const { inChannels, outChannels, input, output, batch, kernel, groups } = spec;
  const { stride, padding, dilation } = spec;
  const attrs = { stride, padding, dilation, groups };
  const graph = new Graph();
  const x = () => graph.input("x", "float32", [inChannels, ...input, batch]);
  const w = () => graph.input("w", "float32", [outChannels, inChannels / groups, ...kernel]);
  const dy = () => graph.input("dy", "float32", [outChannels, ...output, batch]);
  const make: { readonly [P in Pass]: () => Value } = {
    forward: () => graph.apply("conv2d", [x(), w()], attrs),
    inputGrad: () => graph.apply("conv2dInputGrad", [dy(), w()], { ...attrs, inputSize: input }),
    weightGrad: () => graph.apply("conv2dWeightGrad", [x(), dy()], { ...attrs, kernel }),
  };
  const result = make[pass]();
  graph.output("result", result);
  return { graph, shape: result.shape };
}

/** Winograd's tiles show in the banks of filters of both transforms: patch^2 filters that move by a tile. */
function formOf(graph: Graph, algorithm: ConvAlgorithmName): string {
  const expanded = expand(graph, { convolution: always(algorithm) });
  for (const { source } of reachable(expanded.outputs.values())) {
    if (source.kind !== "operation" || source.op !== "filterBank") continue;
    const tile = source.attrs.stride[0];
    const taps = Math.sqrt(source.inputs[1]!.shape[0]!) - tile + 1;
    return `F(${tile}x${tile}, ${taps}x${taps})`;
  }
  if (algorithm === "winograd") throw new Error("internal: winograd must have a bank of filters");
  return "direct";
}

function difference(actual: Float32Array, exact: Float64Array, places: Int32Array, rowLength: number) {
  let [squares, errorSquares, largest] = [0, 0, 0];
  exact.forEach((want, at) => {
    const place = places[Math.floor(at / rowLength)]!;
    const error = actual[place * rowLength + (at % rowLength)]! - want;
    squares += want ** 2;
    errorSquares += error ** 2;
    largest = Math.max(largest, Math.abs(error));
  });
  return { rms: Math.sqrt(errorSquares / squares), worst: largest / Math.sqrt(squares / exact.length) };
}
