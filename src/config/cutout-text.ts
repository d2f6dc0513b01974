// Cutout as a config file and a command line tell it: short texts, made into the options that `cutout()` takes.
import type { Length } from "../augment/cutout/length.ts";
import type { CutoutPreset } from "../augment/cutout/presets.ts";
import type { Shape } from "../augment/cutout/shape.ts";
import type { Fill } from "../augment/fill/fill.ts";
import type { Range } from "../augment/options.ts";
import { CutoutError } from "../error.ts";
import { parseNamed } from "./augmentation-text.ts";

const lengthHelp =
  'an even integer >= 2, or a text such as "8-24", "50%", "25%-50%", "area 2%-33%" or "0:4,1:16"';
const shapeHelp = 'square, circle, rectangle, or corners from 0 to 1 such as "0.5,0 1,1 0,1"';
const countHelp = 'an integer >= 1, or two such as "1-3"';

const number = "\\d+(?:\\.\\d+)?|\\.\\d+";

/** `3-5` or `20%-50%`, and one number alone. */
const rangePattern = new RegExp(`^(${number})(%?)(?:-(${number})(%?))?$`);

interface ParsedRange {
  readonly range: Range;
  readonly share: boolean;
  readonly single: boolean;
}

function rangeIn(text: string): ParsedRange | null {
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
 * @throws CutoutError when it is none of these
 */
export function lengthFrom(text: string | number): Length {
  return read("length", lengthHelp, text, typeof text === "number" ? text : lengthIn(text));
}

function lengthIn(text: string): Length | null {
  if (text.includes(":")) return scheduleIn(text);
  const area = /^area\s+(.*)$/.exec(text.trim());
  const parsed = rangeIn(area === null ? text : area[1]!);
  if (parsed === null) return null;
  const { range, share, single } = parsed;
  if (area !== null) return share ? { area: range } : null;
  if (share) return { share: single ? range[0] : range };
  return single ? range[0] : { pixels: range };
}

function scheduleIn(text: string): Length | null {
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

/**
 * A number of holes: `3`, or drawn from `1-3`.
 * @throws CutoutError when it is neither
 */
export function countFrom(text: string | number): number | Range {
  return read("nHoles", countHelp, text, typeof text === "number" ? text : countIn(text));
}

function countIn(text: string): number | Range | null {
  const parsed = rangeIn(text);
  if (parsed === null || parsed.share) return null;
  return parsed.single ? parsed.range[0] : parsed.range;
}

/**
 * `square`, `circle`, `rectangle`, or corners `x,y x,y x,y ...` from 0 to 1.
 * @param aspect of rectangles: the longer side is at most so many times the shorter, >= 1
 * @throws CutoutError when it is none of these
 */
export function shapeFrom(text: string, aspect: number): Shape {
  return read("shape", shapeHelp, text, shapeIn(text, aspect));
}

function shapeIn(text: string, aspect: number): Shape | null {
  if (text === "square" || text === "circle") return text;
  if (text === "rectangle") return { kind: "rectangle", aspect: [1 / aspect, aspect] };
  const points = text
    .trim()
    .split(/\s+/)
    .map((corner) => corner.split(",").map(Number));
  const good =
    points.length >= 3 &&
    points.every((point) => point.length === 2 && point.every((value) => value >= 0 && value <= 1));
  return good ? { kind: "polygon", points: points as readonly number[][] as [number, number][] } : null;
}

/** The fills that have a name. */
const fills = {
  zero: "zero",
  imageMean: "imageMean",
  channelMean: "channelMean",
  random: "random",
  randomColour: "randomColour",
  otherImage: "otherImage",
  // Every colour of 8 bits is equally likely.
  uniform: { uniform: [0, 1], per: "pixel", unit: "white" },
  uniformColour: { uniform: [0, 1], per: "channel", unit: "white" },
} as const satisfies { readonly [name: string]: Fill };

export const fillNames: readonly string[] = Object.keys(fills);
const fillHelp = `${fillNames.join(", ")}, or a colour such as #808080`;

/**
 * The name of a fill, or a colour `#rrggbb`.
 * @throws CutoutError when it is neither
 */
export function fillFrom(text: string): Fill {
  return read("fill", fillHelp, text, fillIn(text));
}

function fillIn(text: string): Fill | null {
  if (Object.hasOwn(fills, text)) return fills[text as keyof typeof fills];
  if (!/^#[0-9a-f]{6}$/i.test(text)) return null;
  return { colour: [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16) / 255) };
}

/**
 * What another implementation does: `timm`, or `torchvision:p=1,value=random`, with the library's options by the names
 * that they have here. Whether there is such a library, and takes these options, `cutoutOptions` tells.
 * @throws CutoutError when the text cannot be read
 */
export function presetFrom(text: string): CutoutPreset {
  const { name, options } = parseNamed(text);
  if ("like" in options) {
    const what = "must stand before the colon, once";
    throw new CutoutError({ where: `cutout like ${name}`, option: "like", what, kind: "settings" });
  }
  return { like: name, ...options } as CutoutPreset;
}

function read<T>(option: string, help: string, text: string | number, value: T | null): T {
  if (value !== null) return value;
  throw new CutoutError({
    where: "cutout",
    option,
    what: `must be ${help}`,
    got: JSON.stringify(text),
    kind: "settings",
  });
}
