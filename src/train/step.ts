// The training step as one graph: forward, loss, gradients and update; and the session that runs it.
import { CutoutError } from "../error.ts";
import { gradients } from "../graph/grad.ts";
import { Graph } from "../graph/graph.ts";
import type { Value } from "../graph/types.ts";
import { forward, initialBuffers, initialParameters, type Network } from "../nn/network.ts";
import { checkSgd, type SgdOptions, sgdUpdate } from "../optim/sgd.ts";
import type { Executable, Runtime } from "../runtime/runtime.ts";
import { sameShape, sizeOf, type Tensor, tensor, zeros } from "../tensor.ts";
import type { DirectSession, GiveBack, TrainingState } from "./network-session.ts";
import type { Loss } from "./objective.ts";

export interface SessionOptions {
  readonly network: Network;
  /** What the network learns: an objective. */
  readonly objective: Loss;
  readonly batchSize: number;
  readonly optimizer: SgdOptions;
  /** Seed of the starting weights. */
  readonly seed: number;
  readonly runtime: Runtime;
}

/** Inference alone: `TrainingSession` has the same `predict`. It runs in this thread. */
export interface Predictor {
  /**
   * @param images [count, channels, height, width], normalized
   * @returns the network's output [count, ...output]
   */
  predict(images: Float32Array, count: number, giveBack?: GiveBack): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Kinds of state in the step's inputs and outputs; the prefix keeps their names apart. */
const prefixes = { parameters: "parameter ", buffers: "buffer ", optimizer: "optimizer " } as const;
type Part = keyof typeof prefixes;
const parts = Object.keys(prefixes) as Part[];

const slotName = (parameter: string) => `${parameter}.momentum`;

function declare(g: Graph, part: Part, tensors: ReadonlyMap<string, Tensor>): Map<string, Value> {
  return new Map(
    [...tensors].map(([name, { dtype, shape }]) => [name, g.input(prefixes[part] + name, dtype, shape)]),
  );
}

/** Batch-innermost to batch-first. */
function batchFirst(g: Graph, output: Value): Value {
  const last = output.shape.length - 1;
  return g.apply("transpose", [output], { permutation: [last, ...Array(last).keys()] });
}

/** Images and targets in; loss, output and the next state out. */
function trainingGraph(options: Omit<SessionOptions, "seed" | "runtime">, state: TrainingState): Graph {
  const { network, objective, batchSize, optimizer } = options;
  const { channels, height, width } = network.input;
  const g = new Graph();
  const images = g.input("images", "float32", [batchSize, channels, height, width]);
  const targets = g.input("targets", "float32", [batchSize, ...objective.targetShape(network)]);
  const learningRate = g.input("learningRate", "float32", [1]);
  const seed = g.input("seed", "int32", [1]);
  const parameters = declare(g, "parameters", state.parameters);
  const buffers = declare(g, "buffers", state.buffers);
  const velocities = declare(g, "optimizer", state.optimizer);

  const mode = { training: true, parameters, buffers, seed };
  const { logits: output, nextBuffers } = forward(g, network, images, mode);
  const loss = objective.loss(g, output, targets);
  g.output("loss", loss);
  g.output("output", batchFirst(g, output));
  for (const [name, value] of nextBuffers) g.output(prefixes.buffers + name, value);

  const parameterGradients = gradients(g, loss, [...parameters.values()]);
  network.parameters.forEach(({ name, role }, index) => {
    const current = { parameter: parameters.get(name)!, velocity: velocities.get(slotName(name))! };
    const decay = role === "weight" || optimizer.decayBiasAndNorm ? optimizer.weightDecay : 0;
    const next = sgdUpdate(
      g,
      { ...current, gradient: parameterGradients[index]! },
      learningRate,
      optimizer,
      decay,
    );
    g.output(prefixes.parameters + name, next.parameter);
    g.output(prefixes.optimizer + slotName(name), next.velocity);
  });
  return g;
}

function predictionGraph(
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

/** Numbers that the network gives for an image. */
const outputSizeOf = (graph: Graph): number => sizeOf(graph.outputs.get("output")!.shape.slice(1));

type Tensors = Readonly<Record<string, Tensor>>;

const flatten = (
  state: Pick<TrainingState, "parameters" | "buffers"> & Partial<TrainingState>,
): Record<string, Tensor> =>
  Object.fromEntries(
    parts.flatMap((part) => [...(state[part] ?? [])].map(([name, value]) => [prefixes[part] + name, value])),
  );

const copyOf = ({ dtype, shape, data }: Tensor): Tensor => tensor(dtype, shape, data.slice());

interface Prediction {
  readonly executable: Executable;
  readonly outputSize: number;
}

async function compilePrediction(
  runtime: Runtime,
  ...of: Parameters<typeof predictionGraph>
): Promise<Prediction> {
  const graph = predictionGraph(...of);
  return { executable: await runtime.compile(graph), outputSize: outputSizeOf(graph) };
}

/** Runs images through a prediction graph in full batches; the last one is filled up with zeros. */
async function predictInBatches(
  { executable, outputSize }: Prediction,
  { input }: Network,
  batchSize: number,
  state: Tensors,
  images: Float32Array,
  count: number,
): Promise<Float32Array> {
  const pixels = input.channels * input.height * input.width;
  if (images.length < count * pixels) {
    throw new CutoutError({
      where: "predict",
      what: `${count} images must have ${count * pixels} numbers`,
      got: `${images.length}`,
    });
  }
  const shape = [batchSize, input.channels, input.height, input.width];
  const output = new Float32Array(count * outputSize);
  for (let start = 0; start < count; start += batchSize) {
    const size = Math.min(batchSize, count - start);
    const part = images.subarray(start * pixels, (start + size) * pixels);
    const filled = size === batchSize ? part : new Float32Array(batchSize * pixels);
    if (size < batchSize) filled.set(part);
    const results = await executable.run({ ...state, images: tensor("float32", shape, filled) });
    const batch = (results.output as Tensor<"float32">).data;
    output.set(batch.subarray(0, size * outputSize), start * outputSize);
  }
  return output;
}

/** A network with fixed weights, ready to predict. */
export async function createPredictor(options: {
  readonly network: Network;
  readonly parameters: ReadonlyMap<string, Tensor>;
  readonly buffers: ReadonlyMap<string, Tensor>;
  readonly batchSize: number;
  readonly runtime: Runtime;
}): Promise<Predictor> {
  const { network, batchSize, runtime } = options;
  const state = flatten(options);
  const prediction = await compilePrediction(runtime, network, batchSize, options);
  return {
    async predict(images, count, giveBack) {
      const output = await predictInBatches(prediction, network, batchSize, state, images, count);
      giveBack?.(images);
      return output;
    },
    close: () => prediction.executable.close(),
  };
}

/** @throws when a step would need more memory than there is */
export function checkMemory(name: string, batchSize: number, needed: number, available: number): void {
  if (needed <= available) return;
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  throw new CutoutError({
    where: "training",
    what: `${name} with batches of ${batchSize} needs about ${gigabytes(needed)} of memory, ${gigabytes(available)} are free`,
    remedy: "lower --batch-size or --size",
  });
}

/**
 * Compiles the step of a network, with starting weights from the seed. It runs in this thread, which waits for each
 * step; `openTrainingThread` gives it a thread of its own.
 */
export async function createTrainingSession(options: SessionOptions): Promise<DirectSession> {
  const { network, objective, batchSize, runtime } = options;
  checkSgd(options.optimizer);
  const parameters = initialParameters(network, options.seed);
  const initial: TrainingState = {
    parameters,
    buffers: initialBuffers(network),
    optimizer: new Map([...parameters].map(([name, { shape }]) => [slotName(name), zeros("float32", shape)])),
  };
  const graph = trainingGraph(options, initial);
  const check = () =>
    checkMemory(network.name, batchSize, runtime.memoryOf(graph), runtime.availableMemory());
  check();
  if (await runtime.settle(graph)) check();
  const step = await runtime.compile(graph);
  const targetShape = [batchSize, ...objective.targetShape(network)];
  let prediction: Promise<Prediction> | null = null;

  // The step reads one set of tensors and writes the other; then they change places.
  let current: Record<string, Tensor> = flatten(initial);
  let spare: Record<string, Tensor> = Object.fromEntries(
    Object.entries(current).map(([name, { dtype, shape }]) => [name, zeros(dtype, shape)]),
  );

  const partOf = (part: Part, names: Iterable<string>) =>
    new Map([...names].map((name) => [name, copyOf(current[prefixes[part] + name]!)]));

  return {
    batchSize,
    outputSize: outputSizeOf(graph),
    async step(images, targets, { learningRate, seed }, giveBack) {
      const { channels, height, width } = network.input;
      const results = await step.run(
        {
          ...current,
          images: tensor("float32", [batchSize, channels, height, width], images),
          targets: tensor("float32", targetShape, targets),
          learningRate: tensor("float32", [1], Float32Array.of(learningRate)),
          seed: tensor("int32", [1], Int32Array.of(seed)),
        },
        spare,
      );
      [current, spare] = [spare, current];
      giveBack?.(images);
      return { loss: results.loss!.data[0]!, output: results.output!.data as Float32Array };
    },
    async predict(images, count, giveBack) {
      prediction ??= compilePrediction(runtime, network, batchSize, initial);
      const { parameters: p, buffers: b } = prefixes;
      const state = Object.fromEntries(
        Object.entries(current).filter(([name]) => name.startsWith(p) || name.startsWith(b)),
      );
      const output = await predictInBatches(await prediction, network, batchSize, state, images, count);
      giveBack?.(images);
      return output;
    },
    state: () => ({
      parameters: partOf("parameters", initial.parameters.keys()),
      buffers: partOf("buffers", initial.buffers.keys()),
      optimizer: partOf("optimizer", initial.optimizer.keys()),
    }),
    load(state) {
      const next = flatten(state);
      for (const [name, { shape }] of Object.entries(current)) {
        const given = next[name];
        if (!given || !sameShape(given.shape, shape)) {
          const found = given ? `[${given.shape.join(", ")}]` : "nothing";
          throw new CutoutError({
            where: "checkpoint",
            option: name,
            what: `must be [${shape.join(", ")}] for ${network.name}`,
            got: found,
          });
        }
      }
      for (const [name, value] of Object.entries(current)) value.data.set(next[name]!.data);
    },
    async close() {
      await step.close();
      await (await prediction)?.executable.close();
    },
  };
}
