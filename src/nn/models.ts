// The shipped networks by name.
import { alexnet } from "./alexnet.ts";
import type { Layer } from "./layers.ts";
import { type Network, network } from "./network.ts";
import { resnet9 } from "./resnet9.ts";
import { resnet18 } from "./resnet18.ts";
import { wideResnet } from "./wide-resnet.ts";

/** How weights start: as in the network's own source, or He et al. (2015) everywhere. The ResNets' own is He's. */
export type Initialization = "original" | "he";

const families = {
  alexnet: ({ numClasses, initialization }) => alexnet(numClasses, initialization),
  resnet18: ({ numClasses }) => resnet18(numClasses),
  resnet9: ({ numClasses, input }) => resnet9(numClasses, 32, Math.min(input.height, input.width)),
  "wrn-16-4": ({ numClasses, dropout }) => wideResnet(numClasses, 16, 4, dropout ?? 0),
} as const satisfies Record<string, (options: NetworkOptions) => Layer>;

export type ModelName = keyof typeof families;

export const modelNames = Object.keys(families) as ModelName[];

/** Networks whose dropout can be set. AlexNet's is its own. */
export const networksWithDropout: readonly ModelName[] = ["wrn-16-4"];

export interface NetworkOptions {
  readonly input: Network["input"];
  /** 2 or more. */
  readonly numClasses: number;
  readonly initialization: Initialization;
  /** Chance that a value between the convolutions of a block of `wrn-16-4` is dropped, [0, 1); 0 when left out. */
  readonly dropout?: number;
}

/** @throws when the name is unknown, a setting is not for this network, there are fewer than two classes, or the images are too small */
export function buildNetwork(name: ModelName, options: NetworkOptions): Network {
  const { input, numClasses } = options;
  if (!Object.hasOwn(families, name)) {
    throw new Error(`model: must be one of ${modelNames.join(", ")}, got ${name}`);
  }
  if (!Number.isInteger(numClasses) || numClasses < 2) {
    throw new Error(`${name}: needs two classes or more, got ${numClasses}`);
  }
  const { dropout = 0 } = options;
  if (!(dropout >= 0 && dropout < 1) || (dropout > 0 && !networksWithDropout.includes(name))) {
    const range = networksWithDropout.includes(name)
      ? "a number >= 0 and < 1"
      : `0 except for ${networksWithDropout.join(", ")}`;
    throw new Error(`${name}: dropout must be ${range}, got ${dropout}`);
  }
  return network(name, input, numClasses, families[name](options));
}
