// The shipped networks by name.
import { alexnet } from "./alexnet.ts";
import type { Layer } from "./layers.ts";
import { type Network, network } from "./network.ts";
import { resnet9 } from "./resnet9.ts";
import { resnet18 } from "./resnet18.ts";

/** How weights start: as in the network's own source, or He et al. (2015) everywhere. The ResNets' own is He's. */
export type Initialization = "original" | "he";

const families = {
  alexnet: ({ numClasses, initialization }) => alexnet(numClasses, initialization),
  resnet18: ({ numClasses }) => resnet18(numClasses),
  resnet9: ({ numClasses, input }) => resnet9(numClasses, 32, Math.min(input.height, input.width)),
} as const satisfies Record<string, (options: NetworkOptions) => Layer>;

export type ModelName = keyof typeof families;

export const modelNames = Object.keys(families) as ModelName[];

export interface NetworkOptions {
  readonly input: Network["input"];
  /** 2 or more. */
  readonly numClasses: number;
  readonly initialization: Initialization;
}

/** @throws when the name is unknown, there are fewer than two classes, or the images are too small */
export function buildNetwork(name: ModelName, options: NetworkOptions): Network {
  const { input, numClasses } = options;
  if (!Object.hasOwn(families, name)) {
    throw new Error(`model: must be one of ${modelNames.join(", ")}, got ${name}`);
  }
  if (!Number.isInteger(numClasses) || numClasses < 2) {
    throw new Error(`${name}: needs two classes or more, got ${numClasses}`);
  }
  return network(name, input, numClasses, families[name](options));
}
