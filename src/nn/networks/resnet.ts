// Residual networks (He et al. 2016) of basic blocks and of bottlenecks, for images of 32 pixels, as the Cutout paper
// used ResNet-18, and for photos. ResNet-18 has 11,173,962 parameters for ten classes with the small stem.
import { defineNetwork, memberOf } from "../definition.ts";
import {
  batchNorm,
  conv,
  flatten,
  globalAvgPool,
  identity,
  type Layer,
  linear,
  maxPool,
  relu,
  residual,
  sequential,
} from "../layers/index.ts";
import { choice } from "../options.ts";

/** A block: its layers but for the shortcut and the last ReLU, and the channels that it gives for each of its width. */
interface Block {
  readonly expansion: number;
  body(name: string, width: number, stride: number): readonly Layer[];
}

const basic: Block = {
  expansion: 1,
  body: (name, width, stride) => [
    conv(`${name}.conv1`, width, 3, stride, 1),
    batchNorm(`${name}.bn1`),
    relu,
    conv(`${name}.conv2`, width, 3, 1, 1),
    batchNorm(`${name}.bn2`),
  ],
};

/** The stride stands at the 3x3 convolution, as in torchvision ("v1.5"), not at the first as in the paper. */
const bottleneck: Block = {
  expansion: 4,
  body: (name, width, stride) => [
    conv(`${name}.conv1`, width, 1),
    batchNorm(`${name}.bn1`),
    relu,
    conv(`${name}.conv2`, width, 3, stride, 1),
    batchNorm(`${name}.bn2`),
    relu,
    conv(`${name}.conv3`, 4 * width, 1),
    batchNorm(`${name}.bn3`),
  ],
};

/** Blocks of each stage: table 1 of the paper. */
const depths = {
  18: { block: basic, stages: [2, 2, 2, 2] },
  34: { block: basic, stages: [3, 4, 6, 3] },
  50: { block: bottleneck, stages: [3, 4, 6, 3] },
} as const satisfies Readonly<Record<number, { readonly block: Block; readonly stages: readonly number[] }>>;

const stems = {
  cifar: [conv("conv1", 64, 3, 1, 1), batchNorm("bn1"), relu],
  imagenet: [conv("conv1", 64, 7, 2, 3), batchNorm("bn1"), relu, maxPool(3, 2, 1)],
};

/** The family, ResNet-depth. */
const resnet = defineNetwork({
  name: "resnet",
  summary: "ResNet for images of 32 pixels, or with another stem for photos",
  options: {
    depth: { kind: choice([18, 34, 50]), otherwise: 18 as const, help: "layers with weights" },
    stem: {
      kind: choice(["cifar", "imagenet"]),
      otherwise: "cifar" as const,
      help: "first convolution: 3x3 for small images, or 7x7 with stride 2 and max pooling for photos",
    },
  },
  build({ numClasses, depth, stem }) {
    const { block, stages } = depths[depth];
    let channels = 64;
    const blocks = stages.flatMap((count, stage) =>
      Array.from({ length: count }, (_, index) => {
        const name = `layer${stage + 1}.${index}`;
        const width = 64 * 2 ** stage;
        const [before, after] = [channels, width * block.expansion];
        channels = after;
        const stride = stage > 0 && index === 0 ? 2 : 1;
        const shortcut =
          stride === 1 && before === after
            ? identity
            : sequential(conv(`${name}.shortcut.0`, after, 1, stride, 0), batchNorm(`${name}.shortcut.1`));
        return sequential(residual(sequential(...block.body(name, width, stride)), shortcut), relu);
      }),
    );
    return sequential(...stems[stem], ...blocks, globalAvgPool, flatten, linear("linear", numClasses));
  },
});

export const resnet18 = memberOf(
  resnet,
  "resnet18",
  { depth: 18 },
  "ResNet-18 for images of 32 pixels, as the Cutout paper used it, or with another stem for photos",
);
export const resnet34 = memberOf(
  resnet,
  "resnet34",
  { depth: 34 },
  "ResNet-34 for images of 32 pixels, or with another stem for photos",
);
export const resnet50 = memberOf(
  resnet,
  "resnet50",
  { depth: 50 },
  "ResNet-50 for images of 32 pixels, or with another stem for photos",
);
