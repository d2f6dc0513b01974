// Cutout as a config file and a command line tell it: short texts, made into options.

import type { Fill } from "../fill/fill.ts";
import type { Normalization } from "../image/normalize.ts";
import type { Range } from "./checks.ts";
import type { Length } from "./length.ts";
import type { CutoutOptions, Shape } from "./options.ts";
import { parsePreset, presetForTraining } from "./preset-settings.ts";

/** Values of the config part `augment.cutout`. */
export interface CutoutSettings {
  /** Pixels, or a text that `parseLength` reads. */
  readonly length: number | string;
  /** `square`, `circle`, `rectangle`, or corners of a polygon that `parseShape` reads. */
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

/** Instead of them: what another implementation does, in the short form that `parsePreset` reads. */
export interface PresetSettings {
  readonly like: string;
}

const number = "\\d+(?:\\.\\d+)?|\\.\\d+";

/** `3-5` or `20%-50%`, and one number alone. */
const rangePattern = new RegExp(`^(${number})(%?)(?:-(${number})(%?))?$`);

interface ParsedRange {
  readonly range: Range;
  readonly share: boolean;
  readonly single: boolean;
}

function parseRange(text: string): ParsedRange | null {
  const [, low, lowUnit, high = low, highUnit = lowUnit] = rangePattern.exec(text.trim()) ?? [];
  if (low === undefined || lowUnit !== highUnit) return null;
  const scale = lowUnit === "%" ? 100 : 1;
  const range = [Number(low) / scale, Number(high) / scale] as const;
  return range[0] <= range[1] ? { range, share: lowUnit === "%", single: !text.includes("-") } : null;
}

/**
 * - `16`: pixels; `8-24`: drawn from these
 * - `50%`: of the shorter side; `25%-50%`: drawn from these
 * - `area 2%-33%`: the square root of a share of the area, drawn uniformly
 * - `0:4, 0.5:16, 1:16` or `0:10%, 1:50%`: at points of the training, 0 at its start and 1 at its end
 * @returns null when it is none of these
 */
export function parseLength(value: number | string): Length | null {
  if (typeof value === "number") return value;
  if (value.includes(":")) return parseSchedule(value);
  const area = /^area\s+(.*)$/.exec(value.trim());
  const parsed = parseRange(area === null ? value : area[1]!);
  if (parsed === null) return null;
  const { range, share, single } = parsed;
  if (area !== null) return share ? { area: range } : null;
  if (share) return { share: single ? range[0] : range };
  return single ? range[0] : { pixels: range };
}

function parseSchedule(text: string): Length | null {
  const points = text.split(",").map((point) => {
    const [, progress, length, unit] =
      new RegExp(`^\\s*(${number})\\s*:\\s*(${number})(%?)\\s*$`).exec(point) ?? [];
    return { progress: Number(progress), length: Number(length), share: unit === "%" };
  });
  const share = points[0]!.share;
  if (points.some((point) => Number.isNaN(point.progress) || point.share !== share)) return null;
  const schedule = points.map(({ progress, length }) => [progress, share ? length / 100 : length] as const);
  return { schedule, unit: share ? "share" : "pixels" };
}

/** @returns null when it is neither a number nor `1-3` */
export function parseCount(value: number | string): number | Range | null {
  if (typeof value === "number") return value;
  const parsed = parseRange(value);
  if (parsed === null || parsed.share) return null;
  return parsed.single ? parsed.range[0] : parsed.range;
}

/** @param text `square`, `circle`, `rectangle`, or corners `x,y x,y x,y ...` from 0 to 1; else null */
export function parseShape(text: string, aspect: number): Shape | null {
  if (text === "square" || text === "circle") return text;
  if (text === "rectangle") return { kind: "rectangle", aspect: [1 / aspect, aspect] };
  const points = text
    .trim()
    .split(/\s+/)
    .map((corner) => corner.split(",").map(Number));
  const good =
    points.length >= 3 &&
    points.every((point) => point.length === 2 && point.every((value) => value >= 0 && value <= 1));
  return good ? { kind: "polygon", points: points as unknown as [number, number][] } : null;
}

/** The fills that a config names, in units of the normalized image. */
const fills: { readonly [name: string]: (normalization: Normalization) => Fill } = {
  zero: () => "zero",
  imageMean: () => "imageMean",
  channelMean: () => "channelMean",
  random: () => "random",
  randomColour: () => "randomColour",
  otherImage: () => "otherImage",
  // Every colour of 8 bits is equally likely.
  uniform: (normalization) => ({ uniform: blackToWhite(normalization), per: "pixel" }),
  uniformColour: (normalization) => ({ uniform: blackToWhite(normalization), per: "channel" }),
};

export const fillNames = Object.keys(fills);

const colourPattern = /^#[0-9a-f]{6}$/i;

export function isFill(text: string): boolean {
  return Object.hasOwn(fills, text) || colourPattern.test(text);
}

function blackToWhite(normalization: Normalization): readonly [number[], number[]] {
  const at = (value: number) => normalization.mean.map((mean, c) => (value - mean) / normalization.std[c]!);
  return [at(0), at(1)];
}

/** With images of one channel a colour becomes its brightness (the mean of red, green and blue). */
function parseFill(text: string, normalization: Normalization): Fill {
  if (Object.hasOwn(fills, text)) return fills[text]!(normalization);
  const colour = [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16) / 255);
  const { mean, std } = normalization;
  const values = mean.length === 3 ? colour : mean.map(() => (colour[0]! + colour[1]! + colour[2]!) / 3);
  return values.map((value, c) => (value - mean[c]!) / std[c]!);
}

/**
 * The options of a training that a config tells.
 * @param normalization of the training images: fills are in the units of the normalized image
 * @throws Error when a text cannot be read
 */
export function optionsOfSettings(
  settings: CutoutSettings | PresetSettings,
  normalization: Normalization,
): CutoutOptions {
  if ("like" in settings) return presetForTraining(parsePreset(settings.like), normalization);
  const { placement, probability, per, fill } = settings;
  const length = parseLength(settings.length);
  const shape = parseShape(settings.shape, settings.aspect);
  const nHoles = parseCount(settings.nHoles);
  if (length === null) throw new Error(`cutout: length must be ${lengthHelp}, got ${settings.length}`);
  if (shape === null) throw new Error(`cutout: shape must be ${shapeHelp}, got ${settings.shape}`);
  if (nHoles === null) throw new Error(`cutout: nHoles must be ${countHelp}, got ${settings.nHoles}`);
  if (!isFill(fill)) throw new Error(`cutout: fill must be ${fillHelp}, got ${fill}`);
  return { length, shape, nHoles, placement, probability, per, fill: parseFill(fill, normalization) };
}

export const lengthHelp =
  'an even integer >= 2, or a text such as "8-24", "50%", "25%-50%", "area 2%-33%" or "0:4,1:16"';
export const shapeHelp = 'square, circle, rectangle, or corners from 0 to 1 such as "0.5,0 1,1 0,1"';
export const countHelp = 'an integer >= 1, or two such as "1-3"';
export const fillHelp = `${fillNames.join(", ")}, or a colour such as #808080`;

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
