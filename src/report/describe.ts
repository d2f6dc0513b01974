// A run in words: what it trained, with which augmentation, and how to run it again.
import {
  type AugmentationSpec,
  areaOf,
  aroundPass,
  type CutoutOptions,
  checkedTrainingCutout,
  cropsItself,
  type Fill,
  type ImageArea,
  type Length,
  type Shape,
  type Sides,
} from "../augment/index.ts";
import type { Config } from "../config/config.ts";
import { imagesLearnt } from "../config/filter-fields.ts";
import { sizesOfTraining } from "../config/progressive-fields.ts";
import { configJson, type ShownRun } from "../run-folder/index.ts";
import { counted, decimal, printable, shellWord, shortForm } from "../text.ts";

/** Whether a run used Cutout; null when its config is not known. */
function usesCutout(config: Config | null): boolean | null {
  return config && config.augment.cutout !== null;
}

/** `with Cutout (length 16, 2 holes, 34.4 % masked on average)`, or `without Cutout` */
export function describeCutout(cutout: CutoutOptions | null, image: ImageArea): string {
  if (cutout === null) return "without Cutout";
  const { length, shape, nHoles, placement, fill, probability, per } = cutout;
  const details = [
    length === undefined ? "" : lengthText(length),
    shape === undefined || shape === "square" ? "" : shapeText(shape),
    holesText(typeof nHoles === "number" ? [nHoles, nHoles] : nHoles),
    placement.startsWith("inside") ? "holes fully inside" : "",
    fill === "zero" || fill === 0 ? "" : fillText(fill),
    per === "batch" ? "the same in a whole batch" : "",
    probability === 1 ? "" : `in ${decimal(100 * probability)} % of the images`,
    `${(100 * areaOf(cutout, image)).toFixed(1)} % masked on average`,
  ];
  return `with Cutout (${details.filter((text) => text !== "").join(", ")})`;
}

const percent = (share: number) => `${decimal(100 * share)} %`;
const percents = ([low, high]: readonly [number, number]) =>
  low === high ? percent(low) : `${percent(low)} to ${percent(high)}`;

function holesText([least, most]: readonly [number, number]): string {
  if (least < most) return `${least} to ${counted(most, "hole")}`;
  return most === 1 ? "" : counted(most, "hole");
}

function lengthText(length: Length): string {
  if (typeof length === "number") return `length ${length}`;
  if ("pixels" in length) return `length ${length.pixels[0]} to ${length.pixels[1]}`;
  if ("share" in length) {
    const { share, of = "shorter" } = length;
    return `length ${percents(typeof share === "number" ? [share, share] : share)} of the ${of}${of.endsWith("er") ? " side" : ""}`;
  }
  if ("area" in length) return `${percents(length.area)} of the area`;
  const value = (number: number) => (length.unit === "share" ? percent(number) : String(number));
  const points = length.schedule.map(([progress, number]) => `${value(number)} at ${percent(progress)}`);
  return `length ${points.join(", ")} of the training`;
}

function shapeText(shape: Shape | Sides): string {
  if (typeof shape === "string") return `${shape}s`;
  if (shape.kind === "rectangle") {
    return `rectangles of aspect ${decimal(shape.aspect[0])} to ${decimal(shape.aspect[1])}`;
  }
  return shape.kind === "sides" ? "rectangles" : `a ${shape.kind}`;
}

const fillNames: Readonly<Record<string, string>> = {
  imageMean: "filled with the image's mean",
  channelMean: "filled with the image's mean colour",
  random: "filled with noise",
  randomColour: "filled with a random colour",
  otherImage: "filled with another image",
};

function fillText(fill: Fill): string {
  if (typeof fill === "string") return fillNames[fill] ?? "";
  const noise = typeof fill === "object" && ("uniform" in fill || "normal" in fill);
  return noise ? "filled with noise" : "filled with a colour";
}

/** What a config says about Cutout, and the name of the implementation it is like; empty without a config. */
export function cutoutText(config: Config | null): string {
  if (config === null) return "";
  const { imageSize, augment } = config;
  if (augment.cutout === null) return augment.targeted === null ? "without Cutout" : "without random holes";
  const complete = checkedTrainingCutout(augment.cutout);
  const text = describeCutout(complete, { height: imageSize, width: imageSize });
  if (!("like" in augment.cutout)) return text;
  const { like, ...options } = augment.cutout;
  return text.replace("Cutout", () => `Cutout like ${shortForm(like, options)}`);
}

const shortForms = (specs: readonly AugmentationSpec[]) =>
  specs.map(({ name, options }) => shortForm(name, options));

/** What a pretraining learns: `the clean image out of masking-noise:share=0.25`, `the middle out of what lies around it`. */
export function objectiveText(objective: Config["objective"]): string {
  if (objective.kind === "classify") return "classes";
  if (objective.kind === "denoise") {
    const { corruption, emphasis } = objective;
    const weight =
      emphasis === 1
        ? "only what was corrupted counts"
        : `what was corrupted weighs ${decimal(emphasis)}, the rest ${decimal(1 - emphasis)}`;
    return `the clean image out of one with ${shortForms(corruption).join(" and ")} (${weight})`;
  }
  const { region, overlapWeight } = objective;
  return region === "center"
    ? `the middle of the image out of what lies around it (overlap weighs ${decimal(overlapWeight)})`
    : "random blobs, a quarter of the image, out of what lies around them";
}

/** What comes before Cutout and what after it, mixes last. */
function aroundCutout(config: Config | null): { before: readonly string[]; after: readonly string[] } {
  if (config === null) return { before: [], after: [] };
  const { augmentations, targeted, mix } = config.augment;
  const { before, after } = aroundPass(augmentations);
  const mixes = mix === null ? [] : [shortForm(mix.name, mix.options)];
  const aimed = targeted === null ? [] : [`targeted Cutout by ${targeted.layer}`];
  return { before: shortForms(before), after: [...shortForms(after), ...aimed, ...mixes] };
}

/**
 * Everything a config says about augmentation beyond crop and flip, in the order of its application:
 * `with greyscale, Cutout (length 16), grid-mask, mixup:alpha=0.2`, or `without Cutout, with grid-mask`; empty when it
 * does not tell.
 */
export function augmentationText(config: Config | null): string {
  const cutout = cutoutText(config);
  const { before, after } = aroundCutout(config);
  if (before.length + after.length === 0 || cutout === "") return cutout;
  if (usesCutout(config) !== true) return `${cutout}, with ${[...before, ...after].join(", ")}`;
  const first = before.map((text) => `${text}, `).join("");
  return [cutout.replace(/^with /, () => `with ${first}`), ...after].join(", ");
}

/** Every step of the augmentation in its order: `greyscale, crop, flip, normalization, Cutout, grid-mask, mixup`. */
export function augmentationOrderText(config: Config): string {
  const { flip, padding, cutout, augmentations } = config.augment;
  const { before, after } = aroundCutout(config);
  const sized = augmentations.some(({ options }) => options !== undefined && "size" in options);
  return [
    ...before,
    // A resized crop as large as the network takes it leaves nothing to crop.
    ...(padding > 0 || sized || !cropsItself(augmentations) ? ["crop"] : []),
    ...(flip !== 0 ? ["flip"] : []),
    "normalization",
    ...(cutout === null ? [] : ["Cutout"]),
    ...after,
  ].join(", ");
}

/** The names of what augments in order, without their options: `Cutout like timm, grid-mask and mixup`; empty when there are none. */
function augmentationNames(config: Config | null): string {
  if (config === null) return "";
  const { cutout, augmentations, targeted, mix } = config.augment;
  const { before, after } = aroundPass(augmentations);
  const names = [
    ...before.map(({ name }) => name),
    ...(cutout === null ? [] : ["like" in cutout ? `Cutout like ${cutout.like}` : "Cutout"]),
    ...after.map(({ name }) => name),
    ...(targeted === null ? [] : ["targeted Cutout"]),
    ...(mix === null ? [] : [mix.name]),
  ];
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** `resnet9 on asirra with Cutout and mixup` */
export function runTitle({ config, dataset, name }: Pick<ShownRun, "config" | "dataset" | "name">): string {
  const data = dataset?.name ?? config?.data;
  if (config === null && data === undefined) return name;
  if (config !== null && config.objective.kind !== "classify") {
    return `Pretraining of ${config.model.name} on ${data}`;
  }
  const names = augmentationNames(config);
  const subject = `${config?.model.name ?? "Training"} on ${data ?? "unknown data"}`;
  return names === "" ? subject : `${subject} with ${names}`;
}

/** `trained on images of 16 x 16 pixels in epochs 1 to 8, 20 x 20 in epoch 9, 32 x 32 in epochs 10 to 12`; empty where they are full. */
export function sizesText(config: Config): string {
  if (config.progressive === null) return "";
  const spans = sizesOfTraining(config);
  const texts = spans.map(
    ({ height, width, first, last }, index) =>
      `${height} x ${width}${index === 0 ? " pixels" : ""} in ${first === last ? `epoch ${first}` : `epochs ${first} to ${last}`}`,
  );
  return `trained on images of ${texts.join(", ")}`;
}

/** `of each batch the 32 of 64 images are learnt on which wrn-16-1 has the highest loss`; empty where all are. */
export function filterText(config: Config): string {
  const { filter, batchSize } = config;
  if (filter === null) return "";
  return `of each batch the ${imagesLearnt(config)} of ${batchSize} images are learnt on which ${filter.model.name}, trained alongside, has the highest loss`;
}

/** `seed 3`, or `seed 3, parts by seed 0` */
export function seedText({ seed, split }: Pick<Config, "seed" | "split">): string {
  return split.seed === seed ? `seed ${seed}` : `seed ${seed}, parts by seed ${split.seed}`;
}

/** Sentence parts below the title: augmentation, seed, date, folder. */
export function runFacts({
  config,
  environment,
  name,
}: Pick<ShownRun, "config" | "environment" | "name">): string {
  const started = environment?.started.replace("T", " ").replace(/:\d\d(\.\d+)?Z$/, " UTC");
  return [
    config === null || config.objective.kind === "classify"
      ? augmentationText(config)
      : objectiveText(config.objective),
    config === null ? "" : sizesText(config),
    config === null ? "" : filterText(config),
    config === null ? "" : seedText(config),
    started === undefined ? "" : `started ${started}`,
    `run folder ${name}`,
  ]
    .filter((text) => text !== "")
    .join(" · ");
}

const commandOf = (config: Config | null): string =>
  config === null || config.objective.kind === "classify" ? "train" : "pretrain";
const command = (...words: readonly string[]) => ["cutout", ...words].map(printable).map(shellWord).join(" ");

/** The command that trains the same again. */
export function rerunCommand({ path, config }: Pick<ShownRun, "path" | "config">): string {
  return command(commandOf(config), "--config", configJson.pathIn(path));
}

/** The command that goes on with an unfinished run. */
export function resumeCommand({ path, config }: Pick<ShownRun, "path" | "config">): string {
  return command(commandOf(config), "--resume", path);
}

/** The command line the run was started with, where the folder tells. */
export function originalCommand({ environment }: Pick<ShownRun, "environment">): string | null {
  const words = environment?.command ?? [];
  return words.length > 0 ? command(...words) : null;
}
