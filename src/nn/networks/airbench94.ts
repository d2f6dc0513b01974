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
import { choice } from "../options.ts";

/** The source's momentum of 0.6 is the share of the past, unlike PyTorch's and ours. */
const norm = (name: string): Layer => batchNorm(name, { epsilon: 1e-12, momentum: 0.4, scale: false });

/** Convolutions start by handing their input on, or as He et al. 2015 have it. */
const starts = ["dirac", "he"] as const;
type Start = (typeof starts)[number];

const convolution = (name: string, channels: number, start: Start): Layer =>
  conv(name, channels, 3, 1, 1, start === "dirac" ? { weightInit: { kind: "dirac" } } : {});

const group = (name: string, channels: number, start: Start): Layer =>
  sequential(
    convolution(`${name}.conv1`, channels, start),
    maxPool(2),
    norm(`${name}.norm1`),
    gelu,
    convolution(`${name}.conv2`, channels, start),
    norm(`${name}.norm2`),
    gelu,
  );

const widths = [64, 256, 256];
const features = widths.at(-1)!;

export const airbench94 = defineNetwork({
  name: "airbench94",
  summary: "the fast network for CIFAR-10 (airbench), for images of 32 pixels",
  options: {
    first: {
      kind: choice(["whiten", "learnt"]),
      otherwise: "whiten" as const,
      help: "filters of the first convolution: made from training images so that patches come out white, or learnt",
    },
    start: {
      kind: choice(starts),
      otherwise: "dirac" as const,
      help: "how the other convolutions start: by handing their input on, or as He et al. 2015",
    },
  },
  build: ({ numClasses, first, start }) =>
    sequential(
      first === "whiten" ? whiten("whiten") : conv("whiten", 24, 2, 1, 0, { bias: 0 }),
      gelu,
      ...widths.map((width, index) => group(`group${index + 1}`, width, start)),
      // Of 3x3 for images of 32 pixels.
      globalMaxPool,
      flatten,
      linear("head", numClasses, { weightInit: { kind: "uniform", std: 1 }, bias: null }),
      scale(1 / features),
    ),
});
