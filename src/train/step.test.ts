// The session around the step: exact repetition, state, memory, and messages.
import { describe, expect, it } from "vitest";
import { batchNorm, conv, flatten, linear, relu, sequential } from "../nn/layers/index.ts";
import { network as buildSmall } from "../nn/network.ts";
import { stream } from "../rng.ts";
import { nodeRuntime } from "../runtime/node.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { sizeOf } from "../tensor.ts";
import { classify } from "./objectives/classify.ts";
import { createTrainingSession } from "./step.ts";
import { checkMemory } from "./stepper.ts";

const batchSize = 8;
const layer = sequential(
  conv("conv", 6, 3, 2, 1),
  batchNorm("norm"),
  relu,
  flatten,
  { kind: "dropout", probability: 0.5 },
  linear("linear", 3),
);
const network = buildSmall("small", { height: 10, width: 10, channels: 1 }, 3, layer);
const options = {
  network,
  batchSize,
  optimizer: { momentum: 0.9, nesterov: false, weightDecay: 1e-4, decayBiasAndNorm: false },
  objective: classify({ labelSmoothing: 0, classWeights: null }),
  seed: 3,
  runtime: nodeRuntime({ threads: 2 }),
};

const rng = stream(1, "batch");
const images = Float32Array.from({ length: batchSize * 100 }, () => rng.normal());
const targets = Float32Array.from({ length: batchSize * 3 }, (_, index) =>
  index % 3 === (index >> 3) % 3 ? 1 : 0,
);

describe("training session", () => {
  it("the same state and seed give the same step, bit for bit; another seed drops other units", async () => {
    const session = await createTrainingSession(options);
    const start = session.state();
    const take = async (seed: number) => {
      session.load(start);
      const { loss } = await session.step(images, targets, { learningRate: 0.01, seed });
      return { loss, state: session.state() };
    };
    const [first, again, other] = [await take(5), await take(5), await take(6)];
    expect(again.loss).toBe(first.loss);
    expect(again.state).toEqual(first.state);
    expect(other.loss).not.toBe(first.loss);
    await session.close();
  });

  it("learns a batch, and a state is a copy that later steps leave alone", async () => {
    const session = await createTrainingSession(options);
    const before = session.state();
    const kept = before.parameters.get("linear.weight")!.data.slice();
    const losses: number[] = [];
    for (let step = 0; step < 12; step++) {
      losses.push((await session.step(images, targets, { learningRate: 0.05, seed: step })).loss);
    }
    expect(losses.at(-1)!).toBeLessThan(0.5 * losses[0]!);
    expect(before.parameters.get("linear.weight")!.data).toEqual(kept);
    expect(session.state().parameters.get("linear.weight")!.data).not.toEqual(kept);
    await session.close();
  });

  it("predicts any number of images, each as it would alone", async () => {
    const session = await createTrainingSession(options);
    const all = await session.predict(images.subarray(0, 5 * 100), 5);
    const one = await session.predict(images.subarray(4 * 100, 5 * 100), 1);
    expect(all.length).toBe(15);
    expect(Array.from(one)).toEqual(Array.from(all.subarray(12)));
    await expect(session.predict(new Float32Array(10), 1)).rejects.toThrow(
      "1 images must have 100 numbers, got 10",
    );
    await session.close();
  });

  it("refuses a state of another network", async () => {
    const session = await createTrainingSession(options);
    const state = session.state();
    const parameters = new Map(state.parameters);
    parameters.delete("linear.bias");
    expect(() => session.load({ ...state, parameters })).toThrow(
      "checkpoint: parameter linear.bias must be [3] for small, got nothing",
    );
    expect(sizeOf(state.parameters.get("linear.bias")!.shape)).toBe(3);
    await session.close();
  });
});

it("a graph that cannot be compiled later is told once, and the session closes", async () => {
  let compiled = 0;
  const { runtime } = options;
  const failing: Runtime = {
    ...runtime,
    compile: (graph) => (++compiled > 1 ? Promise.reject(new Error("no memory")) : runtime.compile(graph)),
  };
  const session = await createTrainingSession({ ...options, runtime: failing });
  await expect(session.predict(images, 1)).rejects.toThrow("no memory");
  await session.close();
});

it("says how much memory a step needs when there is less", () => {
  expect(() => checkMemory("resnet18", 512, 12 * 2 ** 30, 8.25 * 2 ** 30)).toThrow(
    "training: resnet18 with batches of 512 needs about 12.0 GiB of memory, 8.3 GiB are free; lower --batch-size or --size",
  );
  expect(() => checkMemory("resnet18", 128, 2 ** 30, 2 ** 30)).not.toThrow();
});
