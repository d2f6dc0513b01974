// A run in words: what it trained, with which augmentation, and how to run it again.
import { join } from "node:path";
import { expectedArea } from "../augment/cutout/area.ts";
import { trainingCutout } from "../augment/cutout/given.ts";
import type { ImageArea } from "../augment/cutout/hole.ts";
import type { Length } from "../augment/cutout/length.ts";
import type { CutoutOptions } from "../augment/cutout/options.ts";
import type { Shape, Sides } from "../augment/cutout/shape.ts";
import type { Fill } from "../augment/fill/fill.ts";
import {
  type CutoutSettings,
  cutoutFrom,
  type PresetSettings,
  settingDefaults,
} from "../config/cutout-settings.ts";
import type { RunFolder, Settings } from "../run-folder/read.ts";
import { counted, decimal, printable, settingAt, shellWord } from "../text.ts";

/** Whether a run used Cutout; null when its config does not tell. */
export function usesCutout(config: Settings | null): boolean | null {
  const cutout = settingAt(config, "augment.cutout");
  return cutout === undefined ? null : cutout !== null;
}

/**
 * `with Cutout (length 16, 2 holes, 34.4 % masked on average)`, or `without Cutout`.
 * @param image side of the training images; null when it is not known, the masked share is then left out
 */
export function describeCutout(cutout: Partial<CutoutOptions> | null, image: ImageArea | null): string {
  if (cutout === null) return "without Cutout";
  const { length, shape, nHoles = 1, placement, fill, probability = 1, per } = cutout;
  const area = image && maskedArea(cutout, image);
  const details = [
    length === undefined ? "" : lengthText(length),
    shape === undefined || shape === "square" ? "" : shapeText(shape),
    holesText(typeof nHoles === "number" ? [nHoles, nHoles] : nHoles),
    placement?.startsWith("inside") ? "holes fully inside" : "",
    fill === undefined || fill === "zero" || fill === 0 ? "" : fillText(fill),
    per === "batch" ? "the same in a whole batch" : "",
    probability === 1 ? "" : `in ${decimal(100 * probability)} % of the images`,
    area === null ? "" : `${(100 * area).toFixed(1)} % masked on average`,
  ].filter((text) => text !== "");
  return details.length === 0 ? "with Cutout" : `with Cutout (${details.join(", ")})`;
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

/** Null when these are not options a run could have had. */
function maskedArea(cutout: Partial<CutoutOptions>, image: ImageArea): number | null {
  const needed = ["nHoles", "placement", "fill", "probability"];
  if (!needed.every((name) => name in cutout)) return null;
  try {
    return expectedArea(cutout as CutoutOptions, image);
  } catch {
    return null;
  }
}

/** Options of what a config tells; what cannot be read is left out. */
function optionsTold(told: Partial<CutoutSettings> | PresetSettings): Partial<CutoutOptions> {
  if ("like" in told) {
    try {
      return trainingCutout(cutoutFrom(told));
    } catch {
      return {};
    }
  }
  try {
    const complete = { ...settingDefaults, length: 2, ...told };
    const options = cutoutFrom(complete);
    return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(told, name)));
  } catch {
    return typeof told.length === "number" ? { length: told.length } : {};
  }
}

/**
 * What a stored config says about Cutout, as `describeCutout`, with the name of the implementation it is like; empty when
 * it does not tell.
 */
export function cutoutText(config: Settings | null): string {
  const cutout = settingAt(config, "augment.cutout");
  if (cutout === undefined) return "";
  if (cutout === null) return describeCutout(null, null);
  const side = settingAt(config, "imageSize");
  // Whatever else the file holds is no option.
  const told = Object.fromEntries(
    Object.entries(cutout).filter(([, value]) => ["number", "string"].includes(typeof value)),
  );
  const text = describeCutout(
    optionsTold(told as Partial<CutoutSettings> | PresetSettings),
    typeof side === "number" ? { height: side, width: side } : null,
  );
  return typeof told.like === "string" ? text.replace("Cutout", () => `Cutout like ${told.like}`) : text;
}

/** The other augmentations of a config and what is done to its batches, as they were told: `mixup:alpha=0.2`. */
export function otherAugmentations(config: Settings | null): readonly string[] {
  const listed = settingAt(config, "augment.augmentations");
  const all = [...(Array.isArray(listed) ? listed : []), settingAt(config, "augment.mix")];
  return all.filter((text): text is string => typeof text === "string" && text !== "");
}

/**
 * Everything a config says about augmentation beyond crop and flip, in the order of its application:
 * `with Cutout (length 16), grid-mask, mixup:alpha=0.2`, or `without Cutout, with grid-mask`; empty when it does not tell.
 */
export function augmentationText(config: Settings | null): string {
  const others = otherAugmentations(config);
  const cutout = cutoutText(config);
  if (others.length === 0) return cutout;
  const joined = others.join(", ");
  if (cutout === "") return `with ${joined}`;
  return usesCutout(config) === true ? `${cutout}, ${joined}` : `${cutout}, with ${joined}`;
}

const nameIn = (text: string) => text.split(":")[0]!.trim();

/** The names of what augments, without their options: `Cutout like timm, grid-mask and mixup`; empty when there are none. */
function augmentationNames(config: Settings | null): string {
  const like = settingAt(config, "augment.cutout.like");
  const names = [
    ...(usesCutout(config) === true
      ? [typeof like === "string" ? `Cutout like ${nameIn(like)}` : "Cutout"]
      : []),
    ...otherAugmentations(config).map(nameIn),
  ];
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/**
 * The same in a few words, to tell runs apart: `with Cutout like timm and mixup`, or `without Cutout`; empty when the
 * config does not tell.
 */
export function augmentationLabel(config: Settings | null): string {
  const names = augmentationNames(config);
  if (names !== "") return `with ${names}`;
  return usesCutout(config) === false ? "without Cutout" : "";
}

/** `resnet9 on asirra with Cutout and mixup` */
export function runTitle({ config, dataset, name }: RunFolder): string {
  const model = settingAt(config, "model");
  const data = dataset?.name ?? settingAt(config, "data");
  if (typeof model !== "string" && typeof data !== "string") return name;
  const names = augmentationNames(config);
  const subject = `${typeof model === "string" ? model : "Training"} on ${typeof data === "string" ? data : "unknown data"}`;
  return names === "" ? subject : `${subject} with ${names}`;
}

/** Sentence parts below the title: augmentation, seed, date, folder. */
export function runFacts({ config, environment, name }: RunFolder): string {
  const seed = settingAt(config, "seed");
  const started = settingAt(environment, "started") ?? settingAt(environment, "startedAt");
  return [
    augmentationText(config),
    typeof seed === "number" ? `seed ${seed}` : "",
    typeof started === "string"
      ? `started ${started.replace("T", " ").replace(/:\d\d(\.\d+)?Z$/, " UTC")}`
      : "",
    `run folder ${name}`,
  ]
    .filter((text) => text !== "")
    .join(" · ");
}

const command = (...words: readonly string[]) => ["cutout", ...words].map(printable).map(shellWord).join(" ");

/** The command that trains the same again. */
export function rerunCommand({ path }: RunFolder): string {
  return command("train", "--config", join(path, "config.json"));
}

/** The command that goes on with an unfinished run. */
export function resumeCommand({ path }: RunFolder): string {
  return command("train", "--resume", path);
}

/** The command line the run was started with, where the folder tells. */
export function originalCommand({ environment }: RunFolder): string | null {
  const words = settingAt(environment, "command");
  const known = Array.isArray(words) && words.length > 0 && words.every((word) => typeof word === "string");
  return known ? command(...words) : null;
}
