// This engine's side of the benchmark: KIND MODEL SIDE BATCH THREADS, then seconds on standard input.
import { createInterface } from "node:readline";
import * as ort from "onnxruntime-node";
import { buildNetwork, type ModelName } from "../../src/nn/models.ts";
import { initialBuffers, initialParameters } from "../../src/nn/network.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { stream } from "../../src/rng.ts";
import { openSession } from "../../src/runtime/node.ts";
import { createTrainingSession } from "../../src/train/step.ts";

const [kind, model, ...numbers] = process.argv.slice(2) as [string, ModelName, ...string[]];
const [side, batch, threads] = numbers.map(Number) as [number, number, number];
const numClasses = model === "alexnet" ? 2 : 10;
const network = buildNetwork(model, {
  input: { height: side, width: side, channels: 3 },
  numClasses,
  initialization: "he",
});
const rng = stream(0, "bench");
const images = Float32Array.from({ length: batch * 3 * side * side }, () => rng.normal());

/** One batch. */
async function prepare(): Promise<() => Promise<unknown>> {
  if (kind === "train") {
    const optimizer = { momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayBiasAndNorm: true };
    const session = await createTrainingSession({
      network,
      batchSize: batch,
      optimizer,
      labelSmoothing: 0,
      seed: 0,
      threads,
    });
    const targets = new Float32Array(batch * numClasses);
    for (let image = 0; image < batch; image++) targets[image * numClasses + rng.integer(numClasses)] = 1;
    let seed = 0;
    return () => session.step(images, targets, { learningRate: 0.01, seed: seed++ });
  }
  const bytes = exportModel({
    network,
    parameters: initialParameters(network, 0),
    buffers: initialBuffers(network),
    classes: Array.from({ length: numClasses }, (_, index) => String(index)),
    normalization: { mean: [0, 0, 0], std: [1, 1, 1] },
    name: model,
  });
  const session = await openSession(bytes, { threads });
  const feeds = { images: new ort.Tensor("float32", images, [batch, 3, side, side]) };
  return () => session.run(feeds);
}

const start = performance.now();
const step = await prepare();
await step();
const firstStepSeconds = (performance.now() - start) / 1000;
await step();
await step();
console.log(JSON.stringify({ version: `onnxruntime ${ort.env.versions.node}`, firstStepSeconds }));
for await (const line of createInterface({ input: process.stdin })) {
  const begin = performance.now();
  let done = 0;
  while (performance.now() - begin < Number(line) * 1000) {
    await step();
    done += batch;
  }
  console.log(JSON.stringify({ images: done, seconds: (performance.now() - begin) / 1000 }));
}
