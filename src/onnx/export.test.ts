// The exported model against the network it came from: the same answers, in a bare ONNX Runtime session.
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { buildNetwork } from "../nn/build.ts";
import { initialBuffers, initialParameters } from "../nn/network.ts";
import type { NetworkName } from "../nn/networks/index.ts";
import { stream } from "../rng.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { createPredictor } from "../train/step.ts";
import { exportModel } from "./export.ts";
import { describeModel } from "./proto.ts";

const cases: readonly { model: NetworkName; size: number; channels: number; options?: object }[] = [
  { model: "resnet9", size: 28, channels: 1 },
  { model: "resnet9", size: 37, channels: 3 },
  { model: "resnet18", size: 32, channels: 3 },
  { model: "alexnet", size: 79, channels: 3 },
  // The 5x5 convolution is done by rows from 12 rows on.
  { model: "alexnet", size: 119, channels: 3 },
  { model: "alexnet-2012", size: 95, channels: 3 },
  { model: "airbench94", size: 32, channels: 3 },
  { model: "airbench94", size: 28, channels: 1 },
  { model: "wrn-16-4", size: 24, channels: 3 },
  { model: "wrn-10-2", size: 24, channels: 1 },
  { model: "resnet34", size: 20, channels: 3 },
  { model: "resnet50", size: 70, channels: 3, options: { stem: "imagenet" } },
  { model: "shake-shake-26-2x32d", size: 17, channels: 3 },
  { model: "shake-shake-29-2x4x64d", size: 16, channels: 3 },
];

/** A network with its first weights. */
function untrained(model: NetworkName) {
  const input = { height: 32, width: 32, channels: 3 };
  const network = buildNetwork(model, { input, numClasses: 3 });
  const bytes = exportModel({
    network,
    parameters: initialParameters(network, 1),
    buffers: initialBuffers(network),
    classes: ["a", "b", "c"],
    normalization: { mean: [0.4, 0.4, 0.4], std: [0.25, 0.25, 0.25] },
    name: model,
    version: "1.2.3",
  });
  return { bytes };
}

describe("exported models", () => {
  it.each(cases)(
    "$model at $size pixels answers like the predictor",
    async ({ model, size, channels, options }) => {
      const input = { height: size, width: size, channels };
      const network = buildNetwork(model, { input, numClasses: 3, options });
      const parameters = initialParameters(network, 4);
      const rng = stream(9, "running statistics");
      // Statistics and affine parameters as training would leave them, not the trivial ones of the start.
      const buffers = initialBuffers(network);
      const shake = (data: Float32Array, by: number) => data.set(data.map((x) => x + by * rng.uniform()));
      for (const { data } of buffers.values()) shake(data as Float32Array, 0.3);
      for (const [name, { data }] of parameters) if (name.includes("bn")) shake(data as Float32Array, 0.2);
      const count = 3;
      const pixels = Float32Array.from({ length: count * channels * size * size }, () => rng.uniform());
      const runtime = nodeRuntime({ threads: 1 });
      const predictor = await createPredictor({ network, parameters, buffers, batchSize: 2, runtime });
      const undecided = await predictor.predict(
        pixels.map((x) => (x - 0.4) / 0.25),
        count,
      );
      // Logits between 4 and 8: those of the start are near 0, where nothing tells one network from another. The last layer
      // is linear, and a power of two is exact.
      const factor = 2 ** Math.floor(Math.log2(8 / Math.max(...undecided.map(Math.abs))));
      const last = network.parameters.at(-1)!.name.replace(/\.[^.]*$/, "");
      for (const [name, { data }] of parameters) {
        if (name.startsWith(`${last}.`)) (data as Float32Array).set(data.map((x) => x * factor));
      }
      const logits = undecided.map((x) => x * factor);
      const normalization = { mean: new Array(channels).fill(0.4), std: new Array(channels).fill(0.25) };
      const bytes = exportModel({
        network,
        parameters,
        buffers,
        classes: ["a", "b", "ç"],
        normalization,
        name: model,
      });
      const session = await ort.InferenceSession.create(bytes as Uint8Array & { buffer: ArrayBuffer });
      const images = new ort.Tensor("float32", pixels, [count, channels, size, size]);
      const { probabilities } = await session.run({ images });

      // Logarithms of probabilities are as exact as logits, however sure the network is.
      const errors: number[] = [];
      for (let image = 0; image < count; image++) {
        const row = Array.from(logits.subarray(image * 3, image * 3 + 3));
        const max = Math.max(...row);
        const total = max + Math.log(row.reduce((sum, x) => sum + Math.exp(x - max), 0));
        const scale = Math.max(1, ...row.map(Math.abs));
        row.forEach((x, k) => {
          const probability = Number(probabilities!.data[image * 3 + k]);
          errors.push(Math.abs(Math.log(probability) - (x - total)) / scale);
        });
      }
      expect(Math.max(...errors)).toBeLessThan(3e-6);
      await predictor.close();
      await session.release();
    },
  );

  it("WRN's first normalization is folded into the convolution before it, which stands outside of its block", () => {
    const { bytes } = untrained("wrn-16-4");
    const { operators } = describeModel(bytes);
    // The mean of the images, the convolution and its ReLU.
    expect(operators.slice(0, 3)).toEqual(["Sub", "Conv", "Relu"]);
    // Those that follow a sum of two branches stay: of the five other blocks, and the last one.
    expect(operators.filter((op) => op === "Mul")).toHaveLength(6);
  });

  it("say who wrote them, and with which version", () => {
    expect(describeModel(untrained("resnet9").bytes)).toMatchObject({
      producer: "cutout",
      version: "1.2.3",
    });
  });
});
