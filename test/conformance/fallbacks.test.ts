// What WebGPU does not compute itself: nothing in the shipped networks, and told where there is something.
import { afterAll, describe, expect, it } from "vitest";
import { regularizerFrom } from "../../src/config/regularize-text.ts";
import { Graph } from "../../src/graph/graph.ts";
import { buildNetwork } from "../../src/nn/build.ts";
import { autoEncoder } from "../../src/nn/encoder.ts";
import { networks } from "../../src/nn/networks/index.ts";
import { resnet9 } from "../../src/nn/networks/resnet9.ts";
import { webgpuLowerings } from "../../src/onnx/webgpu.ts";
import { describeFallbacks } from "../../src/run/device.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { tensor } from "../../src/tensor.ts";
import { classify } from "../../src/train/objectives/classify.ts";
import { contextEncoder } from "../../src/train/objectives/context-encoder.ts";
import { createPredictor, createTrainingSession } from "../../src/train/step.ts";
import { holdDevice, webgpu, webgpuTitle } from "../helpers/webgpu.ts";

const held = await holdDevice();
afterAll(() => held?.close());

/** A runtime that keeps what every compiled graph leaves to the CPU. */
function watched(runtime: Runtime) {
  const fallbacks: (readonly string[])[] = [];
  const compile: Runtime["compile"] = async (graph) => {
    const executable = await runtime.compile(graph);
    fallbacks.push(executable.fallbacks);
    return executable;
  };
  return { runtime: { ...runtime, compile }, fallbacks };
}

/** One of each family: what else its members have is wider or deeper. */
const families = networks.filter(
  ({ name }) => !/^(resnet34|wrn-(16-8|28-10|40-4)|shake-shake-26-2x(64|96)d)$/.test(name),
);

describe.skipIf(!webgpu.found)(`fall-backs on ${webgpuTitle}`, () => {
  const dropping = ["dropout@all", "spatial-dropout@layer1", "dropblock@layer3", "max-drop:over=map@last"]
    .concat("max-drop:over=channels@layer2", "max-pooling-dropout@layer1", "stochastic-depth@all")
    .map(regularizerFrom);
  it.each([
    ...families.map((definition) => ({ name: definition.name, definition, regularize: [] })),
    { name: "a network with every regularizer", definition: resnet9, regularize: dropping },
  ])("$name has none, in training and in prediction", async ({ definition, regularize }) => {
    const { runtime, fallbacks } = watched(nodeRuntime({ threads: 2, device: "webgpu" }));
    const side = definition.sizes.keepSmall ? 32 : 67;
    const network = buildNetwork(definition, {
      input: { height: side, width: side, channels: 3 },
      numClasses: 10,
      regularize,
    });
    const shared = { network, batchSize: 2, runtime };
    const objective = classify({ labelSmoothing: 0.1, classWeights: null });
    const optimizer = { momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayBiasAndNorm: true };
    const session = await createTrainingSession({ ...shared, objective, optimizer, seed: 0 });
    const predictor = await createPredictor({ ...shared, ...session.state() });
    await predictor.close();
    await session.close();
    expect(fallbacks).toEqual([[], []]);
  });

  it.each(families.filter(({ name }) => /^(alexnet|resnet9|airbench94|wrn.*)$/.test(name)))(
    "the auto-encoder of $name has none",
    async (definition) => {
      const { runtime, fallbacks } = watched(nodeRuntime({ threads: 2, device: "webgpu" }));
      const side = definition.sizes.keepSmall ? 32 : 67;
      const input = { height: side, width: side, channels: 3 };
      const network = autoEncoder(buildNetwork(definition, { input, numClasses: 2 }));
      const optimizer = { momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayBiasAndNorm: true };
      const objective = contextEncoder({ region: "center", overlapWeight: 10 });
      const session = await createTrainingSession({
        network,
        batchSize: 2,
        runtime,
        objective,
        optimizer,
        seed: 0,
      });
      await session.close();
      expect(fallbacks).toEqual([[]]);
    },
  );

  it("an operator that it lacks is named, still computed, and told to the person", async () => {
    const g = new Graph();
    const x = g.input("x", "float32", [3]);
    g.output("y", g.apply("sign", [g.apply("neg", [x])]));
    const { sign } = webgpuLowerings;
    // As if the provider's own form were not known.
    Reflect.deleteProperty(webgpuLowerings, "sign");
    try {
      const runtime = nodeRuntime({ threads: 1, device: "webgpu" });
      const executable = await runtime.compile(g);
      expect(executable.fallbacks).toEqual(["Sign"]);
      expect(describeFallbacks("webgpu", executable.fallbacks)).toBe(
        "webgpu leaves operators to the CPU, which costs time: Sign",
      );
      const { y } = await executable.run({ x: tensor("float32", [3], Float32Array.of(3, 0, -2)) });
      expect([...y!.data]).toEqual([-1, 0, 1]);
      await executable.close();
    } finally {
      Object.assign(webgpuLowerings, { sign });
    }
  });
});
