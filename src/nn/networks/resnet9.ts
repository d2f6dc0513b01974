// ResNet-9, the quick default: David Page's network for CIFAR-10 (myrtle.ai, "How to train your ResNet", 2018),
// a quarter of its operations. Three poolings and a global maximum, so any image from 28x28 up will do.
import { defineNetwork } from "../definition.ts";
import {
  batchNorm,
  conv,
  flatten,
  globalMaxPool,
  type Layer,
  linear,
  maxPool,
  relu,
  residual,
  scale,
  sequential,
} from "../layers/index.ts";

const block = (name: string, channels: number): Layer =>
  sequential(conv(`${name}.conv`, channels, 3, 1, 1), batchNorm(`${name}.bn`), relu);

const residualBlock = (name: string, channels: number): Layer =>
  residual(sequential(block(`${name}.0`, channels), block(`${name}.1`, channels)));

/** Largest side of the features that the first layer hands on; more would make every later layer dearer. */
const largestFeatures = 48;

/**
 * The first convolution. Small images: 3x3, as in Page's network. Larger ones: a stride of 2, 4, ... with a kernel of
 * twice the stride, so that 64x64 photos cost what 32x32 images cost.
 */
function stem(width: number, side: number): Layer {
  const stride = 2 ** Math.max(0, Math.ceil(Math.log2(side / largestFeatures)));
  const convolution =
    stride === 1
      ? conv("prep.conv", width, 3, 1, 1)
      : conv("prep.conv", width, 2 * stride, stride, stride / 2);
  return sequential(convolution, batchNorm("prep.bn"), relu);
}

/**
 * @param width channels of the first layer; Page's is 64
 * @param side the images' smaller side, pixels
 */
export function resnet9Layers(numClasses: number, width: number, side: number): Layer {
  return sequential(
    stem(width, side),
    block("layer1", 2 * width),
    maxPool(2, 2),
    residualBlock("layer1.residual", 2 * width),
    block("layer2", 4 * width),
    maxPool(2, 2),
    block("layer3", 8 * width),
    maxPool(2, 2),
    residualBlock("layer3.residual", 8 * width),
    globalMaxPool,
    flatten,
    linear("linear", numClasses),
    scale(0.125),
  );
}

export const resnet9 = defineNetwork({
  name: "resnet9",
  summary: "the quick default, for images of any size from 28 pixels up",
  build: ({ numClasses, input }) => resnet9Layers(numClasses, 32, Math.min(input.height, input.width)),
});
