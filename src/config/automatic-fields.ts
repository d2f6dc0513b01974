// Fields whose default follows from the data, the network or the machine; `resolve.ts` fills them in before a run starts.
import type { z } from "zod";
import { boolean, choice, integer, number } from "./fields.ts";

/** As a complete config has them. */
export const automatic = {
  imageSize: integer(
    "side of the square image the network sees, pixels; by default 64 for photos, the images' own for CIFAR-10 and Fashion-MNIST, 227 for alexnet",
    { min: 8, max: 1024 },
  ),
  cacheSize: integer(
    "side of the decoded image that crops are cut from, pixels; by default an eighth more than --size for photos",
    {
      min: 8,
      max: 2048,
    },
  ),
  epochs: integer("passes over the training images; by default 15, more with few images", {
    min: 1,
    max: 100_000,
  }),
  batchSize: integer("images in one training step; by default 128, fewer with few images", {
    min: 1,
    max: 65_536,
  }),
  learningRate: number(
    "learning rate, at its highest; by default what suits the network and the schedule, less in proportion with batches below 128 (alexnet: 256); 0.001 with adam and adamw, 0.02 with muon, less by the root of the share with smaller batches",
    {
      min: 0,
      above: true,
    },
  ),
  padding: integer(
    "pixels added on every side before the random crop; by default an eighth of the side where there is no other room to crop",
    {
      min: 0,
      max: 256,
    },
  ),
  splitSeed: integer("the division into parts follows from it; by default the same as --seed", {
    min: 0,
    max: 2 ** 31 - 1,
  }),
  keep: choice(
    "which epoch's weights are kept, tested and exported: the best on validation, or the last; by default the last where the learning rate ends low (one-cycle, cosine) and nothing ends the run early, or without validation, else the best",
    ["best", "last"],
  ),
  threads: integer("processor threads for the network; by default all", { min: 1, max: 1024 }),
  nesterov: boolean("Nesterov's momentum; by default on for residual networks, off for alexnet"),
  decayBiasAndNorm: boolean(
    "weight decay for biases and batch normalization too; by default off for residual networks, on for alexnet",
  ),
};

type Optional = { [Name in keyof typeof automatic]: z.ZodOptional<(typeof automatic)[Name]> };

/** The same fields, any of which may be left out. */
export function optional(): Optional {
  const entries = Object.entries(automatic).map(([name, field]) => [
    name,
    field.optional().describe(field.description ?? ""),
  ]);
  return Object.fromEntries(entries) as Optional;
}
