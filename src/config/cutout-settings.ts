// The config part `augment.cutout` as texts, and what it says as data. Goes once a config holds the data itself.
import type { CutoutOptions } from "../augment/cutout/options.ts";
import type { CutoutPreset } from "../augment/cutout/presets.ts";
import { countFrom, fillFrom, lengthFrom, presetFrom, shapeFrom } from "./cutout-text.ts";

/** Values of the config part `augment.cutout`. */
export interface CutoutSettings {
  readonly length: number | string;
  /** `square`, `circle`, `rectangle`, or corners of a polygon. */
  readonly shape: string;
  /** Of rectangles: the longer side is at most so many times the shorter, >= 1. */
  readonly aspect: number;
  /** A number, or `1-3`. */
  readonly nHoles: number | string;
  readonly placement: "anywhere" | "inside";
  /** A name, or a colour `#rrggbb`. */
  readonly fill: string;
  readonly probability: number;
  readonly per: "image" | "batch";
}

/** Instead of them: what another implementation does, in its short form. */
export interface PresetSettings {
  readonly like: string;
}

/** @throws CutoutError when a text cannot be read */
export function cutoutFrom(settings: CutoutSettings | PresetSettings): CutoutOptions | CutoutPreset {
  if ("like" in settings) return presetFrom(settings.like);
  const { length, shape, aspect, nHoles, placement, fill, probability, per } = settings;
  return {
    length: lengthFrom(length),
    shape: shapeFrom(shape, aspect),
    nHoles: countFrom(nHoles),
    placement,
    fill: fillFrom(fill),
    probability,
    per,
  };
}

/** Whether a text can be read. */
export function readableBy(read: (text: string) => unknown): (text: string) => boolean {
  return (text) => {
    try {
      read(text);
      return true;
    } catch {
      return false;
    }
  };
}

/** The values of settings that are left out: the paper's. */
export const settingDefaults = {
  shape: "square",
  aspect: 3,
  nHoles: 1,
  placement: "anywhere",
  fill: "zero",
  probability: 1,
  per: "image",
} as const satisfies Omit<CutoutSettings, "length">;
