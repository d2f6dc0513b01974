// AlexNet as in the reviewed experiment (sualab/asirra-dogs-cats-classification): no response normalization,
// no groups; 58,289,538 parameters for two classes at 227x227.
import { flatten, maxPool, relu, sequential } from "./blocks.ts";
import type { Initializer } from "./init.ts";
import type { Layer } from "./layers.ts";
import type { Initialization } from "./models.ts";

interface Start {
  readonly weightInit: Initializer;
  readonly bias: number;
}

/** The original's: normal with a fixed deviation, and a bias of 0.1 in some layers. He et al. for all: biases 0. */
function start(initialization: Initialization, std: number, bias: number): Start {
  return initialization === "he"
    ? { weightInit: { kind: "he", fan: "in" }, bias: 0 }
    : { weightInit: { kind: "normal", std }, bias };
}

export function alexnet(numClasses: number, initialization: Initialization): Layer {
  const conv = (
    index: number,
    outChannels: number,
    size: number,
    stride: number,
    padding: number,
    bias: number,
  ): Layer => ({
    kind: "conv",
    name: `conv${index}`,
    outChannels,
    kernel: [size, size],
    stride: [stride, stride],
    padding: [padding, padding, padding, padding],
    ...start(initialization, 0.01, bias),
  });
  const linear = (index: number, outFeatures: number, std: number, bias: number): Layer => ({
    kind: "linear",
    name: `fc${index}`,
    outFeatures,
    ...start(initialization, std, bias),
  });
  return sequential(
    conv(1, 96, 11, 4, 0, 0),
    relu,
    maxPool(3, 2),
    conv(2, 256, 5, 1, 2, 0.1),
    relu,
    maxPool(3, 2),
    conv(3, 384, 3, 1, 1, 0),
    relu,
    conv(4, 384, 3, 1, 1, 0.1),
    relu,
    conv(5, 256, 3, 1, 1, 0.1),
    relu,
    maxPool(3, 2),
    flatten,
    linear(6, 4096, 0.005, 0.1),
    relu,
    { kind: "dropout", probability: 0.5 },
    linear(7, 4096, 0.005, 0.1),
    relu,
    // No dropout here: the original's fc8 reads the values before fc7's dropout.
    linear(8, numClasses, 0.01, 0),
  );
}
