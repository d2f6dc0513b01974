// The list of networks.
import { alexnet } from "./alexnet.ts";
import { resnet9 } from "./resnet9.ts";
import { resnet18 } from "./resnet18.ts";
import { wrn16x4 } from "./wide-resnet.ts";

export const networks = [alexnet, resnet18, resnet9, wrn16x4] as const;

export type NetworkName = (typeof networks)[number]["name"];

export const networkNames: readonly NetworkName[] = networks.map(({ name }) => name);
