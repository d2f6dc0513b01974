// Settings as a person tells them: each by its flag, with the text that is read as the same value.
import { cutoutOptions, type Length, type Shape, type Sides } from "../augment/index.ts";
import { settingAt } from "../text.ts";
import type { Config } from "./config.ts";
import { countFrom, fillFrom, fillNames, lengthFrom, shapeFrom } from "./cutout-text.ts";
import { cutoutPath, type Flag, settingFlags } from "./flags.ts";

export interface ToldSetting {
  /** Config path: `schedule.learningRate`; of Cutout as a whole `augment.cutout`. */
  readonly path: string;
  /** `--learning-rate`; empty for the data, which have none. */
  readonly flag: string;
  /** Whether it is on; or what is told, a text for each time that the flag is given. */
  readonly value: boolean | readonly string[];
  /** Whether it is what comes without telling. */
  readonly usual: boolean;
}

type Tell = (value: unknown) => string;

const json = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value));
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The first text that is read as the value; as data where none is. */
function readAs(value: unknown, read: (text: string) => unknown, texts: readonly (string | null)[]): string {
  const found = texts.find((text) => {
    if (text === null) return false;
    try {
      return same(read(text), value);
    } catch {
      return false;
    }
  });
  return found ?? json(value);
}

/** A share as a percentage without the noise of binary fractions. */
const percent = (share: number) => `${Number((100 * share).toPrecision(12))}%`;
const span = ([low, high]: readonly [number, number], write: (value: number) => string = String) =>
  `${write(low)}-${write(high)}`;

function lengthText(value: unknown): string {
  if (typeof value === "number") return String(value);
  const length = value as Exclude<Length, number>;
  const told = () => {
    if ("pixels" in length) return span(length.pixels);
    if ("share" in length)
      return typeof length.share === "number" ? percent(length.share) : span(length.share, percent);
    if ("area" in length) return `area ${span(length.area, percent)}`;
    const unit = length.unit === "share" ? percent : String;
    return length.schedule.map(([progress, size]) => `${progress}:${unit(size)}`).join(",");
  };
  const complete = (text: string) => cutoutOptions({ length: lengthFrom(text) }).length;
  return readAs(value, complete, [told()]);
}

function shapeText(value: unknown): string {
  if (typeof value === "string") return value;
  const shape = value as Exclude<Shape, string> | Sides;
  if (shape.kind === "rectangle" && aspectOf(shape) !== null) return "rectangle";
  const corners = shape.kind === "polygon" ? shape.points.map((point) => point.join(",")).join(" ") : null;
  return readAs(value, (text) => shapeFrom(text, 1), [corners]);
}

/** The aspect of a rectangle that may lie or stand; null of another. */
function aspectOf(shape: unknown): number | null {
  if (typeof shape !== "object" || shape === null || !("aspect" in shape)) return null;
  const [low, high] = shape.aspect as readonly [number, number];
  return low === 1 / high ? high : null;
}

function fillText(value: unknown): string {
  if (typeof value === "string") return value;
  const { colour } = (value ?? {}) as { readonly colour?: unknown };
  const hex = Array.isArray(colour)
    ? `#${colour
        .map((one) =>
          Math.round(255 * one)
            .toString(16)
            .padStart(2, "0"),
        )
        .join("")}`
    : null;
  const complete = (text: string) => cutoutOptions({ length: 2, fill: fillFrom(text) }).fill;
  return readAs(value, complete, [hex, ...fillNames]);
}

const countText: Tell = (value) =>
  Array.isArray(value) ? readAs(value, countFrom, [span(value as unknown as [number, number])]) : json(value);

/** `grid-mask:ratio=0.5`: the options in a fixed order, so that equal ones read the same. */
function namedText(name: string, options: object): string {
  const told = Object.entries(options)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${json(value)}`);
  return told.length === 0 ? name : `${name}:${told.join(",")}`;
}
const named: Tell = (value) => {
  if (typeof value === "string") return value;
  const { name, options = {} } = value as { readonly name: string; readonly options?: object };
  return namedText(name, options);
};

/** `dropblock:blockSize=5,probability=0.1@last` */
export const regularizerText = ({ name, options, at }: Config["regularize"][number]): string =>
  `${namedText(name, options)}@${at}`;

/** How values that are no plain text, number or list of numbers are told; of a list, each of them. */
const texts: Readonly<Record<string, Tell>> = {
  columns: (value) => {
    const { image, label } = value as { readonly image: string; readonly label: string };
    return `${image},${label}`;
  },
  model: named,
  "filter.model": named,
  "augment.augmentations": named,
  average: (value) => {
    const { name, ...options } = value as { readonly name: string };
    return namedText(name, options);
  },
  from: (value) => (value as { readonly run: string }).run,
  "augment.mix": named,
  regularize: (value) => regularizerText(value as Config["regularize"][number]),
};

/** The flags of holes told one by one. */
const holes: Readonly<Record<string, Tell>> = {
  shape: shapeText,
  nHoles: countText,
  fill: fillText,
};
const usualHoles = { shape: "square", ...cutoutOptions({ length: 2 }) };

function cutoutSettings(cutout: Config["augment"]["cutout"]): readonly ToldSetting[] {
  if (cutout === null) return [{ path: cutoutPath, flag: "--cutout", value: false, usual: true }];
  if ("like" in cutout) {
    const { like, ...options } = cutout;
    const value = [namedText(like, options)];
    return [{ path: cutoutPath, flag: "--cutout-like", value, usual: false }];
  }
  const { length, ...others } = cutout;
  const rest = Object.entries(others).flatMap(([name, value]): ToldSetting[] => {
    const path = `${cutoutPath}.${name}`;
    const flag = settingFlags().find((one) => one.path === path)?.name ?? path;
    const usual = same(value, usualHoles[name as keyof typeof usualHoles]);
    const told = { path, flag, value: [(holes[name] ?? json)(value)], usual };
    const aspect = name === "shape" ? aspectOf(value) : null;
    if (aspect === null) return [told];
    const aspectPath = `${cutoutPath}.aspect`;
    return [told, { path: aspectPath, flag: "--cutout-aspect", value: [json(aspect)], usual: false }];
  });
  // In settings that are not yet those of certain images the length may follow from them.
  const told = length === undefined || [lengthText(length)];
  return [{ path: cutoutPath, flag: "--cutout", value: told, usual: false }, ...rest];
}

/** Where it differs from kind to kind, that of the config's. */
function standardOf(
  { schedule, optimizer }: Config,
  { path, default: standard, defaults }: Flag["leaf"],
): unknown {
  const kind = path.startsWith("optimizer.") ? optimizer.name : schedule.kind;
  return Object.hasOwn(defaults, kind) && path !== "schedule.kind" ? defaults[kind] : standard;
}

function settingOf(config: Config, { path, name: flag, leaf }: Flag): ToldSetting | null {
  const value = settingAt(config, path);
  // A field of another schedule or optimizer.
  if (value === undefined && (leaf.kinds !== null || leaf.nullable === null)) return null;
  if (value === null || value === undefined) return { path, flag, value: false, usual: true };
  const usual = same(value, standardOf(config, leaf));
  if (typeof value === "boolean") return { path, flag, value, usual };
  if (leaf.type === "texts") {
    const list = (value as readonly unknown[]).map(texts[path] ?? json);
    return { path, flag, value: list.length === 0 ? false : list, usual };
  }
  if (Array.isArray(value)) return { path, flag, value: [value.join(",")], usual };
  return { path, flag, value: [(texts[path] ?? json)(value)], usual };
}

/** Every setting of a config that a flag can set, in the order of the help; first the data. */
export function toldSettings(config: Config): readonly ToldSetting[] {
  const data = { path: "data", flag: "", value: [config.data], usual: false };
  const told = settingFlags().flatMap((flag) => {
    if (flag.path === `${cutoutPath}.length`) return cutoutSettings(config.augment.cutout);
    if (flag.path.startsWith(`${cutoutPath}.`)) return [];
    // A classifier has no choice of what it learns.
    if (flag.path.startsWith("objective.") && config.objective.kind === "classify") return [];
    return settingOf(config, flag) ?? [];
  });
  return [data, ...told];
}

/** The words of a command line that say it: `--learning-rate 0.05`, `--no-cutout`. */
export function flagWords({ flag, value }: Pick<ToldSetting, "flag" | "value">): readonly string[] {
  if (value === true) return [flag];
  if (value === false) return [`--no-${flag.slice(2)}`];
  return value.flatMap((text) => (flag === "" ? [text] : [flag, text]));
}

/** The value alone: `0.05`, `on`, `off`, `grid-mask, greyscale`. */
export function valueText({ value }: Pick<ToldSetting, "value">): string {
  if (typeof value === "boolean") return value ? "on" : "off";
  return value.join(", ");
}

/** `learning rate` */
export function settingName({ flag }: Pick<ToldSetting, "flag">): string {
  return flag === "" ? "data" : flag.slice(2).replaceAll("-", " ");
}
