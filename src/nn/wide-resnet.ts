// Wide ResNet (Zagoruyko and Komodakis 2016) for 32x32 images: pre-activation blocks, dropout between the two
// convolutions of a block. WRN-16-4 has 2,748,890 parameters for ten classes.
import { batchNorm, classifier, conv, flatten, relu, residual, sequential } from "./blocks.ts";
import type { Layer } from "./layers.ts";

/** B(3,3) of the paper's section 2, with the dropout of its section 2.4. */
function block(name: string, inChannels: number, channels: number, stride: number, dropout: number): Layer {
  const activation = [batchNorm(`${name}.bn1`), relu];
  const convolutions = [
    conv(`${name}.conv1`, channels, 3, stride, 1),
    batchNorm(`${name}.bn2`),
    relu,
    ...(dropout > 0 ? [{ kind: "dropout", probability: dropout } as const] : []),
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

/**
 * @param depth 6n + 4: three groups of n blocks
 * @param widen factor on the widths 16, 32, 64
 * @param dropout chance that a value between the convolutions of a block is dropped, [0, 1); the paper's is 0.3
 */
export function wideResnet(numClasses: number, depth: number, widen: number, dropout: number): Layer {
  const blocks = (depth - 4) / 6;
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
    conv("conv1", 16, 3, 1, 1),
    ...groups,
    batchNorm("bn"),
    relu,
    { kind: "globalAvgPool" },
    flatten,
    classifier("linear", numClasses),
  );
}
