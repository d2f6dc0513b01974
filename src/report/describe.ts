// A run in words: what it trained, with which augmentation, and how to run it again.
import { join } from "node:path";
import { type CutoutOptions, expectedArea } from "../augment/cutout.ts";
import { counted, settingAt, shellWord } from "./format.ts";
import { printable } from "./markup.ts";
import type { RunFolder, Settings } from "./run-folder.ts";

/** Whether a run used Cutout; null when its config does not tell. */
export function usesCutout(config: Settings | null): boolean | null {
  const cutout = settingAt(config, "augment.cutout");
  return cutout === undefined ? null : cutout !== null;
}

/** Share of an image that is masked on average; null when the config does not tell, or not what a run could have. */
function maskedArea(config: Settings | null): number | null {
  const side = settingAt(config, "imageSize");
  const cutout = settingAt(config, "augment.cutout");
  if (typeof side !== "number" || typeof cutout !== "object" || cutout === null) return null;
  try {
    return expectedArea(cutout as CutoutOptions, { height: side, width: side });
  } catch {
    return null;
  }
}

/**
 * `without Cutout`, `with Cutout (length 16, 2 holes, 34.4 % masked on average)`; empty when the config does not tell.
 */
export function cutoutText(config: Settings | null): string {
  const uses = usesCutout(config);
  if (uses === null) return "";
  if (!uses) return "without Cutout";
  const at = (name: string) => settingAt(config, `augment.cutout.${name}`);
  const area = maskedArea(config);
  const details = [
    ...(at("length") === undefined ? [] : [`length ${at("length")}`]),
    ...(typeof at("nHoles") === "number" && at("nHoles") !== 1
      ? [counted(at("nHoles") as number, "hole")]
      : []),
    ...(at("placement") === "inside" ? ["holes fully inside"] : []),
    ...(at("fill") === "imageMean" ? ["filled with the image's mean"] : []),
    ...(typeof at("probability") === "number" && at("probability") !== 1
      ? [`in ${100 * (at("probability") as number)} % of the images`]
      : []),
    ...(area === null ? [] : [`${(100 * area).toFixed(1)} % masked on average`]),
  ];
  return details.length === 0 ? "with Cutout" : `with Cutout (${details.join(", ")})`;
}

/** `resnet9 on asirra` */
export function runTitle({ config, dataset, name }: RunFolder): string {
  const model = settingAt(config, "model");
  const data = dataset?.name ?? settingAt(config, "data");
  if (typeof model !== "string" && typeof data !== "string") return name;
  return `${typeof model === "string" ? model : "Training"} on ${typeof data === "string" ? data : "unknown data"}`;
}

/** Sentence parts below the title: augmentation, seed, date, folder. */
export function runFacts({ config, environment, name }: RunFolder): string {
  const seed = settingAt(config, "seed");
  const started = settingAt(environment, "started") ?? settingAt(environment, "startedAt");
  return [
    cutoutText(config),
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
