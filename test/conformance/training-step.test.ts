// Whole training steps of small networks: every device against the reference, which computes in double precision.
import { afterAll, describe, expect, it } from "vitest";
import {
  batchNorm,
  conv,
  flatten,
  type Layer,
  linear,
  maxPool,
  relu,
  residual,
  sequential,
} from "../../src/nn/layers/index.ts";
import { network } from "../../src/nn/network.ts";
import { resnet9Layers } from "../../src/nn/networks/resnet9.ts";
import { stream } from "../../src/rng.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { referenceRuntime } from "../../src/runtime/reference.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { TrainingState } from "../../src/train/network-session.ts";
import { classify } from "../../src/train/objectives/classify.ts";
import { createTrainingSession } from "../../src/train/step.ts";
import { algorithms } from "../helpers/conformance.ts";
import { holdDevice, webgpu, webgpuTitle } from "../helpers/webgpu.ts";

const held = await holdDevice();
afterAll(() => held?.close());

const numClasses = 3;
const batchSize = 4;
const steps = 3;

const biased = (layer: Layer): Layer => (layer.kind === "conv" ? { ...layer, bias: 0.1 } : layer);

const block = (name: string, channels: number, stride: number, shortcut: Layer | undefined): Layer =>
  sequential(
    residual(
      sequential(
        conv(`${name}.conv1`, channels, 3, stride, 1),
        batchNorm(`${name}.bn1`),
        relu,
        conv(`${name}.conv2`, channels, 3, 1, 1),
        batchNorm(`${name}.bn2`),
      ),
      shortcut,
    ),
    relu,
  );

interface Case {
  readonly side: number;
  readonly layer: Layer;
  /** Sides that the first steps see their images in. */
  readonly sides?: readonly number[];
  /** Layer whose most activated maps a step tells, as targeted Cutout wants them. */
  readonly watched?: string;
}

/** The shipped families, as small as they can be, and what a step may be asked for beside. */
const networks: Readonly<Record<string, Case>> = {
  resnet9: { side: 8, layer: resnet9Layers(numClasses, 2, 8) },
  "a stage of ResNet-18": {
    side: 6,
    layer: sequential(
      conv("conv1", 3, 3, 1, 1),
      batchNorm("bn1"),
      relu,
      block("0", 4, 2, sequential(conv("0.shortcut.0", 4, 1, 2, 0), batchNorm("0.shortcut.1"))),
      block("1", 4, 1, undefined),
      { kind: "globalAvgPool" },
      flatten,
      linear("linear", numClasses),
    ),
  },
  AlexNet: {
    side: 23,
    layer: sequential(
      biased(conv("conv1", 3, 5, 2, 0)),
      relu,
      maxPool(3, 2),
      biased(conv("conv2", 4, 5, 1, 2)),
      relu,
      { kind: "avgPool", kernel: [3, 3], stride: [2, 2], padding: [1, 1, 1, 1] },
      flatten,
      { kind: "linear", name: "fc1", outFeatures: 8, weightInit: { kind: "he", fan: "in" }, bias: 0.1 },
      relu,
      { kind: "dropout", probability: 0.5 },
      linear("fc2", numClasses),
    ),
  },
};

const cases: Readonly<Record<string, Case>> = {
  ...networks,
  "a stage of ResNet-18 on growing images": { ...networks["a stage of ResNet-18"]!, side: 10, sides: [6, 8] },
  "a stage of ResNet-18, its maps watched": { ...networks["a stage of ResNet-18"]!, watched: "last" },
};

/** Largest error of a loss, and of a tensor by its norm, after three steps; both devices compute in float32. */
const tolerance = { loss: 1e-5, tensor: 1e-4 };
const parts = ["parameters", "buffers", "optimizer"] as const;

async function train(name: string, runtime: Runtime) {
  const { side, layer, sides = [], watched = null } = cases[name]!;
  const square = (of: number) => ({ height: of, width: of });
  const input = { height: side, width: side, channels: 3 };
  const session = await createTrainingSession({
    network: network(name, input, numClasses, layer),
    batchSize,
    optimizer: { momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayBiasAndNorm: false },
    objective: classify({ labelSmoothing: 0.1, classWeights: null }),
    seed: 1,
    imageSizes: sides.map(square),
    watched,
    runtime,
  });
  const rng = stream(2, name, 0);
  const losses: number[] = [];
  /** What steps tell beside: the maps, and in the end the answers by which a filter chooses. */
  const told: Float32Array[] = [];
  for (let step = 0; step < steps; step++) {
    const images = Float32Array.from({ length: batchSize * 3 * side * side }, () => rng.normal());
    const targets = new Float32Array(batchSize * numClasses);
    for (let image = 0; image < batchSize; image++) targets[image * numClasses + rng.integer(numClasses)] = 1;
    const smaller = sides[step];
    const size = smaller === undefined ? undefined : square(smaller);
    const { loss, maps } = await session.step(images, targets, { learningRate: 0.02, seed: step, size });
    losses.push(loss);
    if (maps !== undefined) told.push(maps);
    if (step === steps - 1) told.push(await session.predict(images, batchSize));
  }
  const state = session.state();
  await session.close();
  return { losses, told, state };
}

const references = new Map<string, ReturnType<typeof train>>();
function referenceOf(name: string) {
  const known = references.get(name) ?? train(name, referenceRuntime);
  references.set(name, known);
  return known;
}

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  const norm = Math.hypot(...Array.from(expected));
  const error = Math.hypot(...Array.from(expected, (x, index) => actual[index]! - x));
  expect(error, `${what} of norm ${norm}`).toBeLessThan(tolerance.tensor * norm);
}

function expectState(actual: TrainingState, expected: TrainingState): void {
  for (const part of parts) {
    expect([...actual[part].keys()]).toEqual([...expected[part].keys()]);
    for (const [key, { data }] of expected[part])
      expectNear(actual[part].get(key)!.data, data, `${part} ${key}`);
  }
}

const devices = [
  { device: "cpu", title: "cpu", here: true },
  { device: "webgpu", title: webgpuTitle, here: webgpu.found },
] as const;

for (const { device, title, here } of devices) {
  describe.skipIf(!here)(`three training steps on ${title}`, () => {
    describe.each(algorithms)("by %s", (convolution) => {
      it.each(Object.keys(cases))("%s", async (name) => {
        const expected = await referenceOf(name);
        const actual = await train(name, nodeRuntime({ threads: 1, device, convolution }));
        actual.losses.forEach((loss, step) => {
          expect(Math.abs(loss / expected.losses[step]! - 1), `loss of step ${step}`).toBeLessThan(
            tolerance.loss,
          );
        });
        expect(actual.told).toHaveLength(expected.told.length);
        for (const [at, values] of expected.told.entries())
          expectNear(actual.told[at]!, values, `told ${at}`);
        expectState(actual.state, expected.state);
      });
    });
  });
}
