// AlexNet as in the reviewed experiment (sualab/asirra-dogs-cats-classification): no response normalization, no groups;
// 58,289,538 parameters for two classes at 227x227. And as it was in 2012 (Krizhevsky et al.), with both: 60,965,224
// parameters for the thousand classes of ImageNet.
import { defineNetwork } from "../definition.ts";
import type { Initializer } from "../init.ts";
import {
  conv,
  dropout,
  flatten,
  type Layer,
  linear,
  localResponseNorm,
  maxPool,
  relu,
  sequential,
} from "../layers/index.ts";
import { choice } from "../options.ts";

interface Start {
  readonly weightInit: Initializer;
  readonly bias: number;
}

const he: Start = { weightInit: { kind: "he", fan: "in" }, bias: 0 };

/** The original's: normal with a fixed deviation, and a bias other than 0 in some layers. */
const original = (std: number, bias: number): Start => ({ weightInit: { kind: "normal", std }, bias });

/** In what the two forms differ. */
interface Form {
  /** Halves of the second, fourth and fifth convolution that do not see each other: there were two graphics cards. */
  readonly groups: number;
  /** After the first two convolutions. */
  readonly normalization: readonly Layer[];
  /** Deviation of the first weights of fc6 and fc7, and the bias of the layers that begin with one. */
  readonly denseStd: number;
  readonly bias: number;
  /** Before the last layer. */
  readonly last: readonly Layer[];
}

function layersOf(form: Form, numClasses: number, initialization: "he" | "original"): Layer {
  const { groups, normalization, denseStd, bias, last } = form;
  const start = (std: number, from: number) => (initialization === "he" ? he : original(std, from));
  return sequential(
    conv("conv1", 96, 11, 4, 0, start(0.01, 0)),
    relu,
    ...normalization,
    maxPool(3, 2),
    conv("conv2", 256, 5, 1, 2, { ...start(0.01, bias), groups }),
    relu,
    ...normalization,
    maxPool(3, 2),
    conv("conv3", 384, 3, 1, 1, start(0.01, 0)),
    relu,
    conv("conv4", 384, 3, 1, 1, { ...start(0.01, bias), groups }),
    relu,
    conv("conv5", 256, 3, 1, 1, { ...start(0.01, bias), groups }),
    relu,
    maxPool(3, 2),
    flatten,
    linear("fc6", 4096, start(denseStd, bias)),
    relu,
    dropout(0.5),
    linear("fc7", 4096, start(denseStd, bias)),
    relu,
    ...last,
    linear("fc8", numClasses, start(0.01, 0)),
  );
}

const initialization = {
  kind: choice(["he", "original"]),
  otherwise: "he" as const,
  help: "first weights: He's with biases of 0, or those of the network's own paper",
};

/**
 * The Asirra baseline: plain momentum, weight decay of biases too, and 0.01 for batches of 256. Nothing in this network
 * normalizes: with He's weights the 4096 values before the last layer are large, and twice that rate on a batch of 32
 * made the loss jump, all ReLUs die, or the weights infinite.
 */
const recipe = { nesterov: false, decayBiasAndNorm: true, learningRate: 0.01, learningRateBatch: 256 };
const sizes = { imageSize: 227, cacheSize: 256, keepSmall: false };

export const alexnet = defineNetwork({
  name: "alexnet",
  summary: "AlexNet of the Asirra baseline, for photos of 227 pixels",
  options: {
    initialization,
    dropout: {
      kind: choice(["fc6", "both"]),
      otherwise: "fc6" as const,
      help: "after which of fc6 and fc7 units are dropped: fc6 alone, as the baseline does by oversight, or both",
    },
  },
  recipe,
  sizes,
  build: (args) =>
    layersOf(
      {
        groups: 1,
        normalization: [],
        denseStd: 0.005,
        bias: 0.1,
        // The baseline has a dropout here, but its fc8 reads the values before it.
        last: args.dropout === "both" ? [dropout(0.5)] : [],
      },
      args.numClasses,
      args.initialization,
    ),
});

export const alexnet2012 = defineNetwork({
  name: "alexnet-2012",
  summary: "AlexNet of 2012, with local response normalization and groups, for photos of 227 pixels",
  options: { initialization },
  recipe,
  sizes,
  build: (args) =>
    layersOf(
      {
        groups: 2,
        // Section 3.3: k = 2, n = 5, beta = 0.75, and 1e-4 on the sum of the five squares.
        normalization: [localResponseNorm(5, 5e-4, 0.75, 2)],
        // Section 5.
        denseStd: 0.01,
        bias: 1,
        last: [dropout(0.5)],
      },
      args.numClasses,
      args.initialization,
    ),
});
