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

/** Output pixels of a batch from which on the work on the weights, which does not grow with them, is made up for. */
const enoughPixels = { winograd: 256, spaceToDepth: 1024 } as const;

/** Whether a way that transforms image and weights costs more than it saves: `cutout bench --layers` times both. */
function losesByTransforming(name: keyof typeof enoughPixels, spec: ConvSpec): boolean {
  const { stride, output, batch } = spec;
  const inChannels = spec.inChannels / spec.groups;
  // The three channels of an image, or the twelve of its blocks: im2col has few columns to lay out.
  const image = inChannels <= 3 && inChannels * stride[0] * stride[1] < 16;
  // Most of a tile would lie outside.
  const tiny = Math.min(...output) < 3;
  return image || tiny || output[0] * output[1] * batch < enoughPixels[name];
}

/** A fixed rule, the same on every machine: the first candidate, or im2col where that one has too little to gain. */
export const chooseByRule: ConvChoice = (spec) => {
  const first = candidates(spec)[0]!;
  const transforms = first === "winograd" || first === "spaceToDepth";
  return transforms && losesByTransforming(first, spec) ? "im2col" : first;
};

/** One algorithm wherever it applies, the rule's choice elsewhere: for tests and comparisons. */
export const always =
  (name: ConvAlgorithmName): ConvChoice =>
  (spec) =>
    convAlgorithms[name].applies(spec) ? name : chooseByRule(spec);
