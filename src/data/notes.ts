// What people should know of data before they train on them, a line each.
import { counted } from "../text.ts";
import type { Dataset, Split } from "./dataset.ts";
import { type LeftOut, leftOutInWords } from "./datasets/left-out.ts";
import { type MissingClass, missingClasses } from "./split/split.ts";

const classesNamed = 5;
const kindsNamed = 8;

/** What is left out, what else was found, and which classes are not in every part; nothing where all is in order. */
export function notesOn(dataset: Dataset, split: Split, listedIn: string): string[] {
  return [...readingNotes(dataset, listedIn), ...missingClassesNote(missingClasses(dataset, split))];
}

/**
 * What of this lies at the reading, whatever the images are for.
 * @param listedIn where more names of what is left out are: `dataset.json`
 */
export function readingNotes({ leftOut = [], notes = [] }: Dataset, listedIn: string): string[] {
  return [...leftOutNote(leftOut, listedIn), ...notes];
}

function leftOutNote(leftOut: readonly LeftOut[], listedIn: string): string[] {
  if (leftOut.length === 0) return [];
  const rest = leftOut.length - kindsNamed;
  const more = rest > 0 ? `, ${counted(rest, "other kind")}` : "";
  return [`not read: ${leftOutInWords(leftOut.slice(0, kindsNamed))}${more}; ${listedIn} names some of each`];
}

/** @returns one line, or none */
export function missingClassesNote(missing: readonly MissingClass[]): string[] {
  if (missing.length === 0) return [];
  const some = missing
    .slice(0, classesNamed)
    .map(
      ({ class: name, images, parts }) =>
        `"${name}" (${counted(images, "image")}, none for ${inWords(parts)})`,
    );
  const rest = missing.length - some.length;
  const more = rest > 0 ? ` and ${rest} more` : "";
  const classes = missing.length === 1 ? "a class is" : `${missing.length} classes are`;
  return [
    `${classes} too small to be in every part: ${some.join(", ")}${more}; add images of it, or leave it out`,
  ];
}

const words: { readonly [part: string]: string } = { train: "training", test: "the test" };
const inWords = (parts: MissingClass["parts"]) => parts.map((part) => words[part] ?? part).join(" and ");
