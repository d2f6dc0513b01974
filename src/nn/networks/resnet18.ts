// ResNet-18 (He et al. 2016) in the form for 32x32 images that the Cutout paper used: a 3x3 stem without pooling,
// widths 64 to 512; 11,173,962 parameters for ten classes.
import { defineNetwork } from "../definition.ts";
import {
  batchNorm,
  conv,
  flatten,
  globalAvgPool,
  identity,
  type Layer,
  linear,
  relu,
  residual,
  sequential,
} from "../layers/index.ts";

function basicBlock(name: string, inChannels: number, channels: number, stride: number): Layer {
  const body = sequential(
    conv(`${name}.conv1`, channels, 3, stride, 1),
    batchNorm(`${name}.bn1`),
    relu,
    conv(`${name}.conv2`, channels, 3, 1, 1),
    batchNorm(`${name}.bn2`),
  );
  const shortcut =
    stride === 1 && inChannels === channels
      ? identity
      : sequential(conv(`${name}.shortcut.0`, channels, 1, stride, 0), batchNorm(`${name}.shortcut.1`));
  return sequential(residual(body, shortcut), relu);
}

const stages = [
  { channels: 64, stride: 1 },
  { channels: 128, stride: 2 },
  { channels: 256, stride: 2 },
  { channels: 512, stride: 2 },
];

export const resnet18 = defineNetwork({
  name: "resnet18",
  summary: "ResNet-18 for images of 32 pixels, as the Cutout paper used it",
  build({ numClasses }) {
    const blocks = stages.flatMap(({ channels, stride }, index) => [
      basicBlock(`layer${index + 1}.0`, stages[index - 1]?.channels ?? 64, channels, stride),
      basicBlock(`layer${index + 1}.1`, channels, channels, 1),
    ]);
    return sequential(
      conv("conv1", 64, 3, 1, 1),
      batchNorm("bn1"),
      relu,
      ...blocks,
      globalAvgPool,
      flatten,
      linear("linear", numClasses),
    );
  },
});
