// Every layer of the list: what is exported gives what the computation gives.
import fc from "fast-check";
import * as ort from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { exportModel } from "../../onnx/export.ts";
import { stream } from "../../rng.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { createPredictor } from "../../train/step.ts";
import { checkLayer } from "../check-layer.ts";
import type { LayerRule } from "../layer.ts";
import { initialBuffers, initialParameters, type Network, network } from "../network.ts";
import type { Kind } from "../options.ts";
import {
  batchNorm,
  conv,
  flatten,
  type Layer,
  type LayerKind,
  layerRules,
  linear,
  relu,
  sequential,
} from "./index.ts";

const input = { height: 9, width: 8, channels: 2 };
const numClasses = 3;
const images = 2;

const small: fc.Arbitrary<Layer> = fc.constantFrom(
  sequential(),
  relu,
  conv("inner", 2, 3, 1, 1),
  sequential(conv("inner", 2, 1, 1, 0), batchNorm("inner.bn")),
);

/** Any of the values that each setting of the layer names as examples. */
function layersOf(kind: LayerKind): fc.Arbitrary<Layer> {
  const fields: Readonly<Record<string, Kind<unknown> | "layer" | "layers">> = (
    layerRules[kind] as LayerRule<never>
  ).fields;
  const settings = Object.entries(fields).map(([name, field]): [string, fc.Arbitrary<unknown>] => [
    name,
    field === "layer"
      ? small
      : field === "layers"
        ? fc.array(small, { maxLength: 1 })
        : fc.constantFrom(...field.examples),
  ]);
  return fc.record(Object.fromEntries(settings)).map((given) => checkLayer({ kind, ...given }));
}

/** Where a layer can stand: at the images, after and before what may be folded with it, at features. */
const places: readonly ((layer: Layer) => readonly Layer[])[] = [
  (layer) => [layer],
  (layer) => [conv("before", 2, 2), layer],
  (layer) => [layer, batchNorm("after"), relu],
  (layer) => [relu, layer],
  (layer) => [flatten, layer],
  (layer) => [flatten, layer, batchNorm("after")],
];

function fitting(layers: readonly Layer[]): Network | null {
  const all = [...layers, flatten, linear("last", numClasses)];
  try {
    return network("one layer", input, numClasses, sequential(...all));
  } catch {
    return null;
  }
}

/** By how much a bare ONNX Runtime's answer differs from the predictor's, as a share of the largest logit. */
async function errorOf(net: Network) {
  const rng = stream(1, "layers");
  const [parameters, buffers] = [initialParameters(net, 2), initialBuffers(net)];
  // As training would leave them, not as they start.
  for (const { data } of [...parameters.values(), ...buffers.values()])
    data.set((data as Float32Array).map((x) => x + 0.2 + 0.3 * rng.uniform()));
  const normalization = { mean: [0.4, 0.5], std: [0.25, 0.5] };
  const classes = ["a", "b", "c"];
  const bytes = exportModel({ network: net, parameters, buffers, classes, normalization, name: "layer" });
  const session = await ort.InferenceSession.create(bytes as Uint8Array & { buffer: ArrayBuffer });
  const area = input.height * input.width;
  const pixels = Float32Array.from({ length: images * 2 * area }, () => rng.uniform());
  const feeds = { images: new ort.Tensor("float32", pixels, [images, 2, input.height, input.width]) };
  const { probabilities } = await session.run(feeds);
  await session.release();
  const predictor = await createPredictor({
    network: net,
    parameters,
    buffers,
    batchSize: images,
    runtime: nodeRuntime({ threads: 1 }),
  });
  const normalized = pixels.map((x, at) => {
    const channel = Math.floor(at / area) % 2;
    return (x - normalization.mean[channel]!) / normalization.std[channel]!;
  });
  const logits = await predictor.predict(normalized, images);
  await predictor.close();
  const errors = Array.from({ length: images }, (_, image) => {
    const row = [...logits.subarray(image * numClasses, (image + 1) * numClasses)];
    const max = Math.max(...row);
    const total = Math.log(row.reduce((sum, x) => sum + Math.exp(x - max), 0)) + max;
    const scale = Math.max(1, ...row.map(Math.abs));
    return row.map((x, k) => {
      const probability = Number(probabilities!.data[image * numClasses + k]);
      // A logarithm is as exact as the logits; one of next to nothing is left out.
      return probability < 1e-30 ? 0 : Math.abs(Math.log(probability) - (x - total)) / scale;
    });
  }).flat();
  return Math.max(...errors);
}

describe("an exported layer answers like its computation", () => {
  it.each(Object.keys(layerRules) as LayerKind[])("%s", async (kind) => {
    const cases = fc.tuple(layersOf(kind), fc.constantFrom(...places));
    await fc.assert(
      fc.asyncProperty(cases, async ([layer, place]) => {
        const net = fitting(place(layer));
        fc.pre(net !== null);
        expect(await errorOf(net)).toBeLessThan(3e-6);
      }),
      { numRuns: 20, maxSkipsPerRun: 1000 },
    );
  });
});
