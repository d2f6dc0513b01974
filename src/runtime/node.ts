// ONNX Runtime in Node, on the CPU or on WebGPU. The only file importing onnxruntime-node.

import { cpus } from "node:os";
import * as ort from "onnxruntime-node";
import { CutoutError } from "../error.ts";
import { expand } from "../graph/expand.ts";
import type { Graph } from "../graph/graph.ts";
import { bytesOf, peakBytes } from "../graph/memory.ts";
import { type Lowerings, lower, outputName } from "../onnx/lower.ts";
import { webgpuLowerings } from "../onnx/webgpu.ts";
import { type DType, type Shape, sizeOf, type Tensor, zeros } from "../tensor.ts";
import { algorithmsDigest } from "./algorithms-digest.ts";
import { type Arithmetic, arithmeticEntries } from "./arithmetic.ts";
import { availableMemory } from "./available-memory.ts";
import { type ConvolutionMode, createChooser, type OnTiming, type TimedChoices } from "./choice.ts";
import { runInPlace } from "./in-place.ts";
import "./no-telemetry.ts";
import { withProfile } from "./profile.ts";
import { checkFeeds, type Device, type Executable, type Runtime } from "./runtime.ts";
import type { TimingRuntime } from "./timing.ts";
import { timingFile } from "./timing-file.ts";

export interface NodeRuntimeOptions {
  /** Threads of one operator on the CPU. */
  readonly threads: number;
  /** Default: cpu. */
  readonly device?: Device;
  /** Name of the graphics adapter: what is timed on it is remembered for it. */
  readonly adapter?: string | null;
  /** Of matrix products on the CPU. Default: float32. */
  readonly arithmetic?: Arithmetic;
  /** How the algorithm of each convolution is chosen. Default: fixed. */
  readonly convolution?: ConvolutionMode;
  /** What an earlier run has timed: taken as it is. */
  readonly timedConvolutions?: TimedChoices;
  readonly onTiming?: OnTiming;
  /** Writes a profile with this prefix. */
  readonly profile?: string;
}

interface SessionOptions extends Pick<NodeRuntimeOptions, "threads" | "device" | "arithmetic" | "profile"> {
  /** Throw instead of leaving a node to the CPU. */
  readonly strict?: boolean;
}

interface Provider {
  /** In the profiles of ONNX Runtime. */
  readonly name: string;
  /** Operators that it wants in another form. */
  readonly lowerings: Partial<Lowerings>;
  /** Whether its models are run by `runInPlace`. */
  readonly fenced: boolean;
  /** Bytes of main memory that a primitive graph takes. */
  memoryOf(graph: Graph): number;
}

const providers: { readonly [D in Device]: Provider } = {
  cpu: {
    name: "CPUExecutionProvider",
    lowerings: {},
    fenced: true,
    // For each byte that must be alive ONNX Runtime takes two: it keeps freed blocks for values of other sizes, and
    // has an order of its own. Measured on training steps of the shipped networks.
    memoryOf: (graph) => 2 * peakBytes(graph),
  },
  webgpu: {
    name: "WebGpuExecutionProvider",
    lowerings: webgpuLowerings,
    fenced: false,
    // Inputs and outputs, and the copies in which they go to the device and come back.
    memoryOf: (graph) =>
      2 *
      [...graph.inputs.values(), ...graph.outputs.values()].reduce((sum, value) => sum + bytesOf(value), 0),
  },
};

type Bytes = Parameters<typeof ort.InferenceSession.create>[0] & Uint8Array;

export interface NodeRuntime extends Runtime {
  /** The algorithms that timing, or an earlier run, has settled for the graphs that there were. */
  timedConvolutions(): TimedChoices;
}

export function nodeRuntime(options: NodeRuntimeOptions): NodeRuntime {
  const { device = "cpu", convolution = "fixed", timedConvolutions = {}, onTiming = () => {} } = options;
  const runtime = timingRuntime(options);
  const chooser = createChooser(convolution, {
    runtime,
    known: timedConvolutions,
    file: timingFile(),
    machine: () => describeMachine(options),
    onTiming,
  });
  return {
    name: device,
    settle: chooser.settle,
    availableMemory,
    memoryOf: (graph) => runtime.memoryOf(graph, chooser.choiceFor(graph)),
    async compile(graph) {
      await chooser.settle(graph);
      return runtime.compile(graph, chooser.choiceFor(graph));
    },
    timedConvolutions: chooser.timed,
  };
}

const loweringOf = ({ lowerings, fenced }: Provider) => ({ others: lowerings, fenced });

/** What decides how long an algorithm takes, as text: times of one machine say nothing about another. */
export function describeMachine({
  threads,
  device = "cpu",
  adapter,
  arithmetic = "float32",
}: NodeRuntimeOptions): string {
  const processor = cpus()[0]?.model ?? "unknown processor";
  const place = device === "cpu" ? [processor, `threads ${threads}`] : [adapter ?? "unknown adapter"];
  if (arithmetic !== "float32") place.push(arithmetic);
  const versions = [
    `onnxruntime ${ort.env.versions.node}`,
    `algorithms ${algorithmsDigest(loweringOf(providers[device]))}`,
  ];
  return [device, ...place, ...versions].join("; ");
}

/** The runtime when the algorithms have been chosen. */
export function timingRuntime(options: NodeRuntimeOptions): TimingRuntime {
  const { device = "cpu" } = options;
  const provider = providers[device];
  return {
    availableMemory,
    now: () => performance.now(),
    memoryOf: (graph, convolution) => provider.memoryOf(expand(graph, { convolution })),
    async compile(graph, convolution) {
      const model = lower(expand(graph, { convolution }), "graph", loweringOf(provider));
      const { session, fallbacks } = await openWatched(model, graph.inputs, options);
      return executableOf(session, graph, fallbacks, provider.fenced);
    },
  };
}

function executableOf(
  session: ort.InferenceSession,
  graph: Graph,
  fallbacks: Executable["fallbacks"],
  fenced: boolean,
): Executable {
  return {
    fallbacks,
    async run(feeds, into = {}) {
      checkFeeds(graph, feeds);
      const results = Object.fromEntries(
        [...graph.outputs].map(([name, { dtype, shape }]) => [name, into[name] ?? zeros(dtype, shape)]),
      );
      const fetches = Object.fromEntries(
        Object.entries(results).map(([name, result]) => [outputName(name), toOrt(result)]),
      );
      const inputs = inputsOf(session, graph.inputs, feeds);
      if (fenced) await runInPlace(session, inputs, fetches);
      else await session.run(inputs, fetches);
      return results;
    },
    close: () => session.release(),
  };
}

/**
 * A session over any ONNX file, with this project's settings.
 * @throws Error when the device is not there
 */
export async function openSession(
  model: Uint8Array,
  { device = "cpu", threads, profile, arithmetic = "float32", strict = false }: SessionOptions,
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(model as Bytes, {
      executionProviders: [device],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      enableMemPattern: false,
      // A strict session tells by its error, which need not be on the screen too.
      logSeverityLevel: strict ? 4 : 3,
      ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
      extra: {
        ...arithmeticEntries(arithmetic),
        ...(strict ? { "session.disable_cpu_ep_fallback": "1" } : {}),
      },
    });
  } catch (error) {
    const reason = /Failed to get a WebGPU adapter:? *(.*)/.exec(String(error))?.[1];
    if (reason === undefined) throw error;
    throw new CutoutError({
      where: "webgpu",
      what: `no graphics adapter can be opened here (${reason})`,
      remedy: "use the cpu",
    });
  }
}

/** Names of a model's inputs, and what fits them. */
type Inputs = ReadonlyMap<string, { readonly dtype: DType; readonly shape: Shape }>;

/** An exported model, ready to compute. */
export interface OpenModel {
  /** Operators that the device leaves to the CPU. */
  readonly fallbacks: readonly string[];
  /** The first output for the first input [count, ...shape], float32 both. */
  run(images: Float32Array, count: number): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens an exported model: one input, one output, any number of images.
 * @param shape of one image: [channels, height, width]
 */
export async function openModel(
  model: Uint8Array,
  shape: Shape,
  options: Pick<NodeRuntimeOptions, "threads" | "device">,
): Promise<OpenModel> {
  const inputs: Inputs = new Map([["images", { dtype: "float32", shape: [1, ...shape] }]]);
  const { session, fallbacks } = await openWatched(model, inputs, options);
  return {
    fallbacks,
    async run(images, count) {
      const feed = new ort.Tensor("float32", images.subarray(0, count * sizeOf(shape)), [count, ...shape]);
      const results = await session.run({ images: feed });
      return results[session.outputNames[0]!]!.data as Float32Array;
    },
    close: () => session.release(),
  };
}

/** A session on the device, and what it leaves to the CPU all the same. */
async function openWatched(model: Uint8Array, inputs: Inputs, options: SessionOptions) {
  const { device = "cpu" } = options;
  if (device === "cpu") return { session: await openSession(model, options), fallbacks: [] };
  try {
    return { session: await openSession(model, { ...options, strict: true }), fallbacks: [] };
  } catch (error) {
    if (!String(error).includes("fallback to CPU EP has been explicitly disabled")) throw error;
  }
  const fallbacks = await fallbacksOf(model, inputs, options);
  return { session: await openSession(model, options), fallbacks };
}

/** Operators that do not run on the device, seen in the profile of one run over zeros. */
function fallbacksOf(model: Uint8Array, inputs: Inputs, options: SessionOptions): Promise<readonly string[]> {
  return withProfile(async (profile, read) => {
    const session = await openSession(model, { ...options, profile });
    const feeds = Object.fromEntries(
      [...inputs].map(([name, { dtype, shape }]) => [name, zeros(dtype, shape)]),
    );
    await session.run(inputsOf(session, inputs, feeds));
    session.endProfiling();
    await session.release();
    const { name } = providers[options.device ?? "cpu"];
    const elsewhere = read().filter(({ provider }) => provider !== name);
    return [...new Set(elsewhere.map(({ operator }) => operator))].sort();
  });
}

/** The feeds that the session takes: inputs that no output needs are not in the ONNX file's way. */
function inputsOf(session: ort.InferenceSession, inputs: Inputs, feeds: Readonly<Record<string, Tensor>>) {
  const used = [...inputs.keys()].filter((name) => session.inputNames.includes(name));
  return Object.fromEntries(used.map((name) => [name, toOrt(feeds[name]!)]));
}

function toOrt({ dtype, shape, data }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype as "float32", data as Float32Array, shape);
}
