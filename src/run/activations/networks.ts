// A network's insides, computed by a runtime: batches of images in, logits, magnitudes of features and Grad-CAM out.
import type { Network } from "../../nn/network.ts";
import type { Unit } from "../../nn/units.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { sizeOf, type Tensor, tensor } from "../../tensor.ts";
import { createPredictor, type Predictor } from "../../train/step.ts";
import { gradCamGraph, magnitudeGraph, magnitudeOutput, type NetworkWeights, weightFeeds } from "./graphs.ts";

export interface InnerNetwork extends Pick<Predictor, "predict" | "close"> {
  /** @returns logits [count, classes], and for each layer magnitudes [count, features] */
  activations(
    images: Float32Array,
    count: number,
  ): Promise<{ readonly logits: Float32Array; readonly magnitudes: readonly Float32Array[] }>;
}

export interface InnerNetworkOptions {
  readonly network: Network;
  readonly weights: NetworkWeights;
  readonly layers: readonly Pick<Unit, "name">[];
  readonly batchSize: number;
  readonly runtime: Runtime;
}

/** At most `batchSize` images a call of `activations`; `predict` takes any number. */
export async function innerNetwork(options: InnerNetworkOptions): Promise<InnerNetwork> {
  const { network, weights, layers, batchSize, runtime } = options;
  const names = layers.map(({ name }) => name);
  const executable = await runtime.compile(magnitudeGraph(network, names, batchSize));
  const predictor = await createPredictor({ network, ...weights, batchSize, runtime });
  const feeds = weightFeeds(weights);
  return {
    predict: predictor.predict,
    async activations(images, count) {
      const results = await executable.run({ ...feeds, images: filled(network, images, count, batchSize) });
      return {
        logits: numbers(results.logits).subarray(0, count * network.numClasses),
        magnitudes: names.map((_, index) => numbers(results[magnitudeOutput(index)])),
      };
    },
    async close() {
      await executable.close();
      await predictor.close();
    },
  };
}

export interface GradCam {
  readonly layer: string;
  readonly height: number;
  readonly width: number;
  /** Row by row, 0 or more, in units of the logit's gradient times the features. */
  readonly values: Float32Array;
}

/** Grad-CAM of images for a class each, in a layer with positions. */
export async function gradCams(
  { network, weights, batchSize, runtime }: InnerNetworkOptions,
  layer: string,
  images: Float32Array,
  labels: readonly number[],
): Promise<GradCam[]> {
  const graph = gradCamGraph(network, layer, batchSize);
  const [, height, width] = graph.outputs.get("cam")!.shape as readonly [number, number, number];
  const executable = await runtime.compile(graph);
  const feeds = weightFeeds(weights);
  const pixels = pixelsOf(network);
  const found: GradCam[] = [];
  try {
    for (let first = 0; first < labels.length; first += batchSize) {
      const some = labels.slice(first, first + batchSize);
      const targets = new Float32Array(batchSize * network.numClasses);
      for (const [index, label] of some.entries()) targets[index * network.numClasses + label] = 1;
      const results = await executable.run({
        ...feeds,
        images: filled(network, images.subarray(first * pixels), some.length, batchSize),
        targets: tensor("float32", [batchSize, network.numClasses], targets),
      });
      const cam = numbers(results.cam);
      const size = height * width;
      for (const index of some.keys()) {
        found.push({ layer, height, width, values: cam.slice(index * size, (index + 1) * size) });
      }
    }
  } finally {
    await executable.close();
  }
  return found;
}

const numbers = (result: Tensor | undefined) => result!.data as Float32Array;

const pixelsOf = ({ input }: Network) => sizeOf([input.channels, input.height, input.width]);

/** A full batch; what is missing is zero. */
function filled(network: Network, images: Float32Array, count: number, batchSize: number): Tensor {
  const { channels, height, width } = network.input;
  const used = images.subarray(0, count * pixelsOf(network));
  const batch = count === batchSize ? used : new Float32Array(batchSize * pixelsOf(network));
  if (batch !== used) batch.set(used);
  return tensor("float32", [batchSize, channels, height, width], batch);
}
