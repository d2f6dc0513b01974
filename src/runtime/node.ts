// ONNX Runtime on the CPU, in Node. The only file importing onnxruntime-node.
import * as ort from "onnxruntime-node";
import { always, type ConvAlgorithmName, chooseByRule } from "../graph/conv/algorithms.ts";
import { expand } from "../graph/expand.ts";
import { peakBytes } from "../graph/memory.ts";
import { lower, outputName } from "../onnx/lower.ts";
import { type Tensor, tensor } from "../tensor.ts";
import { checkFeeds, type Runtime } from "./runtime.ts";

export interface NodeRuntimeOptions {
  /** Threads of one operator. */
  readonly threads: number;
  /** One convolution algorithm wherever it applies, instead of the rule's choice. */
  readonly convolution?: ConvAlgorithmName;
  /** Writes a profile with this prefix. */
  readonly profile?: string;
}

/**
 * What ONNX Runtime takes for each byte that must be alive: it keeps freed blocks for values of other sizes, and has
 * an order of its own. Measured on training steps of the shipped networks.
 */
const overhead = 2;

type Bytes = Parameters<typeof ort.InferenceSession.create>[0] & Uint8Array;

export function nodeRuntime(options: NodeRuntimeOptions): Runtime {
  const convolution = options.convolution ? always(options.convolution) : chooseByRule;
  return {
    name: "cpu",
    memoryOf: (graph) => overhead * peakBytes(expand(graph, { convolution })),
    async compile(graph) {
      const session = await openSession(lower(expand(graph, { convolution }), "graph"), options);
      const outputNames = [...graph.outputs.keys()];
      return {
        async run(feeds, into = {}) {
          checkFeeds(graph, feeds);
          const used = [...graph.inputs.keys()].filter((name) => session.inputNames.includes(name));
          const inputs = Object.fromEntries(used.map((name) => [name, toOrt(feeds[name]!)]));
          const fetches = Object.fromEntries(
            outputNames.map((name) => [outputName(name), into[name] ? toOrt(into[name]) : null]),
          );
          const results = await session.run(inputs, fetches);
          return Object.fromEntries(
            outputNames.map((name) => [name, into[name] ?? fromOrt(results[outputName(name)]!)]),
          );
        },
        close: () => session.release(),
      };
    },
  };
}

/** A session over any ONNX file, with this project's settings. */
export async function openSession(
  model: Uint8Array,
  options: NodeRuntimeOptions,
): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(model as Bytes, {
    executionProviders: ["cpu"],
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
    enableMemPattern: false,
    logSeverityLevel: 3,
    ...(options.profile ? { enableProfiling: true, profileFilePrefix: options.profile } : {}),
  });
}

function toOrt({ dtype, shape, data }: Tensor): ort.Tensor {
  return new ort.Tensor(dtype as "float32", data as Float32Array, shape);
}

function fromOrt(value: ort.Tensor): Tensor {
  return tensor(value.type as "float32", value.dims, value.data as Float32Array);
}
