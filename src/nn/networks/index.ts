// The list of networks.
import type { NetworkDefinition } from "../definition.ts";
import { airbench94 } from "./airbench94.ts";
import { alexnet, alexnet2012 } from "./alexnet.ts";
import { resnet18, resnet34, resnet50 } from "./resnet.ts";
import { resnet9 } from "./resnet9.ts";
import { shakeShake26x32, shakeShake26x64, shakeShake26x96, shakeShake29 } from "./shake-shake.ts";
import { type WideResnetName, wideResnetMember, wrn16x4, wrn16x8, wrn28x10, wrn40x4 } from "./wide-resnet.ts";

export const networks = [
  alexnet,
  alexnet2012,
  resnet9,
  resnet18,
  resnet34,
  resnet50,
  wrn16x4,
  wrn16x8,
  wrn28x10,
  wrn40x4,
  shakeShake26x32,
  shakeShake26x64,
  shakeShake26x96,
  shakeShake29,
  airbench94,
] as const;

/** A family whose members are too many to list: how their names look, and the member that a name means. */
interface Family {
  readonly form: string;
  /** undefined when the name has another form. @throws CutoutError when there is no such member */
  member(name: string): NetworkDefinition | undefined;
}

export const families: readonly Family[] = [
  {
    form: "wrn-DEPTH-WIDEN",
    member(name) {
      const [, depth, widen] = /^wrn-([1-9]\d*)-([1-9]\d*)$/.exec(name) ?? [];
      return depth === undefined
        ? undefined
        : wideResnetMember(name as WideResnetName, Number(depth), Number(widen));
    },
  },
];

export type NetworkName = (typeof networks)[number]["name"] | WideResnetName;

export const networkNames: readonly (typeof networks)[number]["name"][] = networks.map(({ name }) => name);
