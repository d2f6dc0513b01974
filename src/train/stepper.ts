// One step of training on a session's tensors: in one graph, or the gradients of parts of the batch and then the update.
import { CutoutError } from "../error.ts";
import type { Graph } from "../graph/graph.ts";
import type { ImageSize } from "../optim/image-size.ts";
import type { Executable } from "../runtime/runtime.ts";
import { sizeOf, type Tensor, tensor, zeros } from "../tensor.ts";
import type { TrainingSession } from "./network-session.ts";
import type { SessionOptions } from "./step.ts";
import { gradientGraph, prefixes, type SessionState, trainingGraph, updateGraph } from "./step-graphs.ts";
import type { UpdateRule } from "./update.ts";

export type Tensors = Readonly<Record<string, Tensor>>;

/** Numbers that the network gives for an image. */
export const outputSizeOf = (graph: Graph): number => sizeOf(graph.outputs.get("output")!.shape.slice(1));

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

/** Inputs of a step that are given anew each time. */
interface StepInputs {
  readonly images: Float32Array;
  readonly targets: Float32Array;
  readonly seed: number;
  readonly others: Tensors;
  /** Of the images that the network sees; that of those that are given when left out. */
  readonly size?: ImageSize | undefined;
}

type StepAnswer = Awaited<ReturnType<TrainingSession["step"]>>;

export interface Stepper {
  readonly outputSize: number;
  run(tensors: Exchange, inputs: StepInputs): Promise<StepAnswer>;
  close(): Promise<void>;
}

/** Each tensor twice: graphs read one set and write the other, and what was written changes places. */
export class Exchange {
  readonly current: Record<string, Tensor>;
  readonly #spare: Record<string, Tensor>;

  constructor(tensors: Record<string, Tensor>) {
    this.current = tensors;
    this.#spare = Object.fromEntries(
      Object.entries(tensors).map(([name, { dtype, shape }]) => [name, zeros(dtype, shape)]),
    );
  }

  /** @param renamed what the graph calls tensors that have other names here */
  async run({ graph, executable }: Compiled, inputs: Tensors, renamed: Renamed = {}) {
    const here = (name: string) => renamed[name] ?? name;
    const written = [...graph.outputs.keys()].filter((name) => here(name) in this.current);
    const feeds = Object.keys(renamed).map((name) => [name, this.current[here(name)]!]);
    const results = await executable.run(
      { ...this.current, ...Object.fromEntries(feeds), ...inputs },
      Object.fromEntries(written.map((name) => [name, this.#spare[here(name)]!])),
    );
    for (const name of written.map(here)) {
      [this.current[name], this.#spare[name]] = [this.#spare[name]!, this.current[name]!];
    }
    return results;
  }
}

export type Renamed = Readonly<Record<string, string>>;

export interface Compiled {
  readonly graph: Graph;
  readonly executable: Executable;
}

/** What a step of a session is made of, and the size of the images that it is given. */
export interface StepOptions extends SessionOptions {
  readonly given?: ImageSize;
}

/** The graphs of a step, in their order. */
export function stepGraphs(
  options: StepOptions,
  rule: UpdateRule,
  state: SessionState,
): readonly [Graph, ...Graph[]] {
  const { batchSize, accumulate: parts = 1 } = options;
  if (parts === 1) return [trainingGraph(options, batchSize, rule, state)];
  return [gradientGraph(options, batchSize / parts, parts, state), updateGraph(rule, state)];
}

/** A step as the session's options want it. */
export const stepperOf = ({ accumulate = 1 }: Pick<StepOptions, "accumulate">) =>
  accumulate === 1 ? wholeStepper : partsStepper;

/** The whole step in one graph. */
async function wholeStepper(options: StepOptions, rule: UpdateRule, state: SessionState): Promise<Stepper> {
  const [graph] = stepGraphs(options, rule, state);
  const [step] = await compiled(options, [graph]);
  const shapes = shapesOf(options, options.batchSize);
  return {
    outputSize: outputSizeOf(graph),
    async run(tensors, { images, targets, seed, others }) {
      const { loss, output, maps } = await tensors.run(step!, {
        ...others,
        ...batchOf(shapes, images, targets, seed),
      });
      return { loss: loss!.data[0]!, output: output!.data as Float32Array, ...mapsIn(maps) };
    },
    close: () => step!.executable.close(),
  };
}

/** The gradients of the parts one after the other, then the update: the memory of one part, and of its gradients. */
async function partsStepper(options: StepOptions, rule: UpdateRule, state: SessionState): Promise<Stepper> {
  const { batchSize, accumulate: parts = 1 } = options;
  const size = batchSize / parts;
  const [learning, ...rest] = stepGraphs(options, rule, state);
  const [learn, update] = await compiled(options, [learning, ...rest]);
  const shapes = shapesOf(options, size);
  const [pixels, numbers] = [sizeOf(shapes.images), sizeOf(shapes.targets)];
  const outputSize = outputSizeOf(learning);
  return {
    outputSize,
    async run(tensors, { images, targets, seed, others }) {
      const answer = { loss: 0, output: new Float32Array(batchSize * outputSize) };
      const all: Float32Array[] = [];
      for (const name of state.parameters.keys()) tensors.current[prefixes.gradients + name]!.data.fill(0);
      for (let part = 0; part < parts; part++) {
        const { loss, output, maps } = await tensors.run(
          learn!,
          batchOf(
            shapes,
            images.subarray(part * pixels, (part + 1) * pixels),
            targets.subarray(part * numbers, (part + 1) * numbers),
            seedOfPart(seed, part),
          ),
        );
        answer.loss += loss!.data[0]! / parts;
        answer.output.set(output!.data as Float32Array, part * size * outputSize);
        if (maps !== undefined) all.push(maps.data as Float32Array);
      }
      await tensors.run(update!, others);
      return all.length === 0 ? answer : { ...answer, maps: joined(all) };
    },
    async close() {
      await learn!.executable.close();
      await update!.executable.close();
    },
  };
}

const mapsIn = (maps: Tensor | undefined) => (maps === undefined ? {} : { maps: maps.data as Float32Array });

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Each part of a batch drops other units. */
export const seedOfPart = (seed: number, part: number): number => (seed + Math.imul(part, 0x9e3779b1)) | 0;

const shapesOf = ({ network, given = network.input, objective }: StepOptions, size: number) => ({
  images: [size, network.input.channels, given.height, given.width],
  targets: [size, ...objective.targetShape(network)],
});

const batchOf = (
  shapes: ReturnType<typeof shapesOf>,
  images: Float32Array,
  targets: Float32Array,
  seed: number,
): Tensors => ({
  images: tensor("float32", shapes.images, images),
  targets: tensor("float32", shapes.targets, targets),
  seed: tensor("int32", [1], Int32Array.of(seed)),
});

/** Settles the graphs' algorithms. @throws CutoutError when there is not the memory for all of them */
export async function settled(
  { network, batchSize, runtime }: SessionOptions,
  graphs: readonly Graph[],
): Promise<void> {
  const needed = () => graphs.reduce((sum, graph) => sum + runtime.memoryOf(graph), 0);
  const check = () => checkMemory(network.name, batchSize, needed(), runtime.availableMemory());
  check();
  for (const graph of graphs) if (await runtime.settle(graph)) check();
}

/** @throws CutoutError when there is not the memory for all of them */
export async function compiled(options: SessionOptions, graphs: readonly Graph[]) {
  await settled(options, graphs);
  const all: Compiled[] = [];
  for (const graph of graphs) all.push({ graph, executable: await options.runtime.compile(graph) });
  return all;
}
