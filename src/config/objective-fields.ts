// The config's parts `objective`, what a run learns, and `from`, the run whose weights it begins with.
import { z } from "zod";
import type { AugmentationSpec } from "../augment/index.ts";
import { checkCorruption, corruptionNames } from "../augment/pipeline/corruption.ts";
import { CutoutError } from "../error.ts";
import { augmentationFrom, namedForm } from "./augmentation-text.ts";
import { choice, group, number, told } from "./fields.ts";

const kindHelp = "what is learnt without labels: to take masks or noise away, or to fill in a region";

function readCorruption(given: AugmentationSpec | string): AugmentationSpec {
  const spec = typeof given === "string" ? augmentationFrom(given) : given;
  checkCorruption(spec);
  return spec;
}

/** What a run learns, by its kind: to tell classes apart, or without labels to rebuild images. */
export const objectives = [
  group("objective", { kind: z.literal("classify").describe(kindHelp) }),
  group("objective", {
    kind: z.literal("denoise"),
    corruption: z
      .array(told<AugmentationSpec, AugmentationSpec>("", namedForm, readCorruption), {
        error: () => `must be a list of texts, each ${namedForm}`,
      })
      .min(1, { error: () => "must hold one at least" })
      .describe(
        `what is done to the images that the network sees, as hide-and-seek or salt-and-pepper:pepper=-2,salt=2 (in units of the normalized image): ${corruptionNames().join(", ")}`,
      )
      .default([{ name: "masking-noise", options: { share: 0.25, per: "pixel" } }]),
    emphasis: number(
      "weight in the loss of what was corrupted, the rest having 1 minus it: with 1 only what was corrupted counts, with 0.5 all alike",
      { min: 0, above: true, max: 1 },
    ).default(1),
  }),
  group("objective", {
    kind: z.literal("context-encoder"),
    region: choice("what is hidden: the middle, half as wide and high, or blobs, a quarter of the image", [
      "center",
      "random",
    ]).default("center"),
    overlapWeight: number(
      "weight in the loss of the border that the middle region shares with what is shown",
      {
        min: 0,
      },
    ).default(10),
  }),
] as const;

export type ObjectiveKind = z.output<(typeof objectives)[number]>["kind"];

/** A run whose weights another begins with. */
export interface From {
  /** Its folder. */
  readonly run: string;
  /** Which of its checkpoints; null for what it keeps. */
  readonly weights: "best" | "last" | null;
  /** SHA-256 of the checkpoint's file, from when the run began; null before. */
  readonly sha256: string | null;
}

const fromHelp =
  "begin with the weights of another run of the same network, a pretraining or a classifier with any classes; the head starts fresh";

function readFrom(given: From | string): From {
  if (typeof given === "string") {
    if (given.trim() !== "") return { run: given, weights: null, sha256: null };
    throw new CutoutError({ where: "from", what: "must be a run folder", got: "nothing", kind: "settings" });
  }
  const { run, weights = null, sha256 = null, ...others } = given;
  const [unknown] = Object.keys(others);
  const right =
    typeof run === "string" &&
    run !== "" &&
    (weights === null || weights === "best" || weights === "last") &&
    (sha256 === null || (typeof sha256 === "string" && /^[0-9a-f]{64}$/.test(sha256)));
  if (right && unknown === undefined) return { run, weights, sha256 };
  throw new CutoutError({
    where: "from",
    what: 'must be a run folder, or { run, weights: "best", "last" or null, sha256: 64 hexadecimal digits or null }',
    got: JSON.stringify(given).slice(0, 60),
    kind: "settings",
  });
}

export const from = told<From, From>(fromHelp, "a run folder", readFrom).nullable().default(null);
