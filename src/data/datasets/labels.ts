// From the labels that data hold (numbers or names) to classes.
import { trouble, type Where } from "../formats/trouble.ts";
import type { Purpose } from "./kind.ts";

export type Label = number | string;

/** The classes, and the place of each label among them. */
export interface Classes {
  readonly classes: readonly string[];
  readonly labelOf: ReadonlyMap<Label, number>;
}

/** More are no classes, but a column of numbers of another kind. */
export const mostClasses = 65_536;

/** More than the largest data sets have; the labels of so many are read into memory before the first image. */
export const mostImages = 20_000_000;

/**
 * The labels that occur, in order: numbers by value, names by their code units. Classes without an image are left
 * out, as there is nothing to learn them from.
 *
 * @param names the name of label `i`, where the data tell it; otherwise numbers are their own names
 * @throws Error when there are fewer than two classes (to evaluate: none) or over 65,536, a label is no whole number from 0 on, has no
 *   name, or two have the same
 */
export function settleClasses(
  where: Where,
  labels: Iterable<Label>,
  names: readonly string[] | null = null,
  purpose: Purpose = "train",
): Classes {
  const present = new Set<Label>();
  for (const label of labels) {
    present.add(label);
    if (present.size > mostClasses) {
      throw trouble(where, `hold at most ${mostClasses} classes`, "more", "choose the column of the labels");
    }
  }
  const spelled = oneSpelling([...present].filter((label) => typeof label === "string"));
  const spelling = (label: Label) => (typeof label === "string" ? spelled(label) : label);
  const sorted = [...new Set([...present].map(spelling))].sort((a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : byCode(String(a), String(b)),
  );
  for (const label of sorted) {
    if (typeof label === "number" && !(Number.isSafeInteger(label) && label >= 0)) {
      throw trouble(where, "hold labels that are whole numbers from 0 on", String(label));
    }
    if (names !== null && (typeof label !== "number" || names[label] === undefined)) {
      throw trouble(where, `hold labels below ${names.length}, the number of its class names`, String(label));
    }
  }
  if (sorted.length < (purpose === "train" ? 2 : 1)) {
    const got = sorted.length === 0 ? "none" : `one (${JSON.stringify(sorted[0])})`;
    throw trouble(where, "hold images of at least two classes", got, "give the labels of all images");
  }
  const classes = sorted.map((label) => names?.[label as number] ?? String(label));
  if (new Set(classes).size !== classes.length) {
    throw trouble(where, "name each class once", "the same name for several", "rename one");
  }
  const places = new Map(sorted.map((label, at) => [label, at]));
  return { classes, labelOf: new Map([...present].map((label) => [label, places.get(spelling(label))!])) };
}

/**
 * One spelling for names that look the same: where an accent is a character of its own in one and not in another (as
 * some file systems write it), all become the composed one. Other names stay as they are.
 */
export function oneSpelling(names: Iterable<string>): (name: string) => string {
  const first = new Map<string, string>();
  const mixed = new Set<string>();
  for (const name of names) {
    const composed = name.normalize("NFC");
    const before = first.get(composed);
    if (before === undefined) first.set(composed, name);
    else if (before !== name) mixed.add(composed);
  }
  if (mixed.size === 0) return (name) => name;
  return (name) => {
    const composed = name.normalize("NFC");
    return mixed.has(composed) ? composed : name;
  };
}

/** The order of code units: the same on every machine, whatever its language. */
export function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const kaggleName = /^(.+)\.\d+\.[^.]+$/;

/** The class in a file's name as Kaggle has them (`cat.0.jpg`); undefined where there is none. */
export const classOfName = (name: string): string | undefined => kaggleName.exec(name)?.[1];
