// A network of one's own: cutout train photos --model ./my-network.js
import {
  batchNorm,
  conv,
  defineNetwork,
  flatten,
  globalAvgPool,
  integer,
  linear,
  relu,
  residual,
  sequential,
} from "cutout";

const block = (name, channels, stride) =>
  sequential(conv(`${name}.conv`, channels, 3, stride, 1), batchNorm(`${name}.bn`), relu);

export default defineNetwork({
  name: "my-network",
  summary: "three convolutions, and a residual block after each but the first",
  options: {
    width: { kind: integer({ min: 1, max: 512 }), otherwise: 16, help: "channels of the first convolution" },
  },
  recipe: { learningRate: 0.05 },
  build: ({ numClasses, width }) =>
    sequential(
      block("stem", width, 1),
      block("down1", 2 * width, 2),
      residual(block("same1", 2 * width, 1)),
      block("down2", 4 * width, 2),
      residual(block("same2", 4 * width, 1)),
      globalAvgPool,
      flatten,
      linear("classes", numClasses),
    ),
});
