// Everything a run can be told, in one schema: types, ranges, defaults and help come from here.
import { z } from "zod";
import { augmentationNames } from "../augment/registry.ts";
import { parseAugmentation, parseMix } from "../augment/short-form.ts";
import { dataFormats, parseColumns } from "../data/names.ts";
import { type ModelName, modelNames, networksWithDropout } from "../nn/models.ts";
import { convAlgorithmNames, convolutionModes } from "../runtime/choice.ts";
import { automatic, optional } from "./automatic-fields.ts";
import { cutoutField } from "./cutout-fields.ts";
import { choice, integer, number, part, show, text, textReadBy, textsReadBy } from "./fields.ts";
import { schedules } from "./schedule-fields.ts";

/** Raised whenever an older config.json can no longer be read. */
export const formatVersion = 2;

/** How augmentations are told. */
const augmentationForm = "NAME or NAME:key=value,...";

const deviceHelp =
  "where the network runs: the processor, a graphics card by WebGPU, or a graphics card if there is one";

/** Whether Nesterov's momentum, where it is asked for, has a momentum. */
function hasMomentumForNesterov(given: object): boolean {
  const { momentum, nesterov } = given as { readonly momentum: number; readonly nesterov?: boolean };
  return nesterov !== true || momentum > 0;
}

type Fields = { readonly [Name in keyof typeof automatic | "device"]: z.ZodType };

function schemaOf<F extends Fields>(fields: F) {
  const schedule = z.discriminatedUnion("kind", schedules(fields.learningRate as F["learningRate"]), {
    error: (issue) =>
      issue.code === "invalid_union" ? "must be constant, steps, cosine, one-cycle or plateau" : undefined,
  });
  const cutout = cutoutField(fields.length as F["length"]);
  const optimizer = {
    momentum: number("momentum of SGD", { min: 0, max: 1, below: true }).default(0.9),
    nesterov: fields.nesterov as F["nesterov"],
    weightDecay: number("L2 penalty, added to the gradient as weightDecay x weight", { min: 0 }).default(
      5e-4,
    ),
    decayBiasAndNorm: fields.decayBiasAndNorm as F["decayBiasAndNorm"],
  };
  const object = z.strictObject({
    data: text("folder, file or address of images, or fashion-mnist", "a folder of images, or fashion-mnist"),
    format: choice("how the data are kept; auto tells it from what is there", [
      "auto",
      ...dataFormats,
    ]).default("auto"),
    columns: text("columns, arrays or fields of the images and their labels, as image,label")
      .refine((names) => parseColumns(names) !== null, {
        error: ({ input }) => `must be two names, as image,label, got ${show(input)}`,
      })
      .nullable()
      .default(null),
    model: choice("network", modelNames as readonly string[] as readonly [ModelName, ...ModelName[]]).default(
      "resnet9",
    ),
    initialization: choice("first weights: He's, or those of the network's own paper", [
      "he",
      "original",
    ]).default("he"),
    dropout: number(
      `dropout in the blocks of ${networksWithDropout.join(", ")}; its paper took 0.3 or none`,
      {
        min: 0,
        max: 1,
        below: true,
      },
    ).default(0),
    imageSize: fields.imageSize as F["imageSize"],
    cacheSize: fields.cacheSize as F["cacheSize"],
    fit: choice("how an image becomes a square: cut the longer side, or squash it", [
      "cover",
      "squash",
    ]).default("squash"),
    split: z
      .strictObject({
        validation: part("validation part of data that come without one").default(0.1),
        test: part("test part of data that come without one").default(0.25),
        train: integer("number of training images, each class in its share; by default all that are left", {
          min: 1,
        })
          .nullable()
          .default(null),
        groups: text("file of image names that must stay in one part: a group a line, separated by tabs")
          .nullable()
          .default(null),
      })
      .prefault({}),
    seed: integer("everything random follows from it", { min: 0, max: 2 ** 31 - 1 }).default(0),
    epochs: fields.epochs as F["epochs"],
    batchSize: fields.batchSize as F["batchSize"],
    optimizer: z
      .strictObject(optimizer)
      .refine(hasMomentumForNesterov, {
        path: ["momentum"],
        error: "must be above 0 with Nesterov's momentum, got 0; turn that off: --no-nesterov",
      })
      .prefault({} as never),
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
    augment: z
      .strictObject({
        padding: fields.padding as F["padding"],
        flip: number("probability of a left-right flip", { min: 0, max: 1 }).default(0.5),
        cutout,
        augmentations: textsReadBy(
          `augmentation after Cutout, as grid-mask or random-erasing:probability=1,fill=zero: ${augmentationNames.join(", ")}`,
          augmentationForm,
          parseAugmentation,
        ).default([]),
        mix: textReadBy(
          "what is done to whole batches, as cutmix, mixup:alpha=0.2 or batch-augmentation:copies=4",
          augmentationForm,
          parseMix,
        )
          .nullable()
          .default(null),
      })
      .prefault({} as never),
    earlyStopping: z
      .strictObject({
        patience: integer("epochs without a better validation accuracy before the run ends", { min: 1 }),
      })
      .nullable()
      .default(null),
    crops: choice("views of an image in validation and test: its centre, or ten crops averaged", [
      "center",
      "ten",
    ]).default("center"),
    threads: fields.threads as F["threads"],
    loaderWorkers: integer("threads that read and augment images; any number trains the same, bit for bit", {
      min: 0,
      max: 64,
    }).default(1),
    device: fields.device as F["device"],
    convolution: choice(
      "algorithm of each convolution: by a fixed rule, the fastest as timed here (once, then remembered), or one wherever it fits",
      convolutionModes,
    ).default("fixed"),
    timedConvolutions: z
      .record(z.string(), choice("algorithm", convAlgorithmNames))
      .describe("what timing has found: these are not timed again")
      .default({}),
    maxPixels: integer("largest image that is decoded, pixels", { min: 1 }).default(100_000_000),
    maxBroken: number("share of unreadable images above which a run does not start", {
      min: 0,
      max: 1,
    }).default(0.1),
    cacheDir: text("folder of decoded images").default(".cache/cutout"),
    runsDir: text("folder in which run folders are made").default("runs"),
  });
  return object.refine(({ dropout, model }) => dropout === 0 || networksWithDropout.includes(model), {
    path: ["dropout"],
    error: `must be 0 for this network; only ${networksWithDropout.join(", ")} takes another`,
  });
}

/** A complete config, as stored in a run folder: nothing is left to a default. */
export const configSchema = schemaOf({ ...automatic, device: choice(deviceHelp, ["cpu", "webgpu"]) });
/** What a person gives: fields that follow from the data and the machine may be missing. */
export const settingsSchema = schemaOf({
  ...optional(),
  device: choice(deviceHelp, ["cpu", "webgpu", "auto"]).default("cpu"),
});

export type Config = z.output<typeof configSchema>;
export type Settings = z.output<typeof settingsSchema>;
/** Settings before defaults: what config files hold. */
export type SettingsInput = z.input<typeof settingsSchema>;
