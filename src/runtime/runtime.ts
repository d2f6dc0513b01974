// What runs a graph: the same interface for ONNX Runtime and for the plain reference.
import { CutoutError } from "../error.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../tensor.ts";

/** Where ONNX Runtime computes: its CPU provider, or its WebGPU provider (Vulkan, Metal or Direct3D). */
export type Device = "cpu" | "webgpu";

export type Feeds = Readonly<Record<string, Tensor>>;

export interface Executable {
  /** Operators of the ONNX file that this device does not compute: they run on the CPU instead. Sorted, each once. */
  readonly fallbacks: readonly string[];
  /**
   * Computes the graph's outputs.
   * @param feeds one tensor for each input of the graph
   * @param into tensors that receive outputs in place, for those that have one; they must not be among the feeds
   * @throws when a feed is missing or does not fit
   */
  run(feeds: Feeds, into?: Feeds): Promise<Readonly<Record<string, Tensor>>>;
  close(): Promise<void>;
}

export interface Runtime {
  readonly name: string;
  /**
   * Decides what there is to decide before a graph is compiled, which may mean to time algorithms.
   * @returns whether there was anything: estimates then differ from those before
   */
  settle(graph: Graph): Promise<boolean>;
  /** Settles the graph if nobody has done so. */
  compile(graph: Graph): Promise<Executable>;
  /** Bytes of main memory that running the graph takes at its worst moment, by estimate; better once it is settled. */
  memoryOf(graph: Graph): number;
  /** Bytes of main memory that can still be had. */
  availableMemory(): number;
}

/** Throws unless there is a fitting feed for every input. */
export function checkFeeds(graph: Graph, feeds: Feeds): void {
  for (const [name, { dtype, shape }] of graph.inputs) {
    const feed = feeds[name];
    if (!feed) throw new CutoutError({ where: "runtime", what: `input ${name} must be given` });
    if (feed.dtype !== dtype || feed.shape.join() !== shape.join()) {
      throw new CutoutError({
        where: "runtime",
        what: `input ${name} must be ${dtype} [${shape.join(", ")}]`,
        got: `${feed.dtype} [${feed.shape.join(", ")}]`,
      });
    }
  }
}
