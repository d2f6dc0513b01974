// The encoder of a network, which is all of it before its features become a row, and an auto-encoder around it.
import type { FeatureShape } from "./layer.ts";
import { batchNorm, conv, type Layer, relu, sequential, upsample } from "./layers/index.ts";
import { type Network, network } from "./network.ts";
import { refusal } from "./options.ts";
import { buffersOf, inferLayer, layersOf, parametersOf, ruleOf } from "./tree.ts";

/** What ends an encoder: from here on an image has one row of features, or one number a channel. */
const ends: ReadonlySet<Layer["kind"]> = new Set(["flatten", "globalAvgPool", "globalMaxPool"]);

/** Layers one after the other, without sequences inside of sequences. */
function inARow(layer: Layer): readonly Layer[] {
  return layer.kind === "sequential" ? layer.layers.flatMap(inARow) : [layer];
}

/**
 * The layers of a classifier before its global pooling, or before its features are flattened: [C, h, w] of an image.
 * @throws CutoutError when nothing on its main path is such a place
 */
export function encoderOf({ name, layer }: Pick<Network, "name" | "layer">): Layer {
  const layers = inARow(layer);
  const end = layers.findIndex(({ kind }) => ends.has(kind));
  if (end > 0) return sequential(...layers.slice(0, end));
  throw refusal({
    where: name,
    what: "has no encoder: its layers must come, one after the other, to a global pooling or to flatten",
  });
}

/** Channels of a decoder's features at the images' own size, and at most. */
const decoderWidths = { least: 16, most: 128 };

/** Names of a decoder's weights begin with this. */
const decoderPrefix = "decoder.";

/**
 * From features to an image: a 1x1 convolution to fewer channels, then sizes that double (nearest neighbours, 3x3
 * convolution, batch normalization, ReLU), channels that halve, and a convolution with bias to the image's channels.
 */
function decoderLayers(features: FeatureShape, input: Network["input"]): Layer {
  const { height, width, channels } = input;
  const [, ...from] = features as readonly [number, number, number];
  const sizes: [number, number][] = [];
  // From the image down, so that the last size is exact whatever the first.
  for (
    let [h, w] = [height, width];
    h > from[0]! || w > from[1]!;
    [h, w] = [Math.max(from[0]!, Math.ceil(h / 2)), Math.max(from[1]!, Math.ceil(w / 2))]
  ) {
    sizes.unshift([h, w]);
  }
  const widthAt = (stage: number) =>
    Math.min(decoderWidths.most, decoderWidths.least * 2 ** (sizes.length - stage));
  const block = (name: string, out: number, size: 1 | 3): Layer[] => [
    conv(`${decoderPrefix}${name}.conv`, out, size, 1, (size - 1) / 2),
    batchNorm(`${decoderPrefix}${name}.bn`),
    relu,
  ];
  return sequential(
    ...block("narrow", widthAt(0), 1),
    ...sizes.flatMap((size, stage) => [upsample(...size), ...block(`up${stage + 1}`, widthAt(stage + 1), 3)]),
    conv(`${decoderPrefix}image`, channels, 3, 1, 1, { bias: 0 }),
  );
}

/** A classifier's encoder and a decoder: an image in, one of the same shape out. */
export function autoEncoder(classifier: Network): Network {
  const { name, input } = classifier;
  const shape = shapeOf(classifier);
  const encoder = encoderOf(classifier);
  const decoder = decoderLayers(inferLayer(encoder, shape), input);
  return network(`${name} auto-encoder`, input, shape, sequential(...inARow(encoder), ...inARow(decoder)));
}

/** Names of parameters and buffers. */
function namesIn(layer: Layer, input: FeatureShape): ReadonlySet<string> {
  return new Set([...parametersOf(layer, input), ...buffersOf(layer, input)].map(({ name }) => name));
}

/** What of a classifier's weights lies in its encoder, by name. */
export function encoderNames(of: Network): ReadonlySet<string> {
  return namesIn(encoderOf(of), shapeOf(of));
}

/** What of a classifier's weights does not lie in the layer that gives its logits, by name. */
export function namesBeforeLogits(of: Network): ReadonlySet<string> {
  const withWeights = layersOf(of.layer, shapeOf(of)).filter(
    ({ layer, input }) => ruleOf(layer).inner === undefined && namesIn(layer, input).size > 0,
  );
  const last = withWeights.at(-1);
  const own = last === undefined ? new Set<string>() : namesIn(last.layer, last.input);
  return new Set([...namesIn(of.layer, shapeOf(of))].filter((name) => !own.has(name)));
}

const shapeOf = ({ input: { channels, height, width } }: Network): FeatureShape => [channels, height, width];
