// This engine's side of train and infer: KIND MODEL SIDE BATCH THREADS.
import * as ort from "onnxruntime-node";
import { countParameters, initialBuffers, initialParameters } from "../../src/nn/network.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { stream } from "../../src/rng.ts";
import { openSession } from "../../src/runtime/node.ts";
import { createTrainingSession } from "../../src/train/step.ts";
import { benchModel, benchNetworks } from "../networks.ts";
import { compete } from "./answer.ts";

const [kind, model, ...numbers] = process.argv.slice(2) as [string, string, ...string[]];
const [side, batch, threads] = numbers.map(Number) as [number, number, number];
const { numClasses, build } = benchNetworks[benchModel(model)];
const network = build();
const rng = stream(0, "bench");
const images = new Float32Array(batch * 3 * side * side);
for (let index = 0; index < images.length; index++) images[index] = rng.normal();

async function training() {
  const session = await createTrainingSession({
    network,
    batchSize: batch,
    optimizer: { momentum: 0.9, nesterov: true, weightDecay: 5e-4, decayBiasAndNorm: true },
    labelSmoothing: 0,
    seed: 0,
    threads,
  });
  const targets = new Float32Array(batch * numClasses);
  for (let image = 0; image < batch; image++) targets[image * numClasses + rng.integer(numClasses)] = 1;
  let seed = 0;
  return () => session.step(images, targets, { learningRate: 0.01, seed: seed++ });
}

async function inference() {
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

await compete({
  version: `onnxruntime ${ort.env.versions.node}`,
  parameters: countParameters(network),
  images: batch,
  prepare: kind === "train" ? training : inference,
});
