// What a work of the benchmark is: options in, rows out; and what a row says.

/** What every line of the result says. */
interface Result {
  /** `train`, `infer`, `layers`, `augment: Cutout alone, 32x32`, ... */
  readonly work: string;
  readonly engine: string;
  readonly version: string | null;
  readonly batch: number;
  /** Processor threads or cores that the engine was given. */
  readonly threads: number;
  /** Median over the rounds; null when the engine could not take part. */
  readonly imagesPerSecond: number | null;
  /** Largest resident memory of the engine's processes; null where the system does not tell. */
  readonly peakMemoryMB: number | null;
  /** Against the best engine that is not ours, in the same run; null without one. */
  readonly ratioToBestPeer: number | null;
  /** Images per second of each round. */
  readonly rounds: readonly number[];
}

/** An engine at a work. */
export interface Row extends Result {
  readonly model: string | null;
  /** Least and greatest over the rounds. */
  readonly spread: readonly [number, number] | null;
  /** Our rate (the best of our rows here) against this engine's. */
  readonly oursToThis: number | null;
  /** Bytes that must be read and written, over the copy bandwidth of as many cores; null where it says nothing. */
  readonly copyShare: number | null;
  readonly timeToFirstStep: FirstStep | null;
  /** Why the engine could not take part, or what there is to say of it. */
  readonly note: string | null;
}

/** One of our algorithms (`engine`) for convolutions of one geometry. */
export interface LayerRow extends Result {
  readonly work: "layers";
  readonly model: string;
  /** Names of the layers that have it. */
  readonly layers: readonly string[];
  readonly geometry: string;
  /** What a training step computes of it. */
  readonly passes: readonly string[];
  /** Milliseconds of the forward pass, of what the gradients add, and of all together. */
  readonly forward: number;
  readonly gradients: number;
  readonly together: number;
  /** Billions of operations of the direct computation per second. */
  readonly gigaflops: number;
  /** Whether it is what runs with `--convolution fixed`, and with `timed`, take. */
  readonly fixed: boolean;
  readonly timed: boolean;
}

/** Operators of one kind on operands of one shape, in a training step under ONNX Runtime's profile. */
export interface CostRow extends Result {
  readonly work: "profile";
  readonly model: string;
  /** The operator, the shapes of its operands and of its results. */
  readonly what: string;
  /** In a step. */
  readonly nodes: number;
  readonly milliseconds: number;
  /** Of the whole step. */
  readonly share: number;
  /** Null where they are not what the operator is about. */
  readonly gigaflops: number | null;
  /** Operands read and results written, each once. */
  readonly gigabytesPerSecond: number;
}

/** From the start of the process to the end of the first step, in seconds. */
export interface FirstStep {
  /** The program and its libraries. */
  readonly load: number;
  /** From the layers to something that can run. */
  readonly compile: number;
  readonly step: number;
}

export type AnyRow = Row | LayerRow | CostRow;

export interface BenchOptions {
  readonly models: readonly string[];
  readonly batch: readonly number[];
  /** Names of `peers`; empty for none. */
  readonly peers: readonly string[];
  /** Length of a round. */
  readonly seconds: number;
  readonly rounds: number;
  readonly threads: number;
  /** Words that name some of the cases of a work; empty for all. */
  readonly cases: readonly string[];
  /** Folder of JPEGs; null for painted ones. */
  readonly photos: string | null;
}

export interface Work {
  /** One line for the help. */
  readonly about: string;
  /** Prints what it does; the table of its `Row`s is printed in the end, `layers` and `profile` print their own. */
  run(options: BenchOptions): Promise<readonly AnyRow[]>;
}

export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
