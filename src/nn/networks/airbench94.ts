// The network that reaches 94 % on CIFAR-10 in the least time (Jordan 2024, "94 % on CIFAR-10 in 3.29 seconds on a single
// GPU"; KellerJordan/cifar10-airbench, airbench94_muon.py): 1,971,352 learnt parameters for ten classes, and 288 numbers
// of whitening filters that the training images give.
import { defineNetwork } from "../definition.ts";
import {
  batchNorm,
  conv,
  flatten,
  gelu,
  globalMaxPool,
  type Layer,
  linear,
  maxPool,
  scale,
  sequential,
  whiten,
} from "../layers/index.ts";

/** The source's momentum of 0.6 is the share of the past, unlike PyTorch's and ours. */
const norm = (name: string): Layer => batchNorm(name, { epsilon: 1e-12, momentum: 0.4, scale: false });

/** Convolutions start by handing their input on. */
const convolution = (name: string, channels: number): Layer =>
  conv(name, channels, 3, 1, 1, { weightInit: { kind: "dirac" } });

const group = (name: string, channels: number): Layer =>
  sequential(
    convolution(`${name}.conv1`, channels),
    maxPool(2),
    norm(`${name}.norm1`),
    gelu,
    convolution(`${name}.conv2`, channels),
    norm(`${name}.norm2`),
    gelu,
  );

const widths = [64, 256, 256];
const features = widths.at(-1)!;

export const airbench94 = defineNetwork({
  name: "airbench94",
  summary: "the fast network for CIFAR-10 (airbench), for images of 32 pixels",
  build: ({ numClasses }) =>
    sequential(
      whiten("whiten"),
      gelu,
      ...widths.map((width, index) => group(`group${index + 1}`, width)),
      // Of 3x3 for images of 32 pixels.
      globalMaxPool,
      flatten,
      linear("head", numClasses, { weightInit: { kind: "uniform", std: 1 }, bias: null }),
      scale(1 / features),
    ),
});
