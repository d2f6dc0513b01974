// AlexNet as in the reviewed experiment (sualab/asirra-dogs-cats-classification): no response normalization,
// no groups; 58,289,538 parameters for two classes at 227x227.
import { defineNetwork } from "../definition.ts";
import type { Initializer } from "../init.ts";
import { conv, dropout, flatten, linear, maxPool, relu, sequential } from "../layers/index.ts";
import { choice } from "../options.ts";

interface Start {
  readonly weightInit: Initializer;
  readonly bias: number;
}

const he: Start = { weightInit: { kind: "he", fan: "in" }, bias: 0 };

/** The original's: normal with a fixed deviation, and a bias of 0.1 in some layers. */
const original = (std: number, bias: number): Start => ({ weightInit: { kind: "normal", std }, bias });

export const alexnet = defineNetwork({
  name: "alexnet",
  summary: "AlexNet of the Asirra baseline, for photos of 227 pixels",
  options: {
    initialization: {
      kind: choice(["he", "original"]),
      otherwise: "he",
      help: "first weights: He's with biases of 0, or those of the network's own paper",
    },
  },
  /**
   * The Asirra baseline: plain momentum, weight decay of biases too, and 0.01 for batches of 256. Nothing in this network
   * normalizes: with He's weights the 4096 values before the last layer are large, and twice that rate on a batch of 32
   * made the loss jump, all ReLUs die, or the weights infinite.
   */
  recipe: { nesterov: false, decayBiasAndNorm: true, learningRate: 0.01, learningRateBatch: 256 },
  sizes: { imageSize: 227, cacheSize: 256, keepSmall: false },
  build({ numClasses, initialization }) {
    const start = (std: number, bias: number) => (initialization === "he" ? he : original(std, bias));
    return sequential(
      conv("conv1", 96, 11, 4, 0, start(0.01, 0)),
      relu,
      maxPool(3, 2),
      conv("conv2", 256, 5, 1, 2, start(0.01, 0.1)),
      relu,
      maxPool(3, 2),
      conv("conv3", 384, 3, 1, 1, start(0.01, 0)),
      relu,
      conv("conv4", 384, 3, 1, 1, start(0.01, 0.1)),
      relu,
      conv("conv5", 256, 3, 1, 1, start(0.01, 0.1)),
      relu,
      maxPool(3, 2),
      flatten,
      linear("fc6", 4096, start(0.005, 0.1)),
      relu,
      dropout(0.5),
      linear("fc7", 4096, start(0.005, 0.1)),
      relu,
      // No dropout here: the original's fc8 reads the values before fc7's dropout.
      linear("fc8", numClasses, start(0.01, 0)),
    );
  },
});
