// The convolution algorithms by name, and the rule that chooses one.
import { im2col } from "./im2col.ts";
import type { ConvAlgorithm, ConvSpec } from "./spec.ts";
import { winograd } from "./winograd.ts";

export const convAlgorithms = { im2col, winograd } as const satisfies Record<string, ConvAlgorithm>;

export type ConvAlgorithmName = keyof typeof convAlgorithms;

export type ConvChoice = (spec: ConvSpec) => ConvAlgorithmName;

/**
 * A fixed rule: Winograd where it applies and the channels are many enough for its transforms to pay.
 * With few channels (the first layer's three) the transforms cost more than they save.
 */
export const chooseByRule: ConvChoice = (spec) =>
  winograd.applies(spec) && Math.min(spec.inChannels, spec.outChannels) >= 16 ? "winograd" : "im2col";

/** One algorithm wherever it applies, im2col elsewhere: for tests and comparisons. */
export const always =
  (name: ConvAlgorithmName): ConvChoice =>
  (spec) =>
    convAlgorithms[name].applies(spec) ? name : "im2col";
