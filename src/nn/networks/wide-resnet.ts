// Wide ResNet (Zagoruyko and Komodakis 2016) for 32x32 images: pre-activation blocks, dropout between the two
// convolutions of a block. WRN-28-10 has 36,479,194 parameters for ten classes.
import { defineNetwork, memberOf } from "../definition.ts";
import {
  batchNorm,
  conv,
  dropout as dropoutLayer,
  flatten,
  globalAvgPool,
  type Layer,
  linear,
  relu,
  residual,
  sequential,
} from "../layers/index.ts";
import { integer, type Kind, number } from "../options.ts";

/** B(3,3) of the paper's section 2, with the dropout of its section 2.4. */
function block(name: string, inChannels: number, channels: number, stride: number, dropout: number): Layer {
  const activation = [batchNorm(`${name}.bn1`), relu];
  const convolutions = [
    conv(`${name}.conv1`, channels, 3, stride, 1),
    batchNorm(`${name}.bn2`),
    relu,
    ...(dropout > 0 ? [dropoutLayer(dropout)] : []),
    conv(`${name}.conv2`, channels, 3, 1, 1),
  ];
  // Where the shape changes, the shortcut too starts from the activation; elsewhere it is the input itself.
  return stride === 1 && inChannels === channels
    ? residual(sequential(...activation, ...convolutions))
    : sequential(
        ...activation,
        residual(sequential(...convolutions), conv(`${name}.shortcut`, channels, 1, stride, 0)),
      );
}

/** Three groups of n blocks of two convolutions, and four layers around them. */
const depth: Kind<number> = {
  must: "6n + 4, from 10 to 1000",
  read: (value) =>
    integer({ min: 10, max: 1000 }).read(value) && (Number(value) - 4) % 6 === 0 ? Number(value) : undefined,
  examples: [10, 16, 28, 40],
};

/** The family, WRN-depth-widen: the paper's best for CIFAR-10 is WRN-28-10. */
export const wideResnet = defineNetwork({
  name: "wrn",
  summary: "Wide ResNet for images of 32 pixels",
  options: {
    depth: { kind: depth, otherwise: 16, help: "layers with weights" },
    widen: { kind: integer({ min: 1, max: 64 }), otherwise: 4, help: "factor on the widths 16, 32 and 64" },
    dropout: {
      kind: number({ min: 0, below: 1 }),
      otherwise: 0,
      help: "chance that a value between the convolutions of a block is dropped; the paper took 0.3 or none",
    },
    stride: {
      kind: integer({ min: 1, max: 2 }),
      otherwise: 1,
      help: "of the first convolution; 2 for larger images, as the Cutout paper has it for STL-10",
    },
  },
  build({ numClasses, depth: layers, widen, dropout, stride: firstStride }) {
    const blocks = (layers - 4) / 6;
    const groups = [16, 32, 64].flatMap((base, group) =>
      Array.from({ length: blocks }, (_, index) => {
        const channels = base * widen;
        const before = group === 0 ? 16 : channels / 2;
        const first = index === 0;
        const stride = first && group > 0 ? 2 : 1;
        return block(`group${group + 1}.${index}`, first ? before : channels, channels, stride, dropout);
      }),
    );
    return sequential(
      conv("conv1", 16, 3, firstStride, 1),
      ...groups,
      batchNorm("bn"),
      relu,
      globalAvgPool,
      flatten,
      linear("linear", numClasses),
    );
  },
});

/** `wrn-28-10`: any depth and factor. */
export type WideResnetName = `wrn-${number}-${number}`;

export const wideResnetMember = <Name extends WideResnetName>(name: Name, depth: number, widen: number) =>
  memberOf(
    wideResnet,
    name,
    { depth, widen },
    `Wide ResNet of ${depth} layers, ${widen} times as wide, for images of 32 pixels`,
  );

export const wrn16x4 = wideResnetMember("wrn-16-4", 16, 4);
/** The Cutout paper's for SVHN, with a dropout of 0.4. */
export const wrn16x8 = wideResnetMember("wrn-16-8", 16, 8);
/** The Cutout paper's for CIFAR, with a dropout of 0.3. */
export const wrn28x10 = wideResnetMember("wrn-28-10", 28, 10);
export const wrn40x4 = wideResnetMember("wrn-40-4", 40, 4);
