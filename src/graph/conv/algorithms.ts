// The convolution algorithms by name, and the rule that chooses one.
import { im2col } from "./im2col.ts";
import { pointwise } from "./pointwise.ts";
import { spaceToDepth } from "./space-to-depth.ts";
import type { ConvAlgorithm, ConvSpec } from "./spec.ts";
import { winograd } from "./winograd.ts";

export const convAlgorithms = { pointwise, im2col, winograd, spaceToDepth } as const satisfies Record<
  string,
  ConvAlgorithm
>;

export type ConvAlgorithmName = keyof typeof convAlgorithms;

export type ConvChoice = (spec: ConvSpec) => ConvAlgorithmName;

/** The algorithms that can compute a convolution, the one that fits every geometry last. */
export const candidates = (spec: ConvSpec): ConvAlgorithmName[] =>
  (["pointwise", "winograd", "spaceToDepth", "im2col"] as const).filter((name) =>
    convAlgorithms[name].applies(spec),
  );

/**
 * A fixed rule: the first candidate, but im2col where few channels (the three of a first layer) make the transforms
 * of Winograd cost more than they save.
 */
export const chooseByRule: ConvChoice = (spec) => {
  const [first] = candidates(spec);
  const few = first === "winograd" && Math.min(spec.inChannels, spec.outChannels) < 16;
  return few ? "im2col" : first!;
};

/** One algorithm wherever it applies, the rule's choice elsewhere: for tests and comparisons. */
export const always =
  (name: ConvAlgorithmName): ConvChoice =>
  (spec) =>
    convAlgorithms[name].applies(spec) ? name : chooseByRule(spec);
