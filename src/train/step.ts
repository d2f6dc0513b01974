// The session that runs the training step: it holds the state, takes steps, and predicts.
import { CutoutError } from "../error.ts";
import { initialBuffers, initialParameters, type Network } from "../nn/network.ts";
import type { ImageSize } from "../optim/image-size.ts";
import type { Executable, Runtime } from "../runtime/runtime.ts";
import { sameShape, sizeOf, type Tensor, tensor, zeros } from "../tensor.ts";
import type { DirectSession, GiveBack, TrainingState } from "./network-session.ts";
import type { Loss } from "./objective.ts";
import { sameSize, sizedStepper } from "./sized-stepper.ts";
import { type Part, predictionGraph, prefixes, type SessionState, statisticsGraph } from "./step-graphs.ts";
import {
  type Compiled,
  compiled,
  Exchange,
  outputSizeOf,
  type Renamed,
  seedOfPart,
  stepperOf,
  type Tensors,
} from "./stepper.ts";
import { type UpdateOptions, type UpdateRule, updateRule } from "./update.ts";

type Weights = Pick<TrainingState, "parameters" | "buffers">;

export interface SessionOptions extends UpdateOptions {
  readonly network: Network;
  /** What the network learns: an objective. */
  readonly objective: Loss;
  /** Images in a step. */
  readonly batchSize: number;
  /**
   * Parts that a step's batch is cut into, one after the other: gradients are added up, and memory is that of a part.
   * Each part has batch normalization's statistics of its own. 1 when left out.
   */
  readonly accumulate?: number;
  /** Sizes of images, other than the network's own, that steps are taken on too; none when left out. */
  readonly imageSizes?: readonly ImageSize[];
  /** Name of the layer whose most activated maps a step tells; none when null or left out. */
  readonly watched?: string | null;
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

const parts = Object.keys(prefixes) as Part[];

const flatten = (state: { readonly [P in Part]?: ReadonlyMap<string, Tensor> }): Record<string, Tensor> =>
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

/** Starting state of a session with these weights. */
function startOf({ parameters, buffers }: Weights, rule: UpdateRule): SessionState {
  const weights = rule.averages ? [...parameters, ...buffers] : [];
  const averages = new Map(weights.map(([name, value]) => [name, copyOf(value)]));
  return { parameters, buffers, optimizer: rule.slots(parameters), averages };
}

/** A tensor of the session, and where it stands in a training state. */
interface Place {
  readonly key: string;
  readonly part: keyof TrainingState;
  readonly name: string;
}

/**
 * Where averages are kept they are what is used: the parameters and buffers of a state. What is trained goes to the
 * optimizer's part.
 */
function placesOf(state: SessionState): readonly Place[] {
  const averaged = state.averages.size > 0;
  const own = (part: keyof TrainingState) =>
    [...state[part].keys()].map((name): Place => ({ key: prefixes[part] + name, part, name }));
  if (!averaged) return [...own("parameters"), ...own("buffers"), ...own("optimizer")];
  const weights = [...own("parameters"), ...own("buffers")];
  return [
    ...weights.map(({ part, name }): Place => ({ key: prefixes.averages + name, part, name })),
    ...weights.map(({ key, name }): Place => ({ key, part: "optimizer", name: `${name}.live` })),
    ...own("optimizer"),
  ];
}

/**
 * Compiles the step of a network, with starting weights from the seed. It runs in this thread, which waits for each
 * step; `openTrainingThread` gives it a thread of its own.
 */
export async function createTrainingSession(options: SessionOptions): Promise<DirectSession> {
  const { network, batchSize, runtime, accumulate: parts = 1 } = options;
  if (!Number.isInteger(parts) || parts < 1 || batchSize % parts !== 0) {
    throw new CutoutError({
      where: "training",
      option: "accumulate",
      what: `must divide the batch of ${batchSize}`,
      got: String(parts),
    });
  }
  const rule = updateRule(network, options);
  const initial = startOf(
    { parameters: initialParameters(network, options.seed), buffers: initialBuffers(network) },
    rule,
  );
  const { imageSizes = [] } = options;
  const stepper =
    imageSizes.length === 0
      ? await stepperOf(options)(options, rule, initial)
      : await sizedStepper(options, imageSizes, rule, initial);
  const size = batchSize / parts;
  const places = placesOf(initial);
  const sums = new Map([...initial.parameters].map(([name, { shape }]) => [name, zeros("float32", shape)]));
  const tensors = new Exchange({ ...flatten(initial), ...(parts > 1 && flatten({ gradients: sums })) });
  /** What is used, by the names that the graphs have for what is trained. */
  const used: Renamed = Object.fromEntries(
    (["parameters", "buffers"] as const).flatMap((part) =>
      [...initial[part].keys()].map((name) => [
        prefixes[part] + name,
        (rule.averages ? prefixes.averages : prefixes[part]) + name,
      ]),
    ),
  );
  let prediction: Promise<Prediction> | null = null;
  let statistics: Promise<Compiled> | null = null;

  return {
    batchSize,
    outputSize: stepper.outputSize,
    async step(images, targets, hyper, giveBack) {
      const { learningRate, seed, average = { parameters: 1, buffers: 1 }, size } = hyper;
      if (size !== undefined && imageSizes.length === 0 && !sameSize(size, network.input))
        throw new Error("internal: the session must be told the sizes of its images");
      const answer = await stepper.run(tensors, {
        images,
        targets,
        seed,
        size,
        others: {
          learningRate: tensor("float32", [1], Float32Array.of(learningRate)),
          ...rule.scalars((name) => tensors.current[prefixes.optimizer + name]!, average),
        },
      });
      giveBack?.(images);
      return answer;
    },
    async predict(images, count, giveBack) {
      prediction ??= compilePrediction(runtime, network, size, initial);
      const state = Object.fromEntries(
        Object.entries(used).map(([name, here]) => [name, tensors.current[here]!]),
      );
      const output = await predictInBatches(await prediction, network, size, state, images, count);
      giveBack?.(images);
      return output;
    },
    async renew(images, { seed, batch }, giveBack) {
      if (!rule.averages) throw new Error("internal: only averages have statistics to be found anew");
      const names = [...initial.buffers.keys()];
      if (names.length > 0) {
        statistics ??= compiled(options, [statisticsGraph(network, size, initial)]).then(([one]) => one!);
        const shape = [size, network.input.channels, network.input.height, network.input.width];
        for (let part = 0; part < parts; part++) {
          const some = images.subarray(part * sizeOf(shape), (part + 1) * sizeOf(shape));
          const inputs = {
            images: tensor("float32", shape, some),
            seed: tensor("int32", [1], Int32Array.of(seedOfPart(seed, part))),
            share: tensor("float32", [1], Float32Array.of(1 / (batch * parts + part + 1))),
          };
          await tensors.run(await statistics, inputs, used);
        }
      }
      giveBack?.(images);
      return names.length > 0;
    },
    state() {
      const copies = places.map(({ key, part, name }) => ({
        part,
        name,
        value: copyOf(tensors.current[key]!),
      }));
      const of = (wanted: keyof TrainingState) =>
        new Map(copies.filter(({ part }) => part === wanted).map(({ name, value }) => [name, value]));
      return { parameters: of("parameters"), buffers: of("buffers"), optimizer: of("optimizer") };
    },
    load(state) {
      const fits = ({ key, part, name }: Place, given: Tensor | undefined) => {
        const { shape } = tensors.current[key]!;
        if (given && sameShape(given.shape, shape)) return;
        throw new CutoutError({
          where: "checkpoint",
          option: prefixes[part] + name,
          what: `must be [${shape.join(", ")}] for ${network.name}`,
          got: given ? `[${given.shape.join(", ")}]` : "nothing",
        });
      };
      const weights = places.filter(({ part }) => part !== "optimizer");
      for (const place of weights) fits(place, state[place.part].get(place.name));
      if (state.optimizer.size === 0) {
        const start = flatten(startOf(state, rule));
        for (const { key } of places) tensors.current[key]!.data.set(start[key]!.data);
        return;
      }
      for (const place of places) fits(place, state[place.part].get(place.name));
      for (const { key, part, name } of places) tensors.current[key]!.data.set(state[part].get(name)!.data);
    },
    async close() {
      await stepper.close();
      // One that could not be compiled has been told to whoever wanted it, and has nothing to close.
      await (await prediction?.catch(() => null))?.executable.close();
      await (await statistics?.catch(() => null))?.executable.close();
    },
  };
}
