// This engine's side of train and infer: KIND MODEL SIDE BATCH THREADS step|exported|predictor.
import * as ort from "onnxruntime-node";
import { countParameters, initialBuffers, initialParameters } from "../../src/nn/network.ts";
import { exportModel } from "../../src/onnx/export.ts";
import { nodeRuntime, openSession } from "../../src/runtime/node.ts";
import { createPredictor } from "../../src/train/step.ts";
import { benchModel, benchNetworks } from "../networks.ts";
import { openStep, randomImages } from "../training-step.ts";
import { compete } from "./answer.ts";

const [, model, ...rest] = process.argv.slice(2) as [string, string, ...string[]];
const [side, batch, threads] = rest.map(Number) as [number, number, number];
const form = rest[3]!;
const { numClasses, build } = benchNetworks[benchModel(model)];
const network = build();
const images = randomImages(batch, side);
const step = async () => (await openStep(benchModel(model), { batch, threads })).take;

/** `model.onnx`, as any program with ONNX Runtime runs it. */
async function exported() {
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

/** What `cutout eval` and `cutout predict` run: the layers by this engine's own algorithms. */
async function predictor() {
  const parameters = initialParameters(network, 0);
  const buffers = initialBuffers(network);
  const runtime = nodeRuntime({ threads });
  const { predict } = await createPredictor({ network, parameters, buffers, batchSize: batch, runtime });
  return () => predict(images, batch);
}

const forms: Readonly<Record<string, () => Promise<() => unknown>>> = { step, exported, predictor };

await compete({
  version: `onnxruntime ${ort.env.versions.node}`,
  parameters: countParameters(network),
  images: batch,
  prepare: forms[form]!,
});
