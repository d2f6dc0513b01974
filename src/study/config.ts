// Everything a run can be told, in one schema: types, ranges, defaults and help come from here.
import { z } from "zod";
import {
  countHelp,
  fillHelp,
  fillNames,
  isFill,
  lengthHelp,
  parseCount,
  parseLength,
  parseShape,
  settingDefaults,
  shapeHelp,
} from "../augment/cutout/settings.ts";
import { augmentationNames } from "../augment/registry.ts";
import { parseAugmentation, parseMix } from "../augment/short-form.ts";
import { dataFormats, parseColumns } from "../data/data-format.ts";
import { type ModelName, modelNames, networksWithDropout } from "../nn/models.ts";
import { convAlgorithmNames, convolutionModes } from "../runtime/choice.ts";
import {
  boolean,
  choice,
  evenInteger,
  integer,
  number,
  numberOrText,
  part,
  readableText,
  risingIntegers,
  show,
  text,
  textReadBy,
  textsReadBy,
} from "./fields.ts";

/** Raised whenever an older config.json can no longer be read. */
export const formatVersion = 2;

export const defaultSchedule = "one-cycle";

/** Fields whose default depends on the data or the machine; `resolve.ts` fills them in before a run starts. */
const automatic = {
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
  learningRate: number("learning rate, at its highest; by default what suits the network and the schedule", {
    min: 0,
    above: true,
  }),
  padding: integer(
    "pixels of the mean colour added on every side before the random crop; by default an eighth of the side where there is no other room to crop",
    {
      min: 0,
      max: 256,
    },
  ),
  length: numberOrText(
    evenInteger(
      "side of a hole: pixels (16), drawn from a range (8-24), a share of the side (50%) or of the area (area 2%-33%), or following the training (0:4,1:16); by default half the image's side",
      { min: 2 },
    ),
    lengthHelp,
    (text) => parseLength(text) !== null,
  ),
  threads: integer("processor threads for the network; by default all", { min: 1, max: 1024 }),
};

/** How augmentations are told. */
const augmentationForm = "NAME or NAME:key=value,...";

const deviceHelp =
  "where the network runs: the processor, a graphics card by WebGPU, or a graphics card if there is one";

type Fields = { readonly [Name in keyof typeof automatic | "device"]: z.ZodType };

const warmup = {
  warmupEpochs: number("epochs of linear rise at the start; 0 is off", { min: 0 }).default(0),
};
const kindHelp = "how the learning rate goes";
const floor = number("lowest learning rate", { min: 0 }).default(0);

function schedules<Rate extends z.ZodType>(learningRate: Rate) {
  return [
    z.strictObject({ kind: z.literal("constant").describe(kindHelp), learningRate, ...warmup }),
    z.strictObject({
      kind: z.literal("steps"),
      learningRate,
      milestones: risingIntegers("epochs after which the rate is multiplied by gamma"),
      gamma: number("factor at each milestone", { min: 0, max: 1, above: true }).default(0.1),
      ...warmup,
    }),
    z.strictObject({ kind: z.literal("cosine"), learningRate, floor, ...warmup }),
    z.strictObject({
      kind: z.literal("one-cycle"),
      learningRate,
      shape: choice("way up and down", ["triangular", "cosine"]).default("triangular"),
      warmupShare: number("share of all steps before the peak", { min: 0, max: 1 }).default(0.25),
      initialDivision: number("the first rate is the peak divided by this", { min: 1 }).default(10),
      finalDivision: number("the last rate is the first divided by this", { min: 1 }).default(1000),
    }),
    z.strictObject({
      kind: z.literal("plateau"),
      learningRate,
      factor: number("factor when validation accuracy has stopped rising", {
        min: 0,
        max: 1,
        above: true,
      }).default(0.1),
      patience: integer("epochs without a better validation accuracy before the rate falls", {
        min: 0,
      }).default(10),
      threshold: number("better means above best x (1 + threshold)", { min: 0 }).default(1e-4),
      floor,
      epsilon: number("smallest reduction that is made", { min: 0 }).default(1e-8),
      ...warmup,
    }),
  ] as const;
}

function schemaOf<F extends Fields>(fields: F) {
  const schedule = z.discriminatedUnion("kind", schedules(fields.learningRate as F["learningRate"]), {
    error: (issue) =>
      issue.code === "invalid_union" ? "must be constant, steps, cosine, one-cycle or plateau" : undefined,
  });
  const cutout = z.strictObject({
    length: fields.length as F["length"],
    shape: readableText(
      "square, circle, rectangle, or the corners of a polygon from 0 to 1 (0.5,0 1,1 0,1)",
      shapeHelp,
      (text) => parseShape(text, 1) !== null,
    ).default(settingDefaults.shape),
    aspect: number("longest side of a rectangle over the shortest, at most", { min: 1 }).default(
      settingDefaults.aspect,
    ),
    nHoles: numberOrText(
      integer("holes in one image, or drawn from a range (1-3)", { min: 1, max: 1024 }),
      countHelp,
      (text) => parseCount(text) !== null,
    ).default(settingDefaults.nHoles),
    placement: choice(
      "where the centre may lie: anywhere, holes clipped at the border (paper), or fully inside",
      ["anywhere", "inside"],
    ).default("anywhere"),
    fill: readableText(
      `zero after normalization (paper), the image's own mean, noise, a colour (#808080) ...: ${fillNames.join(", ")}`,
      fillHelp,
      isFill,
    ).default(settingDefaults.fill),
    probability: number("share of the images that get holes", { min: 0, max: 1 }).default(1),
    per: choice("whether each image has its own holes, or all of a batch the same", [
      "image",
      "batch",
    ]).default(settingDefaults.per),
  });
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
        validation: part("validation part").default(0.1),
        test: part("test part").default(0.25),
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
      .strictObject({
        momentum: number("momentum of SGD", { min: 0, max: 1, below: true }).default(0.9),
        nesterov: boolean("Nesterov's momentum").default(true),
        weightDecay: number("L2 penalty, added to the gradient as weightDecay x weight", { min: 0 }).default(
          5e-4,
        ),
        decayBiasAndNorm: boolean("weight decay for biases and batch normalization too").default(false),
      })
      .refine(({ momentum, nesterov }) => !nesterov || momentum > 0, {
        path: ["momentum"],
        error: "must be above 0 with Nesterov's momentum, got 0; turn that off: --no-nesterov",
      })
      .prefault({}),
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
        cutout: cutout.nullable().default(null),
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

type Optional = { [Name in keyof typeof automatic]: z.ZodOptional<(typeof automatic)[Name]> };

function optional(): Optional {
  const entries = Object.entries(automatic).map(([name, field]) => [
    name,
    field.optional().describe(field.description ?? ""),
  ]);
  return Object.fromEntries(entries) as Optional;
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

/** One value of the schema that can be set, for flags and help. */
export interface Leaf {
  /** `augment.cutout.length` */
  readonly path: string;
  readonly type: "number" | "boolean" | "string" | "numbers" | "texts";
  readonly description: string;
  readonly choices: readonly string[] | null;
  /** Undefined when the default follows from the data or the machine. */
  readonly default: unknown;
  /** Path to set to null for "off": this field's, or that of the object around it. */
  readonly nullable: string | null;
  /** The kinds of schedule that have this field; null when it does not depend on a kind. */
  readonly kinds: readonly string[] | null;
}

interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly description?: string;
  readonly enum?: readonly string[];
  readonly const?: string;
  readonly default?: unknown;
}

/** Where a walk through the schema is. */
interface Place {
  readonly path: string;
  readonly nullable: string | null;
  readonly kind: string | null;
  /** What an enclosing nullable or default says about this place. */
  readonly around: Pick<JsonSchema, "description" | "default">;
}

const leafTypes: Readonly<Record<string, Leaf["type"]>> = {
  integer: "number",
  number: "number",
  boolean: "boolean",
  string: "string",
  array: "numbers",
};

/** Every value that can be set, in the order of the schema. Fields that several schedules share come once. */
export function leaves(): readonly Leaf[] {
  const found = new Map<string, Leaf>();
  const schema = z.toJSONSchema(settingsSchema, { io: "input" }) as JsonSchema;
  collect(schema, { path: "", nullable: null, kind: null, around: {} }, found);
  const allKinds = found.get("schedule.kind")!.choices!.length;
  return [...found.values()].map((leaf) =>
    leaf.kinds?.length === allKinds ? { ...leaf, kinds: null } : leaf,
  );
}

function collect(schema: JsonSchema, place: Place, found: Map<string, Leaf>): void {
  const { path, kind } = place;
  const options = schema.oneOf ?? schema.anyOf;
  const types = [schema.type ?? []].flat();
  const nullable =
    types.includes("null") || options?.some((option) => option.type === "null") ? path : place.nullable;
  if (options !== undefined) {
    for (const option of options) {
      const inner = option.properties?.kind?.const ?? kind;
      collect(option, { path, nullable, kind: inner, around: schema }, found);
    }
    return;
  }
  if (schema.properties !== undefined) {
    for (const [name, child] of Object.entries(schema.properties)) {
      collect(child, { path: path === "" ? name : `${path}.${name}`, nullable, kind, around: {} }, found);
    }
    return;
  }
  const before = found.get(path);
  // A number that may be a text too is read as a number where it is one.
  const told =
    schema.items?.type === "string" ? "texts" : leafTypes[types.find((name) => name !== "null") ?? ""];
  const type = before?.type === "number" ? "number" : told;
  if (type === undefined) return;
  const choices = schema.const !== undefined ? [schema.const] : schema.enum;
  found.set(path, {
    path,
    type,
    description: before?.description || schema.description || place.around.description || "",
    choices: choices === undefined ? null : [...(before?.choices ?? []), ...choices],
    default: schema.default ?? place.around.default,
    nullable,
    kinds: kind === null ? null : [...(before?.kinds ?? []), kind],
  });
}
