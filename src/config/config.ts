// Everything a run can be told, in one schema: types, ranges, defaults and help come from here.

import { z } from "zod";
import { alternating, createMix, type MixSpec, paddingModes } from "../augment/index.ts";
import type { Columns } from "../data/index.ts";
import { dataFormats } from "../data/names.ts";
import { networks } from "../nn/networks/index.ts";
import { type RegularizerInput, type RegularizerSpec, regularizerNames } from "../nn/regularizers.ts";
import { arithmetics } from "../runtime/arithmetic.ts";
import { convAlgorithmNames, convolutionModes } from "../runtime/choice.ts";
import { augmentationsOfConfig, augmentationsOfSettings } from "./augmentation-fields.ts";
import { mixFrom, namedForm } from "./augmentation-text.ts";
import { automatic, optional } from "./automatic-fields.ts";
import { columnsFrom } from "./columns-text.ts";
import { cutoutOfConfig, cutoutOfSettings } from "./cutout-fields.ts";
import { choice, group, integer, number, part, text, told } from "./fields.ts";
import { filter } from "./filter-fields.ts";
import {
  type NetworkInput,
  type NetworkSettings,
  type NetworkText,
  networkForm,
  networkFrom,
} from "./network-text.ts";
import { from, objectives } from "./objective-fields.ts";
import { optimizerFields, updateFields } from "./optimizer-fields.ts";
import { progressive } from "./progressive-fields.ts";
import { regularizerForm, regularizerFrom } from "./regularize-text.ts";
import { schedules } from "./schedule-fields.ts";
import { viewsNames } from "./views.ts";

/** Written into config.json; raised whenever its meaning changes. Versions from `oldestVersion` on are read. */
export const formatVersion = 7;
export const oldestVersion = 2;

function readMix(given: MixSpec | string): MixSpec {
  const spec = typeof given === "string" ? mixFrom(given) : given;
  createMix(spec);
  return spec;
}

const flipError = { error: () => `must be a number from 0 to 1, or ${alternating}` };

/** `resnet9, wrn-16-4 (dropout)` */
const networksHelp = networks
  .map(({ name, options }) => {
    const own = Object.keys(options);
    return own.length === 0 ? name : `${name} (${own.join(", ")})`;
  })
  .join(", ");

const deviceHelp =
  "where the network runs: the processor, a graphics card by WebGPU, or a graphics card if there is one";

function hasValidation({ split }: { readonly split: { readonly validation: number } }): boolean {
  return split.validation !== 0;
}

/** Of what goes by the scores in validation. */
const needsValidation = {
  error: "goes by the validation part",
  params: { got: "--validation 0", remedy: "leave one of the two out" },
};

type Fields = {
  readonly [Name in keyof typeof automatic | "device" | "cutout" | "augmentations"]: z.ZodType;
};

function schemaOf<F extends Fields>(fields: F) {
  const schedule = z.discriminatedUnion("kind", schedules(fields.learningRate as F["learningRate"]), {
    error: (issue) =>
      issue.code === "invalid_union"
        ? "must be constant, steps, cosine, one-cycle or plateau"
        : "must be an object with the fields of schedule",
  });
  const optimizer = optimizerFields({
    nesterov: fields.nesterov as F["nesterov"],
    decayBiasAndNorm: fields.decayBiasAndNorm as F["decayBiasAndNorm"],
  });
  return group("a config", {
    data: text("folder, file or address of images, or fashion-mnist", "a folder of images, or fashion-mnist"),
    format: choice("how the data are kept; auto tells it from what is there", [
      "auto",
      ...dataFormats,
    ]).default("auto"),
    columns: told<Columns, Columns>(
      "columns, arrays or fields of the images and their labels, as image,label",
      "two names, as image,label",
      columnsFrom,
    )
      .nullable()
      .default(null),
    model: told<NetworkSettings, NetworkInput, NetworkText>(
      `network, with options of its own as wrn-16-4:dropout=0.3, or the path of a file that defines one: ${networksHelp}`,
      networkForm,
      networkFrom,
    ).prefault("resnet9"),
    from,
    objective: z
      .discriminatedUnion("kind", objectives, {
        error: (issue) =>
          issue.code === "invalid_union"
            ? "must be denoise or context-encoder (of cutout pretrain), or classify (of cutout train)"
            : "must be an object with the fields of objective",
      })
      .default({ kind: "classify" }),
    imageSize: fields.imageSize as F["imageSize"],
    cacheSize: fields.cacheSize as F["cacheSize"],
    fit: choice("how an image becomes a square: cut the longer side, or squash it", [
      "cover",
      "squash",
    ]).default("squash"),
    split: group("split", {
      validation: part(
        "validation part of data that come without one, or 0: then the last epoch is kept, not the best one",
        { none: true },
      ).default(0.1),
      test: part("test part of data that come without one").default(0.25),
      train: integer("number of training images, each class in its share; by default all that are left", {
        min: 1,
      })
        .nullable()
        .default(null),
      groups: text("file of image names that must stay in one part: a group a line, separated by tabs")
        .nullable()
        .default(null),
      seed: fields.splitSeed as F["splitSeed"],
    }).prefault({} as never),
    seed: integer("everything random follows from it", { min: 0, max: 2 ** 31 - 1 }).default(0),
    epochs: fields.epochs as F["epochs"],
    batchSize: fields.batchSize as F["batchSize"],
    optimizer,
    ...updateFields,
    progressive,
    filter,
    schedule,
    labelSmoothing: number("share of the target spread over all classes", {
      min: 0,
      max: 1,
      below: true,
    }).default(0),
    classWeights: choice("weight of a class in the loss: all the same, or the rarer the heavier", [
      "none",
      "balanced",
    ]).default("none"),
    regularize: z
      .array(told<RegularizerSpec, RegularizerInput>("", regularizerForm, regularizerFrom), {
        error: () => `must be a list of texts, each ${regularizerForm}`,
      })
      .describe(
        `what is dropped inside the network, at a layer by its name, as spatial-dropout:0.1@layer3, or at last or all: ${regularizerNames.join(", ")}`,
      )
      .default([]),
    augment: group("augment", {
      padding: fields.padding as F["padding"],
      paddingMode: choice(
        "what the padding shows: one colour, or the image mirrored at its border",
        paddingModes,
      ).default("constant"),
      flip: z
        .union([z.number(flipError).min(0, flipError).max(1, flipError), z.literal(alternating)], flipError)
        .describe(
          `probability of a left-right flip, or ${alternating}: in every other epoch, half of the images in the first`,
        )
        .default(0.5),
      cutout: fields.cutout as F["cutout"],
      augmentations: fields.augmentations as F["augmentations"],
      targeted: group("targeted", {
        layer: text(
          "targeted Cutout: masks what a layer, by its name or last, responded to most in the epoch before",
          "the name of a layer",
        ),
      })
        .nullable()
        .default(null),
      mix: told<MixSpec, MixSpec>(
        "what is done to whole batches, as cutmix, mixup:alpha=0.2 or batch-augmentation:copies=4",
        namedForm,
        readMix,
      )
        .nullable()
        .default(null),
    }).prefault({} as never),
    earlyStopping: group("earlyStopping", {
      patience: integer("epochs without a better validation accuracy before the run ends", { min: 1 }),
    })
      .nullable()
      .default(null),
    keep: fields.keep as F["keep"],
    crops: choice(
      "views of an image in validation and test: its centre; ten crops averaged (corners and centre, each flipped too); or six (the centre, and moved a little to two sides, each flipped too)",
      viewsNames,
    ).default("center"),
    threads: fields.threads as F["threads"],
    loaderWorkers: integer("threads that read and augment images; any number trains the same, bit for bit", {
      min: 0,
      max: 64,
    }).default(1),
    device: fields.device as F["device"],
    arithmetic: choice(
      "of matrix products: float32, or bfloat16 on Arm processors, which have it; faster, with 3 significant digits in each factor",
      arithmetics,
    ).default("float32"),
    convolution: choice(
      "algorithm of each convolution: by a fixed rule, the fastest as timed here (once, then remembered), or one wherever it fits",
      convolutionModes,
    ).default("fixed"),
    timedConvolutions: z
      .record(z.string(), choice("algorithm", convAlgorithmNames), {
        error: () => "must be an object of an algorithm for each convolution",
      })
      .describe("what timing has found: these are not timed again")
      .default({}),
    maxPixels: integer("largest image that is decoded, pixels", { min: 1 }).default(100_000_000),
    maxBroken: number("share of unreadable images above which a run does not start", {
      min: 0,
      max: 1,
    }).default(0.1),
    cacheDir: text("folder of decoded images").default(".cache/cutout"),
    runsDir: text("folder in which run folders are made").default("runs"),
  })
    .refine((given) => hasValidation(given) || given.earlyStopping === null, {
      path: ["earlyStopping", "patience"],
      ...needsValidation,
    })
    .refine((given) => hasValidation(given) || given.schedule.kind !== "plateau", {
      path: ["schedule", "kind"],
      ...needsValidation,
    })
    .refine((given) => hasValidation(given) || (given as { readonly keep?: string }).keep !== "best", {
      path: ["keep"],
      ...needsValidation,
      error: "best goes by the validation part",
    });
}

/** A complete config, as stored in a run folder: nothing is left to a default. */
export const configSchema = schemaOf({
  ...automatic,
  cutout: cutoutOfConfig,
  augmentations: augmentationsOfConfig,
  device: choice(deviceHelp, ["cpu", "webgpu"]),
});
/** What a person gives: fields that follow from the data and the machine may be missing. */
export const settingsSchema = schemaOf({
  ...optional(),
  cutout: cutoutOfSettings,
  augmentations: augmentationsOfSettings,
  device: choice(deviceHelp, ["cpu", "webgpu", "auto"]).default("cpu"),
});

export type Config = z.output<typeof configSchema>;
export type Settings = z.output<typeof settingsSchema>;
/** Settings before defaults: what config files hold, and programs give. */
export type SettingsInput = z.input<typeof settingsSchema>;
