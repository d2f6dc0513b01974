// Settings that are varied: lists of values on the command line become arms, several lists the grid of them.
import { parseArgsStringToArgv } from "string-argv";
import {
  attributeOf,
  cutoutPath,
  type Flag,
  type GivenFlags,
  settingFlags,
  wordsOfFlags,
} from "../config/flags.ts";
import { settingsError } from "../config/settings.ts";
import { CutoutError } from "../error.ts";
import type { Axes, Axis } from "../study/questions/axes.ts";
import type { Arm } from "../study-folder/index.ts";
import { shellWord } from "../text.ts";
import { armFrom } from "./arm-settings.ts";

export interface VariedFlags extends GivenFlags {
  readonly vary?: readonly string[];
  readonly arm?: readonly string[];
}

export interface Varied extends Axes {
  readonly arms: readonly [Arm, ...Arm[]];
  /** The only arm without Cutout among others with it, or the one of an empty `--arm`; null where there is none. */
  readonly baseline: number | null;
  /** Words of the command line that all arms have. */
  readonly common: readonly string[];
}

/** Above this a grid is a slip of the finger. */
const mostArms = 200;

const lengthPath = `${cutoutPath}.length`;
const flags = () => new Map(settingFlags().map((flag) => [flag.name, flag]));

/**
 * The arms that lists of values, `--vary` and `--arm` ask for, checked as far as shows before any image is decoded.
 * @throws CutoutError that names the flag
 */
export async function variedFrom(data: string | undefined, given: VariedFlags): Promise<Varied> {
  const { vary = [], arm = [], ...others } = given;
  const listed = listsIn(others);
  const axes = [
    ...(arm.length > 0 ? [{ flag: "--arm", values: arm }] : []),
    ...listed,
    ...vary.map(varyAxis),
  ];
  checkAxes(axes);
  const varied = new Set(axes.map(({ flag }) => attributeOf(flag)));
  // `--cutout 8,16` is a list of lengths, and beside a list of lengths `--cutout` says nothing more.
  if (varied.has("length")) varied.add("cutout");
  const common = Object.fromEntries(Object.entries(others).filter(([name]) => !varied.has(name)));
  const drafts = draftsOf(axes);
  // Off means off: beside an arm without holes, what is given for all about holes belongs to the others.
  const [shared, ofHoles] = drafts.some(({ off }) => off) ? apart(common) : [common, {}];
  const holes = wordsOf(ofHoles).map(shellWord);
  const arms: Arm[] = [];
  try {
    for (const { text, off } of drafts) {
      const whole = off ? text : [text, ...holes].join(" ");
      arms.push(await armFrom("--arm", whole, data, shared));
    }
  } catch (error) {
    // In the text of an arm a length of the list is that of `--cutout`.
    const ofList = error instanceof CutoutError && error.where === "--cutout" && "length" in others;
    throw ofList ? error.with({ where: "--length" }) : error;
  }
  return {
    axes,
    points: drafts.map(({ values }) => values),
    arms: arms as unknown as Varied["arms"],
    baseline: baselineOf(arms, drafts),
    common: wordsOf(shared),
  };
}

/** Whether the command line has any list. */
export const isVaried = ({ vary = [], arm = [], ...others }: VariedFlags): boolean =>
  vary.length + arm.length + listsIn(others).length > 0;

/** Flags of which each value stands in a list with commas. */
function listsIn(given: GivenFlags): readonly Axis[] {
  return settingFlags().flatMap((flag): Axis[] => {
    const isLength = flag.path === lengthPath;
    const value = given[attributeOf(flag.name)] ?? (isLength ? given.cutout : undefined);
    if (typeof value !== "string") return [];
    const values = valuesIn(flag, value);
    return values.length === 1 && values[0]!.trim() !== "" ? [] : [{ flag: flag.name, values }];
  });
}

/** The values of a list; what cannot be a list is one value. */
function valuesIn({ path, leaf, group }: Flag, text: string): readonly string[] {
  const parts = (comma: string | RegExp) => text.split(comma).map((part) => part.trim());
  // `0:4,1:16` is a length that follows the training, `0,0 1,0 1,1` a shape.
  if (path === lengthPath) return text.includes(":") ? [text] : parts(",");
  if (path === `${cutoutPath}.shape`) return text.trim().includes(" ") ? [text] : parts(",");
  // The comma before `key=` and those within [...] belong to the options of a name.
  if (named.includes(path)) return parts(/,(?![^[]*\])(?!\s*\w+=)/);
  const single = leaf.type === "number" || leaf.choices !== null || path.startsWith(`${cutoutPath}.`);
  return single && group !== machine ? parts(",") : [text];
}

const named: readonly string[] = ["model", "augment.mix", `${cutoutPath}.like`];
/** What a run computes does not depend on these. */
const machine = "Machine and folders:";

/** `--flag v1 v2 ...`, in the words of a shell. */
function varyAxis(text: string): Axis {
  const [flag = "", ...values] = parseArgsStringToArgv(text);
  const name = flag === "--cutout" ? "--length" : flag;
  if (!flags().has(name)) {
    throw settingsError({
      where: "--vary",
      what: 'must be a flag of cutout train and its values, such as "--augment none grid-mask random-erasing"',
      got: text,
    });
  }
  return { flag: name, values };
}

function checkAxes(axes: readonly Axis[]): void {
  if (axes.length === 0) {
    throw settingsError({
      where: "--length",
      what: "needs two values or more of a setting",
      remedy: "give a list such as --length 0,8,16, or --vary, or several --arm",
    });
  }
  for (const [at, { flag, values }] of axes.entries()) {
    if (flag === "--seed") {
      throw settingsError({
        where: flag,
        what: "must be one number, the first seed",
        remedy: "give seeds by --seeds",
      });
    }
    if (axes.findIndex((other) => other.flag === flag) < at) {
      throw settingsError({ where: flag, what: "must be varied once", got: "two lists" });
    }
    const empty = flag !== "--arm" && values.some((value) => value.trim() === "");
    if (values.length === 0 || empty) {
      throw settingsError({
        where: flag,
        what: "must be values with commas between",
        got: `"${values.join(",")}"`,
      });
    }
    const twice = values.find((value, index) => values.indexOf(value) < index);
    if (twice !== undefined) {
      throw settingsError({
        where: flag,
        what: "must be different values",
        got: `${twice === "" ? '""' : twice} twice`,
      });
    }
  }
  const count = axes.reduce((product, { values }) => product * values.length, 1);
  if (count < 2 || count > mostArms) {
    throw settingsError({
      where: axes.map(({ flag }) => flag).join(" "),
      what: `must be from 2 to ${mostArms} settings in all`,
      got: String(count),
    });
  }
}

interface Draft {
  readonly text: string;
  readonly values: readonly (string | null)[];
  /** Whether Cutout is off by a length of 0. */
  readonly off: boolean;
}

/** All combinations, the last axis fastest; without Cutout, those that differ in its flags alone are one. */
function draftsOf(axes: readonly Axis[]): readonly Draft[] {
  let combinations: readonly (readonly string[])[] = [[]];
  for (const { values } of axes) {
    combinations = combinations.flatMap((before) => values.map((value) => [...before, value]));
  }
  const drafts = new Map<string, Draft>();
  for (const values of combinations) {
    const off = axes.some(({ flag }, at) => flag === "--length" && isNone(values[at]!));
    const idle = axes.map(({ flag }) => off && flag !== "--length" && isOfHoles(flag));
    const text = axes.flatMap(({ flag }, at) => (idle[at] ? [] : [textOf(flag, values[at]!)])).join(" ");
    const told = values.map((value, at) => (idle[at] ? null : value));
    if (!drafts.has(text)) drafts.set(text, { text, values: told, off });
  }
  return [...drafts.values()];
}

const isNone = (length: string) => /^0+%?$/.test(length);
const isOfHoles = (flag: string) => flags().get(flag)?.path.startsWith(`${cutoutPath}.`) === true;

/** What the arm's text says of one value. */
function textOf(flag: string, value: string): string {
  if (flag === "--arm") return value.trim();
  if (flag === "--length") return isNone(value) ? "--no-cutout" : `--cutout ${shellWord(value)}`;
  const { leaf } = flags().get(flag)!;
  const switched = leaf.type === "boolean" || leaf.type === "texts" || leaf.nullable !== null;
  if (switched && (value === "off" || value === "none")) return `--no-${flag.slice(2)}`;
  if (leaf.type === "boolean" && value === "on") return flag;
  return `${flag} ${shellWord(value)}`;
}

/** What is not about holes, and what is. */
function apart(given: GivenFlags): readonly [GivenFlags, GivenFlags] {
  const names = settingFlags()
    .map(({ name }) => name)
    .filter(isOfHoles)
    .map(attributeOf);
  const part = (ofHoles: boolean) =>
    Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name) === ofHoles));
  return [part(false), part(true)];
}

function baselineOf(arms: readonly Arm[], drafts: readonly Draft[]): number | null {
  const empty = drafts.findIndex(({ text }) => text === "");
  if (empty >= 0) return empty;
  const without = [...arms.keys()].filter((arm) => arms[arm]!.settings.augment.cutout === null);
  return without.length === 1 ? without[0]! : null;
}

/** The flags of a run as they were given; the seed is left out, as each run has its own. */
function wordsOf(given: GivenFlags): readonly string[] {
  const { seed, ...others } = given;
  return wordsOfFlags(others);
}
