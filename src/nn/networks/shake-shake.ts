// Shake-Shake networks (Gastaldi 2017) for images of 32 pixels: residual blocks of two branches that are mixed at
// random. Those of 26 layers are the author's own (xgastaldi/shake-shake), with 2,923,162 parameters for ten classes at
// width 32; the one of 29 layers has ResNeXt's blocks, 34,437,450 parameters.
import { defineNetwork, memberOf } from "../definition.ts";
import {
  batchNorm,
  concat,
  conv,
  flatten,
  globalAvgPool,
  identity,
  type Layer,
  linear,
  relu,
  sequential,
  shake,
  shift,
} from "../layers/index.ts";
import { choice, integer } from "../options.ts";

const backward = {
  kind: choice(["shake", "even", "keep"]),
  help: "shares of the two branches' gradients: drawn anew, 1/2 each, or those of the forward pass",
};

const per = {
  kind: choice(["image", "batch"]),
  otherwise: "image" as const,
  help: "whether each image has shares of its own, or the batch has one",
};

interface Shares {
  readonly backward: "shake" | "even" | "keep";
  readonly per: "image" | "batch";
}

/** Begins with the activation: what comes in is a sum that nothing has cut. */
const branch = (name: string, channels: number, stride: number): Layer =>
  sequential(
    relu,
    conv(`${name}.conv1`, channels, 3, stride, 1),
    batchNorm(`${name}.bn1`),
    relu,
    conv(`${name}.conv2`, channels, 3, 1, 1),
    batchNorm(`${name}.bn2`),
  );

/**
 * Where the width changes, in the first stage too: half of the channels from every second pixel, half from the pixels
 * left of and above them, which a shift of the image by one pixel brings to the same places.
 */
const transition = (name: string, channels: number, stride: number): Layer =>
  sequential(
    relu,
    concat(
      conv(`${name}.conv1`, channels / 2, 1, stride),
      sequential(shift(1, 1), conv(`${name}.conv2`, channels / 2, 1, stride)),
    ),
    batchNorm(`${name}.bn`),
  );

/** Blocks of a stage, the first with the stride, from one width to another. */
function stage(
  name: string,
  count: number,
  stride: number,
  block: (name: string, stride: number, first: boolean) => Layer,
): readonly Layer[] {
  return Array.from({ length: count }, (_, index) =>
    block(`${name}.${index}`, index === 0 ? stride : 1, index === 0),
  );
}

const shakeShake26 = defineNetwork({
  name: "shake-shake-26",
  summary: "Shake-Shake of 26 layers for images of 32 pixels",
  options: {
    width: {
      kind: integer({ min: 2, max: 1024 }),
      otherwise: 32,
      help: "channels of a branch in the first stage",
    },
    backward: { ...backward, otherwise: "shake" as const },
    per,
  },
  build: ({ numClasses, width, ...shares }) =>
    sequential(
      // No ReLU: the branches begin with one.
      conv("conv1", 16, 3, 1, 1),
      batchNorm("bn1"),
      ...[1, 2, 4].flatMap((factor, index) =>
        stage(`layer${index + 1}`, 4, index === 0 ? 1 : 2, (name, stride, first) => {
          const channels = factor * width;
          return shake(
            branch(`${name}.branch1`, channels, stride),
            branch(`${name}.branch2`, channels, stride),
            {
              shortcut: first ? transition(`${name}.shortcut`, channels, stride) : identity,
              ...(shares satisfies Shares),
            },
          );
        }),
      ),
      relu,
      globalAvgPool,
      flatten,
      linear("linear", numClasses),
    ),
});

/** ResNeXt's (Xie et al. 2017), of 4 groups of 64 channels in the first stage: the activation follows the sum. */
const groupedBranch = (name: string, channels: number, stride: number): Layer =>
  sequential(
    conv(`${name}.conv1`, channels, 1),
    batchNorm(`${name}.bn1`),
    relu,
    conv(`${name}.conv2`, channels, 3, stride, 1, { groups: 4 }),
    batchNorm(`${name}.bn2`),
    relu,
    conv(`${name}.conv3`, channels, 1),
    batchNorm(`${name}.bn3`),
  );

export const shakeShake29 = defineNetwork({
  name: "shake-shake-29-2x4x64d",
  summary: "Shake-Shake of 29 layers with ResNeXt's grouped convolutions, for images of 32 pixels",
  // The paper's best here is shake-even-image.
  options: { backward: { ...backward, otherwise: "even" as const }, per },
  build: ({ numClasses, ...shares }) =>
    sequential(
      conv("conv1", 64, 3, 1, 1),
      batchNorm("bn1"),
      relu,
      ...[256, 512, 1024].flatMap((channels, index) =>
        stage(`layer${index + 1}`, 3, index === 0 ? 1 : 2, (name, stride, first) =>
          sequential(
            shake(
              groupedBranch(`${name}.branch1`, channels, stride),
              groupedBranch(`${name}.branch2`, channels, stride),
              {
                shortcut: first
                  ? sequential(
                      conv(`${name}.shortcut.conv`, channels, 1, stride),
                      batchNorm(`${name}.shortcut.bn`),
                    )
                  : identity,
                ...(shares satisfies Shares),
              },
            ),
            relu,
          ),
        ),
      ),
      globalAvgPool,
      flatten,
      linear("linear", numClasses),
    ),
});

const member26 = <Name extends string>(name: Name, width: number) =>
  memberOf(
    shakeShake26,
    name,
    { width },
    `Shake-Shake of 26 layers and width ${width}, for images of 32 pixels`,
  );

export const shakeShake26x32 = member26("shake-shake-26-2x32d", 32);
export const shakeShake26x64 = member26("shake-shake-26-2x64d", 64);
export const shakeShake26x96 = member26("shake-shake-26-2x96d", 96);
