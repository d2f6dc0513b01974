// The networks of the benchmark: the shipped ones, and one so small that every engine can train it.
import { buildNetwork } from "../src/nn/build.ts";
import { conv, flatten, linear, maxPool, relu, sequential } from "../src/nn/layers/index.ts";
import { type Network, network } from "../src/nn/network.ts";
import type { NetworkName } from "../src/nn/networks/index.ts";

interface BenchNetwork {
  /** Of the images, pixels. */
  readonly side: number;
  readonly numClasses: number;
  build(): Network;
}

const shipped = (name: NetworkName, side: number, numClasses: number): BenchNetwork => ({
  side,
  numClasses,
  build: () =>
    buildNetwork(name, {
      input: { height: side, width: side, channels: 3 },
      numClasses,
    }),
});

/** 24,122 parameters, 5.6 million operations an image; no batch normalization. */
const tinyLayers = sequential(
  ...[16, 32, 64].flatMap((channels, index) => [
    conv(`conv${index + 1}`, channels, 3, 1, 1),
    relu,
    maxPool(2, 2),
  ]),
  { kind: "globalAvgPool" },
  flatten,
  linear("linear", 10),
);

/** Its peers' side is peers/torch_networks.py. */
export const benchNetworks = {
  resnet9: shipped("resnet9", 32, 10),
  resnet18: shipped("resnet18", 32, 10),
  "wrn-16-4": shipped("wrn-16-4", 32, 10),
  alexnet: shipped("alexnet", 227, 2),
  airbench94: shipped("airbench94", 32, 10),
  tiny: {
    side: 32,
    numClasses: 10,
    build: () => network("tiny", { height: 32, width: 32, channels: 3 }, 10, tinyLayers),
  },
} as const satisfies Record<string, BenchNetwork>;

export type BenchModel = keyof typeof benchNetworks;

export const benchModels = Object.keys(benchNetworks) as readonly BenchModel[];

/** @throws when there is no such network */
export function benchModel(name: string): BenchModel {
  const found = benchModels.find((model) => model === name);
  if (found === undefined) throw new Error(`--models: must be among ${benchModels.join(", ")}, got ${name}`);
  return found;
}
