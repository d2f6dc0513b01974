// The settings that are varied against each other, and how each arm is called by them.
import { z } from "zod";
import type { Arm } from "../../study-folder/index.ts";
import { listed } from "../../text.ts";
import { mustHold } from "./question.ts";

export interface Axis {
  /** `--length`; `--arm` for whole settings. */
  readonly flag: string;
  /** As they stand on the command line, in its order. */
  readonly values: readonly string[];
}

export interface Axes {
  readonly axes: readonly Axis[];
  /** For each arm its value on each axis; null where that says nothing, as the shape of holes without Cutout. */
  readonly points: readonly (readonly (string | null)[])[];
}

const texts = z.array(z.string());
export const axesFields = {
  axes: z.array(z.object({ flag: z.string(), values: texts })),
  points: z.array(z.array(z.string().nullable())),
};

/** @throws CutoutError where they are not those of these arms */
export function checkAxes({ axes, points }: Axes, arms: readonly Arm[]): void {
  mustHold(arms.length > 1, "arms", "must be two or more", arms.length);
  const fits = points.length === arms.length && points.every(({ length }) => length === axes.length);
  mustHold(fits, "points", "must be a value on each axis for each arm", points);
}

/** A single setting whose values are numbers: what a curve can be drawn over. */
export interface NumericAxis {
  /** `length` */
  readonly name: string;
  readonly unit: "" | "%";
  /** Of each arm. */
  readonly values: readonly number[];
}

/** Null where several settings vary, or values are no numbers of one unit; 0 belongs to any. */
export function numericAxis({ axes, points }: Axes): NumericAxis | null {
  const [axis] = axes;
  if (axis === undefined || axes.length > 1 || axis.flag === "--arm") return null;
  const texts = points.map(([value]) => value ?? "");
  const unit = texts.some((text) => text.endsWith("%")) ? "%" : "";
  const values = texts.map((text) => {
    const number = text.endsWith(unit) ? text.slice(0, text.length - unit.length) : text === "0" ? "0" : "";
    return number.trim() === "" ? Number.NaN : Number(number);
  });
  return values.every(Number.isFinite) ? { name: nameOf(axis), unit, values } : null;
}

/** `learning rate` */
const nameOf = ({ flag }: Axis) => flag.slice(2).replaceAll("-", " ");

/** `length 16` where one setting varies, otherwise the arm's own name in quotes. */
export function armLabel({ axes, points }: Axes, arms: readonly Arm[], arm: number): string {
  const [axis] = axes;
  const value = points[arm]?.[0];
  const single = axis !== undefined && axes.length === 1 && axis.flag !== "--arm" && value != null;
  return single ? `${nameOf(axis)} ${value}` : `“${arms[arm]!.name}”`;
}

/** Several arms in a row: `length 12 to 20`, `length 4, 12 and 16`, `“--cutout 8” and “baseline”`. */
export function armsLabel(axes: Axes, arms: readonly Arm[], chosen: readonly number[]): string {
  const numeric = numericAxis(axes);
  const single = axes.axes.length === 1 && axes.axes[0]!.flag !== "--arm";
  if (!single) return listed(chosen.map((arm) => armLabel(axes, arms, arm)));
  const name = nameOf(axes.axes[0]!);
  const text = (arm: number) => axes.points[arm]![0]!;
  if (numeric === null) return `${name} ${listed(chosen.map(text))}`;
  const order = [...numeric.values.keys()].sort((a, b) => numeric.values[a]! - numeric.values[b]!);
  const places = chosen.map((arm) => order.indexOf(arm)).sort((a, b) => a - b);
  const [first, last] = [places[0]!, places.at(-1)!];
  const run = places.length > 2 && last - first === places.length - 1;
  if (run) return `${name} ${text(order[first]!)} to ${text(order[last]!)}`;
  return `${name} ${listed(places.map((place) => text(order[place]!)))}`;
}
