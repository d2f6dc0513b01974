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

const cases: readonly { model: NetworkName; size: number; channels: number }[] = [
  { model: "resnet9", size: 28, channels: 1 },
  { model: "resnet9", size: 37, channels: 3 },
  { model: "resnet18", size: 32, channels: 3 },
  { model: "alexnet", size: 79, channels: 3 },
  // The 5x5 convolution is done by rows from 12 rows on.
  { model: "alexnet", size: 119, channels: 3 },
  { model: "wrn-16-4", size: 24, channels: 3 },
];

describe("exported models", () => {
  it.each(cases)("$model at $size pixels answers like the predictor", async ({ model, size, channels }) => {
    const input = { height: size, width: size, channels };
    const network = buildNetwork(model, { input, numClasses: 3 });
    const parameters = initialParameters(network, 4);
    const rng = stream(9, "running statistics");
    // Statistics and affine parameters as training would leave them, not the trivial ones of the start.
    const buffers = initialBuffers(network);
    const shake = (data: Float32Array, by: number) => data.set(data.map((x) => x + by * rng.uniform()));
    for (const { data } of buffers.values()) shake(data as Float32Array, 0.3);
    for (const [name, { data }] of parameters) if (name.includes("bn")) shake(data as Float32Array, 0.2);
    const normalization = { mean: new Array(channels).fill(0.4), std: new Array(channels).fill(0.25) };
    const bytes = exportModel({
      network,
      parameters,
      buffers,
      classes: ["a", "b", "ç"],
      normalization,
      name: model,
    });

    const count = 3;
    const pixels = Float32Array.from({ length: count * channels * size * size }, () => rng.uniform());
    const session = await ort.InferenceSession.create(bytes as Uint8Array & { buffer: ArrayBuffer });
    const images = new ort.Tensor("float32", pixels, [count, channels, size, size]);
    const { probabilities } = await session.run({ images });

    const runtime = nodeRuntime({ threads: 1 });
    const predictor = await createPredictor({ network, parameters, buffers, batchSize: 2, runtime });
    const logits = await predictor.predict(
      pixels.map((x) => (x - 0.4) / 0.25),
      count,
    );
    for (let image = 0; image < count; image++) {
      const row = Array.from(logits.subarray(image * 3, image * 3 + 3));
      const max = Math.max(...row);
      const exponentials = row.map((x) => Math.exp(x - max));
      const total = exponentials.reduce((sum, x) => sum + x, 0);
      exponentials.forEach((x, k) => {
        expect(probabilities!.data[image * 3 + k], `image ${image}, class ${k}`).toBeCloseTo(x / total, 4);
      });
    }
    await predictor.close();
    await session.release();
  });
});
